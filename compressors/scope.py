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
from ctxzip.compressors.rewriting.judge import Asked, Verdict, judge, mended
from ctxzip.compressors.rewriting.keywords import MOST, KeywordFinder
from ctxzip.compressors.rewriting.worth import worth
from ctxzip.errors import UsageError
from ctxzip.models.generators import generator_name, load_generator
from ctxzip.models.prompts import Rewriting, answer_of, rewrite_prompt
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
SLACK, EXTRA = 1.25, 12
"""How many times the tokens asked for a generator may write, and how many more."""
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
        result = [Shortened(None, f"words dropped: {_unfit(piece) or 'no generator'}") for piece in pieces]
        if self._generator is None:
            return [Shortened(None, "words dropped") for _ in pieces]
        open_ = [at for at, piece in enumerate(pieces) if not _unfit(piece)]
        asked = {at: self._asked(pieces[at], tokens[at], query) for at in open_}
        first = self._verdicts([asked[at] for at in open_], [pieces[at] for at in open_], query)
        verdicts = dict(zip(open_, first, strict=True))
        for at in open_:
            if verdicts[at].good:
                result[at] = Shortened(verdicts[at].text, "rewritten")
        again = [at for at in open_ if not verdicts[at].good]
        second = self._verdicts(
            [_insisting(asked[at], verdicts[at]) for at in again], [pieces[at] for at in again], query
        )
        for at, verdict in zip(again, second, strict=True):
            result[at] = _settle(asked[at], verdicts[at], judge(asked[at], verdict.text))
        return result

    def _asked(self, piece: Piece, tokens: int, query: str | None) -> Asked:
        words = max(3, round(len(piece.text.split()) * tokens / max(1, piece.tokens)))
        guarded = [guard.span for guard in _VERBATIM_KINDS.guards(piece.text)]
        spans = [span.of(piece.text) for span in [*guarded, *standing(Document(piece.text), frozenset({"table"}))]]
        verbatim = tuple(dict.fromkeys([*piece.verbatim, *(s for s in spans if s not in piece.verbatim)]))
        keywords = self._finder.of(piece.text, tokens, query)
        return Asked(piece.text.strip(), words, tuple(keywords), verbatim)

    def _verdicts(self, asked: Sequence[Asked], pieces: Sequence[Piece], query: str | None) -> list[Verdict]:
        """Let the generator write, and judge what it wrote."""
        generator = self._generator
        assert generator is not None
        prompts, limits = [], []
        for each, piece, size in zip(asked, pieces, generator.count([a.text for a in asked]), strict=True):
            before = (_plain_sentences(piece.before) or [""])[-1]
            wanted = Rewriting(each.text, each.words, each.keywords, query, before)
            prompts.append(rewrite_prompt(wanted, generator.style))
            limits.append(int(SLACK * size * each.words / max(1, len(each.text.split()))) + EXTRA)
        answers = generator.generate(prompts, limits) if prompts else []
        return [judge(each, answer_of(answer)) for each, answer in zip(asked, answers, strict=True)]


def _insisting(asked: Asked, verdict: Verdict) -> Asked:
    """Return the second request: what was lost stands first among the keywords."""
    keywords = dict.fromkeys([*verdict.lost, *asked.keywords])
    return Asked(asked.text, asked.words, tuple(list(keywords)[:MOST]), asked.verbatim)


def _settle(asked: Asked, first: Verdict, second: Verdict) -> Shortened:
    """Return the second try, or one of both with what it lost added, or the reason why neither will do."""
    if second.good:
        return Shortened(second.text, "rewritten at the second try")
    for verdict in (second, first):
        better = mended(asked, verdict)
        if better and judge(asked, better).good:
            return Shortened(better, "rewritten, lost words added")
    worst = min((second, first), key=lambda verdict: len(verdict.faults))
    return Shortened(None, f"words dropped: the rewrite {worst.faults[0]}")


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
