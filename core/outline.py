"""Headings and what they introduce: an arrangement in which whatever is kept brings its headings along."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ctxzip.companions import Company, freed, governors
from ctxzip.layout import SHOWN
from ctxzip.protocols import Inset
from ctxzip.text import Role, Span

MARKER, TITLE, LABEL = 0, 7, 8
"""Ranks beside those of Markdown headings (1 to 6): passage markers over all, labels of a block under all."""
_HASHES = re.compile(r"\s*(#{1,6})")
_MARKER = re.compile(r"==> .* <==|<doc|[\[(]?(?:passage|document|doc|context|source|chunk|result|snippet|text)\b", re.I)


@dataclass(slots=True)
class Section:
    """A head that is open: its ordinal, its rank, and whether a blank line ends what it introduces."""

    head: int
    rank: int
    brief: bool
    used: bool = False


def rank(text: str, glued: bool) -> tuple[int, bool]:
    """Return the rank of the head `text`, and whether a blank line ends its section.

    `glued` says that what it introduces follows without a blank line.
    """
    hashes = _HASHES.match(text)
    if hashes:
        return len(hashes[1]), False
    if _MARKER.match(text.strip()):
        return MARKER, False
    if "\n" in text and set(text.rsplit("\n", 1)[1].strip()) <= set("=-"):
        return (1 if text.rstrip().endswith("=") else 2), False
    if text.startswith("|") or text.rstrip("* ").endswith(":") or text.endswith("]"):
        return LABEL, True
    return TITLE, glued


def sections(text: str, spans: Sequence[Span]) -> list[tuple[int, ...]]:
    """Return for every content or head span, in order, the ordinals of the heads it stands under."""
    above: list[tuple[int, ...]] = []
    stack: list[Section] = []
    for at, span in enumerate(spans):
        if span.role is Role.HEAD:
            gap = spans[at + 1] if at + 1 < len(spans) else None
            glued = gap is not None and (gap.role is not Role.BREAK or gap.of(text).count("\n") == 1)
            level, brief = rank(span.of(text), glued)
            while stack and stack[-1].rank >= level:
                stack.pop()
            above.append(tuple(section.head for section in stack))
            stack.append(Section(len(above) - 1, level, brief))
        elif span.role is Role.CONTENT:
            above.append(tuple(section.head for section in stack))
            for section in stack:
                section.used = True
        elif span.role is Role.BREAK and span.of(text).count("\n") > 1:
            while stack and stack[-1].brief and stack[-1].used:
                stack.pop()
    return above


def settled(text: str, spans: Sequence[Span]) -> list[Span]:
    """Return `spans` with every head that introduces nothing as content."""
    shown = [at for at, span in enumerate(spans) if span.role in (Role.CONTENT, Role.HEAD)]
    used = {
        shown[head]
        for at, heads in zip(shown, sections(text, spans), strict=True)
        if spans[at].role is Role.CONTENT
        for head in heads
    }
    return [
        span.taken_as(Role.CONTENT) if span.role is Role.HEAD and at not in used else span
        for at, span in enumerate(spans)
    ]


def outlined(text: str, spans: Sequence[Span], insets: Sequence[Inset] = ()) -> Company:
    """Return the arrangement of `spans`, which tile `text`, in which heads and bound words are no choice.

    A head is there when something under it is; one that introduces nothing counts as content.
    """
    along = governors(text, spans, insets)
    spans = settled(text, freed(spans, along))
    places = iter(sections(text, spans))
    above = [next(places) if span.role is not Role.BOUND else () for span in spans if span.role in SHOWN]
    return Company(text, spans, [(*a, *b) for a, b in zip(_renumbered(above, spans), along, strict=True)], insets)


def _renumbered(above: Sequence[Sequence[int]], spans: Sequence[Span]) -> list[tuple[int, ...]]:
    """Return `above`, which counts content and heads alone, in places that count bound words too."""
    shown = [span.role for span in spans if span.role in SHOWN]
    places = [place for place, role in enumerate(shown) if role is not Role.BOUND]
    return [tuple(places[head] for head in heads) for heads in above]
