"""The same graph in fewer bits: int8 products and tables, or weights kept as fp16."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

LARGE = 256
"""Numbers from which a weight is worth fewer bits."""
TABLE_ROWS = 1000
"""Rows from which a table of embeddings is kept as int8, a scale for each row."""
LARGEST_HALF = 65504.0
PRODUCTS = ("MatMul", "Gemm")


def halve(path: Path, target: Path) -> None:
    """Write the model with weights kept as fp16; they are widened when it loads and everything runs in fp32."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    model = onnx.load(path)
    casts = []
    for weight in model.graph.initializer:
        if weight.data_type != TensorProto.FLOAT:
            continue
        values = numpy_helper.to_array(weight)
        if values.size < LARGE or np.abs(values).max() > LARGEST_HALF:
            continue
        name = weight.name
        weight.CopyFrom(numpy_helper.from_array(values.astype(np.float16), f"{name}.half"))
        casts.append(helper.make_node("Cast", [weight.name], [name], to=TensorProto.FLOAT))
    _prepend(model, casts)
    onnx.save(model, target)


def quantise(path: Path, target: Path, exact: Sequence[str]) -> None:
    """Write the model with int8 products (weights per channel, inputs as they come), those called `exact` left alone.

    Tables of embeddings become int8 with a scale for each row.
    """
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    logging.disable(logging.WARNING)
    try:
        quantize_dynamic(
            path,
            target,
            op_types_to_quantize=list(PRODUCTS),
            per_channel=True,
            weight_type=QuantType.QInt8,
            nodes_to_exclude=list(exact),
            extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT},  # what fused attention gives
        )
    finally:
        logging.disable(logging.NOTSET)
    model = onnx.load(target)
    _quantise_tables(model)
    onnx.save(model, target)


def products(path: Path) -> list[str]:
    """Return the names of the products of a model, in the order in which they run."""
    import onnx

    return [node.name for node in onnx.load(path, load_external_data=False).graph.node if node.op_type in PRODUCTS]


def attempts(names: Sequence[str]) -> Iterator[list[str]]:
    """Yield the products to leave alone, more each time: none, the last, the outer tenth, the outer third."""
    yield []
    yield list(names[-2:])
    for share in (10, 3):
        edge = max(2, len(names) // share // 2)
        yield [*names[:edge], *names[-edge:]]


def _quantise_tables(model: Any) -> None:
    from onnx import TensorProto, helper, numpy_helper

    tables = {
        weight.name: weight
        for weight in model.graph.initializer
        if weight.data_type == TensorProto.FLOAT and len(weight.dims) == 2 and weight.dims[0] >= TABLE_ROWS
    }
    uses = {name: [node for node in model.graph.node if name in node.input] for name in tables}
    for name, weight in tables.items():
        if not uses[name] or any(node.op_type != "Gather" or node.input[0] != name for node in uses[name]):
            continue
        whole, scale = _rows_as_int8(numpy_helper.to_array(weight))
        model.graph.initializer.remove(weight)
        model.graph.initializer.extend(
            [numpy_helper.from_array(whole, f"{name}.int8"), numpy_helper.from_array(scale, f"{name}.scale")]
        )
        for node in uses[name]:
            at, ids, made = list(model.graph.node).index(node), node.input[1], node.output[0]
            parts = [
                helper.make_node("Gather", [f"{name}.int8", ids], [f"{made}.int8"]),
                helper.make_node("Gather", [f"{name}.scale", ids], [f"{made}.scale"]),
                helper.make_node("Cast", [f"{made}.int8"], [f"{made}.wide"], to=TensorProto.FLOAT),
                helper.make_node("Mul", [f"{made}.wide", f"{made}.scale"], [made]),
            ]
            model.graph.node.remove(node)
            for offset, part in enumerate(parts):
                model.graph.node.insert(at + offset, part)


def _rows_as_int8(table: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    scale = np.maximum(np.abs(table).max(1, keepdims=True), 1e-8) / 127
    return np.round(table / scale).astype(np.int8), scale.astype(np.float32)


def _prepend(model: Any, nodes: Sequence[Any]) -> None:
    rest = list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend([*nodes, *rest])
