"""The folder of an adapter: matrices in bfloat16, their configuration, and the figures of the run."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from training.adapters.model import Encoded
    from training.adapters.train import Trainer

BASE = "google/gemma-3-270m"
VOCABULARY = "vocabulary.json"
SEEN = 2
"""Answers in which a token must occur to be one that the adapter may write."""


def write(model: Any, folder: Path) -> None:
    """Write the adapter as PEFT reads it, without paths of this machine."""
    from peft import get_peft_model_state_dict
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    state = {name: value.to(torch.bfloat16).contiguous() for name, value in get_peft_model_state_dict(model).items()}
    save_file(state, str(folder / "adapter_model.safetensors"), metadata={"format": "pt"})
    model.peft_config["default"].save_pretrained(str(folder))
    file = folder / "adapter_config.json"
    raw = json.loads(file.read_text(encoding="utf-8"))
    raw |= {"base_model_name_or_path": BASE, "inference_mode": True, "target_modules": sorted(raw["target_modules"])}
    file.write_text(json.dumps(raw, indent=2) + "\n", encoding="utf-8")


def vocabulary(folder: Path, rows: Sequence[Encoded]) -> None:
    """Write which tokens the adapter learnt to write; those of a prompt are added when it is used."""
    seen = Counter(token for row in rows for token in set(row.ids[row.start :]))
    tokens = sorted(token for token, number in seen.items() if number >= SEEN)
    (folder / VOCABULARY).write_text(json.dumps(tokens, separators=(",", ":")) + "\n", encoding="utf-8")


def figures(file: Path, trainer: Trainer, rows: dict[str, list[int]], before: float, after: float) -> None:
    """Write what the run was and what it reached on development rows."""
    raw = {
        "steps": trainer.step,
        "minutes": round(trainer.seconds / 60, 1),
        "seed": trainer.recipe.seed,
        "rows_per_epoch": rows["rows"],
        "tokens_per_epoch": rows["tokens"],
        "training_loss": round(trainer.mean, 4),
        "development_loss": {"base": round(before, 4), "adapted": round(after, 4)},
    }
    file.write_text(json.dumps(raw, indent=2) + "\n", encoding="utf-8")
