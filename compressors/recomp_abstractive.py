"""RECOMP, its abstractive half: what passages say about a query, newly written (Xu et al., 2023, arXiv 2310.04408)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from ctxzip.choice import ModelChoice
from ctxzip.compressors.exit import Exit
from ctxzip.compressors.rewriting.facts import new_names, new_numbers, turned
from ctxzip.errors import UsageError
from ctxzip.models.generators import generator_name, load_generator
from ctxzip.models.lexical import terms
from ctxzip.models.prompts import Style, Summarising, answer_of, says_nothing, summary_prompt
from ctxzip.models.protocols import Generator
from ctxzip.outline import settled
from ctxzip.passages import Passage, passages
from ctxzip.protocols import Summary
from ctxzip.sentences import sentences
from ctxzip.text import Document, Role, Span

WINDOWS = 6
"""Windows that are summarised, the most relevant ones: the paper hands its summariser the five best passages."""
FRAME = 64
"""Tokens of a prompt besides its text."""
MOST_WORDS = 90
"""Words asked of one window."""
TOKENS_PER_WORD = 1.6
"""Tokens that a generator may write per word asked for, rare words and other languages included."""


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence of a summary and the document that carries it, None when none does."""

    text: str
    document: int | None


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of passages that a generator reads at once, and how probable it is that it helps."""

    parts: tuple[tuple[int, str], ...]
    """The document and the text of each part."""
    relevance: float
    answers: tuple[Line, ...] = ()
    """Its sentences that answer the query, as the bundled encoder sees it."""

    @property
    def text(self) -> str:
        """Return all of it."""
        return "\n".join(text for _, text in self.parts)


class RecompAbstractive:
    """A summary for a query, written window by window; every sentence that the passages do not bear out is left out.

    A sentence stands under the document that carries most of its words. Where nothing bears on the query the result
    is empty: the paper's selective augmentation. The embedded generator reads only windows with a sentence that answers
    the query, as the bundled encoder sees it; others decide by themselves.
    """

    name = "recomp-abstractive"

    def __init__(self, choice: ModelChoice | None = None) -> None:
        """Write with the generator of `choice`, by default the embedded one."""
        self._choice = choice or ModelChoice()

    @classmethod
    def of(cls, weights: ModelChoice) -> RecompAbstractive:
        """Return the compressor that `weights` ask for."""
        if weights.model or weights.adapter:
            raise UsageError(
                "--method recomp-abstractive scores with the bundled encoder alone",
                hint="--generator names what writes, --method recomp takes --model",
            )
        return cls(weights)

    @property
    def model(self) -> str:
        """Return the name of the generator."""
        loaded = self.__dict__.get("_generator")
        return loaded.name if loaded else generator_name(self._choice, "summarize")

    @cached_property
    def _generator(self) -> Generator | None:
        return load_generator(self._choice, "summarize")

    @cached_property
    def extractor(self) -> Exit:
        """The compressor that shortens what is too long, sentence by sentence."""
        return Exit()

    def segment(self, document: Document) -> list[Span]:
        """Return sentences, headings and the structure between them."""
        return settled(document.text, sentences(document.text))

    def score(
        self, documents: Sequence[Document], spans: Sequence[Sequence[Span]], query: str | None
    ) -> list[list[float]]:
        """Return how probable it is that each sentence helps to answer `query`."""
        return self.extractor.score(documents, spans, query)

    def summarize(self, documents: Sequence[Document], query: str, words: int) -> Summary | None:
        """Return what `documents` say about `query` in about so many words, None without a generator."""
        generator = self._generator
        if generator is None:
            return None
        windows = self._windows(documents, query, generator)
        readable = [i for i, window in enumerate(windows) if window.answers or not _says_too_much(generator)]
        chosen = sorted(sorted(readable, key=lambda i: -windows[i].relevance)[:WINDOWS])
        remarks = [f"{len(chosen)} of {len(windows)} windows were read"] if 0 < len(chosen) < len(windows) else []
        share = max(10, min(MOST_WORDS, words // max(1, min(2, len(chosen)))))
        answers = self._write(generator, [windows[i].text for i in chosen], query, share)
        told = [list(_borne_out(windows[i], answer)) for i, answer in zip(chosen, answers, strict=True)]
        missed = [i for i, own in zip(chosen, told, strict=True) if not any(line.document is not None for line in own)]
        quoted = [line for i in missed for line in windows[i].answers]
        lines = [line for own in told for line in own]
        kept = [line for line in [*lines, *quoted] if line.document is not None]
        if len(chosen) > 1 and sum(len(line.text.split()) for line in kept) > words:
            kept = self._merged(generator, kept, query, words) or kept
        texts = [
            " ".join(dict.fromkeys(line.text for line in kept if line.document == at)) for at in range(len(documents))
        ]
        left_out = sum(line.document is None for line in lines)
        remarks += [f"{left_out} sentences were left out: the passages do not bear them out"] if left_out else []
        remarks += [f"{len(quoted)} sentences are quoted: the generator saw no answer in them"] if quoted else []
        remarks += [] if any(texts) else ["nothing bears on the query: empty on purpose"]
        return Summary(texts, remarks)

    def _windows(self, documents: Sequence[Document], query: str, generator: Generator) -> list[Window]:
        """Return the documents in stretches that fit beside the query and the answer."""
        spans = [[s for s in self.segment(document) if s.role is Role.CONTENT] for document in documents]
        scores = self.score(documents, spans, query)
        pairs = [(at, passage) for at, own in enumerate(passages(documents, spans)) for passage in own]
        flat = iter([value for own in scores for value in own])
        room = generator.longest - FRAME - generator.count([query])[0] - int(MOST_WORDS * TOKENS_PER_WORD)
        return list(_packed(_stretches(pairs, flat), generator, max(64, room), self.extractor.threshold))

    def _write(self, generator: Generator, texts: Sequence[str], query: str, words: int) -> list[str]:
        prompts = [summary_prompt(Summarising(text, words, query), generator.style) for text in texts]
        limit = 512 if generator.style is Style.RECOMP else int(words * TOKENS_PER_WORD) + 16
        answers = [answer_of(answer) for answer in generator.generate(prompts, [limit] * len(prompts))]
        return ["" if says_nothing(answer) else answer for answer in answers]

    def _merged(self, generator: Generator, lines: Sequence[Line], query: str, words: int) -> list[Line]:
        """Return the summary of what the windows gave, for those sentences that they bear out."""
        whole = Window(tuple((line.document or 0, line.text) for line in lines), 1.0)
        if generator.count([whole.text])[0] > generator.longest - FRAME:
            return []
        answer = self._write(generator, [whole.text], query, min(words, MOST_WORDS))[0]
        return [line for line in _borne_out(whole, answer) if line.document is not None]


def _says_too_much(generator: Generator) -> bool:
    """Tell whether a generator is the small one of ours, which answers where nothing does; the encoder knows better."""
    return generator.style is Style.TRAINED


def _stretches(pairs: Sequence[tuple[int, Passage]], scores: Iterator[float]) -> Iterator[tuple[int, str, float]]:
    """Yield the document, the text and the relevance of every sentence, the first of a passage under its title."""
    for document, passage in pairs:
        for at, sentence in enumerate(passage.sentences):
            body = sentence.of(passage.text).strip()
            headed = f"{passage.title}: {body}" if passage.title and at == 0 else body
            yield document, headed, next(scores)


def _packed(
    rows: Iterator[tuple[int, str, float]], generator: Generator, room: int, threshold: float
) -> Iterator[Window]:
    """Yield windows of as many sentences as fit; one that alone is too long is cut.

    A sentence worth more than `threshold` answers the query.
    """
    held: list[tuple[int, str, float]] = []
    used = 0
    listed = list(rows)
    for row, size in zip(listed, generator.count([text for _, text, _ in listed]), strict=True):
        if held and used + size + 1 > room:
            yield _window(held, threshold)
            held, used = [], 0
        body = row[1] if size <= room else row[1][: len(row[1]) * room // size]
        held.append((row[0], body, row[2]))
        used += min(size, room) + 1
    if held:
        yield _window(held, threshold)


def _window(rows: Sequence[tuple[int, str, float]], threshold: float) -> Window:
    """Return a window of sentences, those of one document together."""
    parts: list[tuple[int, str]] = []
    for document, text, _ in rows:
        if parts and parts[-1][0] == document:
            parts[-1] = (document, f"{parts[-1][1]} {text}")
        else:
            parts.append((document, text))
    best = sorted((score for _, _, score in rows), reverse=True)[:3]
    answers = tuple(Line(text, document) for document, text, score in rows if score > threshold)
    return Window(tuple(parts), sum(best) / len(best), answers)


def _borne_out(window: Window, answer: str) -> Iterator[Line]:
    """Yield the sentences of an answer, each with the document that carries most of its words.

    A sentence with a number or a name that the window does not have, or that denies what it says, has none.
    """
    source = window.text
    for span in sentences(answer):
        text = span.of(answer).strip()
        if span.role in (Role.CONTENT, Role.HEAD) and text:
            wanted = set(terms(text))
            false = new_numbers(source, text) or new_names(source, text) or turned(source, text)
            shared = [(len(wanted & set(terms(part))), -at) for at, (_, part) in enumerate(window.parts)]
            best = max(shared, default=(0, 0))
            yield Line(text, None if false or not best[0] else window.parts[-best[1]][0])
