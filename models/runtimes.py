"""What runs an exported encoder: ONNX Runtime, or OpenVINO where `CTXZIP_RUNTIME` asks for it."""

from __future__ import annotations

import os
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from ctxzip.errors import UnknownName
from ctxzip.models.onnx_backend import OnnxEncoder
from ctxzip.models.protocols import Backend

GRAPH = "model.onnx"
"""The file of the graph in a directory of ours."""
RUNTIME = "CTXZIP_RUNTIME"


@dataclass(frozen=True, slots=True)
class Batch:
    """What one call of a runtime takes best: how many tokens, padding included, in rows of a multiple of `step`."""

    tokens: int
    step: int
    fixed: int = 0
    """Tokens of a batch whose shape is always the same, 0 where that is no quicker."""


RUNTIMES = {"onnxruntime": Batch(256, 1), "openvino": Batch(512, 16, fixed=384)}
"""The runtimes: fewer tokens leave one idle, more fall out of the cache, and some heights of a matrix are slower."""
DEFAULT = "onnxruntime"
_begun: dict[Path, Future[Backend] | None] = {}
"""The models that were opened ahead, None once they are handed over."""


def runtime() -> str:
    """Return the name of the runtime that is asked for. Raises `UnknownName` for one that nobody knows."""
    name = os.environ.get(RUNTIME) or DEFAULT
    if name not in RUNTIMES:
        raise UnknownName(RUNTIME, name, list(RUNTIMES))
    return name


def batch() -> Batch:
    """Return what one call of the runtime takes best."""
    return RUNTIMES[runtime()]


def open_ahead(path: Path) -> None:
    """Begin to open the model in `path` in the background, for the next `open_graph` of it, once in a process.

    ONNX Runtime is imported here and now: of two threads that import things at once each waits for the other.
    """
    if path in _begun:
        return
    if runtime() == DEFAULT:
        import onnxruntime  # noqa: F401

    pool = ThreadPoolExecutor(1)
    _begun[path] = pool.submit(_open, path)
    pool.shutdown(wait=False)


def open_graph(path: Path) -> Backend:
    """Return the ONNX model in `path`, to be called from several threads, each call on one of them.

    Raises `InputError` for a file that is no model, `MissingExtra` for a runtime that is not installed.
    """
    begun = _begun.get(path)
    if begun is None:
        return _open(path)
    _begun[path] = None
    return begun.result()


def _open(path: Path) -> Backend:
    if runtime() == "openvino":
        from ctxzip.models.openvino_backend import OpenVinoEncoder

        return OpenVinoEncoder(path, threads=1)
    return OnnxEncoder(path, threads=1)
