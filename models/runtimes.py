"""What runs an exported encoder: ONNX Runtime, or OpenVINO where `CTXZIP_RUNTIME` asks for it."""

from __future__ import annotations

import os
from pathlib import Path

from ctxzip.errors import UnknownName
from ctxzip.models.onnx_backend import OnnxEncoder
from ctxzip.models.protocols import Backend

RUNTIME = "CTXZIP_RUNTIME"
RUNTIMES = ("onnxruntime", "openvino")


def runtime() -> str:
    """Return the name of the runtime that is asked for. Raises `UnknownName` for one that nobody knows."""
    name = os.environ.get(RUNTIME) or RUNTIMES[0]
    if name not in RUNTIMES:
        raise UnknownName(RUNTIME, name, RUNTIMES)
    return name


def open_graph(path: Path) -> Backend:
    """Return the ONNX model in `path`, to be called from several threads, each call on one of them.

    Raises `InputError` for a file that is no model, `MissingExtra` for a runtime that is not installed.
    """
    if runtime() == "openvino":
        from ctxzip.models.openvino_backend import OpenVinoEncoder

        return OpenVinoEncoder(path, threads=1)
    return OnnxEncoder(path, threads=1)
