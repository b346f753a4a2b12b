"""From regions to insets: which way of cutting a region keeps what must be kept."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate

from ctxzip.protect import Guard, Strength
from ctxzip.protocols import Inset
from ctxzip.structure import code, data, jsons, logs, markup, tables
from ctxzip.structure.inset import Fenced, Lines, Whole
from ctxzip.structure.kinds import Region
from ctxzip.text import Span

_INSETS: dict[str, Callable[[str, Region], Inset]] = {
    "code": code.inset,
    "table": tables.inset,
    "json": jsons.inset,
    "markup": markup.inset,
    "data": data.inset,
    "log": logs.inset,
}
_FOREIGN = {"code": {"placeholder", "tag"}, "markup": {"tag"}, "json": {"tag"}, "log": {"tag"}, "data": {"tag"}}
"""Kinds of guard that mean something else inside an inset of a kind: braces and angles of code are code."""


class Cutter:
    """Makes the insets of one text."""

    def __init__(self, text: str, guards: Sequence[Guard], uncut: Sequence[Span], fences: bool) -> None:
        """Cut regions of `text` so that hard `guards` lie in pieces; regions in `uncut` are one piece.

        With `fences` the fences are pieces that must stay; `fences` holds their guards afterwards.
        """
        self._text = text
        self._guards = sorted((guard for guard in guards if guard.hard), key=lambda guard: guard.span.start)
        self._starts = [guard.span.start for guard in self._guards]
        self._reach = list(accumulate((guard.span.end for guard in self._guards), max))
        self._uncut = uncut
        self._pinned = fences
        self.fences: list[Guard] = []

    def insets(self, found: Sequence[Region]) -> Iterator[Inset]:
        """Yield the insets of the regions `found`, turns of a chat left out."""
        for region in found:
            if region.kind == "chat":
                continue
            hard = self._touching(region)
            if any(g.span.start < region.start or g.span.end > region.end or g.kind == "pragma" for g in hard):
                continue
            inner = self._inner(region, hard)
            if inner is None or not inner.content:
                continue
            yield self._fenced(region, inner) if region.fenced else inner

    def _touching(self, region: Region) -> list[Guard]:
        """Return the hard guards that share something with `region`."""
        first = bisect_right(self._reach, region.start)
        last = bisect_left(self._starts, region.end)
        return [guard for guard in self._guards[first:last] if guard.span.end > region.start]

    def _fenced(self, region: Region, inner: Inset) -> Inset:
        made = Fenced(self._text, inner, Span(region.start, region.end), pinned=self._pinned)
        own = set(inner.content)
        self.fences += [Guard(span, "fence", Strength.HARD) for span in made.content if span not in own]
        return made

    def _inner(self, region: Region, hard: Sequence[Guard]) -> Inset | None:
        """Return the inset of the body of `region`, None if it is better taken for prose."""
        body = code.body_of(self._text, region)
        if any(span.start <= body.start < span.end for span in self._uncut):
            return Whole(self._text, body, region.kind)
        made = _INSETS[region.kind](self._text, region)
        if region.whole and isinstance(made, Whole):
            return None
        own = [g.span for g in hard if g.kind not in _foreign(made) and g.span.end > body.start]
        if isinstance(made, Whole):
            return Lines(self._text, body, region.kind) if own else made
        if _covered([span for span in own if span.start < body.end], made.content):
            return made
        return Whole(self._text, body, region.kind)


class Places:
    """Where the insets of a text are, to ask of any span whether it touches one."""

    def __init__(self, insets: Sequence[Inset]) -> None:
        """Take `insets`, in order."""
        self._insets = insets
        self._starts = [inset.start for inset in insets]

    def touched(self, span: Span) -> Inset | None:
        """Return the last inset that `span` touches."""
        at = bisect_right(self._starts, span.end - 1) - 1
        return self._insets[at] if at >= 0 and span.start < self._insets[at].end else None

    def understood(self, guards: Sequence[Guard]) -> list[Guard]:
        """Return `guards` without those inside an inset to which their marks mean something else."""
        homes = ((guard, self.touched(guard.span)) for guard in guards)
        return [guard for guard, home in homes if home is None or guard.kind not in _foreign(home)]


def _foreign(inset: Inset) -> set[str]:
    inner = inset.inner if isinstance(inset, Fenced) else inset
    return set() if isinstance(inner, Whole) else _FOREIGN.get(inner.kind, set())


def _covered(spans: Sequence[Span], content: Sequence[Span]) -> bool:
    """Tell whether all of every one of `spans` lies in the ordered spans `content`."""
    starts = [piece.start for piece in content]
    for span in spans:
        at = span.start
        place = bisect_right(starts, at) - 1
        while 0 <= place < len(content) and content[place].start <= at < content[place].end and at < span.end:
            at = content[place].end
            place += 1
        if at < span.end:
            return False
    return True
