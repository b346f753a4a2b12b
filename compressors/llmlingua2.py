"""LLMLingua-2: a token classifier says of every word whether it is kept (Pan et al., 2024, arXiv 2403.12968)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ctxzip import segment
from ctxzip.choice import ModelChoice
from ctxzip.compressors import llmlingua2_compat as compat
from ctxzip.errors import UnknownName, UsageError
from ctxzip.models.bundled import encoder
from ctxzip.models.store import BUNDLED, locate
from ctxzip.models.surface import Looks
from ctxzip.models.token_scorer import TokenScorer, load_token_scorer
from ctxzip.text import Document, Span

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ctxzip.models.windows import Encoded


class LLMLingua2:
    """Words of any text, worth the mean keep probability of their tokens (section 3.2 of the paper).

    Differs from the released implementation on purpose: the words are slices of the input, the choice is over
    the whole input instead of a share per chunk, and the budget is the reader's tokens.
    """

    name = "llmlingua2"

    def __init__(self, model: str | None = None, *, compat: bool = False, token_to_word: str = "mean") -> None:
        """Score with the bundled encoder, or with the token classifier `model` (directory or hub id).

        `compat` cuts words and feeds the model as the released implementation does; `token_to_word` takes the
        `mean` of a word's tokens or its `first` one.
        """
        if token_to_word not in ("mean", "first"):
            raise UnknownName("token_to_word", token_to_word, ["mean", "first"])
        self._first_token = token_to_word == "first"
        self.model = model or BUNDLED
        self._compat = compat
        if self.model == BUNDLED:
            encoder()  # while the tokenizer's vocabulary loads beside it
        else:
            locate(self.model)

    @classmethod
    def of(cls, weights: ModelChoice) -> LLMLingua2:
        """Return the compressor that `weights` ask for."""
        if weights.adapter:
            raise UsageError("--method llmlingua2 takes no adapter", hint="merge it into the checkpoint, or drop it")
        return cls(weights.model, compat=weights.compat)

    @cached_property
    def _scorer(self) -> TokenScorer:
        """The weights, loaded when the first text has to be scored."""
        return load_token_scorer(self.model, compat=self._compat)

    def segment(self, document: Document) -> list[Span]:
        """Return words and the structure between them."""
        if self._compat:
            encoded = self._scorer.encode([document.text])[0]
            pieces = self._scorer.pieces(encoded)
            return compat.reference_words(compat.placed(encoded, pieces), pieces, self._scorer.family)
        return segment.words(document.text)

    def score(
        self, documents: Sequence[Document], spans: Sequence[Sequence[Span]], query: str | None = None
    ) -> list[list[float]]:
        """Return the mean keep probability of the tokens of every span."""
        reading = self.reading(documents)
        reading.look(spans)
        reading.read()
        return reading.scores()

    def reading(self, documents: Sequence[Document]) -> KeepReading:
        """Return the documents as tokens, ready for the model."""
        return KeepReading(documents, self._scorer, compat=self._compat, first_token=self._first_token)


class KeepReading:
    """Documents that the token classifier reads, and the pieces whose worth is wanted."""

    def __init__(
        self, documents: Sequence[Document], scorer: TokenScorer, *, compat: bool = False, first_token: bool = False
    ) -> None:
        """Make tokens of `documents`, as the options of `LLMLingua2` say."""
        self._scorer = scorer
        self._compat = compat
        self._first_token = first_token
        self._surface = None if compat else scorer.surface
        self._encoded = scorer.encode([document.text for document in documents])
        self._values: list[NDArray[np.float32]] = []
        self._spans: Sequence[Sequence[Span]] = []
        self._looks: list[Looks] = []

    def read(self) -> None:
        """Give every token its keep probability."""
        self._values = self._scorer.probabilities(self._encoded)

    def look(self, spans: Sequence[Sequence[Span]]) -> None:
        """Look at the words of every document, where the weights know what that tells."""
        self._spans = spans
        if self._surface:
            texts = [encoded.text for encoded in self._encoded]
            self._looks = [Looks.of(text, own) for text, own in zip(texts, spans, strict=True)]

    def scores(self) -> list[list[float]]:
        """Return the mean keep probability of the tokens of every span, corrected by what the words look like."""
        means = [
            self._means(encoded, values, spans)
            for encoded, values, spans in zip(self._encoded, self._values, self._spans, strict=True)
        ]
        if self._surface:
            pairs = zip(self._looks, means, strict=True)
            return [self._surface.correct(looks, own.astype(np.float32)).tolist() for looks, own in pairs]
        return [own.tolist() for own in means]

    def _means(self, encoded: Encoded, values: NDArray[np.float32], spans: Sequence[Span]) -> NDArray[np.float64]:
        """Return the worth of every span: its tokens' mean, or, where it has none, its neighbours'."""
        counted = np.ones(len(values), dtype=bool)
        if self._compat:
            names = self._scorer.pieces(encoded)
            encoded, counted = compat.placed(encoded, names), compat.usable(names)
        means = span_means(encoded, values, spans, counted, first=self._first_token)
        unknown = np.isnan(means)
        if self._compat or unknown.all():
            return np.where(unknown, 0.0, means)
        positions = np.arange(len(spans))
        return np.interp(positions, positions[~unknown], means[~unknown])


def span_means(
    encoded: Encoded,
    values: NDArray[np.float32],
    spans: Sequence[Span],
    counted: NDArray[np.bool_],
    *,
    first: bool = False,
) -> NDArray[np.float64]:
    """Return for each of the ordered, disjoint `spans` the mean of `values` over its `counted` tokens.

    With `first` it is the value of the first of them.

    A token belongs to the span that holds its last character, since some vocabularies glue the space before
    a word to its first token. A span without tokens (characters the vocabulary drops) gets NaN.
    """
    if not spans:
        return np.zeros(0)
    starts = np.array([span.start for span in spans], dtype=np.int32)
    ends = np.array([span.end for span in spans], dtype=np.int32)
    last = encoded.ends - 1
    owner = np.searchsorted(starts, last, side="right") - 1
    inside = counted & (owner >= 0) & (last < ends[np.maximum(owner, 0)]) & (encoded.ends > encoded.starts)
    owner, values = owner[inside], values[inside]
    if first:
        leading = np.concatenate([[True], owner[1:] != owner[:-1]])[: len(owner)]
        owner, values = owner[leading], values[leading]
    counts = np.bincount(owner, minlength=len(spans))
    sums = np.bincount(owner, weights=values, minlength=len(spans))
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
