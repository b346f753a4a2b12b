"""One table, two doors: every case through the library and through the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from laws import Cli, is_subsequence

from ctxzip import compress

CASES = yaml.safe_load((Path(__file__).parent / "cases" / "compress.yaml").read_text(encoding="utf-8"))


@pytest.fixture(params=CASES, ids=lambda case: case["name"])
def case(request: pytest.FixtureRequest) -> dict[str, Any]:
    found: dict[str, Any] = request.param
    return found


def holds(case: dict[str, Any], text: str) -> None:
    assert is_subsequence(text, case["text"])
    assert all(needle in text for needle in case.get("contains", []))
    assert text == case.get("equals", text)
    for block in case.get("whole", []):
        assert block in text or not any(line in text for line in block.splitlines())
    for line in text.splitlines() if "lines_start_with" in case else []:
        assert line.startswith(tuple(case["lines_start_with"]))


def test_through_the_library(case: dict[str, Any]) -> None:
    result = compress(case["text"], **case["options"])
    assert result.limit is not None
    assert result.tokens_after <= result.limit
    assert result.tokens_after == case.get("tokens_after", result.tokens_after)
    holds(case, result.text)


def test_through_the_command_line(case: dict[str, Any], cli: Cli) -> None:
    flags = [
        part
        for name, value in case["options"].items()
        for part in ([f"--{name.replace('_', '-')}"] if value is True else [f"--{name.replace('_', '-')}", str(value)])
    ]
    done = cli("compress", *flags, stdin=case["text"].encode())
    assert done.code == 0, done.err
    holds(case, done.out)
    assert done.out == compress(case["text"], **case["options"]).text
