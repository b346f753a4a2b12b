"""SCOPE: chunks of one meaning are rewritten, each to its share of the budget (Zhang et al., 2025, arXiv 2508.15813).

The paper names the steps and leaves their formulas out; those here are our own. See docs/rewriting.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cached_property

from ctxzip.choice import ModelChoice
from ctxzip.companions import Company
from ctxzip.compressors.llmlingua2 import LLMLingua2
from ctxzip.compressors.rewriting.chunks import TINY, Run, cuts
from ctxzip.compressors.rewriting.embedding import sentence_vectors, text_vector
from ctxzip.compressors.rewriting.keywords import KeywordFinder
from ctxzip.compressors.rewriting.rewriter import Request, Rewriter
from ctxzip.compressors.rewriting.steps import Notes
from ctxzip.compressors.rewriting.worth import worth
from ctxzip.errors import UsageError
from ctxzip.models.generators import generator_name, load_generator
from ctxzip.models.protocols import Generator
from ctxzip.outline import outlined, settled
from ctxzip.protect import Protection
from ctxzip.protocols import Inset, Piece, Shortened
from ctxzip.sentences import sentences
from ctxzip.structure.regions import standing
from ctxzip.text import Document, Role, Span

CHARACTERS_PER_TOKEN = 4
"""For cutting chunks; what counts is counted exactly later."""
PROSE = 0.65
"""Share of letters and spaces from which a text is prose and may be rewritten."""
_VERBATIM_KINDS = Protection(
    allow=frozenset("emphasis negation limit tag number date identifier citation email path hash version".split())
)


class Scope:
    """Semantic chunks, worth what they have to do with the query or with the rest; a generator says them shorter.

    What is no prose, and what the generator gets wrong twice, loses words instead.
    """

    name = "scope"

    def __init__(self, choice: ModelChoice | None = None) -> None:
        """Rewrite with the generator of `choice`, by default the embedded one."""
        self._choice = choice or ModelChoice()
        self._finder = KeywordFinder([])

    @classmethod
    def of(cls, weights: ModelChoice) -> Scope:
        """Return the compressor that `weights` ask for."""
        if weights.model or weights.adapter:
            raise UsageError(
                "--method scope scores with the bundled encoder alone", hint="--generator names what rewrites"
            )
        return cls(weights)

    @property
    def model(self) -> str:
        """Return the name of the generator."""
        loaded = self.__dict__.get("_generator")
        return loaded.name if loaded else generator_name(self._choice, "rewrite")

    @cached_property
    def _generator(self) -> Generator | None:
        return load_generator(self._choice, "rewrite")

    @cached_property
    def lender(self) -> LLMLingua2:
        """The compressor whose words are dropped where nothing can be rewritten."""
        return LLMLingua2()

    @cached_property
    def _notes(self) -> Notes:
        return Notes(self.lender)

    def check(self) -> None:
        """Raise if there is nobody to write."""
        _ = self._generator

    def segment(self, document: Document) -> list[Span]:
        """Return chunks of one meaning, headings, and the structure between them."""
        text = document.text
        spans = settled(text, sentences(text))
        content = [span for span in spans if span.role is Role.CONTENT]
        vectors = iter(sentence_vectors([document], [content])[0])
        found: list[Span] = []
        for run in _runs(text, spans):
            inside = [at for at, span in enumerate(run) if span.role is Role.CONTENT]
            if not inside:
                found += run
                continue
            own = [next(vectors) for _ in inside]
            found += _chunked(text, run, inside, own)
        return found

    def arrange(self, document: Document, spans: Sequence[Span], insets: Sequence[Inset] = ()) -> Company:
        """Return the chunks under the headings that introduce them."""
        return outlined(document.text, spans, insets)

    def score(
        self, documents: Sequence[Document], spans: Sequence[Sequence[Span]], query: str | None
    ) -> list[list[float]]:
        """Return the worth of every chunk, and learn which words are rare in all of them."""
        import numpy as np

        texts = [span.of(document.text) for document, own in zip(documents, spans, strict=True) for span in own]
        self._finder = KeywordFinder([part for text in texts for part in _plain_sentences(text)])
        vectors = np.concatenate([np.zeros((0, 384), np.float32), *sentence_vectors(documents, spans)])
        asked = (query, text_vector(query)) if query else None
        values = iter(worth(texts, vectors, asked))
        return [[next(values) for _ in own] for own in spans]

    def shorten(self, pieces: Sequence[Piece], tokens: Sequence[int], query: str | None) -> list[Shortened]:
        """Return every piece rewritten in about so many tokens, or None with the reason why it was not."""
        if self._generator is None:
            return [Shortened(None, "words dropped") for _ in pieces]
        unfit = [_unfit(piece) for piece in pieces]
        requests = [self.request(p, n) for p, n, why in zip(pieces, tokens, unfit, strict=True) if not why]
        made = iter(self.rewriter(query).rewrite(requests))
        return [Shortened(None, f"words dropped: {why}") if why else next(made) for why in unfit]

    def rewriter(self, query: str | None) -> Rewriter:
        """Return what asks the generator, for texts like those that were scored last."""
        assert self._generator is not None
        return Rewriter(self._generator, self._finder, self._notes, query)

    def request(self, piece: Piece, tokens: int) -> Request:
        """Return what is asked for a piece: about so many tokens, in words, and what stays to the letter."""
        words = max(3, round(len(piece.text.split()) * tokens / max(1, piece.tokens)))
        guarded = [guard.span for guard in _VERBATIM_KINDS.guards(piece.text)]
        spans = [span.of(piece.text) for span in [*guarded, *standing(Document(piece.text), frozenset({"table"}))]]
        before = (_plain_sentences(piece.before) or [""])[-1]
        return Request(piece.text.strip(), words, tuple(dict.fromkeys([*piece.verbatim, *spans])), before)


def _plain_sentences(text: str) -> list[str]:
    return [span.of(text).strip() for span in sentences(text) if span.role is Role.CONTENT]


def _unfit(piece: Piece) -> str:
    """Return why a piece cannot be rewritten, empty when it can."""
    if not is_prose(piece.text):
        return "not prose"
    return "too short to rewrite" if len(piece.text) < TINY * CHARACTERS_PER_TOKEN else ""


_MARKUP = re.compile(r"^\s*(?:```|~~~|\||[{}\[\]])", re.MULTILINE)


def is_prose(text: str) -> bool:
    """Tell whether a text is sentences, and neither code nor table nor data."""
    letters = sum(c.isalpha() or c.isspace() for c in text)
    return letters >= PROSE * len(text) and not _MARKUP.search(text)


def _runs(text: str, spans: Sequence[Span]) -> Iterator[list[Span]]:
    """Yield runs of spans that may share a chunk: prose apart from the rest, and nothing across a heading."""
    run: list[Span] = []
    form: bool | None = None
    for span in spans:
        kind = is_prose(span.of(text)) if span.role is Role.CONTENT else None
        if span.role is Role.HEAD or (kind is not None and form is not None and kind != form):
            if run:
                yield run
            run, form = [], None
        run.append(span)
        form = kind if kind is not None else form
        if span.role is Role.HEAD:
            yield run
            run = []
    if run:
        yield run


def _chunked(text: str, run: Sequence[Span], inside: Sequence[int], vectors: Sequence[object]) -> Iterator[Span]:
    """Yield the spans of a run with the sentences of every chunk, and what is between them, as one."""
    import numpy as np

    ends = []
    for at, following in zip(inside, [*inside[1:], len(run)], strict=True):
        between = "".join(span.of(text) for span in run[at + 1 : following] if span.role is Role.BREAK)
        ends.append(between.count("\n") > 1)
    sizes = [(run[at].end - run[at].start) // CHARACTERS_PER_TOKEN + 1 for at in inside]
    place = 0
    for first, last in cuts(Run(np.stack(vectors), sizes, ends)):  # type: ignore[arg-type]
        yield from run[place : inside[first]]
        yield Span(run[inside[first]].start, run[inside[last - 1]].end)
        place = inside[last - 1] + 1
    yield from run[place:]
