"""Chunks that belong together in meaning: the cuts between sentences at which the least is torn apart.

What a chunk costs is how far its sentences are from their common direction, plus a price for every chunk and for
short ones. The cheapest cuts are found by dynamic programming over the places where the topic shifts most.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ctxzip.compressors.rewriting.embedding import unit

if TYPE_CHECKING:
    from numpy.typing import NDArray

FEWEST, MOST = 64, 384
"""Tokens that a chunk should have at least, and has at most: a small model loses sight of longer ones."""
PRICE = 0.35
"""What one more chunk costs, in cosine distances of sentences."""
SHORTAGE = 0.2
"""What a chunk without any token would cost for being short."""
PARAGRAPH = 0.1
"""What a cut at the end of a paragraph is better than another."""
SHIFT = 60
"""Percentile of the distances between neighbours from which a place is a candidate for a cut."""
ALIKE = 0.80
"""Cosine of two neighbouring chunks from which they are one, if that is not too long."""
TINY = 24
"""Tokens below which a chunk joins a neighbour."""
RELATED = 0.25
"""Cosine that a tiny chunk must have with the neighbour that it joins."""
SECTION = 1000
"""Sentences that are cut in one go."""


@dataclass(frozen=True, slots=True)
class Run:
    """Consecutive sentences that may share chunks: their vectors, sizes, and after which a paragraph ends."""

    vectors: NDArray[np.float32]
    tokens: Sequence[int]
    paragraph_ends: Sequence[bool]


def cuts(run: Run) -> list[tuple[int, int]]:
    """Return the first and the end (exclusive) sentence of every chunk of a run, in order."""
    found: list[tuple[int, int]] = []
    for start in range(0, len(run.tokens), SECTION):
        stop = min(len(run.tokens), start + SECTION)
        part = slice(start, stop)
        section = Run(run.vectors[part], run.tokens[part], run.paragraph_ends[part])
        found += [(start + a, start + b) for a, b in _merged(section, _cheapest(section))]
    return found


def _smooth(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return every sentence's direction together with its neighbours'."""
    if len(vectors) < 2:
        return unit(vectors)
    before = np.concatenate([vectors[:1], vectors[:-1]])
    after = np.concatenate([vectors[1:], vectors[-1:]])
    return unit(before + vectors + after)


def _candidates(directions: NDArray[np.float32], run: Run) -> list[int]:
    """Return the places where a chunk may end: ends of paragraphs, and where the direction turns most."""
    total = len(run.tokens)
    if total < 2:
        return [total] if total else []
    turns = 1 - (directions[:-1] * directions[1:]).sum(axis=1)
    least = np.percentile(turns, SHIFT)
    inside = [at for at in range(1, total) if turns[at - 1] >= least or run.paragraph_ends[at - 1]]
    return _reachable([*inside, total], run.tokens)


def _reachable(places: Sequence[int], tokens: Sequence[int]) -> list[int]:
    """Return `places` with further ones wherever a stretch between two is longer than a chunk may be."""
    found: list[int] = []
    start = 0
    for place in places:
        used = 0
        for at in range(start, place):
            if used and used + tokens[at] > MOST:
                found.append(at)
                used = 0
            used += tokens[at]
        found.append(place)
        start = place
    return found


def _cheapest(run: Run) -> list[tuple[int, int]]:
    """Return the chunks with the lowest cost in all."""
    directions = _smooth(run.vectors)
    places = [0, *_candidates(directions, run)]
    sums = np.concatenate([np.zeros((1, directions.shape[1]), np.float32), np.cumsum(directions, axis=0)])
    sizes = np.concatenate([[0], np.cumsum(run.tokens)])
    best = [0.0] + [float("inf")] * (len(places) - 1)
    previous = [0] * len(places)
    for end in range(1, len(places)):
        for start in range(end - 1, -1, -1):
            size = sizes[places[end]] - sizes[places[start]]
            if size > MOST and start < end - 1:
                break
            count = places[end] - places[start]
            spread = count - float(np.linalg.norm(sums[places[end]] - sums[places[start]]))
            cost = best[start] + spread + PRICE + SHORTAGE * max(0.0, 1 - size / FEWEST)
            cost -= PARAGRAPH if run.paragraph_ends[places[end] - 1] else 0.0
            if cost < best[end]:
                best[end], previous[end] = cost, start
    found = []
    end = len(places) - 1
    while end > 0:
        found.append((places[previous[end]], places[end]))
        end = previous[end]
    return found[::-1]


def _merged(run: Run, chunks: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return `chunks` with neighbours that speak of the same, and tiny ones, joined."""
    done = list(chunks)
    at = 0
    while at + 1 < len(done):
        size = sum(run.tokens[done[at][0] : done[at + 1][1]])
        alike = _cosine(run, done[at], done[at + 1])
        if size <= MOST and ((alike >= ALIKE and size <= MOST // 2) or _is_tiny(run, done, at, alike)):
            done[at : at + 2] = [(done[at][0], done[at + 1][1])]
            at = max(0, at - 1)
        else:
            at += 1
    return done


def _is_tiny(run: Run, chunks: Sequence[tuple[int, int]], at: int, alike: float) -> bool:
    """Tell whether one of the chunks `at` and the next is tiny, and the other the nearer of its neighbours."""
    if alike < RELATED:
        return False
    pair = chunks[at], chunks[at + 1]
    first, second = (sum(run.tokens[a:b]) < TINY for a, b in pair)
    if second and at + 2 < len(chunks) and _cosine(run, chunks[at + 1], chunks[at + 2]) > alike:
        second = False
    if first and at > 0 and _cosine(run, chunks[at - 1], chunks[at]) > alike:
        first = False
    return first or second


def _cosine(run: Run, one: tuple[int, int], other: tuple[int, int]) -> float:
    a, b = (run.vectors[slice(*chunk)].sum(axis=0) for chunk in (one, other))
    return float(a @ b / max(1e-9, float(np.linalg.norm(a) * np.linalg.norm(b))))
