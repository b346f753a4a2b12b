"""Where a function falls into blocks: after lines that surprise more than their neighbours (LongCodeZip, 3.3)."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite, sqrt
from statistics import median

STRENGTH = 0.2
"""How many deviations above the mean a jump has to be (k)."""
TOO_FEW = 0.5
"""The threshold where fewer than three values are known."""


def pseudo_lines(text: str) -> list[str]:
    """Return the lines that perplexity is taken of: blank lines between others become a single space."""
    marked = text.replace("\n\n", "\n\0\n")
    return [" " if line == "\0" else line for line in marked.split("\n")]


def threshold(values: Sequence[float], method: str = "std", strength: float = STRENGTH) -> float:
    """Return how far above a neighbour a value has to be to count as a spike; only finite values above 0 count.

    `method` is `std` (mean and deviation), `robust` (median and scaled absolute deviation), `mad` (the same,
    unscaled) or `iqr` (upper quartile and the distance between quartiles).
    """
    known = sorted(value for value in values if isfinite(value) and value > 0)
    if len(known) < 3:
        return TOO_FEW
    if method == "iqr":
        low, high = _quantile(known, 0.25), _quantile(known, 0.75)
        return high + strength * (high - low)
    if method in ("robust", "mad"):
        middle = median(known)
        spread = median(abs(value - middle) for value in known)
        return middle + strength * spread * (1.4826 if method == "robust" else 1)
    mean = sum(known) / len(known)
    return mean + strength * sqrt(sum((value - mean) ** 2 for value in known) / len(known))


def _quantile(ordered: Sequence[float], share: float) -> float:
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def spikes(values: Sequence[float], least: float) -> list[int]:
    """Return the places of values no less than both neighbours and at least `least` above one of them."""
    found = []
    for at in range(1, len(values) - 1):
        value = values[at]
        if not isfinite(value):
            continue
        before, after = (n if isfinite(n) else value for n in (values[at - 1], values[at + 1]))
        if value >= before and value >= after and (value - before >= least or value - after >= least):
            found.append(at)
    return found
