"""What the compressors ask of weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ctxzip.passages import Passage


class RelevanceScorer(Protocol):
    """Says how probable it is that a sentence helps to answer a query."""

    @property
    def name(self) -> str:
        """The name that reports show."""

    @property
    def threshold(self) -> float:
        """The probability from which a sentence is worth keeping."""

    def probabilities(self, passages: Sequence[Passage], query: str) -> list[list[float]]:
        """Return for every passage the probability, in [0, 1], of each of its sentences."""


class DualEncoder(Protocol):
    """Gives texts vectors whose dot product says how near they are."""

    @property
    def name(self) -> str:
        """The name that reports show."""

    def vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one vector per text, [texts, width]."""
