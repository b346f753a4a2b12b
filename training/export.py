"""Torch to ONNX: one graph with all heads, int8 per channel, and an int8 table of words."""

from __future__ import annotations

import copy
import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from torch import Tensor, nn
from torch.nn import functional

from training.model import ContextEncoder, Layer, attend

OUTPUTS = ("keep_logits", "hidden", "relevance")
EXACT = ("keep.2", "attention")
RUNTIME = "com.microsoft"


class WordTable(nn.Module):
    """Word embeddings as int8 with one scale a row; a quarter of the size, hardly a difference."""

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        scale = weight.abs().amax(1, keepdim=True).clamp_min(1e-8) / 127
        self.register_buffer("scale", scale)
        self.register_buffer("table", (weight / scale).round().to(torch.int8))

    def forward(self, input_ids: Tensor) -> Tensor:
        """Look up and scale."""
        table, scale = self.get_buffer("table"), self.get_buffer("scale")
        return table[input_ids].to(torch.float32) * scale[input_ids]


class FusedAttention(torch.autograd.Function):
    """Attention that exports as one operator of ONNX Runtime instead of a dozen."""

    @staticmethod
    def forward(_ctx: object, query: Tensor, key: Tensor, value: Tensor, mask: Tensor, heads: int) -> Tensor:
        """Attend by the plain products; query, key and value are [batch, length, width]."""
        batch, length, width = query.shape
        query, key, value = (x.view(batch, length, heads, width // heads).transpose(1, 2) for x in (query, key, value))
        mixed = attend(query, key, value, mask[:, None, None, :].bool())
        return mixed.transpose(1, 2).reshape(batch, length, width)

    @staticmethod
    def symbolic(g: Any, query: Any, key: Any, value: Any, mask: Any, heads: int) -> Any:
        """Write the operator."""
        no_bias = g.op("prim::Constant")
        no_bias.setType(torch._C.OptionalType.ofTensor())
        inputs = (query, key, value, no_bias, mask)
        return g.op(f"{RUNTIME}::MultiHeadAttention", *inputs, num_heads_i=heads).setType(query.type())


class FusedLayer(Layer):
    """A layer as it is exported."""

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Attend, then transform every position."""
        query, key, value = self.qkv(x).split(x.shape[-1], -1)
        places = mask[:, 0, 0, :].to(torch.int32)
        mixed = FusedAttention.apply(query, key, value, places, self.heads)  # type: ignore[no-untyped-call]
        x = self.norm(x + self.out(mixed))
        y: Tensor = self.final(x + self.down(functional.gelu(self.up(x))))
        return y


class Graph(nn.Module):
    """The encoder with the outputs of the exported file."""

    def __init__(self, model: ContextEncoder) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Keep logits, token vectors of the embedding, token vectors of the relevance."""
        out = self.model(input_ids, attention_mask)
        return out.words[..., 0], out.hidden, out.relevance


def export(model: ContextEncoder, path: Path, *, int8: bool = True) -> None:
    """Write the ONNX file; float32 when `int8` is off."""
    model = copy.deepcopy(model).eval().float().cpu()
    for layer in model.layers:
        layer.__class__ = FusedLayer
    if int8:
        model.words = WordTable(model.words.weight.data)  # type: ignore[assignment]
    if not int8:
        _trace(model, path)
        return
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "plain.onnx"
        _trace(model, plain)
        _quantise(plain, path)


def _trace(model: ContextEncoder, path: Path) -> None:
    """Export with free batch and length."""
    ids = torch.randint(0, model.shape.vocab_size, (2, 16))
    axes = {0: "batch", 1: "length"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            Graph(model),
            (ids, torch.ones_like(ids)),
            str(path),
            input_names=["input_ids", "attention_mask"],
            output_names=list(OUTPUTS),
            dynamic_axes=dict.fromkeys(("input_ids", "attention_mask", *OUTPUTS), axes),
            opset_version=17,
            custom_opsets={RUNTIME: 1},
            dynamo=False,
        )


def _quantise(source: Path, target: Path) -> None:
    """Dynamic int8 for the large products; the last small ones stay exact."""
    nodes = onnx.load(source).graph.node
    exact = [n.name for n in nodes if n.op_type in ("MatMul", "Gemm") and _is_exact(n.name)]
    quantize_dynamic(
        source,
        target,
        op_types_to_quantize=["MatMul", "Gemm"],
        per_channel=True,
        reduce_range=False,
        weight_type=QuantType.QInt8,
        nodes_to_exclude=exact,
    )


def _is_exact(name: str) -> bool:
    return any(f"/{part}/" in name for part in EXACT)


def agreement(one: list[np.ndarray], two: list[np.ndarray]) -> dict[str, float]:
    """The largest difference of each output."""
    pairs = zip(OUTPUTS, one, two, strict=True)
    return {name: float(np.abs(a - b).max()) for name, a, b in pairs}
