"""From what a question and a chunk have in common to how much likelier than another the chunk answers it."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

TABLE = Path(__file__).with_name("code_ranking.json")
"""Written by `python -m training.code_ranking`."""
PROBED = "gemma"
"""Name of the ranking that was fitted for the model that there is a probe for."""
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

    def alone(self, feature: int, column: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what one feature adds to the value of every row."""
        scaled = np.clip((column - self.centre[feature]) / self.spread[feature], -FAR, FAR)
        result: NDArray[np.float64] = scaled * self.weight[feature]
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


@dataclass(frozen=True, slots=True)
class Probe:
    """A linear probe into a causal model: a direction in what comes out of one of its layers.

    How far the mean state of a question's tokens goes along it tells how much the model takes the code before the
    question for the answer.
    """

    layer: int
    direction: NDArray[np.float32]

    def values(self, states: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return how far every mean state, [chunks, width], goes along the direction."""
        result: NDArray[np.float64] = states @ self.direction.astype(np.float64)
        return result

    def to_dict(self) -> dict[str, object]:
        """Return what `probe` reads."""
        return {"layer": self.layer, "direction": b64encode(self.direction.astype("<f4").tobytes()).decode()}


@lru_cache(maxsize=1)
def probe() -> Probe | None:
    """Return the probe fitted for the 270M Gemma, None before there is one."""
    raw = json.loads(TABLE.read_text(encoding="utf-8")).get(PROBED)
    return raw and Probe(raw["layer"], np.frombuffer(b64decode(raw["direction"]), dtype="<f4"))


@lru_cache(maxsize=4)
def ranking(name: str) -> Ranking:
    """Return the ranking fitted for the scorer `name`: `bundled`, `causal` or `PROBED`."""
    raw = json.loads(TABLE.read_text(encoding="utf-8"))[name]
    columns = (np.array(raw[key], dtype=np.float64) for key in ("centre", "spread", "weight"))
    return Ranking(tuple(raw["features"]), *columns)
