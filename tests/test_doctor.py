"""`ctxzip doctor`: what is here, what is not, and how to get it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from laws import Cli

ROOT = Path(__file__).parent.parent


def test_a_complete_installation_is_well(cli: Cli) -> None:
    done = cli("doctor", "--json")
    assert done.code == 0, done.out
    report = json.loads(done.out)
    assert report["ok"] is True
    assert report["schema"] == 1
    assert set(report["weights"]["files"].values()) == {"ok"}
    assert {"llmlingua2", "exit", "recomp", "longcodezip"} <= set(report["methods"])
    assert all(report["packages"].values())
    assert {"typer", "onnxruntime", "tokenizers"} <= set(report["packages"])
    assert "tree-sitter" in report["extras"]["code"]["packages"]
    assert "gguf" in report["extras"]["gemma"]["packages"]
    assert report["tokenizer"] == {"name": "o200k_base", "from": "default", "works": True, "problem": ""}


def test_for_people_it_is_a_page(cli: Cli) -> None:
    done = cli("doctor")
    assert done.code == 0
    assert all(word in done.out for word in ("methods", "✓ llmlingua2", "extras", "weights in", "network", "cache"))


def test_spoilt_weights_and_missing_packages_are_named(tmp_path: Path) -> None:
    """A copy of the package whose encoder is damaged, in an interpreter that has no tree-sitter and no torch."""
    for part, place in {"core": ".", "cli": "cli", "compressors": "compressors", "models": "models"}.items():
        shutil.copytree(ROOT / part, tmp_path / "ctxzip" / place, dirs_exist_ok=True)
    weights = tmp_path / "ctxzip" / "models" / "weights" / "encoder" / "model.onnx"
    weights.write_bytes(weights.read_bytes()[:1000])
    (tmp_path / "sitecustomize.py").write_text(
        "import importlib.metadata as m, importlib.abc, sys\n"
        "known = m.version\n"
        "def version(name):\n"
        "    if name.startswith(('tree-sitter', 'torch')):\n"
        "        raise m.PackageNotFoundError(name)\n"
        "    return known(name)\n"
        "m.version = version\n",
        encoding="utf-8",
    )
    done = subprocess.run(
        [sys.executable, "-m", "ctxzip", "doctor", "--json"],
        env=os.environ | {"PYTHONPATH": str(tmp_path), "CTXZIP_OFFLINE": "1"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    report = json.loads(done.stdout)
    assert report["weights"]["directory"].startswith(str(tmp_path))
    assert report["weights"]["files"]["model.onnx"].startswith("changed")
    assert report["methods"]["llmlingua2"]["works"] is False
    assert report["methods"]["llmlingua2"]["needs"]
    assert report["methods"]["scope"]["works"] is False
    assert "--generator URL" in report["methods"]["scope"]["needs"]
    assert report["extras"]["code"]["get"] == "pip install 'ctxzip[code]'"
    assert report["offline"] is True
