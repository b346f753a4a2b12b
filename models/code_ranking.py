"""From what a question and a chunk have in common to how much likelier than another the chunk answers it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

TABLE = Path(__file__).with_name("code_ranking.json")
"""Written by `python -m training.code_ranking`."""
FAR = 5.0
"""Deviations beyond which a feature counts no further."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """A linear ranking: the softmax of its values over the functions of a file is the chance of each."""

    features: tuple[str, ...]
    centre: NDArray[np.float64]
    spread: NDArray[np.float64]
    weight: NDArray[np.float64]

    def values(self, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the value of every row of features."""
        result: NDArray[np.float64] = self.standard(matrix) @ self.weight
        return result

    def standard(self, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return features with mean 0 and deviation 1 on what the ranking was fitted on, none far out."""
        return np.clip((matrix - self.centre) / self.spread, -FAR, FAR)

    def to_dict(self) -> dict[str, object]:
        """Return what `ranking` reads, rounded."""
        return {
            "features": list(self.features),
            "centre": [round(float(value), 5) for value in self.centre],
            "spread": [round(float(value), 5) for value in self.spread],
            "weight": [round(float(value), 5) for value in self.weight],
        }


@lru_cache(maxsize=4)
def ranking(name: str) -> Ranking:
    """Return the ranking fitted for the scorer `name`: `bundled` or `causal`."""
    raw = json.loads(TABLE.read_text(encoding="utf-8"))[name]
    columns = (np.array(raw[key], dtype=np.float64) for key in ("centre", "spread", "weight"))
    return Ranking(tuple(raw["features"]), *columns)
