"""A BERT encoder with three heads: keep, embedding and relevance."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F

from training.config import ModelConfig

AUXILIARY = ("keep", "deletion", "rewrite")


@dataclass(frozen=True, slots=True)
class Shape:
    """The dimensions of a BERT encoder, as its config.json names them."""

    vocab_size: int
    hidden_size: int
    num_hidden_layers: int
    num_attention_heads: int
    intermediate_size: int
    max_position_embeddings: int
    layer_norm_eps: float = 1e-12

    @classmethod
    def read(cls, folder: Path) -> Shape:
        """Read the dimensions of a checkpoint."""
        raw = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        return cls(**{name: raw[name] for name in cls.__dataclass_fields__})


class Outputs(NamedTuple):
    """What one forward gives; the last axis of `words` follows AUXILIARY."""

    words: Tensor
    hidden: Tensor
    relevance: Tensor


class FeatureDropout(nn.Module):
    """Dropout with one mask per sequence and feature, shared by all positions."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, x: Tensor) -> Tensor:
        """Drop features while training."""
        if not self.training or self.rate == 0:
            return x
        mask = torch.empty(x.shape[0], 1, x.shape[2], dtype=x.dtype).bernoulli_(1 - self.rate)
        dropped: Tensor = x * mask.to(x.device).div_(1 - self.rate)
        return dropped


def attend(query: Tensor, key: Tensor, value: Tensor, mask: Tensor) -> Tensor:
    """Softmax attention in two products; on CPUs its backward is faster than the fused one."""
    batch, heads, length, size = query.shape
    flat = (batch * heads, length, size)
    scores = (query * size**-0.5).reshape(flat) @ key.reshape(flat).transpose(1, 2)
    scores = scores.view(batch, heads, length, length).masked_fill(~mask, -1e4)
    weights = scores.softmax(-1).view(batch * heads, length, length)
    mixed: Tensor = weights @ value.reshape(flat)
    return mixed.view(batch, heads, length, size)


class Layer(nn.Module):
    """One post-norm transformer layer with queries, keys and values in one product."""

    def __init__(self, shape: Shape, dropout: float) -> None:
        super().__init__()
        width = shape.hidden_size
        self.heads = shape.num_attention_heads
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.norm = nn.LayerNorm(width, shape.layer_norm_eps)
        self.up = nn.Linear(width, shape.intermediate_size)
        self.down = nn.Linear(shape.intermediate_size, width)
        self.final = nn.LayerNorm(width, shape.layer_norm_eps)
        self.dropout = FeatureDropout(dropout)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Attend, then transform every position."""
        batch, length, width = x.shape
        size = width // self.heads
        parts = self.qkv(x).view(batch, length, 3, self.heads, size).permute(2, 0, 3, 1, 4)
        with torch.autocast(x.device.type, enabled=False):
            mixed = attend(parts[0], parts[1], parts[2], mask)
        mixed = mixed.transpose(1, 2).reshape(batch, length, width)
        x = self.norm(x + self.dropout(self.out(mixed)))
        y: Tensor = self.final(x + self.dropout(self.down(F.gelu(self.up(x)))))
        return y


class ContextEncoder(nn.Module):
    """One encoder whose tokens say what to keep, what they mean and what they answer."""

    def __init__(self, shape: Shape, config: ModelConfig) -> None:
        super().__init__()
        self.shape, width = shape, shape.hidden_size
        self.words = nn.Embedding(shape.vocab_size, width)
        self.positions = nn.Embedding(shape.max_position_embeddings, width)
        self.norm = nn.LayerNorm(width, shape.layer_norm_eps)
        self.dropout = FeatureDropout(config.dropout)
        self.layers = nn.ModuleList(Layer(shape, config.dropout) for _ in range(shape.num_hidden_layers))
        self.mix = nn.Parameter(torch.zeros(shape.num_hidden_layers + 1))
        self.keep = nn.Sequential(
            nn.Linear(width, config.keep_width),
            nn.GELU(),
            nn.Linear(config.keep_width, len(AUXILIARY)),
        )
        self.embedding = _identity(width)
        self.relevance = _identity(width)
        self.late = nn.Linear(width, config.late_width, bias=False)
        nn.init.orthogonal_(self.late.weight)
        self.attention = nn.Linear(width, 1)
        nn.init.zeros_(self.attention.weight)
        self.answer = nn.Parameter(torch.tensor([8.0, 4.0, 8.0, -8.0]))

    def look_up(self, input_ids: Tensor) -> Tensor:
        """Word embeddings; the exported graph reads them from an int8 table."""
        vectors: Tensor = self.words(input_ids)
        return vectors

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Outputs:
        """Encode a batch; the relevance axis is sentence vector, late vector, query weight."""
        places = torch.arange(input_ids.shape[1], device=input_ids.device)
        x = self.dropout(self.norm(self.look_up(input_ids) + self.positions(places)))
        mask = attention_mask[:, None, None, :].to(torch.bool)
        states = [x]
        for layer in self.layers:
            x = layer(x, mask)
            states.append(x)
        weights = torch.softmax(self.mix, 0)
        mixed = sum((w * s for w, s in zip(weights, states, strict=True)), torch.zeros_like(x))
        relevance = torch.cat([self.relevance(x), self.late(x), self.attention(x)], dim=-1)
        return Outputs(self.keep(mixed + x), self.embedding(x), relevance)


def from_checkpoint(folder: Path, config: ModelConfig) -> ContextEncoder:
    """Start from a BERT checkpoint; its words stay frozen, the heads are new."""
    model = ContextEncoder(Shape.read(folder), config)
    source = load_file(folder / "model.safetensors")
    base = {name.removeprefix("bert."): value for name, value in source.items()}
    state = dict(_renamed(base, model.shape.num_hidden_layers))
    _, unexpected = model.load_state_dict(state, strict=False)
    if unexpected:
        message = f"unknown weights: {unexpected}"
        raise ValueError(message)
    model.words.weight.requires_grad_(False)
    return model


def _renamed(base: dict[str, Tensor], layers: int) -> list[tuple[str, Tensor]]:
    """Our names for the weights of a BERT checkpoint; segment 0 joins the positions."""
    segment = base["embeddings.token_type_embeddings.weight"][0]
    pairs = [
        ("words.weight", base["embeddings.word_embeddings.weight"]),
        ("positions.weight", base["embeddings.position_embeddings.weight"] + segment),
    ]
    pairs += [(f"norm.{kind}", base[f"embeddings.LayerNorm.{kind}"]) for kind in ("weight", "bias")]
    places = {
        "out": "attention.output.dense",
        "norm": "attention.output.LayerNorm",
        "up": "intermediate.dense",
        "down": "output.dense",
        "final": "output.LayerNorm",
    }
    for index in range(layers):
        old, new = f"encoder.layer.{index}.", f"layers.{index}."
        for kind in ("weight", "bias"):
            names = [f"{old}attention.self.{part}.{kind}" for part in ("query", "key", "value")]
            pairs.append((f"{new}qkv.{kind}", torch.cat([base[name] for name in names])))
            pairs += [(f"{new}{a}.{kind}", base[f"{old}{b}.{kind}"]) for a, b in places.items()]
    return pairs


def _identity(width: int) -> nn.Linear:
    """A projection that starts as the identity, so the base model's geometry is kept."""
    linear = nn.Linear(width, width, bias=False)
    nn.init.eye_(linear.weight)
    return linear
