"""One document as a run sees it: its pieces, what is protected in it, and the regions that show themselves."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from ctxzip.companions import in_company
from ctxzip.guards.whole import PRECIOUS
from ctxzip.protect import Guard, Protection
from ctxzip.protocols import Arrangement, Arranger, Compressor, FormKeeper, Inset
from ctxzip.segment import fuse
from ctxzip.structure import tiling
from ctxzip.structure.chat import Turn
from ctxzip.structure.cutter import Cutter, Places
from ctxzip.structure.kinds import Region
from ctxzip.structure.regions import regions
from ctxzip.text import Document, Span

PRECIOUS_BONUS = 0.05
"""What a word gains that is a fact of its own: an address, a figure, a name of code."""


@dataclass(frozen=True)
class Shape:
    """How one document is cut: the spans that tile it, the insets among them, and the guards they respect."""

    document: Document
    tiles: Sequence[Span]
    guards: Sequence[Guard]
    insets: Sequence[Inset]
    layout: Arrangement
    joined: bool = False
    """Neighbouring words are one piece, since there are very many of them."""

    @classmethod
    def of(
        cls, document: Document, compressor: Compressor, protection: Protection, uncut: Sequence[Span] = ()
    ) -> Shape:
        """Cut `document` as `compressor` does, respecting `protection`; the spans `uncut` stay in one piece."""
        if isinstance(compressor, FormKeeper):
            return _keeping_form(document, compressor, protection, uncut)
        text = document.text
        guards = protection.guards(text, document.path)
        found = regions(document, protection.allow)
        cutter = Cutter(text, guards, uncut, protection.fences)
        insets = list(cutter.insets(found))
        if Span(0, len(text)) in uncut:
            guards += cutter.fences
            return _arranged(cls(document, [Span(0, len(text))], guards, (), in_company(text, ())), compressor)
        places = Places(insets)
        guards = places.understood(guards)
        tiles = tiling.spliced(text, compressor.segment(document), insets)
        prose = [guard for guard in guards if places.touched(guard.span) is None]
        tiles = fuse(tiles, [g.span for g in prose if not g.bound], heads=True)
        tiles = tiling.bound(text, fuse(tiles, [g.span for g in prose if g.hard]), [g.span for g in prose if g.bound])
        joined = len(tiles) > tiling.MOST
        if joined:
            tiles = tiling.coarser(text, tiles, insets, [guard.span for guard in prose if guard.hard])
        shape = cls(document, tiles, [*guards, *cutter.fences], insets, in_company(text, ()), joined)
        return _arranged(_with_turns(shape, compressor, found), compressor)

    @property
    def hard(self) -> list[Span]:
        """Return the spans that must be kept."""
        return [guard.span for guard in self.guards if guard.hard]

    def cut(self, tiles: Sequence[Span], compressor: Compressor) -> Shape:
        """Return the same document cut into `tiles`."""
        return _arranged(replace(self, tiles=tiles), compressor)

    def divisible(self, span: Span) -> bool:
        """Tell whether words of `span` may be kept without the rest: it belongs to no inset."""
        return not any(inset.start <= span.start < inset.end for inset in self.insets)

    @cached_property
    def _firsts(self) -> list[int]:
        """The ordinal of the first content of every inset."""
        at, firsts = 0, []
        content = self.layout.content
        for inset in self.insets:
            while at < len(content) and content[at].start < inset.start:
                at += 1
            firsts.append(at)
        return firsts

    def shares(self, kept: Sequence[int]) -> Iterator[tuple[Inset, list[int]]]:
        """Yield every inset of which the content `kept` (ascending) leaves something, with what of its own that is."""
        at = 0
        for inset, first in zip(self.insets, self._firsts, strict=True):
            own = []
            while at < len(kept) and kept[at] < first + len(inset.content):
                if kept[at] >= first:
                    own.append(kept[at] - first)
                at += 1
            if own:
                yield inset, own

    def alone(self) -> list[str]:
        """Return what each content span looks like by itself."""
        slices = [span.of(self.document.text) for span in self.layout.content]
        for inset, first in zip(self.insets, self._firsts, strict=True):
            slices[first : first + len(inset.content)] = inset.alone()
        return slices

    def weighed(self, scores: Sequence[float]) -> list[float]:
        """Return `scores`, one per content span, as the insets see them; facts are worth somewhat more."""
        result = list(scores)
        for inset, first in zip(self.insets, self._firsts, strict=True):
            end = first + len(inset.content)
            result[first:end] = inset.worth(result[first:end])
        places = {span.end: at for at, span in enumerate(self.layout.content)}
        precious = set()
        for guard in self.guards:
            if guard.kind in PRECIOUS:
                end = guard.span.end
                at = places.get(end, places.get(end + 1, -1))
                if at >= 0 and guard.span.start - self.layout.content[at].start <= 2:
                    precious.add(at)
        for at in precious:
            result[at] = min(1.0, result[at] + PRECIOUS_BONUS)
        return result


def _keeping_form(document: Document, compressor: FormKeeper, protection: Protection, uncut: Sequence[Span]) -> Shape:
    """Return the shape of a document whose compressor answers for its form."""
    assert isinstance(compressor, Compressor)
    guards = protection.guards(document.text, document.path, asked_only=True)
    pieces = fuse(compressor.segment(document), [*uncut, *(guard.span for guard in guards)], heads=True)
    tiles = fuse(pieces, [guard.span for guard in guards if guard.hard])
    return Shape(document, tiles, guards, (), compressor.arrange(document, tiles))


def _arranged(shape: Shape, compressor: Compressor) -> Shape:
    return replace(shape, layout=arrangement(shape.document, compressor, shape.tiles, shape.insets))


def arrangement(
    document: Document, compressor: Compressor, tiles: Sequence[Span], insets: Sequence[Inset]
) -> Arrangement:
    """Return the arrangement of `tiles` that `compressor` asks for, by default words with their companions."""
    if isinstance(compressor, FormKeeper):
        return compressor.arrange(document, tiles)
    if isinstance(compressor, Arranger):
        return compressor.arrange(document, tiles, insets)
    return in_company(document.text, tiles, insets)


def _with_turns(shape: Shape, compressor: Compressor, found: Sequence[Region]) -> Shape:
    """Return `shape` with the turns of a chat as insets that hold the prose and the insets inside them."""
    turns = [region for region in found if region.kind == "chat"]
    if not turns:
        return shape
    starts = [inset.start for inset in shape.insets]
    places = [range(bisect_left(starts, turn.start), bisect_left(starts, turn.end)) for turn in turns]
    inside = {at for place in places for at in place}
    outer = [inset for at, inset in enumerate(shape.insets) if at not in inside]
    tiles = list(shape.tiles)
    for region, place in zip(turns, places, strict=True):
        inner = tiling.clipped(shape.document.text, tiles, region.head, region.end)
        held = shape.insets[place.start : place.stop]
        body = arrangement(shape.document, compressor, inner, held)
        if body.content:
            outer.append(Turn(shape.document.text, region, body, held))
    outer.sort(key=lambda inset: inset.start)
    return replace(shape, tiles=tiling.spliced(shape.document.text, tiles, outer), insets=outer)
