"""Fixtures of the suite."""

from __future__ import annotations

import io
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from laws import Cli, Outcome

settings.register_profile("suite", deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
settings.load_profile("suite")

os.environ["CTXZIP_CACHE"] = tempfile.mkdtemp(prefix="ctxzip-tests-")
os.environ["CTXZIP_OFFLINE"] = "1"
os.environ["HF_HUB_OFFLINE"] = "1"


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Cli:
    """Run the command line in process, the way the installed script does."""

    def run(*arguments: str | Path, stdin: bytes = b"") -> Outcome:
        from ctxzip.cli.app import app, exit_code

        words = [str(argument) for argument in arguments]
        monkeypatch.setattr("sys.argv", ["ctxzip", *words])
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        code = exit_code(lambda: app(words, prog_name="ctxzip", standalone_mode=False))
        out, err = capfdbinary.readouterr()
        return Outcome(code, out.decode(errors="replace"), err.decode())

    return run
