"""What stands out in JSON: failures and rarities among like records, and the messages of a chat that set its rules."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from ctxzip.structure.inset import alarming
from ctxzip.structure.json_values import Value

LIKE = 4
"""Items from which those of an array are compared."""
PLAIN = 0.6
"""What a record like all others is worth next to what the compressor says."""
STANDS_OUT = 0.85
RULES = 0.97
"""Worth of what a system message or the last user message holds, at least."""
TALK = 0.9
"""What any other message is worth next to what the compressor says."""
_ROLE = re.compile(r'"role"\s*:\s*"(\w+)"')
RULING = frozenset({"system", "developer"})


def weights(text: str, root: Value, scores: Sequence[float], places: Mapping[int, range], first: int) -> list[float]:
    """Return the worth of the pieces under `root`; `places` tells which a value has, counted from `first`."""
    worth = list(scores)
    stack = [root]
    while stack:
        value = stack.pop()
        place = places.get(id(value))
        if place is None:
            continue
        stack.extend(value.items)
        if value.opening == "[":
            _weigh_items(text, value, worth, places, first)
    return worth


def _weigh_items(text: str, value: Value, worth: list[float], places: Mapping[int, range], first: int) -> None:
    speakers = roles(text, value)
    odd = standing_out([text[item.start : item.end] for item in value.items]) if speakers is None else set()
    for at, item in enumerate(value.items):
        place = places.get(id(item))
        if place is None:
            continue
        least, factor = _bounds(at, value, speakers, odd)
        for index in range(place.start - first, place.stop - first):
            worth[index] = least + (1 - least) * factor * worth[index]


def _bounds(at: int, value: Value, speakers: list[str] | None, odd: set[int]) -> tuple[float, float]:
    """Return the least worth of an item, and the factor of what the compressor says beyond that."""
    if speakers is not None:
        last = max((i for i, role in enumerate(speakers) if role == "user"), default=-1)
        return (RULES, 1.0) if speakers[at] in RULING or at == last else (0.0, TALK)
    if at in odd:
        return STANDS_OUT, 1.0
    return (0.3, 1.0) if at == 0 and len(value.items) > 1 else (0.0, PLAIN if len(value.items) >= LIKE else 1.0)


def roles(text: str, value: Value) -> list[str] | None:
    """Return the role of every item, None if the array is no list of messages."""
    found = []
    for item in value.items:
        match = _ROLE.search(text, item.start, min(item.end, item.start + 2_000)) if item.opening[:1] == "{" else None
        if match is None:
            return None
        found.append(match[1])
    return found or None


def standing_out(items: Sequence[str]) -> set[int]:
    """Return which of the JSON texts `items` speak of failures or differ from what most of them have in common."""
    odd = {at for at, item in enumerate(items) if alarming(item)}
    if len(odd) > len(items) / 2:
        odd = set()
    if len(items) < LIKE:
        return odd
    rows = [_flat(item) for item in items]
    shapes = Counter(tuple(row) for row in rows)
    odd |= {at for at, row in enumerate(rows) if shapes[tuple(row)] * 10 <= len(rows)}
    for name in shapes.most_common(1)[0][0]:
        odd |= _odd_values([row.get(name) for row in rows])
    return odd


def _flat(item: str) -> dict[str, Any]:
    try:
        value = json.loads(item)
    except (ValueError, RecursionError):
        return {}
    return {str(k): v for k, v in value.items()} if isinstance(value, dict) else {"": value}


def _odd_values(column: Sequence[Any]) -> set[int]:
    """Return where a column of values has a rare word among few others, or a number far from the rest."""
    numbers = [v for v in column if isinstance(v, int | float) and not isinstance(v, bool)]
    if len(numbers) == len(column) and len(numbers) >= 2 * LIKE:
        ordered = sorted(numbers)
        middle = ordered[len(ordered) // 2]
        spread = sorted(abs(n - middle) for n in numbers)[int(0.75 * (len(numbers) - 1))]
        return {at for at, n in enumerate(numbers) if abs(n - middle) > 8 * spread}
    words = [json.dumps(v) if isinstance(v, bool | str) or v is None else "" for v in column]
    counts = Counter(words)
    if len(counts) > max(2, len(column) // 8):
        return set()
    return {at for at, word in enumerate(words) if counts[word] * 10 <= len(column)}
