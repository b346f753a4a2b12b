"""What a sentence is judged in: the documents of a run, cut where one input holds several."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ctxzip.errors import InputError
from ctxzip.outline import LABEL, MARKER, rank
from ctxzip.sentences import sentences
from ctxzip.text import Document, Role, Span

SHORT = 160
"""Characters below which a block between blank lines is read together with what follows it."""


@dataclass(frozen=True, slots=True)
class Passage:
    """The context of some sentences: a text with its title, and where in it the sentences are."""

    text: str
    title: str
    sentences: tuple[Span, ...]


def passages_from_json(text: str) -> list[Document] | None:
    """Return the documents of a JSON list of strings or of objects with `text`, and perhaps `title` and `id`.

    None when `text` is no JSON list of those; raises `InputError` for an object in the list that has no text.
    """
    try:
        rows = json.loads(text)
    except ValueError:
        return None
    if not isinstance(rows, list) or not rows or not all(isinstance(row, str | dict) for row in rows):
        return None
    if not any(isinstance(row, str) or "text" in row for row in rows):
        return None
    return [Document(row) if isinstance(row, str) else _document(row, at) for at, row in enumerate(rows)]


def _document(row: dict[str, object], at: int) -> Document:
    body, name, title = row.get("text"), row.get("id"), row.get("title")
    if not isinstance(body, str):
        raise InputError(
            f"item {at} of the JSON list has no text", hint='each item is {"text": …, "title": …, "id": …}'
        )
    return Document(body, None if name is None else str(name), None if title is None else str(title))


def passages(documents: Sequence[Document], pieces: Sequence[Sequence[Span]]) -> list[list[Passage]]:
    """Return for every document its passages, which hold all its `pieces` in order.

    One of several documents is a passage by itself; a lone one is cut at passage markers, or else at blank lines.
    """
    if len(documents) > 1:
        pairs = zip(documents, pieces, strict=True)
        return [[_passage(d, Span(0, len(d.text)), d.title or "", own)] if own else [] for d, own in pairs]
    return [list(_cut(document, own)) for document, own in zip(documents, pieces, strict=True)]


def _passage(document: Document, place: Span, title: str, pieces: Sequence[Span]) -> Passage:
    moved = tuple(Span(p.start - place.start, p.end - place.start) for p in pieces)
    return Passage(place.of(document.text), title, moved)


def _cut(document: Document, pieces: Sequence[Span]) -> Iterator[Passage]:
    """Yield the passages of a lone document that hold any of its `pieces`."""
    at = 0
    for start, end, title in blocks(document.text):
        stop = at
        while stop < len(pieces) and pieces[stop].start < end:
            stop += 1
        if stop > at:
            first, last = min(start, pieces[at].start), max(end, pieces[stop - 1].end)
            yield _passage(document, Span(first, last), title or document.title or "", pieces[at:stop])
        at = stop


def blocks(text: str) -> list[tuple[int, int, str]]:
    """Return the start, end and title of the passages that `text` holds, all of it in order.

    Passage markers cut where there are two or more; else blank lines do, short blocks joining the next. A
    heading is the title of what it introduces, and not part of its text.
    """
    spans = sentences(text)
    heads = [s for s in spans if s.role is Role.HEAD]
    markers = [s.start for s in heads if rank(s.of(text), False)[0] == MARKER]
    cuts = markers if len(markers) > 1 else list(_blank_cuts(text, spans))
    bounds = sorted({0, *cuts, len(text)})
    starts = [head.start for head in heads]
    return [
        _titled(text, heads[bisect_left(starts, start) : bisect_left(starts, end)], start, end)
        for start, end in pairwise(bounds)
    ]


def _blank_cuts(text: str, spans: Sequence[Span]) -> Iterator[int]:
    """Yield where a blank line ends a block that is long enough to stand alone, or a heading starts one."""
    size, headed = 0, False
    for at, span in enumerate(spans):
        blank = span.role is Role.BREAK and span.of(text).count("\n") > 1
        following = spans[at + 1] if blank and at + 1 < len(spans) else span
        entitled = following.role is Role.HEAD and rank(following.of(text), True)[0] < LABEL
        if blank and size and (size >= SHORT or headed or entitled):
            yield span.end
            size, headed = 0, False
        elif span.role is Role.HEAD:
            headed = headed or not size
        elif span.role is Role.CONTENT:
            size += span.end - span.start


def _titled(text: str, heads: Sequence[Span], start: int, end: int) -> tuple[int, int, str]:
    """Return the block with the title that its first line is, if that is one of its `heads`."""
    title = ""
    for head in heads:
        if text[start : head.start].strip() or rank(head.of(text), True)[0] == LABEL:
            break
        title, start = head.of(text).strip("#*=<> \t\n-"), head.end
    return start, end, title
