"""What a directory of ONNX weights holds, and whether it works: files, inputs, outputs, speed."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ctxzip.errors import CtxzipError
from ctxzip.models.encoders import ONNX_FILES
from ctxzip.models.manifest import MANIFEST, read_json, sha256
from ctxzip.models.onnx_backend import OnnxEncoder
from ctxzip.models.tokenizers import read_tokenizer

TRIED_TOKENS = 128
TRIALS = 5
SHOWN = ("kind", "family", "precision", "opset", "max_length", "labels", "source", "base_model", "licence")


@dataclass
class Inspection:
    """What was found: facts to show, and what is wrong."""

    facts: dict[str, Any] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


def inspect(directory: Path) -> Inspection:
    """Compare the files with their manifest, load the model and run it; never raises for what is wrong with it."""
    found = Inspection()
    if not directory.is_dir():
        found.faults.append(f"{directory} is no directory")
        return found
    try:
        _files(directory, found)
        _run(directory, found)
    except CtxzipError as error:
        found.faults.append(error.message)
    return found


def _files(directory: Path, found: Inspection) -> None:
    manifest = read_json(directory / MANIFEST)
    if manifest is None:
        found.faults.append(f"no {MANIFEST}: where the files come from and whether they are whole is unknown")
        return
    found.facts |= {name: manifest[name] for name in SHOWN if manifest.get(name)}
    files = manifest.get("files") or {}
    for name, digest in files.items():
        file = directory / name
        if not file.is_file():
            found.faults.append(f"{name} is missing")
        elif sha256(file) != digest:
            found.faults.append(f"{name} is not the file that the manifest names (sha256 differs)")
    found.facts["files"] = {file.name: file.stat().st_size for file in sorted(directory.iterdir()) if file.is_file()}


def _run(directory: Path, found: Inspection) -> None:
    """Load the model, run it on a window of ordinary tokens and look at what comes out."""
    graph = next((directory / name for name in ONNX_FILES if (directory / name).is_file()), directory / ONNX_FILES[0])
    started = time.perf_counter()
    model = OnnxEncoder(graph, threads=1)
    found.facts["load_seconds"] = round(time.perf_counter() - started, 3)
    found.facts["inputs"] = {node.name: _shape(node) for node in model.session.get_inputs()}
    found.facts["outputs"] = {node.name: _shape(node) for node in model.session.get_outputs()}
    text = "The last ferry leaves at ten past six, and there is no later one. " * TRIED_TOKENS
    ids = np.array([read_tokenizer(directory).encode(text).ids[:TRIED_TOKENS]], dtype=np.int64)
    seconds = []
    for _ in range(TRIALS):
        started = time.perf_counter()
        made = _outputs(model, ids)
        seconds.append(time.perf_counter() - started)
    found.facts["tokens_per_second"] = round(ids.size / min(seconds))
    broken = [name for name, value in zip(model.outputs, made, strict=True) if not np.isfinite(value).all()]
    if broken:
        found.faults.append(f"{', '.join(broken)} is not a number for ordinary text")


def _outputs(model: OnnxEncoder, ids: np.ndarray) -> list[Any]:
    try:
        return model.run(model.outputs, ids, np.ones_like(ids))
    except Exception as error:  # whatever the runtime says of a model that it cannot run
        raise CtxzipError(f"the model does not run: {str(error).splitlines()[0]}") from error


def _shape(node: Any) -> str:
    return f"{node.type.removeprefix('tensor(').removesuffix(')')} [{', '.join(str(size) for size in node.shape)}]"
