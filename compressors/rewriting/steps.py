"""What a generator is asked at once: a whole chunk, or, for a small one, a few sentences of it after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ctxzip.budget import Budget
from ctxzip.compressors.llmlingua2 import LLMLingua2
from ctxzip.compressors.rewriting.judge import Asked
from ctxzip.models.prompts import Style
from ctxzip.options import Options
from ctxzip.pipeline import run
from ctxzip.protect import Protection
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
    return Step(body.strip(), gap)


def joined(made: Sequence[tuple[Step, str]]) -> str:
    """Return the rewritten steps of a chunk as one text, with what stood between them."""
    parts = [f"{step.gap if at else ''}{text}" for at, (step, text) in enumerate(made) if text]
    return "".join(parts).strip()


def fewer_words(asked: Asked, lender: LLMLingua2) -> str:
    """Return what was asked for by leaving words out, numbers and what must stay to the letter last."""
    from re import escape

    from ctxzip.models.tokenizers import load_tokenizer

    patterns = tuple(escape(piece) for piece in asked.verbatim)
    options = Options(
        budget=Budget.exactly(max(1, asked.words)),
        tokenizer="words",
        protection=Protection(patterns, keep_numbers=True),
        best_effort=True,
    )
    return run([Document(asked.text)], lender, load_tokenizer("words"), options).text.strip()
