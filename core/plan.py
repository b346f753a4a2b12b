"""The only place where tokens are spent: which units are kept so that the result fits.

A unit is worth its score per token, so the plan takes units best first. What a choice really costs is known only
by counting the rendered text (joins merge or split tokens, line breaks and markers come along), so the plan asks
for that count and uses the units' own sizes only to guess where to look.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

from ctxzip.errors import BudgetError
from ctxzip.shares import choose_groups
from ctxzip.text import Span, value

CLOSE_ENOUGH, FEW = 0.998, 2
"""Share of the limit at which, or tokens left with which, the search for a prefix stops; filling goes on from there."""
AIM = 0.999
"""Share of the limit that a guess at that prefix aims at."""
SECANTS = 6
"""Guesses after which the search halves what is left instead."""
PATIENCE = 300_000
"""Work allowed in filling, in kept units re-rendered; keeps huge inputs linear."""

GUESSES = 8
"""Counts spent on finding the nominal budget at which a choice by groups renders to the limit."""

LARGEST_GROUP = 32
"""Units that are tried together in filling, at most."""
FAILURES = 24
"""Units tried in vain after which filling stops, once the limit is nearly used up."""
ENOUGH = 0.985
"""Share of the limit that is nearly all of it."""
FULL_FROM = 100
"""Tokens of budget under which filling never stops early."""

Count = Callable[[Sequence[int]], int]


@value
class Unit:
    """A piece that is kept or dropped: where it is, what it costs alone, what a token of it is worth."""

    document: int
    span: Span
    tokens: int
    score: float
    pinned: bool = False
    part: bool = False
    """A word of a piece that is shortened because it does not fit whole."""
    group: tuple[int, int] | None = None
    """What it belongs to when pieces are chosen in groups first, as the lines of a function are."""


@value
class Allotment:
    """What the plan gives a unit: all its tokens, none, and why."""

    unit: Unit
    kept: bool
    reason: str


@dataclass(frozen=True)
class Plan:
    """The allotments in input order, and the tokens the result takes."""

    allotments: list[Allotment]
    tokens: int
    skipped: Unit | None = None
    """The best unit that was left out because it did not fit, though a lesser one did."""

    @cached_property
    def kept(self) -> list[int]:
        """Return the indices of the kept units, ascending."""
        return [index for index, allotment in enumerate(self.allotments) if allotment.kept]


def ranked(units: Sequence[Unit]) -> list[int]:
    """Return the indices of the units that may be dropped, best first, ties by position."""
    scores = [unit.score for unit in units]
    order = sorted(range(len(units)), key=scores.__getitem__, reverse=True)
    return [index for index in order if not units[index].pinned]


def plan(
    units: Sequence[Unit], limit: int, count: Count, *, best_effort: bool = False, floor: float = 0.0, spare: int = 0
) -> Plan:
    """Keep the units that are worth most within `limit` tokens.

    `count` returns the tokens of the text that a choice of units (indices, ascending) renders to. Pinned units
    are always kept; raises `BudgetError` when they alone exceed the limit, unless `best_effort`. Units that score
    below `floor` are not kept, and up to `spare` tokens may be left for `extend`.
    """
    pinned = pinned_units(units)
    least = count(pinned)
    if least > limit:
        if not best_effort:
            raise BudgetError(least, limit)
        return _allot(units, set(pinned), least, None)
    order = [i for i in ranked(units) if units[i].score >= floor]
    search = _Search(units, order, pinned, limit, count)
    if any(unit.group for unit in units):
        chosen, used = _by_groups(units, pinned, limit, count)
    else:
        length, used = search.longest_prefix(least)
        chosen = {*pinned, *order[:length]}
    used = search.fill(chosen, [index for index in order if index not in chosen], used, spare)
    skipped = next((units[i] for i in order if i not in chosen), None)
    worst = min((units[i].score for i in chosen if not units[i].pinned), default=None)
    beaten = skipped is not None and worst is not None and skipped.score > worst
    return _allot(units, chosen, used, skipped if beaten else None)


def extend(units: Sequence[Unit], limit: int, count: Count, kept: Sequence[int]) -> Plan:
    """Keep the units `kept`, which fit, and spend what they leave of `limit` on the best parts of shortened units."""
    order = [i for i in ranked(units) if units[i].part]
    search = _Search(units, order, kept, limit, count)
    length, used = search.longest_prefix(count(kept))
    chosen = {*kept, *order[:length]}
    return _allot(units, chosen, search.fill(chosen, order[length:], used), None)


def best(units: Sequence[Unit], number: int, count: Count, *, floor: float = 0.0) -> Plan:
    """Keep the `number` best units that score at least `floor`, and the pinned ones."""
    chosen = {i for i in ranked(units)[:number] if units[i].score >= floor} | _pinned(units)
    return _allot(units, chosen, count(sorted(chosen)), None)


def heaviest(units: Sequence[Unit], share: float, count: Count, *, floor: float = 0.0) -> Plan:
    """Keep the fewest units that hold `share` of all score, and the pinned ones (AttnComp's top-p, section 3.3)."""
    order = ranked(units)
    wanted = share * sum(units[i].score for i in order)
    chosen = _pinned(units)
    held = 0.0
    for i in order:
        if held >= wanted - 1e-9 or units[i].score < floor:
            break
        chosen.add(i)
        held += units[i].score
    return _allot(units, chosen, count(sorted(chosen)), None)


def pinned_units(units: Sequence[Unit]) -> list[int]:
    """Return the indices of the units that must be kept, ascending."""
    return [i for i, unit in enumerate(units) if unit.pinned]


def _pinned(units: Sequence[Unit]) -> set[int]:
    return set(pinned_units(units))


def above(units: Sequence[Unit], threshold: float, count: Count) -> Plan:
    """Keep every unit whose score is at least `threshold`, and the pinned ones, whatever they cost."""
    chosen = {i for i, unit in enumerate(units) if unit.score >= threshold} | _pinned(units)
    return _allot(units, chosen, count(sorted(chosen)), None)


def _allot(units: Sequence[Unit], chosen: set[int], tokens: int, skipped: Unit | None) -> Plan:
    allotments = [
        Allotment(
            unit,
            index in chosen,
            "pinned" if unit.pinned else "shortened" if unit.part else "did not fit" if unit is skipped else "score",
        )
        for index, unit in enumerate(units)
    ]
    return Plan(allotments, tokens, skipped)


class _Search:
    """The search for a choice that fits, over one ranking of the units."""

    def __init__(
        self, units: Sequence[Unit], order: Sequence[int], pinned: Sequence[int], limit: int, count: Count
    ) -> None:
        self.order = order
        self.pinned = pinned
        self.limit = limit
        self.count = count
        self.costs = [unit.tokens or 1 for unit in units]
        self.sizes = [0, *accumulate(map(self.costs.__getitem__, order))]

    def _tokens(self, length: int) -> int:
        return self.count(sorted([*self.pinned, *self.order[:length]]))

    def longest_prefix(self, least: int) -> tuple[int, int]:
        """Return how many of the best units fit together with the pinned ones, and the tokens they take.

        Guesses from the units' own sizes and what the last two counts say of them; stops early when close enough,
        since `fill` takes what is left.
        """
        low, used = 0, least
        high, steps = len(self.order) + 1, 0
        last, slope = (0, least), 1.0
        while high - low > 1 and self.limit - used > max(FEW, (1 - CLOSE_ENOUGH) * self.limit):
            aim = self.sizes[last[0]] + (self.limit * AIM - last[1]) * slope
            guess = bisect_right(self.sizes, aim) - 1 if steps < SECANTS else (low + high) // 2
            middle = min(max(guess, low + 1), high - 1)
            tokens = self._tokens(middle)
            if tokens != last[1]:
                slope = max(0.0, (self.sizes[middle] - self.sizes[last[0]]) / (tokens - last[1]))
            if tokens <= self.limit:
                low, used = middle, tokens
            else:
                high = middle
            last, steps = (middle, tokens), steps + 1
        return low, used

    def fill(self, chosen: set[int], rest: Sequence[int], used: int, spare: int = 0) -> int:
        """Add to `chosen` further units, best first, that still fit, until at most `spare` tokens are left.

        As many are tried at a time as fit by their own sizes, fewer where that is too much. Returns the tokens then
        taken.
        """
        patience = PATIENCE
        at = failures = 0
        while at < len(rest) and self.limit - used > spare and patience > 0:
            if failures > FAILURES and used >= self.limit * ENOUGH and self.limit >= FULL_FROM:
                break
            group = self._next(rest, at, self.limit - used)
            at += max(1, len(group))
            while group:
                tokens = self.count(sorted([*chosen, *group]))
                patience -= len(chosen) + len(group)
                if tokens <= self.limit:
                    chosen.update(group)
                    used = tokens
                    break
                failures += len(group) == 1
                fewer = group[: len(group) // 2]
                at -= len(group) - len(fewer) if fewer else 0
                group = fewer
        return used

    def _next(self, rest: Sequence[int], at: int, room: int) -> list[int]:
        """Return the units of `rest` from `at` on that fit `room` by their own sizes; a single one may be one over."""
        group: list[int] = []
        taken = 0
        for index in rest[at : at + LARGEST_GROUP]:
            taken += self.costs[index]
            if taken > room + (not group):
                break
            group.append(index)
        return group


def _by_groups(units: Sequence[Unit], pinned: Sequence[int], limit: int, count: Count) -> tuple[set[int], int]:
    """Return the largest choice of groups found to fit, and the tokens its rendering takes.

    Groups are chosen on the units' own sizes; what the rendering adds is learnt from each exact count.
    """
    free = [i for i in range(len(units)) if not units[i].pinned]
    chosen, used = set(pinned), count(list(pinned))
    low, high, nominal = 0.0, float("inf"), float(limit - used)
    for _ in range(GUESSES):
        trial = {*pinned, *(free[at] for at in choose_groups([units[i] for i in free], int(nominal)))}
        tokens = count(sorted(trial))
        if tokens <= limit:
            low = nominal
            if tokens >= used:
                chosen, used = trial, tokens
            if tokens >= limit * CLOSE_ENOUGH or len(trial) == len(units):
                break
        else:
            high = nominal
        nominal *= limit / max(tokens, 1)
        if not low < nominal < high:
            nominal = (low + high) / 2 if high < float("inf") else 1.25 * low + 1
        if high - low < 1:
            break
    return chosen, used
