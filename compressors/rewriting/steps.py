"""What a generator is asked at once: a whole chunk, or, for a small one, a few sentences of it after the other."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from ctxzip.budget import Budget
from ctxzip.compressors.llmlingua2 import LLMLingua2
from ctxzip.compressors.rewriting.judge import Asked
from ctxzip.compressors.rewriting.listener import Listener
from ctxzip.models.prompts import Style
from ctxzip.options import Options
from ctxzip.pipeline import run
from ctxzip.protect import Protection
from ctxzip.result import Compression
from ctxzip.sentences import sentences
from ctxzip.text import Document, Role

WORDS = 30
"""Words from which sentences are enough for one step: a small model copies the beginning of more."""
SMALL = (Style.TRAINED, Style.EXAMPLES)
"""Styles of generators that are asked step by step."""


@dataclass(frozen=True, slots=True)
class Step:
    """A few sentences of a chunk, and what stands between them and the next ones."""

    text: str
    gap: str
    start: int = 0
    """Where it begins in the chunk."""


def steps(text: str, style: Style, words: int = WORDS) -> list[Step]:
    """Return the steps in which a generator of this `style` is asked to rewrite `text`, all of it in order.

    A step ends with the sentence that gives it `words` words, or with its paragraph.
    """
    if style not in SMALL:
        return [Step(text, "")]
    found: list[Step] = []
    start = size = end = 0
    for span in sentences(text):
        if span.role not in (Role.CONTENT, Role.HEAD):
            continue
        body = span.of(text)
        if size >= words or (size and "\n\n" in text[end : span.start]):
            found.append(_step(text, start, end))
            start, size = end, 0
        size += len(body.split())
        end = span.end
    if size:
        found.append(_step(text, start, end))
    return found


def _step(text: str, start: int, end: int) -> Step:
    body = text[start:end]
    gap = body[: len(body) - len(body.lstrip())]
    return Step(body.strip(), gap, start + len(gap))


def joined(made: Sequence[tuple[Step, str]]) -> str:
    """Return the rewritten steps of a chunk as one text, with what stood between them."""
    parts = [f"{step.gap if at else ''}{text}" for at, (step, text) in enumerate(made) if text]
    return "".join(parts).strip()


class Notes:
    """The words of a text that matter most to a scorer of words: what a rewrite goes by, and what is left without one.

    Numbers, and what must stay to the letter, are among them.
    """

    def __init__(self, lender: LLMLingua2) -> None:
        """Take the words that `lender` would keep."""
        self._lender = lender
        self._kept = lru_cache(maxsize=4096)(self._chosen)

    def of(self, text: str, words: int, verbatim: tuple[str, ...] = (), heard: tuple[str, ...] = ()) -> str:
        """Return about so many words of `text`, in order, those first that the rewrites `heard` have too."""
        return self._kept(text, words, verbatim, heard).text.strip() if words > 0 else ""

    def shares(self, whole: Asked, own: Sequence[Step]) -> list[int]:
        """Return how many of the words asked for fall to each of the steps of a text."""
        chosen = self._kept(whole.text, whole.words, whole.verbatim, ()).spans
        kept = [(span.start, span.end) for span in chosen if span.kept]
        ends = [(step.start, step.start + len(step.text)) for step in own]
        return [
            sum(len(whole.text[max(a, start) : min(b, end)].split()) for a, b in kept if a < end and b > start)
            for start, end in ends
        ]

    def listening(self, heard: Sequence[str]) -> Listener:
        """Return the lender for a text of which a writer said what was `heard`."""
        return Listener(self._lender, heard)

    def _chosen(self, text: str, words: int, verbatim: tuple[str, ...], heard: tuple[str, ...]) -> Compression:
        from ctxzip.models.tokenizers import load_tokenizer

        options = Options(
            budget=Budget.exactly(max(1, words)),
            tokenizer="words",
            protection=Protection(tuple(re.escape(piece) for piece in verbatim), keep_numbers=True),
            best_effort=True,
        )
        lender = self.listening(heard) if heard else self._lender
        return run([Document(text)], lender, load_tokenizer("words"), options)
