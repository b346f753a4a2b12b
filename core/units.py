"""From scored spans to the units that a plan chooses among."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ctxzip.plan import Unit
from ctxzip.protocols import Arrangement, Compressor, FormKeeper
from ctxzip.structure.shape import Shape
from ctxzip.text import Span

SCORE_DIGITS = 6
"""Scores are rounded so that float noise of a batch's shape cannot reorder them."""


def rounded(score: float) -> float:
    """Return `score` with `SCORE_DIGITS` digits."""
    return round(float(score), SCORE_DIGITS)


def grouped(units: list[Unit], compressor: Compressor, layout: Arrangement, query: str | None) -> list[Unit]:
    """Return `units`, the content of `layout`, with the groups that the compressor sees among them."""
    groups = compressor.groups(layout, query) if isinstance(compressor, FormKeeper) else None
    if groups is None:
        return units
    return [replace(unit, group=(unit.document, group)) for unit, group in zip(units, groups, strict=True)]


def units_of(document: int, shape: Shape, scores: Sequence[float], sizes: Sequence[int]) -> list[Unit]:
    """Return one unit per content span, of so many tokens, pinned where it overlaps a hard span."""
    import numpy as np

    content = shape.layout.content
    pinned = overlapping(content, shape.hard)
    even = np.round(np.asarray(scores, dtype=np.float64), SCORE_DIGITS).tolist()
    return [
        Unit(document, span, size, score, index in pinned)
        for index, (span, size, score) in enumerate(zip(content, sizes, even, strict=True))
    ]


def overlapping(spans: Sequence[Span], others: Sequence[Span]) -> set[int]:
    """Return the indices of the ordered `spans` that overlap any of `others`."""
    found: set[int] = set()
    index = 0
    for other in sorted(others, key=lambda span: span.start):
        while index < len(spans) and spans[index].end <= other.start:
            index += 1
        at = index
        while at < len(spans) and spans[at].start < other.end:
            found.add(at)
            at += 1
    return found
