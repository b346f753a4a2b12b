"""A torch encoder as an ONNX graph: free batch and length, one output."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ctxzip.errors import InputError
from ctxzip.models.manifest import Kind
from ctxzip.models.torch_loading import quiet

if TYPE_CHECKING:
    from ctxzip.models.torch_backend import TorchEncoder

OPSETS = range(14, 21)
"""Versions of the operator set that torch's tracing exporter writes and every supported ONNX Runtime reads."""
DEFAULT_OPSET = 17


def trace(encoder: TorchEncoder, kind: Kind, path: Path, opset: int) -> None:
    """Write the graph of `encoder` to `path`, attention as one operator of ONNX Runtime.

    Traced, not compiled by way of `torch.export`: of the five families, that takes ten times as long and gives the
    same numbers. Raises `InputError` for an architecture that the exporter cannot write.
    """
    import torch

    from ctxzip.models.fused_attention import RUNTIME, fused_attention

    names = ["input_ids", "attention_mask"]
    if encoder.typed:
        names.append("token_type_ids")
    ids = torch.full((2, 16), 5)
    mask = torch.ones_like(ids)
    mask[1, 11:] = 0
    inputs = (ids, mask, torch.zeros_like(ids))[: len(names)]
    axes = {name: {0: "batch", 1: "length"} for name in [*names, kind.output]}
    if kind is Kind.PAIRS:
        axes[kind.output] = {0: "batch"}
    try:
        with quiet(), warnings.catch_warnings(), torch.no_grad(), fused_attention(encoder.model):
            warnings.simplefilter("ignore")
            torch.onnx.export(
                _single_output(encoder.model.cpu(), names, kind.output),
                inputs,
                str(path),
                input_names=names,
                output_names=[kind.output],
                dynamic_axes=axes,
                opset_version=opset,
                custom_opsets={RUNTIME: 1},
                dynamo=False,
            )
    except (RuntimeError, TypeError, ValueError, torch.onnx.errors.OnnxExporterError) as error:
        raise InputError(
            f"torch cannot export this {encoder.model.config.model_type}: {str(error).strip().splitlines()[0]}",
            hint="keep using the checkpoint itself; --model takes it",
        ) from error


def _single_output(model: Any, names: list[str], output: str) -> Any:
    """Return `model` as a function of its inputs in the order of `names`."""
    import torch

    class Graph(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, *inputs: torch.Tensor) -> Any:
            return getattr(self.model(**dict(zip(names, inputs, strict=True))), output)

    return Graph().eval()
