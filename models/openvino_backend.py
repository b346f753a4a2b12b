"""Encoders over OpenVINO: the same ONNX files, in bfloat16 where the processor multiplies it (extra `openvino`)."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ctxzip.errors import InputError, MissingExtra
from ctxzip.models.onnx_backend import cores

if TYPE_CHECKING:
    from numpy.typing import NDArray

_first_tensor = threading.Lock()
_Part = tuple[tuple[str, ...], tuple[int, ...]]
"""The outputs that are wanted, and the shape of the inputs, empty for any."""


class OpenVinoEncoder:
    """An encoder in ONNX form, run by OpenVINO: token ids and mask in, named outputs out."""

    def __init__(self, path: Path, *, threads: int | None = None) -> None:
        """Read the model file `path`; a call uses `threads` threads, by default one per core.

        Raises `MissingExtra` without OpenVINO and `InputError` for a file that it cannot read.
        """
        try:
            import openvino
        except ImportError as error:
            raise MissingExtra("CTXZIP_RUNTIME=openvino", "openvino") from error
        with _first_tensor:  # which sets up numpy for OpenVINO; two threads at that wait for each other for ever
            openvino.Tensor(np.zeros(1, dtype=np.float32))
        self._core: Any = openvino.Core()
        try:
            self._graph: Any = self._core.read_model(path)
        except Exception as error:
            raise InputError(
                f"{path} is not a usable ONNX model: {str(error).splitlines()[0]}", hint="export it again"
            ) from error
        _without_int8(self._graph)
        self.workers = max(1, cores() // (threads or cores()))
        """Calls that are worth making side by side."""
        self.inputs = {port.any_name for port in self._graph.inputs}
        self.outputs = [port.any_name for port in self._graph.outputs]
        self._fixed: set[tuple[int, ...]] = set()
        self._compiled: dict[_Part, Any] = {}
        self._compiling = threading.Lock()
        self._idle: defaultdict[_Part, list[Any]] = defaultdict(list)

    def expect(self, rows: int, length: int) -> None:
        """Compile the graph for batches of this shape when the first one comes; they are quicker for it."""
        self._fixed.add((rows, length))

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
        shown = {name: value for name, value in feed.items() if name in self.inputs}
        with self._request((tuple(names), ids.shape if ids.shape in self._fixed else ())) as request:
            request.infer(shown)
            return [np.array(request.get_output_tensor(at).data, dtype=np.float32) for at in range(len(names))]

    @contextmanager
    def _request(self, part: _Part) -> Iterator[Any]:
        """Lend what a part of the graph is run with, to one caller at a time."""
        with self._compiling:
            if part not in self._compiled:
                self._compiled[part] = self._part(*part)
            idle = self._idle[part]
            request = idle.pop() if idle else self._compiled[part].create_infer_request()
        yield request
        idle.append(request)

    def _part(self, names: Sequence[str], shape: tuple[int, ...]) -> Any:
        """Return the graph compiled for the outputs `names` and inputs of `shape`, if one is given."""
        import openvino

        part = openvino.Model([self._graph.output(name) for name in names], self._graph.get_parameters(), "part")
        if shape:
            part = part.clone()
            part.reshape({name: openvino.PartialShape(list(shape)) for name in self.inputs})
        settings = {"NUM_STREAMS": str(self.workers), "INFERENCE_NUM_THREADS": str(cores())}
        return self._core.compile_model(part, "CPU", settings)


def _without_int8(graph: Any) -> None:
    """Multiply with the weights themselves where the graph rounds the inputs to int8 first.

    That rounding is how ONNX Runtime comes to use int8 instructions; here it would only cost time.
    """
    from openvino import opset13 as ops

    for product in list(_of_integers(graph)):
        integers, weights = (side.get_source_output().get_node() for side in product.inputs())
        (scaled,) = _users(_users(product)[0])
        scale = next(_constants(_source(scaled, 1)))
        quantised, zero = (_value(_source(weights, at)) for at in (0, 1))
        exact = (quantised.astype(np.float32) - zero.astype(np.float32)) * scale
        straight = ops.matmul(_before_rounding(integers), ops.constant(exact), transpose_a=False, transpose_b=False)
        scaled.output(0).replace(straight.output(0))


def _of_integers(graph: Any) -> Iterator[Any]:
    """Yield the products of int32 matrices."""
    for node in graph.get_ordered_ops():
        if node.get_type_name() == "MatMul" and node.get_output_element_type(0).is_integral():
            yield node


def _before_rounding(integers: Any) -> Any:
    """Return what was multiplied by 255, divided by its range, rounded and shifted to make `integers`."""
    node = integers
    while node.get_type_name() != "Round":
        node = _source(node, 0)
    return _source(_source(node, 0), 0).input(0).get_source_output()


def _source(node: Any, at: int) -> Any:
    return node.input(at).get_source_output().get_node()


def _users(node: Any) -> list[Any]:
    return [port.get_node() for port in node.output(0).get_target_inputs()]


def _value(node: Any) -> NDArray[Any]:
    """Return the constant that `node` is, or is converted from."""
    return np.asarray(next(_constants(node)))


def _constants(node: Any) -> Iterator[NDArray[Any]]:
    """Yield the constants that go into `node`, or that it is."""
    if node.get_type_name() == "Constant":
        yield np.asarray(node.get_data())
    elif node.get_type_name() in ("Convert", "Multiply"):
        for port in node.inputs():
            yield from _constants(port.get_source_output().get_node())
