"""Cross-encoders as judges of sentences: query and sentence in, one logit (or two) out; exported or not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ctxzip.errors import InputError
from ctxzip.models.encoders import Encoder
from ctxzip.models.manifest import Kind
from ctxzip.passages import Passage
from ctxzip.text import Span

if TYPE_CHECKING:
    from numpy.typing import NDArray

BATCH = 16


class CrossEncoder:
    """A `*ForSequenceClassification` reranker; two labels are dropped and kept, one is a logit."""

    threshold = 0.5

    def __init__(self, encoder: Encoder) -> None:
        """Judge with `encoder`."""
        self.name = encoder.name
        self._encoder = encoder

    def probabilities(self, passages: Sequence[Passage], query: str) -> list[list[float]]:
        """Return the probability of every sentence, read under its passage's title."""
        texts = [_titled(passage, sentence) for passage in passages for sentence in passage.sentences]
        values = iter(self.judged(query, texts))
        return [[next(values) for _ in passage.sentences] for passage in passages]

    def judged(self, query: str, texts: Sequence[str]) -> list[float]:
        """Return the probability of every text; a long one is cut, and a query longer than half an input."""
        asked = self._shortened(query)
        self._encoder.tokenizer.enable_truncation(self._encoder.max_length, strategy="only_second")
        rows = self._encoder.tokenizer.encode_batch([(asked, text) for text in texts])
        return [float(p) for p in self._encoder.each(rows, self._kept, Kind.PAIRS.output, BATCH)]

    def _shortened(self, query: str) -> str:
        self._encoder.tokenizer.no_truncation()
        tokens = self._encoder.tokenizer.encode(query, add_special_tokens=False)
        half = self._encoder.max_length // 2
        return query[: tokens.offsets[half][0]] if len(tokens.ids) > half else query

    def _kept(self, logits: NDArray[np.float32], _: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the probabilities of a batch."""
        labels = logits.shape[-1]
        if labels > 2:
            raise InputError(
                f"{self.name} has {labels} labels, a relevance model has 1 or 2", hint="use a reranker checkpoint"
            )
        wide = logits.astype(np.float64)
        return 1 / (1 + np.exp(-(wide[:, 0] if labels == 1 else wide[:, 1] - wide[:, 0])))


def _titled(passage: Passage, sentence: Span) -> str:
    body = sentence.of(passage.text).strip()
    return f"{passage.title}: {body}" if passage.title else body
