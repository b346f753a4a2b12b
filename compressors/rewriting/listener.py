"""Words of a text by what two think of them: the bundled encoder, and a writer whose answers were not good enough."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ctxzip.compressors.rewriting.alignment import shared

if TYPE_CHECKING:
    from ctxzip.compressors.llmlingua2 import LLMLingua2
    from ctxzip.text import Document, Span

VOTE = 1.0
"""Logits that a word gains when every answer has it."""


class Listener:
    """LLMLingua-2 that listens to a writer: what a rewrite says of a text is worth more, even of a refused one."""

    name = "llmlingua2"

    def __init__(self, lender: LLMLingua2, answers: Sequence[str]) -> None:
        """Score with `lender`, and raise the words that `answers` share with the text in the same order."""
        self._lender = lender
        self._answers = [answer.split() for answer in answers]

    @property
    def model(self) -> str:
        """Return the name of the lender's weights."""
        return self._lender.model

    def segment(self, document: Document) -> list[Span]:
        """Return the lender's words and the structure between them."""
        return self._lender.segment(document)

    def score(
        self, documents: Sequence[Document], spans: Sequence[Sequence[Span]], query: str | None = None
    ) -> list[list[float]]:
        """Return the keep probability of every span, its logit raised by the share of the answers that have it."""
        scores = self._lender.score(documents, spans, query)
        return [self._raised(d, own, each) for d, own, each in zip(documents, spans, scores, strict=True)]

    def _raised(self, document: Document, spans: Sequence[Span], scores: Sequence[float]) -> list[float]:
        import numpy as np

        words = [span.of(document.text) for span in spans]
        votes = np.zeros(len(words))
        for answer in self._answers:
            votes[list(shared(words, answer))] += 1 / len(self._answers)
        odds = np.exp(-VOTE * votes) * (1 / np.clip(scores, 1e-6, 1) - 1)
        raised: list[float] = (1 / (1 + odds)).tolist()
        return raised
