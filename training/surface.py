"""Fit the correction of the keep head by the surface of words, on passages kept back from training."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ctxzip.models.relevance import Floats, owners, sigmoid
from ctxzip.models.surface import FEATURES, features, logits, look
from training.passages import Row
from training.runtime import Runner

WIDTH = 8
NETWORKS = 5
STEPS = 200
RATE = 0.02
DECAY = 0.05
LIMIT = 5.0
MIDDLE = 0.5
"""Target of a word that is kept but not essential: lower than the encoder's, for what stands first at high ratios."""


def kept_words(table: Sequence[Row], runner: Runner) -> list[Floats]:
    """The encoder's keep probability of every annotated word: the mean over its tokens."""
    made = []
    for row, encoding in zip(table, runner.encode([row["text"] for row in table]), strict=True):
        owner = owners(encoding.offsets, spans(row))
        inside, size = owner >= 0, len(row["words"])
        sums = np.bincount(owner[inside], sigmoid(encoding.keep[inside]), minlength=size)
        counts = np.bincount(owner[inside], minlength=size)
        made.append((sums / np.maximum(counts, 1)).astype(np.float32))
    return made


def spans(row: Row) -> list[tuple[int, int]]:
    """Where the annotated words of a row stand."""
    return [(start, end) for start, end, _ in row["words"]]


class Correction(nn.Module):
    """Several small networks and straight lines, averaged."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden = nn.ModuleList(nn.Linear(FEATURES, WIDTH) for _ in range(NETWORKS))
        self.last = nn.ModuleList(nn.Linear(WIDTH, 1) for _ in range(NETWORKS))
        for layer in self.last:
            assert isinstance(layer, nn.Linear)
            nn.init.zeros_(layer.weight)
        self.line = nn.Parameter(torch.eye(1, FEATURES).repeat(NETWORKS, 1) * 2)

    def forward(self, x: Tensor) -> Tensor:
        """The logits of every network, [networks, words]."""
        made = [last(torch.tanh(hidden(x)))[:, 0] for hidden, last in zip(self.hidden, self.last, strict=True)]
        return torch.stack(made) + self.line @ x.T


def fit(table: Sequence[Row], runner: Runner, path: Path, seed: int) -> None:
    """Fit on annotated rows that the encoder has not seen and write the parameters."""
    torch.manual_seed(seed)
    kept = kept_words(table, runner)
    looks = [look(row["text"], spans(row)) for row in table]
    x = np.concatenate([features(logits(values), seen) for values, seen in zip(kept, looks, strict=True)])
    centre, spread = x.mean(axis=0), x.std(axis=0) + 1e-3
    seen = torch.from_numpy(np.clip((x - centre) / spread, -LIMIT, LIMIT)).float()
    values = np.array([0.0, MIDDLE, 1.0], dtype=np.float32)
    wanted = torch.from_numpy(values[[label for row in table for *_, label in row["words"]]])
    model = Correction()
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
    for _ in range(STEPS):
        loss = F.binary_cross_entropy_with_logits(model(seen), wanted.expand(NETWORKS, -1))
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        optimizer.zero_grad()
        schedule.step()
    path.write_text(json.dumps(_parameters(model, centre, spread)) + "\n", encoding="utf-8")


def _parameters(model: Correction, centre: Floats, spread: Floats) -> dict[str, object]:
    """The networks side by side as one, whose last layer takes their mean."""
    state = {name: value.detach().double() for name, value in model.state_dict().items()}
    parts = range(NETWORKS)
    layers = [
        (
            torch.cat([state[f"hidden.{n}.weight"] for n in parts]).T,
            torch.cat([state[f"hidden.{n}.bias"] for n in parts]),
        ),
        (
            torch.cat([state[f"last.{n}.weight"] for n in parts], 1).T / NETWORKS,
            torch.stack([state[f"last.{n}.bias"] for n in parts]).mean(0),
        ),
    ]
    return {
        "centre": _rounded(centre),
        "spread": _rounded(spread),
        "line": _rounded(state["line"].mean(0).numpy()),
        "layers": [{"weight": _rounded(w.numpy()), "bias": _rounded(b.numpy())} for w, b in layers],
    }


def _rounded(values: Floats) -> object:
    return np.round(values.astype(np.float64), 6).tolist()
