"""Encoders over ONNX Runtime, on the CPU, without torch."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ctxzip.errors import InputError

if TYPE_CHECKING:
    import onnxruntime
    from numpy.typing import NDArray


SLOWER_FUSIONS = ["SkipLayerNormFusion"]
"""What ONNX Runtime fuses to its own cost: on CPUs the sum and the norm one after the other take a third of it."""


def cores() -> int:
    """Return how many processors this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


def session(path: Path, threads: int) -> onnxruntime.InferenceSession:
    """Open the ONNX model in `path`; one call of it uses `threads` threads.

    Raises `InputError` when the file is not a model that ONNX Runtime can load.
    """
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # busy waiting ruins shared machines
    try:
        return ort.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"], disabled_optimizers=SLOWER_FUSIONS
        )
    except Exception as error:
        raise InputError(
            f"{path} is not a usable ONNX model: {str(error).splitlines()[0]}", hint="export it again"
        ) from error


class OnnxEncoder:
    """An encoder in ONNX form: token ids and mask in, named outputs out."""

    def __init__(self, path: Path, *, threads: int | None = None) -> None:
        """Load the model file `path`; a call uses `threads` threads, by default one per core."""
        import onnxruntime as ort

        threads = threads or cores()
        self.session = session(path, threads)
        self.workers = max(1, cores() // threads)
        """Calls that are worth making side by side."""
        self.inputs = {node.name for node in self.session.get_inputs()}
        self.outputs = [node.name for node in self.session.get_outputs()]
        self._only_asked = ort.RunOptions()
        self._only_asked.only_execute_path_to_fetches = True

    def expect(self, rows: int, length: int) -> None:
        """Do nothing: no shape is quicker than others."""

    def run(
        self,
        names: Sequence[str],
        ids: NDArray[np.int64],
        mask: NDArray[np.int64],
        types: NDArray[np.int64] | None = None,
    ) -> list[NDArray[np.float32]]:
        """Return the outputs `names` for a batch, nothing else is computed.

        `types` says which text of a pair a token is of, for models that ask; without it all are of the first.
        """
        feed: dict[str, Any] = {"input_ids": ids, "attention_mask": mask}
        if "token_type_ids" in self.inputs:
            feed["token_type_ids"] = np.zeros_like(ids) if types is None else types
        outputs = self.session.run(list(names), {k: v for k, v in feed.items() if k in self.inputs}, self._only_asked)
        return [np.asarray(output, dtype=np.float32) for output in outputs]
