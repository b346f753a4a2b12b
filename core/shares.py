"""The arithmetic behind a plan that chooses groups: which ones, how much of each, and which of its pieces.

Only `plan` spends tokens; it asks here what a nominal budget would buy.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ctxzip.plan import Unit

FINE_SHARE = 1.0
"""Share of the tokens of the chosen groups that is kept, on average (R_fine of LongCodeZip); 1 keeps functions whole.

On needle search at ratio 4, 0.8 keeps half as many needles whole as 1.
"""
BIAS = 0.5
"""How far the best group's share is above, and the worst one's below, the average (beta of LongCodeZip)."""
SMALL_GROUP = 40
"""Tokens up to which a chosen group is kept whole."""
CELLS = 50_000_000
"""Size of the largest knapsack table; beyond it weights are rounded up to coarser units."""


def choose_groups(units: Sequence[Unit], budget: int) -> list[int]:
    """Return the units (indices) worth keeping within `budget` tokens of their own sizes, group by group.

    Best groups first, as long as all together are at most 1/`FINE_SHARE` of the budget and skipping what does not
    fit; then each gets a share of its tokens by its worth, and the best of its units within that share.
    """
    groups: dict[tuple[int, int], list[int]] = {}
    for index, unit in enumerate(units):
        groups.setdefault(unit.group or (-1, index), []).append(index)
    sizes = {key: sum(max(1, units[i].tokens) for i in members) for key, members in groups.items()}
    worth = {
        key: sum(units[i].score * max(1, units[i].tokens) for i in members) / sizes[key]
        for key, members in groups.items()
    }
    room, taken = budget / FINE_SHARE, []
    for key in sorted(groups, key=lambda key: (-worth[key], key)):
        if sizes[key] <= room:
            taken.append(key)
            room -= sizes[key]
    least, most = min((worth[k] for k in taken), default=0.0), max((worth[k] for k in taken), default=0.0)
    weights = [1 + BIAS * (2 * (worth[k] - least) / ((most - least) or 1) - 1) for k in taken]
    floors = [sizes[k] <= SMALL_GROUP for k in taken]
    shares = water_fill([sizes[k] for k in taken], weights, budget, floors)
    kept: list[int] = []
    for key, share in zip(taken, shares, strict=True):
        members = groups[key]
        if share >= 1:
            kept += members
            continue
        costs = [max(1, units[i].tokens) for i in members]
        base = min(units[i].score for i in members) - 1e-6
        values = [cost * (units[i].score - base) for cost, i in zip(costs, members, strict=True)]
        kept += [members[at] for at in knapsack(costs, values, int(share * sizes[key]))]
    return kept


def water_fill(
    sizes: Sequence[int],
    weights: Sequence[float],
    budget: float,
    whole: Sequence[bool] | None = None,
    least: float = 0.0,
) -> list[float]:
    """Return shares in [`least`, 1], proportional to `weights` in between, that spend `budget` on `sizes`.

    Those marked `whole` get share 1 first. Where the budget exceeds all sizes every share is 1.
    """
    full = list(whole or [False] * len(sizes))
    left = budget - sum(size for size, is_full in zip(sizes, full, strict=True) if is_full)
    low, high = 0.0, 1 / min((w for w in weights if w > 0), default=1.0)

    def shares(level: float) -> list[float]:
        return [1.0 if f else min(1.0, max(least, level * w)) for w, f in zip(weights, full, strict=True)]

    def spent(level: float) -> float:
        each = zip(shares(level), sizes, full, strict=True)
        return sum(share * size for share, size, is_full in each if not is_full)

    if spent(high) <= left:
        return shares(high)
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if spent(middle) <= left else (low, middle)
    return shares(low)


def knapsack(weights: Sequence[int], values: Sequence[float], capacity: int) -> list[int]:
    """Return the items (indices, ascending) of the greatest total value that weigh at most `capacity`.

    Exact by dynamic programming; an item is taken only if it strictly raises the value. A table beyond `CELLS`
    is shrunk by rounding weights up, so that the choice still fits.
    """
    import numpy as np

    if capacity <= 0 or not weights:
        return []
    step = -(-capacity // 2000) if len(weights) * capacity > CELLS else 1
    room = capacity // step
    best = np.zeros(room + 1)
    took = np.zeros((len(weights), room + 1), dtype=bool)
    scaled = [-(-weight // step) for weight in weights]
    for item, (weight, value) in enumerate(zip(scaled, values, strict=True)):
        if weight > room or not value > 0:
            continue
        trial = best[: room + 1 - weight] + value
        took[item, weight:] = trial > best[weight:]
        best[weight:] = np.maximum(best[weight:], trial)
    chosen = []
    for item in reversed(range(len(weights))):
        if took[item, room]:
            chosen.append(item)
            room -= scaled[item]
    return chosen[::-1]


def greedy(weights: Sequence[int], values: Sequence[float], capacity: int) -> list[int]:
    """Return items in order of value per weight, best first, every one that still fits whatever its value."""
    chosen = []
    for item in sorted(range(len(weights)), key=lambda i: -values[i] / max(1, weights[i])):
        if weights[item] <= capacity:
            chosen.append(item)
            capacity -= weights[item]
    return chosen
