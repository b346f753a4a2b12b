"""What the README shows is what happens."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from laws import Cli

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def blocks(language: str) -> list[str]:
    return [
        body for page in PAGES for kind, body in BLOCK.findall(page.read_text(encoding="utf-8")) if kind == language
    ]


@pytest.mark.parametrize("code", blocks("python"))
def test_python_blocks_run(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    exec(compile(code, "README", "exec"), {})


def commands() -> list[str]:
    lines = [line.split("|")[-1].strip() for block in blocks("sh") for line in block.splitlines()]
    return sorted({line for line in lines if line.startswith("ctxzip ")})


@pytest.mark.parametrize("command", commands())
def test_options_shown_exist(command: str, cli: Cli) -> None:
    words = shlex.split(command.split(" > ", maxsplit=1)[0], comments=True)[1:]
    command_words = words[:2] if words[0] in ("models", "cache", "config") else words[:1]
    shown = cli(*command_words, "--help")
    assert shown.code == 0, f"no such command: {command_words}"
    assert all(re.search(rf"(?<!\S){re.escape(word)}\b", shown.out) for word in words if re.match(r"--?\w", word))


def test_the_example_is_what_comes_out(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """Word for word on the processor it was made on; int8 kernels elsewhere may move a few words."""
    monkeypatch.chdir(ROOT)
    shown = next(block for block in blocks("text") if "Anna" in block)
    made = cli("compress", "docs/example.md", "--ratio", "3").out
    common = set(shown.split()) & set(made.split())
    assert len(common) >= 0.8 * len(set(shown.split()))
