"""What a question makes of source files: which of their chunks are worth their tokens, and which lines of those."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ctxzip.code.chunks import Chunk, chunks_of
from ctxzip.code.layout import Outline
from ctxzip.code.tree import Kind
from ctxzip.code.worth import in_question
from ctxzip.models.code_features import CodePiece, identifiers
from ctxzip.models.code_scorer import CodeScorer
from ctxzip.models.lexical import terms

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_PIECES = 256
"""Chunks that are shown to the model; of more, those with the best BM25 score and those the query names."""
FINE_PIECES = 6
"""Chunks, best first, whose lines are looked at by a model that can; matters where one of them is kept in part."""
FINE_LINES = 5
"""Lines from which a chunk has parts worth telling apart."""
NO_FUNCTION = 2.0
"""Nats by which chunks that are no function are less likely to be asked for than their words say."""
PER_TOKEN = 0.75
"""Power of its size that the chance of a chunk is divided by: of two equally likely ones the shorter is worth more."""
STEEPNESS = 3.0
"""Nats of chance per token for which a worth in the middle changes by about a fifth."""
NAMED = 0.97
"""Worth of what the query names; what it does not name is worth less."""
LETTERS = 3.5
"""Letters of code in a token, about."""
SPREAD = 0.12
"""Share by which a line's own worth raises or lowers what its function is worth."""
_NAME = re.compile(r"[A-Za-z_]\w*(?:\.\w+)*")
_LOOKS_LIKE_CODE = re.compile(r"_|\d|[a-z][A-Z]|\.")


class Judgement:
    """One question over some files: the worth of their chunks, and of the lines of those looked at closer."""

    def __init__(self, scorer: CodeScorer, outlines: tuple[Outline, ...], query: str, *, compat: bool = False) -> None:
        """Rank the chunks of `outlines`; `compat` ranks by the scorer alone, as the released formula does."""
        self._scorer = scorer
        self._outlines = outlines
        self._query = query
        self._places = [(index, at) for index, outline in enumerate(outlines) for at in range(len(chunks_of(outline)))]
        self._chunks = [chunk for outline in outlines for chunk in chunks_of(outline)]
        self._words = query_names(query, self._chunks)
        self._worth = self._coarse(compat)
        self._own = [self._own_worth(at) for at in range(len(self._chunks))]
        self._seen: dict[int, NDArray[np.float64] | None] = {}

    def is_of(self, outlines: tuple[Outline, ...], query: str) -> bool:
        """Tell whether this is about these very files and that question."""
        return self._outlines == outlines and self._query == query

    def worth(self) -> list[list[float]]:
        """Return the worth in [0, 1] of every element of every file, by what its chunk is worth and it is in it."""
        return self._spread(self._own)

    def closer(self, cut: Sequence[tuple[int, int]]) -> list[list[float]] | None:
        """Return `worth` with the lines of the best of the chunks `cut` (file, chunk) as the model sees them.

        None if the model makes nothing of lines, or the chunks are too short to tell their lines apart.
        """
        chosen = set(cut)
        found = [at for at, place in enumerate(self._places) if place in chosen]
        found = [at for at in found if len(self._chunks[at].elements) >= FINE_LINES]
        own = list(self._own)
        for at in sorted(found, key=lambda at: (-self._worth[at], at))[:FINE_PIECES]:
            if at not in self._seen:
                self._seen[at] = self._look(at)
            if (seen := self._seen[at]) is not None:
                own[at] = 0.5 * own[at] + 0.5 * seen
        is_closer = any(each is not before for each, before in zip(own, self._own, strict=True))
        return self._spread(own) if is_closer else None

    def _spread(self, own: Sequence[NDArray[np.float64]]) -> list[list[float]]:
        result = [[0.0] * len(outline.elements) for outline in self._outlines]
        for (index, _), chunk, worth, each in zip(self._places, self._chunks, self._worth, own, strict=True):
            sizes = [max(1, self._outlines[index].size([element])) for element in chunk.elements]
            scores = worth * (1 + SPREAD * (each - float(np.average(each, weights=sizes))))
            for element, value in zip(chunk.elements, scores, strict=True):
                result[index][element] = min(1.0, max(0.0, float(value)))
        return result

    def _coarse(self, compat: bool) -> NDArray[np.float64]:
        """Return the worth in [0, 1] of every chunk."""
        pieces = [self._piece(at) for at in range(len(self._chunks))]
        named = np.array([chunk.name.rpartition(".")[2] in self._words for chunk in self._chunks], dtype=bool)
        values = shown_values(self._scorer, self._query, pieces, named)
        if compat:
            return np.where(named, NAMED, 0.95 * _ranks(values))
        values -= NO_FUNCTION * np.array([chunk.kind is not Kind.FUNCTION for chunk in self._chunks])
        sizes = np.array([max(1, len(piece.text)) for piece in pieces]) / LETTERS
        return np.where(named, NAMED, per_token(values, sizes))

    def _own_worth(self, at: int) -> NDArray[np.float64]:
        """Return the worth in [0, 1] of a chunk's elements by what they are and the question's words in them."""
        outline, asked = self._outlines[self._places[at][0]], set(terms(self._query))
        values = []
        for index in self._chunks[at].elements:
            element = outline.elements[index]
            mine = set(terms(outline.source.slice(element.first, element.last)))
            values.append(in_question(outline, element, self._words, len(asked & mine) / max(1, len(asked))))
        return np.array(values)

    def _look(self, at: int) -> NDArray[np.float64] | None:
        """Return what the model makes of the parts of a chunk, None if it makes nothing of them."""
        outline = self._outlines[self._places[at][0]]
        parts = [outline.elements[index] for index in self._chunks[at].elements]
        lengths = [len(outline.source.slice(part.first, part.last)) for part in parts]
        return self._scorer.lines(self._query, self._piece(at), np.cumsum(lengths).tolist())

    def _piece(self, at: int) -> CodePiece:
        return piece_of(self._outlines[self._places[at][0]], self._chunks[at])


