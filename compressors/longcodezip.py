"""LongCodeZip: functions ranked by a question, then shortened statement by statement (Shi et al., arXiv 2510.00446)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import numpy as np

from ctxzip.choice import ModelChoice
from ctxzip.code.check import culprits, parses
from ctxzip.code.chunks import Chunk, chunks_of
from ctxzip.code.languages import language_of
from ctxzip.code.layout import CodeLayout, Outline
from ctxzip.code.parse import tree_of
from ctxzip.code.tree import Kind
from ctxzip.code.worth import in_question, structure
from ctxzip.errors import UsageError
from ctxzip.models.code_features import CodePiece, identifiers
from ctxzip.models.code_scorer import CodeScorer, load_code_scorer
from ctxzip.models.lexical import terms
from ctxzip.models.store import BUNDLED
from ctxzip.text import Document, Span

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ctxzip.protocols import Arrangement

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


class LongCodeZip:
    """Functions worth what they have to do with the query, their statements worth what they add to that.

    Without a query every line is worth its place in the structure: signatures, docstrings, fields, bodies.
    Differs from the released implementation on purpose, see docs/code.md.
    """

    name = "longcodezip"

    def __init__(self, model: str | None = None, *, compat: bool = False, cache: bool = True) -> None:
        """Score with the causal language model `model` (directory, hub id or `gemma`) or with `bundled`.

        `compat` takes the released formula for the ranking of functions; `cache` keeps scores on disk.
        """
        self._asked = model or BUNDLED
        self._compat = compat
        self._cache = cache
        self._used = False

    @classmethod
    def of(cls, weights: ModelChoice) -> LongCodeZip:
        """Return the compressor that `weights` ask for."""
        if weights.adapter:
            raise UsageError("--method longcodezip takes no adapter", hint="merge it into the checkpoint, or drop it")
        return cls(weights.model, compat=weights.compat, cache=weights.cache)

    @property
    def model(self) -> str:
        """Return the name of what scored."""
        return self._scorer.name if self._used else "structure"

    @cached_property
    def _scorer(self) -> CodeScorer:
        """The weights, loaded when the first question is asked."""
        return load_code_scorer(self._asked, compat=self._compat, kept=self._cache)

    def segment(self, document: Document) -> list[Span]:
        """Return statements, signatures and closing lines."""
        return outline_of(document).spans()

    def arrange(self, document: Document, spans: Sequence[Span]) -> Arrangement:
        """Return the arrangement that renders as code."""
        return CodeLayout(outline_of(document), spans)

    def groups(self, arrangement: Arrangement, query: str | None) -> list[int] | None:
        """Return the chunk of every piece; None without a query, when nothing ranks chunks."""
        assert isinstance(arrangement, CodeLayout)
        if not query:
            return None
        owner = _owners(arrangement.outline)
        return [owner[first] for first, _ in arrangement.members]

    def uncut(self, arrangement: Arrangement, kept: Sequence[int]) -> list[Span]:
        """Return the blocks to leave whole because without what was dropped the file does not parse."""
        assert isinstance(arrangement, CodeLayout)
        return culprits(arrangement, kept)

    def remarks(self, arrangements: Sequence[Arrangement], made: Sequence[Document]) -> list[str]:
        """Return whether the results parse."""
        if not any(document.text for document in made):
            return ["nothing fits: the smallest piece of code is larger than the budget"]
        verdicts = [
            parses(arrangement, document.text)
            for arrangement, document in zip(arrangements, made, strict=True)
            if isinstance(arrangement, CodeLayout)
        ]
        if False in verdicts:
            return ["syntax: broken"]
        unknown = verdicts.count(None)
        if unknown:
            return [f"syntax: not checked in {unknown} of {len(verdicts)} (pip install 'ctxzip[code]' for grammars)"]
        return ["syntax: ok"]

    def score(
        self, documents: Sequence[Document], spans: Sequence[Sequence[Span]], query: str | None = None
    ) -> list[list[float]]:
        """Return the worth per token of every piece."""
        outlines = [outline_of(document) for document in documents]
        worth = self._asked_for(outlines, query) if query else [structure(o, chunks_for(o)) for o in outlines]
        return [_of_spans(o, values, each) for o, values, each in zip(outlines, worth, spans, strict=True)]

    def _asked_for(self, outlines: Sequence[Outline], query: str) -> list[list[float]]:
        """Return the worth of every element of every file for `query`."""
        self._used = True
        places = [(index, chunk) for index, outline in enumerate(outlines) for chunk in chunks_for(outline)]
        chunks = [chunk for _, chunk in places]
        words = query_names(query, chunks)
        worth = self._coarse(query, [_piece(outlines[index], chunk) for index, chunk in places], chunks, words)
        long = [at for at in np.argsort(-worth, kind="stable").tolist() if len(chunks[at].elements) >= FINE_LINES]
        fine = set(long[:FINE_PIECES])
        result = [[0.0] * len(outline.elements) for outline in outlines]
        for at, (index, chunk) in enumerate(places):
            own = _own_worth(outlines[index], chunk, query, words)
            seen = self._seen(outlines[index], chunk, query) if at in fine else None
            if seen is not None:
                own = 0.5 * own + 0.5 * seen
            sizes = [max(1, outlines[index].size([element])) for element in chunk.elements]
            scores = worth[at] * (1 + SPREAD * (own - float(np.average(own, weights=sizes))))
            for element, value in zip(chunk.elements, scores, strict=True):
                result[index][element] = min(1.0, max(0.0, float(value)))
        return result

    def _coarse(
        self, query: str, pieces: Sequence[CodePiece], chunks: Sequence[Chunk], words: Sequence[str]
    ) -> NDArray[np.float64]:
        """Return the worth in [0, 1] of every chunk; in `compat` by the released ranking alone."""
        named = np.array([_defines(chunk, words) for chunk in chunks], dtype=bool)
        values = shown_values(self._scorer, query, pieces, named)
        if self._compat:
            return np.where(named, NAMED, 0.95 * _ranks(values))
        values -= NO_FUNCTION * np.array([chunk.kind is not Kind.FUNCTION for chunk in chunks])
        sizes = np.array([max(1, len(piece.text)) for piece in pieces]) / LETTERS
        return np.where(named, NAMED, per_token(values, sizes))

    def _seen(self, outline: Outline, chunk: Chunk, query: str) -> NDArray[np.float64] | None:
        """Return what the model makes of the parts of a chunk, None if it makes nothing of them."""
        parts = [outline.elements[index] for index in chunk.elements]
        lengths = [len(outline.source.slice(part.first, part.last)) for part in parts]
        return self._scorer.lines(query, _piece(outline, chunk), np.cumsum(lengths).tolist())


def outline_of(document: Document) -> Outline:
    """Return the elements of a document's text, read as the language that its name or its look says."""
    return _outline(document.text, document.path or document.id)


