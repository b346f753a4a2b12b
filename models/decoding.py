"""Greedy decoding of several prompts at once: what is still being written, and what may come next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ctxzip.models.torch_loading import device

if TYPE_CHECKING:
    import torch

BATCH = 8
"""Prompts that go through a model at once, of similar length."""
BATCH_TOKENS = 6144
"""Tokens of prompts that go through a model at once."""
NO_REPEAT = 10
"""Tokens in a row that are not written twice: enough against loops, and not too few for names that return."""


@dataclass(frozen=True)
class Head:
    """Part of a model's head: the tokens `names`, ascending, which of them each row may write, and their weights."""

    names: torch.Tensor
    allowed: torch.Tensor
    weight: torch.Tensor

    def places(self, tokens: Sequence[int]) -> list[int]:
        """Return where `tokens`, which are all in it, stand in the head."""
        import torch

        found: list[int] = torch.searchsorted(self.names, torch.tensor(tokens, device=self.names.device)).tolist()
        return found


class Batch:
    """The rows that are still being written, with what the model remembers of them."""

    def __init__(self, rows: Sequence[Sequence[int]], limits: Sequence[int], head: Head | None) -> None:
        """Begin with the prompts `rows`, each to be followed by at most its share of `limits`."""
        import torch

        width = max(len(row) for row in rows)
        ids = torch.zeros((len(rows), width), dtype=torch.long)
        mask = torch.zeros_like(ids)
        for at, row in enumerate(rows):
            ids[at, width - len(row) :] = torch.tensor(row)
            mask[at, width - len(row) :] = 1
        self.ids, self.mask = ids.to(device()), mask.to(device())
        self.positions = (self.mask.cumsum(1) - 1).clamp(min=0)
        self.past: Any = None
        self.rows = list(range(len(rows)))
        self.limits = limits
        self.head = head
        self.written: list[list[int]] = [[] for _ in rows]

    def take(self, tokens: Sequence[int], past: Any, ends: set[int]) -> None:
        """Add the next token of every row; drop the rows that it ends."""
        import torch

        going = []
        for at, (row, token) in enumerate(zip(self.rows, tokens, strict=True)):
            if token not in ends:
                self.written[row].append(token)
                if len(self.written[row]) < self.limits[row]:
                    going.append(at)
        self.past = past
        if len(going) < len(self.rows) and going:
            kept = torch.tensor(going, device=device())
            self.past.batch_select_indices(kept)
            self.mask, self.positions = self.mask[kept], self.positions[kept]
        self.rows = [self.rows[at] for at in going]
        self.ids = torch.tensor([[tokens[at]] for at in going], device=device())
        self.mask = torch.cat([self.mask, torch.ones_like(self.mask[:, :1])], dim=1)
        self.positions = self.positions[:, -1:] + 1


def repeating(written: Sequence[int]) -> list[int]:
    """Return the tokens that would write `NO_REPEAT` tokens in a row a second time."""
    size = NO_REPEAT - 1
    if len(written) <= size:
        return []
    last = list(written[-size:])
    return [written[at + size] for at in range(len(written) - size) if list(written[at : at + size]) == last]


def batches(sizes: Sequence[int]) -> list[list[int]]:
    """Return the places of `sizes` in batches of similar size, small enough to run at once."""
    made: list[list[int]] = []
    batch: list[int] = []
    for at in sorted(range(len(sizes)), key=lambda i: (sizes[i], i)):
        if batch and (len(batch) == BATCH or sizes[at] * (len(batch) + 1) > BATCH_TOKENS):
            made.append(batch)
            batch = []
        batch.append(at)
    return [*made, batch] if batch else made
