"""The training loop of an adapter: seeded, logged, resumable, done by a given time."""

from __future__ import annotations

import json
import logging
import math
import random
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch

from training.adapters.config import Recipe
from training.adapters.model import AnswerLoss, Encoded

LOG = logging.getLogger("training.adapters")
POOL = 16
"""Steps whose rows are sorted by length together."""


def batches(epoch: Sequence[Encoded], size: int, seed: int) -> list[list[Encoded]]:
    """The steps of an epoch: rows of similar length together, in random order."""
    draw = random.Random(seed)
    order = list(epoch)
    draw.shuffle(order)
    steps = []
    for start in range(0, len(order), size * POOL):
        pool = sorted(order[start : start + size * POOL], key=lambda row: len(row.ids))
        cut = [pool[at : at + size] for at in range(0, len(pool), size)]
        draw.shuffle(cut)
        steps += cut
    return steps


class Trainer:
    """The state of one run: matrices, their copies in float32, the optimizer, and how far it is."""

    def __init__(self, model: Any, recipe: Recipe, folder: Path) -> None:
        """Set up the optimizer; pick up the checkpoint in `folder` if there is one."""
        self.recipe = recipe
        self.model = model
        self.weights = {name: weight for name, weight in model.named_parameters() if weight.requires_grad}
        self.masters = {name: weight.detach().float().clone() for name, weight in self.weights.items()}
        self.optimizer = torch.optim.AdamW(self.masters.values(), lr=recipe.train.rate, weight_decay=0.0)
        self.step = 0
        self.seconds = 0.0
        self.done = False
        self.mean = math.nan
        self._checkpoint = folder / "checkpoint.pt"
        folder.mkdir(parents=True, exist_ok=True)
        if self._checkpoint.exists():
            self._resume()

    def _resume(self) -> None:
        state = torch.load(self._checkpoint, weights_only=True)
        self.masters = state["masters"]
        self.optimizer = torch.optim.AdamW(self.masters.values(), lr=self.recipe.train.rate, weight_decay=0.0)
        self.optimizer.load_state_dict(state["optimizer"])
        self.step, self.seconds, self.done = state["step"], state["seconds"], state["done"]
        self._publish()

    def _publish(self) -> None:
        """Copy the float32 weights into the model's own."""
        with torch.no_grad():
            for name, weight in self.weights.items():
                weight.copy_(self.masters[name])

    def save(self) -> None:
        """Write the whole state, at once or not at all."""
        state = {
            "masters": self.masters,
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "seconds": self.seconds,
            "done": self.done,
        }
        part = self._checkpoint.with_suffix(".part")
        torch.save(state, part)
        part.replace(self._checkpoint)

    def run(self, epochs: Sequence[Sequence[Encoded]], loss: AnswerLoss, *, stop: int | None = None) -> None:
        """All steps that are left, at most to `stop`; ends early when the recipe's minutes are over."""
        size, limit = self.recipe.rows_per_step, 60 * self.recipe.minutes
        steps = [batch for at, rows in enumerate(epochs) for batch in batches(rows, size, self.recipe.seed + at)]
        self.model.train()
        for batch in steps[self.step : stop]:
            if self.done:
                break
            began = time.monotonic()
            torch.manual_seed(self.recipe.seed + self.step)
            share = max(self.step / len(steps), self.seconds / limit)
            self._update(loss, batch, share)
            self.step += 1
            self.seconds += time.monotonic() - began
            self.done = self.step == len(steps) or self.seconds >= limit
            if self.step % 10 == 0:
                entry = {"step": self.step, "of": len(steps), "seconds": round(self.seconds), "share": round(share, 3)}
                LOG.info(json.dumps(entry | {"loss": round(self.mean, 4)}))
            if self.step % self.recipe.train.checkpoint_every == 0:
                self.save()
        self.save()

    def _update(self, loss: AnswerLoss, batch: Sequence[Encoded], share: float) -> None:
        for group in self.optimizer.param_groups:
            group["lr"] = self.recipe.train.rate * rate_factor(share, self.recipe)
        value = loss(batch)
        value.backward()  # type: ignore[no-untyped-call]
        for name, weight in self.weights.items():
            self.masters[name].grad = None if weight.grad is None else weight.grad.float()
            weight.grad = None
        torch.nn.utils.clip_grad_norm_(self.masters.values(), self.recipe.train.clip)
        self.optimizer.step()
        self._publish()
        new = float(value.detach())
        self.mean = new if math.isnan(self.mean) else 0.95 * self.mean + 0.05 * new


def rate_factor(share: float, recipe: Recipe) -> float:
    """Linear warm-up over the first `share` of the run, then a cosine down to the final rate."""
    warm = recipe.train.warmup
    if share < warm:
        return (share + 0.1 * warm) / (1.1 * warm)
    done = min(1.0, (share - warm) / (1 - warm))
    return recipe.train.final + (1 - recipe.train.final) * 0.5 * (1 + math.cos(math.pi * done))


def measure(model: Any, loss: AnswerLoss, rows: Sequence[Encoded]) -> float:
    """The mean loss of development rows, one token like another."""
    model.eval()
    with torch.inference_mode():
        parts = list(_weighted(loss, sorted(rows, key=lambda row: len(row.ids))))
    return sum(value * tokens for value, tokens in parts) / sum(tokens for _, tokens in parts)


def _weighted(loss: AnswerLoss, rows: Sequence[Encoded]) -> Iterator[tuple[float, int]]:
    for at in range(0, len(rows), 6):
        batch = rows[at : at + 6]
        yield float(loss(batch)), sum(len(row.ids) - row.start for row in batch)
