"""Attention that exports as one operator of ONNX Runtime: a long window takes two thirds of the time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

RUNTIME = "com.microsoft"
NAME = "ctxzip_fused"


class FusedAttention(torch.autograd.Function):
    """Scaled dot products; query, key and value are [batch, heads, length, width].

    The mask is [batch, length], 1 for the tokens that may be seen, or, where that depends on who looks, numbers to
    add, [batch, heads, length, length]: some versions of the operator read past the end of one for all heads.
    """

    @staticmethod
    def forward(_ctx: Any, query: Tensor, key: Tensor, value: Tensor, mask: Tensor, scale: float, heads: int) -> Tensor:
        """Attend; the result is [batch, length, heads, width], as transformers expects it."""
        seen = mask[:, None, None, :].bool() if mask.dim() == 2 else mask
        mixed = scaled_dot_product_attention(query, key, value, attn_mask=seen, scale=scale)
        return mixed.transpose(1, 2)

    @staticmethod
    def symbolic(g: Any, query: Any, key: Any, value: Any, mask: Any, scale: float, heads: int) -> Any:
        """Write the operator, which takes and gives [batch, length, heads × width]."""

        def shape(x: Any, *sizes: int) -> Any:
            return g.op("Reshape", x, g.op("Constant", value_t=torch.tensor(sizes)))

        def flat(x: Any) -> Any:
            return shape(g.op("Transpose", x, perm_i=[0, 2, 1, 3]), 0, 0, -1)

        absent = g.op("prim::Constant")
        absent.setType(torch._C.OptionalType.ofTensor())
        places = (mask,) if mask.type().dim() == 2 else (absent, mask)
        inputs = (flat(query), flat(key), flat(value), absent, *places)
        mixed = g.op(f"{RUNTIME}::MultiHeadAttention", *inputs, num_heads_i=heads, scale_f=scale)
        return shape(mixed.setType(query.type().with_sizes([None, None, None])), 0, 0, heads, -1)


def _attend(
    _module: Any, query: Tensor, key: Tensor, value: Tensor, attention_mask: Tensor | None, **options: Any
) -> tuple[Tensor, None]:
    """Attend the way transformers asks its backends to; there are no weights to return."""
    scale = float(options.get("scaling") or query.shape[-1] ** -0.5)
    if attention_mask is None:
        mask = torch.ones_like(query[:, 0, :, 0], dtype=torch.int32)
    elif options.get("sliding_window"):
        mask = attention_mask.expand(-1, query.shape[1], -1, -1)
    else:
        mask = (attention_mask[:, 0, 0, :] >= 0).to(torch.int32)
    mixed = FusedAttention.apply(query, key, value, mask, scale, int(query.shape[1]))  # type: ignore[no-untyped-call]
    return mixed, None


@contextmanager
def fused_attention(model: Any) -> Iterator[None]:
    """Let `model` attend with the fused operator inside this block, if it lets its attention be chosen."""
    if not getattr(model, "_supports_attention_backend", False):
        yield
        return
    from transformers import AttentionInterface
    from transformers.masking_utils import AttentionMaskInterface, eager_mask

    AttentionInterface.register(NAME, _attend)
    AttentionMaskInterface.register(NAME, eager_mask)
    usual = model.config._attn_implementation
    model.set_attn_implementation(NAME)
    try:
        yield
    finally:
        model.set_attn_implementation(usual)
