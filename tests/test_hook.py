"""The hooks as pre-commit runs them, in a repository made for it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from ctxzip.models.tokenizers import load_tokenizer

ROOT = Path(__file__).parent.parent
MANIFEST = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
PROMPT = (
    "You are the assistant of {{company}}, a company that sells garden tools to people all over the country.\n"
    "Never promise refunds. Answer in {language} and mention the order {{order_id}} whenever it is known.\n"
) + "The customer may well be annoyed, so it is a good idea to be as friendly and patient as one can be.\n" * 12
LIMIT = 120


class Repository:
    """A git repository with prompts, a limit for them, and the hooks."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "prompts").mkdir(parents=True)
        (root / "prompts" / "long.md").write_text(PROMPT, encoding="utf-8")
        (root / "prompts" / "short.md").write_text("Answer briefly.\n", encoding="utf-8")
        (root / "prompts" / "left.md").write_text(PROMPT, encoding="utf-8")
        (root / "README.md").write_text(PROMPT, encoding="utf-8")
        (root / "ctxzip.toml").write_text(
            f'exclude = ["left.md"]\n[max-tokens]\n"prompts/*.md" = {LIMIT}\n', encoding="utf-8"
        )
        self.run("git", "init", "--quiet")

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command in the repository."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "CTXZIP_"))}
        home = {"PRE_COMMIT_HOME": str(self.root.parent / "pre-commit"), "GIT_CONFIG_GLOBAL": os.devnull}
        return subprocess.run(command, cwd=self.root, env=clean | home, capture_output=True, text=True, check=False)

    def hooked(self, *identifiers: str) -> None:
        """Set hooks up with the manifest's own words, run by this installation instead of a new environment."""
        hooks = [dict(hook) for hook in MANIFEST if hook["id"] in identifiers]
        for hook in hooks:
            hook["entry"] = hook["entry"].replace("ctxzip", f"{sys.executable} -m ctxzip", 1)
            hook["language"] = "unsupported"
            del hook["minimum_pre_commit_version"]
        config = {"repos": [{"repo": "local", "hooks": hooks}]}
        (self.root / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
        self.run("git", "add", "--all")

    def pre_commit(self) -> subprocess.CompletedProcess[str]:
        """Run every hook on every file."""
        return self.run(sys.executable, "-m", "pre_commit", "run", "--all-files", "--color", "never")

    def text(self, name: str) -> str:
        """Return what a file holds."""
        return (self.root / name).read_text(encoding="utf-8")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "repository")


def test_the_first_run_rewrites_and_fails_the_second_passes(repository: Repository) -> None:
    repository.hooked("ctxzip", "ctxzip-check")
    first = repository.pre_commit()
    assert first.returncode == 1, first.stdout + first.stderr
    assert "files were modified by this hook" in first.stdout
    assert "prompts/long.md" in first.stdout
    assert f"(limit {LIMIT})" in first.stdout
    made = repository.text("prompts/long.md")
    assert load_tokenizer("o200k_base").count(made) <= LIMIT
    assert all(mark in made for mark in ("{{company}}", "{language}", "{{order_id}}"))
    assert repository.text("prompts/short.md") == "Answer briefly.\n"
    assert repository.text("prompts/left.md") == repository.text("README.md") == PROMPT
    repository.run("git", "add", "--all")
    second = repository.pre_commit()
    assert second.returncode == 0, second.stdout + second.stderr
    assert repository.text("prompts/long.md") == made


def test_the_check_names_the_file_and_changes_nothing(repository: Repository) -> None:
    repository.hooked("ctxzip-check")
    done = repository.pre_commit()
    assert done.returncode == 1
    assert f"over the limit of {LIMIT}" in done.stdout
    assert repository.text("prompts/long.md") == PROMPT


def test_a_manifest_that_pre_commit_accepts(repository: Repository) -> None:
    done = repository.run(sys.executable, "-m", "pre_commit", "validate-manifest", str(ROOT / ".pre-commit-hooks.yaml"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert [hook["id"] for hook in MANIFEST] == ["ctxzip", "ctxzip-check"]
    assert all(hook["require_serial"] and hook["language"] == "python" for hook in MANIFEST)
