"""What the compressors ask of weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ctxzip.models.prompts import Style
    from ctxzip.passages import Passage


class Backend(Protocol):
    """Something that runs an encoder on a batch of token ids."""

    @property
    def workers(self) -> int:
        """Calls that are worth making side by side."""

    def expect(self, rows: int, length: int) -> None:
        """Take note that batches of this shape will come often."""

    def run(
        self,
        names: Sequence[str],
        ids: NDArray[np.int64],
        mask: NDArray[np.int64],
        types: NDArray[np.int64] | None = None,
    ) -> list[NDArray[np.float32]]:
        """Return the outputs `names`, each [batch, …]; `types` says which text of a pair a token is of."""


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


class Generator(Protocol):
    """Writes: goes on from prompts, the same way every time."""

    @property
    def name(self) -> str:
        """The name that reports show."""

    @property
    def identity(self) -> str:
        """What its answers depend on besides the prompt, for keeping them on disk."""

    @property
    def style(self) -> Style:
        """How it has to be asked."""

    @property
    def longest(self) -> int:
        """Tokens of the longest prompt that it reads."""

    def count(self, texts: Sequence[str]) -> list[int]:
        """Return how many of its own tokens each text takes, or a careful estimate."""

    def generate(self, prompts: Sequence[str], max_tokens: Sequence[int]) -> list[str]:
        """Return what it writes after each prompt, at most `max_tokens` of its tokens each.

        Raises `EndpointError` when it is somewhere else and does not answer.
        """
