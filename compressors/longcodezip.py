"""LongCodeZip: functions ranked by a question, then shortened statement by statement (Shi et al., arXiv 2510.00446)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from ctxzip.choice import ModelChoice
from ctxzip.code.check import culprits, parses
from ctxzip.code.chunks import chunks_of
from ctxzip.code.continuation import continuation, is_unfinished
from ctxzip.code.languages import language_of
from ctxzip.code.layout import CodeLayout, Outline
from ctxzip.code.parse import tree_of
from ctxzip.code.worth import structure
from ctxzip.compressors.code_judgement import Judgement
from ctxzip.errors import UsageError
from ctxzip.models.code_scorer import CodeScorer, load_code_scorer
from ctxzip.models.store import BUNDLED
from ctxzip.text import Document, Span

if TYPE_CHECKING:
    from ctxzip.protocols import Arrangement


class LongCodeZip:
    """Functions worth what they have to do with the query, their statements worth what they add to that.

    Without a query every line is worth its place in the structure: signatures, docstrings, fields, bodies. A query that
    is code being written, which goes on where the files end, makes lines worth what they are to who writes on.
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
        self._last: Judgement | None = None
        self._by = "structure"

    @classmethod
    def of(cls, weights: ModelChoice) -> LongCodeZip:
        """Return the compressor that `weights` ask for."""
        if weights.adapter:
            raise UsageError("--method longcodezip takes no adapter", hint="merge it into the checkpoint, or drop it")
        return cls(weights.model, compat=weights.compat, cache=weights.cache)

    @property
    def model(self) -> str:
        """Return the name of what scored."""
        return self._scorer.name if self._last else self._by

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
        """Return the chunk of every piece; None where nothing ranks chunks: without a question."""
        assert isinstance(arrangement, CodeLayout)
        if not query or is_unfinished(query):
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
        outlines = tuple(outline_of(document) for document in documents)
        if not query:
            self._last, self._by = None, "structure"
            return _of_all(outlines, [structure(outline, chunks_of(outline)) for outline in outlines], spans)
        if is_unfinished(query):
            self._last, self._by = None, "nearness and names"
            return _of_all(outlines, continuation(outlines, query), spans)
        return _of_all(outlines, self._judged(outlines, query).worth(), spans)

    def closer(
        self,
        documents: Sequence[Document],
        spans: Sequence[Sequence[Span]],
        query: str | None,
        cut: Sequence[tuple[int, int]],
    ) -> list[list[float]] | None:
        """Return the worth once the model has read the lines of the best of the functions `cut`."""
        if not query:
            return None
        outlines = tuple(outline_of(document) for document in documents)
        worth = self._judged(outlines, query).closer(cut)
        return None if worth is None else _of_all(outlines, worth, spans)

    def _judged(self, outlines: tuple[Outline, ...], query: str) -> Judgement:
        """Return what was made of these files when they were last asked about, made now if something else was."""
        if self._last is None or not self._last.is_of(outlines, query):
            self._last = Judgement(self._scorer, outlines, query, compat=self._compat)
        return self._last


def outline_of(document: Document) -> Outline:
    """Return the elements of a document's text, read as the language that its name or its look says."""
    return _outline(document.text, document.path or document.id)


@lru_cache(maxsize=64)
def _outline(text: str, path: str | None) -> Outline:
    language = language_of(text, path)
    return Outline(*tree_of(text, language), language)


def _owners(outline: Outline) -> list[int]:
    owner = [0] * len(outline.elements)
    for index, chunk in enumerate(chunks_of(outline)):
        for element in chunk.elements:
            owner[element] = index
    return owner


def _of_all(
    outlines: Sequence[Outline], worth: Sequence[Sequence[float]], spans: Sequence[Sequence[Span]]
) -> list[list[float]]:
    return [_of_spans(o, values, each) for o, values, each in zip(outlines, worth, spans, strict=True)]


def _of_spans(outline: Outline, worth: Sequence[float], spans: Sequence[Span]) -> list[float]:
    """Return the mean worth of the elements that each span covers."""
    members = CodeLayout(outline, list(spans)).members
    return [sum(worth[a:b]) / max(1, b - a) for a, b in members]
