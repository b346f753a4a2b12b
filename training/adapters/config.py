"""The recipe of the adapters as typed values, read from one TOML file."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

DEFAULT = Path(__file__).with_name("config.toml")
TASKS = ("passages", "rewrite", "summarize")
"""The rewriter is trained on whole passages first, from there on sentences."""


@dataclass(frozen=True, slots=True)
class Adapter:
    """The shape of the low-rank matrices."""

    rank: int
    alpha: int
    dropout: float


@dataclass(frozen=True, slots=True)
class Training:
    """Batches, rates and when to save."""

    rate: float
    warmup: float
    final: float
    clip: float
    checkpoint_every: int
    longest: int
    held_out: int


@dataclass(frozen=True, slots=True)
class Recipe:
    """What one adapter is trained with: `mix` says how much of each kind of row an epoch has."""

    task: str
    seed: int
    adapter: Adapter
    train: Training
    epochs: int
    rows_per_step: int
    minutes: float
    mix: dict[str, float]


def load(task: str, path: Path = DEFAULT) -> Recipe:
    """Read the recipe of `task`; unknown or missing keys are errors."""
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    mix = dict(raw[task])
    own = {name: mix.pop(name) for name in ("epochs", "rows_per_step", "minutes")}
    return Recipe(task, raw["seed"], Adapter(**raw["adapter"]), Training(**raw["train"]), **own, mix=mix)
