"""What a line is worth to somebody who writes on where the code ends: near lines, and lines like the last ones."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from math import log

from ctxzip.code.layout import Outline

SHARE = 0.33
"""Part of a budget for what is like the new code; the rest is for what is near."""
COMMON = 0.3
"""Weight of a name that every line has, next to its rarity."""
LINES_WRITTEN = 8
"""Lines of the new code, the last ones, that a passage is compared with."""
PASSAGE = 8
"""Lines that are compared with those at once."""
NEXT = 4
"""Lines after a passage that count as part of it: what came next there may come next here."""
STEP = 2
"""Lines from one passage to the next."""
FEWEST_LINES = 2
"""Lines from which a query can be code that is being written; one is the name of what is looked for."""
MARKED = 0.5
"""Share of the lines of such a query that have a mark of code."""
_NAME = re.compile(r"[^\W\d]\w+")
_MARK = re.compile(r"[(){}\[\]=;<>@]|:$|^\s*(?:return|else|try|pass|break|continue|import|from|#|//|/\*|\*)|\"\"\"|'''")
_ENDS = ("{", "}", ";", ",", "(", "[")
_DECLARES = re.compile(
    r"(?:(?:export|pub|public|private|protected|static|async|default|abstract|final|unsafe)\s+)*"
    r"(?:def|class|func|fn|function|impl|struct|interface|trait|enum|type|const|let|var|namespace)\b.*[({:=<]"
    r"|@\w|#include|#\["
)


def is_unfinished(query: str) -> bool:
    """Tell whether a query is code that is being written rather than a question.

    It has at least two lines, half of them with a mark of code, and the first is indented, declares something, or ends
    as no sentence does.
    """
    lines = [line.rstrip() for line in query.splitlines() if line.strip()]
    if len(lines) < FEWEST_LINES or sum(bool(_MARK.search(line)) for line in lines) < MARKED * len(lines):
        return False
    first = lines[0]
    return first[0] in " \t" or first.endswith(_ENDS) or bool(_DECLARES.match(first))


def continuation(outlines: Sequence[Outline], written: str) -> list[list[float]]:
    """Return the worth in [0, 1] of every element of the files, which `written` goes on from the end of.

    What is worth most is taken first, and whatever the budget, about `SHARE` of it goes to the passages that are most
    like the last lines written and the rest to the lines that are nearest.
    """
    places = [(index, at) for index, outline in enumerate(outlines) for at in range(len(outline.elements))]
    likeness = _likeness(outlines, written)
    sizes = [outlines[index].size([at]) for index, at in places]
    nearest = range(len(places) - 1, -1, -1)
    likest = sorted(nearest, key=lambda at: -likeness[at])
    worth = [[0.0] * len(outline.elements) for outline in outlines]
    for rank, at in enumerate(interleaved(nearest, likest, sizes, SHARE)):
        index, own = places[at]
        worth[index][own] = 1 - rank / len(places)
    return worth


def interleaved(first: Sequence[int], second: Sequence[int], sizes: Sequence[int], share: float) -> list[int]:
    """Return the items of two rankings in one: of every beginning about `share` of the size is taken from the second.

    An item is taken once, from the ranking in which it comes earlier.
    """
    order: list[int] = []
    taken: set[int] = set()
    ways = [iter(first), iter(second)]
    spent, shares = [0, 0], (1 - share, share)
    while len(order) < len(sizes):
        way = int(spent[1] * shares[0] < spent[0] * shares[1])
        item = next(item for item in ways[way] if item not in taken)
        taken.add(item)
        order.append(item)
        spent[way] += sizes[item]
    return order


def _likeness(outlines: Sequence[Outline], written: str) -> list[float]:
    """Return for every element of all files how like the last lines written the passage around it is."""
    names = [set(_NAME.findall(line)) for outline in outlines for line in outline.source.lines]
    best, first, found = alike(names, last_names(written)), 0, []
    for outline in outlines:
        for element in outline.elements:
            like = best[first + element.first : first + element.last]
            found.append(sum(like) / max(1, len(like)))
        first += len(outline.source.lines)
    return found


def last_names(written: str) -> set[str]:
    """Return the names in the last lines of the new code."""
    lines = [line for line in written.splitlines() if line.strip()]
    return set(_NAME.findall("\n".join(lines[-LINES_WRITTEN:])))


def alike(names: Sequence[set[str]], wanted: set[str]) -> list[float]:
    """Return for every line what the passage around it that has most in common with `wanted` has in common with it.

    That is the share of the names of both that both have, rare ones counting more; the lines right after a passage
    have its value too.
    """
    spread = Counter(name for line in names for name in line)
    weights = {name: COMMON + log((len(names) + 1) / (number + 0.5)) for name, number in spread.items()}
    asked = sum(weights.get(name, COMMON) for name in wanted)
    best = [0.0] * len(names)
    for start in range(0, max(1, len(names) - PASSAGE + 1), STEP):
        end = min(start + PASSAGE, len(names))
        passage = set[str]().union(*names[start:end])
        shared = sum(weights[name] for name in passage & wanted)
        share = shared / max(asked + sum(weights[name] for name in passage - wanted), COMMON)
        for at in range(start, min(end + NEXT, len(names))):
            best[at] = max(best[at], share)
    return best
