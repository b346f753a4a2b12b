"""The hooks as a project uses them: pre-commit clones this repository, builds the environment and runs them twice.

    python -m benchmarks.hook

Needs pre-commit, git and a package index, and takes as long as installing ctxzip does.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
CONFIG = """\
repos:
  - repo: {root}
    rev: {revision}
    hooks:
      - id: ctxzip
        files: ^prompts/
      - id: ctxzip-check
        files: ^prompts/
"""
PROMPT = "Never promise refunds to {{customer}}. Please be as friendly and as patient as one can possibly be.\n" * 20


def run(*command: str, at: Path) -> subprocess.CompletedProcess[str]:
    """Run a command in the directory `at`."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "CTXZIP_"))}
    clean |= {"PRE_COMMIT_HOME": str(at.parent / "home"), "GIT_CONFIG_GLOBAL": os.devnull}
    return subprocess.run(command, cwd=at, env=clean, capture_output=True, text=True, check=False)


def main() -> None:
    """Build, run twice, print; exit code 1 unless the first run rewrites and the second passes."""
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory) / "project"
        (place / "prompts").mkdir(parents=True)
        (place / "prompts" / "support.md").write_text(PROMPT, encoding="utf-8")
        (place / "pyproject.toml").write_text('[tool.ctxzip.max-tokens]\n"prompts/*.md" = 200\n', encoding="utf-8")
        revision = run("git", "rev-parse", "HEAD", at=ROOT).stdout.strip()
        config = CONFIG.format(root=ROOT, revision=revision)
        (place / ".pre-commit-config.yaml").write_text(config, encoding="utf-8")
        run("git", "init", "--quiet", at=place)
        run("git", "add", "--all", at=place)
        codes = []
        for what in ("environment", "first run", "second run"):
            started = time.monotonic()
            words = ("install-hooks",) if what == "environment" else ("run", "--all-files", "--color", "never")
            done = run(sys.executable, "-m", "pre_commit", *words, at=place)
            codes.append(done.returncode)
            print(f"== {what}: exit code {done.returncode}, {time.monotonic() - started:.0f} s")
            print(done.stdout + done.stderr)
            run("git", "add", "--all", at=place)
    sys.exit(codes != [0, 1, 0])


if __name__ == "__main__":
    main()