def piece_of(outline: Outline, chunk: Chunk) -> CodePiece:
    """Return a chunk as scorers see it."""
    return CodePiece(chunk.name, chunk.text(outline), chunk.head(outline), chunk.code(outline))


def shown_values(
    scorer: CodeScorer, query: str, pieces: Sequence[CodePiece], named: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Return the scorer's value of every chunk.

    Of more than `MOST_PIECES` chunks it sees those that the query names and the best by BM25; the others come,
    by BM25, below all it saw.
    """
    if len(pieces) <= MOST_PIECES:
        return scorer.relevance(query, pieces)
    first = identifiers(query, pieces)
    order = sorted(range(len(pieces)), key=lambda i: (not named[i], -first[i], i))
    shown = sorted(order[:MOST_PIECES])
    values = np.full(len(pieces), np.nan)
    values[shown] = scorer.relevance(query, [pieces[i] for i in shown])
    unseen = np.isnan(values)
    values[unseen] = np.min(values[shown]) - 1 + first[unseen] / (float(first.max()) + 1e-9)
    return values


def per_token(values: NDArray[np.float64], sizes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the worth per token in (0, `NAMED`) of chunks with these log chances; 0.5 is what chance alone gives."""
    finite = np.isfinite(values)
    if not finite.any():
        return np.full(len(values), 0.5)
    values = np.where(finite, values, values[finite].min() - 1)
    chances = values - values.max() - np.log(np.exp(values - values.max()).sum())
    surprise = chances + np.log(len(values)) - PER_TOKEN * np.log(sizes / sizes.mean())
    result: NDArray[np.float64] = 0.95 / (1 + np.exp(-surprise / STEEPNESS))
    return result


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the place of every value among all, 1 the best, 0 the worst."""
    order = np.argsort(np.argsort(values, kind="stable"), kind="stable")
    result: NDArray[np.float64] = order / max(1, len(values) - 1)
    return result


def query_names(query: str, chunks: Sequence[Chunk]) -> list[str]:
    """Return the names of code that `query` mentions: what the chunks define, and what can be nothing but a name."""
    defined = {part for chunk in chunks for part in chunk.name.split(".") if part}
    found = []
    for name in _NAME.findall(query):
        last = name.rpartition(".")[2]
        if (last in defined and (len(last) > 3 or _LOOKS_LIKE_CODE.search(last))) or (
            _LOOKS_LIKE_CODE.search(name.strip(".")) and last
        ):
            found.append(last)
    return sorted(set(found))
