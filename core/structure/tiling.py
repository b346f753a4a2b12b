"""Spans that tile a text, cut and joined where the structure of the text asks for it."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Iterator, Sequence
from operator import attrgetter

from ctxzip.protocols import Inset
from ctxzip.text import Role, Span

MOST = 400_000
"""Pieces of a text that are told apart; in a longer one neighbours are kept or dropped together."""
GAPS = (Role.BREAK, Role.LEAD, Role.END)
AROUND = 32
"""Characters of marks that a bound word may have around it; a longer piece holds more than the word."""
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
    longest_first = sorted(words, key=attrgetter("end"), reverse=True)
    for word in sorted(longest_first, key=attrgetter("start")):
        before, at = at, bisect_right(tiles, word.start, at, key=attrgetter("end"))
        result += tiles[before:at]
        stop = at
        while stop < len(tiles) and tiles[stop].start < word.end:
            stop += 1
        run = tiles[at:stop]
        if not run or any(tile.role is not Role.CONTENT for tile in run):
            continue
        joined = Span(run[0].start, run[-1].end, Role.BOUND)
        extra = joined.end - joined.start - (word.end - word.start)
        if extra <= AROUND and joined.of(text).strip(_MARKS) == word.of(text):
            result.append(joined)
            at = stop
    result.extend(tiles[at:])
    return result


def coarser(text: str, tiles: Sequence[Span], insets: Sequence[Inset], hard: Sequence[Span]) -> list[Span]:
    """Return `tiles` with neighbours joined where there are more than `MOST`.

    What must stay is joined with its like only, and so are bound words of one sentence; insets stay as they are.
    Where bound words and others take turns so often that this is no help, each bound word is one with all that follows
    it in its sentence, up to the next one.
    """
    joined = _joined(text, tiles, insets, hard)
    if len(joined) <= MOST:
        return joined
    return _joined(text, list(_led(text, joined, insets, hard)), insets, hard)


def _led(text: str, tiles: Sequence[Span], insets: Sequence[Inset], hard: Sequence[Span]) -> Iterator[Span]:
    """Yield `tiles` with every bound word and all content after it, to the next one or the sentence's end, as one."""
    alike = _Alike(insets, hard)
    held: list[Span] = []  # a bound word, joined with what follows it, and perhaps a line break
    for tile in tiles:
        own = alike.of(tile)
        if held and own == (Role.CONTENT, False):
            held = [Span(held[0].start, tile.end)]
        elif len(held) == 1 and tile.role is Role.BREAK and _within_sentence(text, tile):
            held.append(tile)
        else:
            yield from held
            held = [tile] if own == (Role.BOUND, False) else []
            if not held:
                yield tile
    yield from held


def _joined(text: str, tiles: Sequence[Span], insets: Sequence[Inset], hard: Sequence[Span]) -> list[Span]:
    """Return `tiles` with so many neighbours of a kind joined that `MOST` would be left if all were of one."""
    size = -(-len(tiles) // MOST)
    alike = _Alike(insets, hard)
    result: list[Span] = []
    begun, room, kind = -1, 0, None
    for tile in tiles:
        own = alike.of(tile)
        if begun >= 0 and own == kind and room > 0 and tile.role not in GAPS:
            result[begun:] = [Span(result[begun].start, tile.end, result[begun].role)]
        else:
            if tile.role not in GAPS:
                begun, kind, room = (len(result) if own else -1), own, size
            elif kind == (Role.BOUND, False) and not _within_sentence(text, tile):
                begun = -1
            result.append(tile)
        room -= 1
    return result


def _within_sentence(text: str, gap: Span) -> bool:
    return gap.role is Role.BREAK and gap.of(text).count("\n") == 1


class _Alike:
    """Tells of tiles, asked in order, what they may be joined with."""

    def __init__(self, insets: Sequence[Inset], hard: Sequence[Span]) -> None:
        self._insets = deque(insets)
        self._hard = deque(sorted(hard, key=lambda span: span.start))

    def of(self, tile: Span) -> tuple[Role, bool] | None:
        """Return what `tile` has in common with those it may be joined with, None for one that stays by itself."""
        while self._insets and self._insets[0].end <= tile.start:
            self._insets.popleft()
        while self._hard and self._hard[0].end <= tile.start:
            self._hard.popleft()
        inside = self._insets and self._insets[0].start < tile.end
        if inside or tile.role not in (Role.CONTENT, Role.BOUND):
            return None
        return tile.role, bool(self._hard and self._hard[0].start < tile.end)
