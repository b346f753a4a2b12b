"""Spans that tile a text, cut and joined where the structure of the text asks for it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from operator import attrgetter

from ctxzip.protocols import Inset
from ctxzip.text import Role, Span

_MARKS = " \t\n\r.,;:!?…\"'“”‘’()[]*_<>-–—"


def clipped(text: str, tiles: Sequence[Span], start: int, end: int) -> list[Span]:
    """Return the parts of `tiles` that lie between `start` and `end`; `tiles` are in order."""
    found = []
    for at in range(_first(tiles, start), len(tiles)):
        tile = tiles[at]
        if tile.start >= end:
            break
        part = Span(max(tile.start, start), min(tile.end, end), tile.role)
        if part.end > part.start:
            found.append(_as_space(text, part))
    return found


def _first(tiles: Sequence[Span], start: int) -> int:
    """Return the place of the first of the ordered `tiles` that ends after `start`."""
    return bisect_right(tiles, start, key=attrgetter("end"))


def _as_space(text: str, span: Span) -> Span:
    slice_ = span.of(text)
    if span.role is not Role.CONTENT or not slice_.isspace():
        return span
    return Span(span.start, span.end, Role.BREAK if "\n" in slice_ else Role.LEAD)


def spliced(text: str, tiles: Sequence[Span], insets: Sequence[Inset]) -> list[Span]:
    """Return `tiles` with the tiles of the `insets`, in order, in the place of what they cover."""
    if not insets:
        return list(tiles)
    result: list[Span] = []
    at = 0
    for inset in insets:
        result += clipped(text, tiles, at, inset.start)
        result += framed(inset)
        at = inset.end
    return result + clipped(text, tiles, at, len(text))


def framed(inset: Inset) -> Iterator[Span]:
    """Yield spans that tile `inset`: its content, and the frame around that."""
    at = inset.start
    for span in inset.content:
        if span.start > at:
            yield Span(at, span.start, Role.FRAME)
        yield Span(span.start, span.end)
        at = span.end
    if at < inset.end:
        yield Span(at, inset.end, Role.FRAME)


def bound(text: str, tiles: Sequence[Span], words: Sequence[Span]) -> list[Span]:
    """Return `tiles` with those that are just one of the bound `words`, or its parts, as bound ones."""
    result: list[Span] = []
    at = 0
    for word in sorted(words, key=lambda span: (span.start, -span.end)):
        before, at = at, bisect_right(tiles, word.start, at, key=attrgetter("end"))
        result += tiles[before:at]
        stop = at
        while stop < len(tiles) and tiles[stop].start < word.end:
            stop += 1
        run = tiles[at:stop]
        if not run or any(tile.role is not Role.CONTENT for tile in run):
            continue
        joined = Span(run[0].start, run[-1].end, Role.BOUND)
        if joined.of(text).strip(_MARKS) == word.of(text):
            result.append(joined)
            at = stop
    result.extend(tiles[at:])
    return result
