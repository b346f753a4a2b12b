"""One parse of a text into its regions: what is not prose, where it is, and of what kind."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import islice

from ctxzip.structure import chat, code, jsons, logs, markup, sniff, tables
from ctxzip.structure.kinds import Region
from ctxzip.text import Document, Span

_FINDERS = (code.find, jsons.find, tables.find, markup.find, logs.find, code.find_indented, chat.find)
"""Those whose marks are surest come first; what they found nobody else takes apart."""

MOST = 20_000
"""Regions of a kind that are told apart in one text; beyond that it is taken for prose."""


def regions(document: Document, allow: frozenset[str] = frozenset()) -> list[Region]:
    """Return the regions of `document` that are not prose, in order, turns of a chat before what they hold.

    Kinds in `allow` are taken for prose.
    """
    if "all" in allow:
        return []
    return [region for region in _regions(document.text, document.path) if region.kind not in allow]


def standing(document: Document, allow: frozenset[str] = frozenset()) -> list[Span]:
    """Return the places of fenced and indented code and of tables: what nobody may say in other words."""
    found = regions(document, allow)
    return [Span(r.start, r.end) for r in found if not r.whole and (r.fenced or r.kind in ("code", "table"))]


@lru_cache(maxsize=32)
def _regions(text: str, path: str | None) -> tuple[Region, ...]:
    whole = sniff.whole(text, path)
    if whole:
        return (whole,)
    found: list[Region] = []
    for finder in _FINDERS:
        found = _merged(found, islice(finder(text), MOST))
    return tuple(found)


def _merged(found: Sequence[Region], more: Iterator[Region]) -> list[Region]:
    """Return both in order; of `more` only what overlaps nothing, or is a turn that holds what it overlaps."""
    result = list(found)
    ends = [region.end for region in found]
    for region in more:
        at = bisect_left(ends, region.start + 1)
        clear = True
        while clear and at < len(found) and found[at].start < region.end:
            clear = region.kind == "chat" and region.holds(found[at])
            at += 1
        if clear:
            result.append(region)
    return sorted(result, key=lambda region: (region.start, -region.end))