@lru_cache(maxsize=64)
def _outline(text: str, path: str | None) -> Outline:
    language = language_of(text, path)
    return Outline(*tree_of(text, language), language)


@lru_cache(maxsize=64)
def chunks_for(outline: Outline) -> list[Chunk]:
    """Return the chunks of an outline."""
    return chunks_of(outline)


def _owners(outline: Outline) -> list[int]:
    owner = [0] * len(outline.elements)
    for index, chunk in enumerate(chunks_for(outline)):
        for element in chunk.elements:
            owner[element] = index
    return owner


def _piece(outline: Outline, chunk: Chunk) -> CodePiece:
    return CodePiece(chunk.name, chunk.text(outline), chunk.head(outline))


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


def _defines(chunk: Chunk, words: Sequence[str]) -> bool:
    return chunk.name.rpartition(".")[2] in words


def _own_worth(outline: Outline, chunk: Chunk, query: str, words: Sequence[str]) -> NDArray[np.float64]:
    """Return the worth in [0, 1] of the elements of a chunk by what they are and the words of the query in them."""
    asked = set(terms(query))
    values = []
    for index in chunk.elements:
        element = outline.elements[index]
        mine = set(terms(outline.source.slice(element.first, element.last)))
        values.append(in_question(outline, element, words, len(asked & mine) / max(1, len(asked))))
    return np.array(values)


def _of_spans(outline: Outline, worth: Sequence[float], spans: Sequence[Span]) -> list[float]:
    """Return the mean worth of the elements that each span covers."""
    members = CodeLayout(outline, list(spans)).members
    return [sum(worth[a:b]) / max(1, b - a) for a, b in members]
