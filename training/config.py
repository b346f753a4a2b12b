"""The recipe as typed values, read from one TOML file."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DEFAULT = Path(__file__).with_name("config.toml")


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """Widths of the heads and the dropout of the encoder."""

    keep_width: int
    late_width: int
    dropout: float


@dataclass(frozen=True, slots=True)
class DataConfig:
    """Window length, hold-out share and how often a source is seen."""

    max_length: int
    held_out: float
    qmsum_share: float
    deletion_pack: int
    deletion_share: float
    passages: int
    repeat: dict[str, float]


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """Optimisation: step size, learning rates, averaging."""

    tokens_per_step: int
    steps: int
    stop: int
    chunks: int
    rate: float
    head_rate: float
    warmup: float
    final: float
    weight_decay: float
    clip: float
    ema: float
    checkpoint_every: int
    probe_sentences: int


@dataclass(frozen=True, slots=True)
class LossConfig:
    """Weights of the losses, the target of the middle class and the softmax scale."""

    keep: float
    middle: float
    rewrite: float
    deletion: float
    sentence: float
    passage: float
    late: float
    answer: float
    embedding: float
    scale: float


@dataclass(frozen=True, slots=True)
class Config:
    """The whole recipe."""

    seed: int
    model: ModelConfig
    data: DataConfig
    train: TrainConfig
    loss: LossConfig


def load(path: Path = DEFAULT, stage: int = 0) -> Config:
    """Read a stage of a recipe; unknown or missing keys are errors."""
    return stages(path)[stage]


def stages(path: Path = DEFAULT) -> list[Config]:
    """Every stage of a recipe: what it does not name stays as it was in the one before."""
    raw: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    made = []
    for changes in raw.pop("stage", [{}]):
        raw = _merged(raw, changes)
        made.append(
            Config(
                seed=raw["seed"],
                model=ModelConfig(**raw["model"]),
                data=DataConfig(**raw["data"]),
                train=TrainConfig(**raw["train"]),
                loss=LossConfig(**raw["loss"]),
            )
        )
    return made


def _merged(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """Nested tables, the new values over the old ones."""
    made = dict(old)
    for name, value in new.items():
        made[name] = _merged(old[name], value) if isinstance(value, dict) else value
    return made
