"""Chats written as `Role: text`: whoever speaks stays with what is kept of the turn."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence

from ctxzip.protocols import Arrangement, Inset
from ctxzip.structure.kinds import Region
from ctxzip.text import Span

_TURN = re.compile(
    r"^(?P<label>(?:\*\*|#{1,4} |\[)?(?P<role>system|developer|user|human|assistant|ai|bot|model|tool|function|customer"
    r"|agent|support|client)(?:\*\*|\])?(?: \([^()\n]{1,40}\))?[:：](?:\*\*)?)(?=[ \t\r\n]|$)",
    re.MULTILINE | re.IGNORECASE,
)
RULING = frozenset({"system", "developer"})
ASKING = frozenset({"user", "human", "customer", "client"})
RULES = 0.5
"""Least worth of what a system turn or the last question holds."""


def find(text: str) -> Iterator[Region]:
    """Yield the turns, if at least two of different roles follow each other."""
    turns = list(_TURN.finditer(text))
    roles = [turn["role"].lower() for turn in turns]
    if len(set(roles)) < 2:
        return
    last = max((at for at, role in enumerate(roles) if role in ASKING), default=-1)
    for at, turn in enumerate(turns):
        stop = turns[at + 1].start() if at + 1 < len(turns) else len(text)
        end = turn.start() + len(text[turn.start() : stop].rstrip())
        head = _past_space(text, turn.end(), end)
        if head < end:
            safest = roles[at] in RULING or at == last
            yield Region("chat", turn.start(), end, head, end, "rules" if safest else roles[at])


def _past_space(text: str, at: int, end: int) -> int:
    """Return where the body begins: after spaces, or at the start of the first line below that is not blank."""
    start = at
    while at < end and text[at].isspace():
        at += 1
    return max(start, text.rfind("\n", start, at) + 1) if "\n" in text[start:at] else at


class Turn:
    """What somebody says, under the label that names them."""

    kind = "chat"

    def __init__(self, text: str, region: Region, inner: Arrangement, insets: Sequence[Inset]) -> None:
        """Put the label of `region` before its body, which `inner` arranges; it may hold `insets`."""
        self.start, self.end = region.start, region.end
        self.text, self._head = text, region.head
        self._label = text[region.start : region.head]
        self._safe = region.language == "rules"
        self._inner = inner
        self._insets = insets
        self.content: list[Span] = list(inner.content)
        self._starts = [span.start for span in self.content]

    def alone(self) -> list[str]:
        """Return the slices themselves."""
        return [span.of(self.text) for span in self.content]

    def worth(self, scores: Sequence[float]) -> list[float]:
        """Return what prose and insets are worth, raised in system rules and the last question."""
        result = list(scores)
        for inset in self._insets:
            own = self._places(inset)
            result[own.start : own.stop] = inset.worth(scores[own.start : own.stop])
        return [RULES + (1 - RULES) * value for value in result] if self._safe else result

    def render(self, kept: Sequence[int]) -> str:
        """Return the label and what is kept after it."""
        body = self._inner.render(kept)
        if self._label.endswith("\n"):
            return self._label + body
        first = self.content[kept[0]].start
        if any(inset.start <= first < inset.end for inset in self._insets):
            space = self.text[self._head : first]
            return self._label.rstrip() + space[len(space.rstrip()) :] + body
        return self._label + body.lstrip()

    def remark(self, kept: Sequence[int]) -> str:
        """Return what there is to say of the insets."""
        return "; ".join(filter(None, (inset.remark(own) for inset, own in self._shares(kept))))

    def _shares(self, kept: Sequence[int]) -> Iterator[tuple[Inset, list[int]]]:
        for inset in self._insets:
            places = self._places(inset)
            own = kept[bisect_left(kept, places.start) : bisect_left(kept, places.stop)]
            if own:
                yield inset, [at - places.start for at in own]

    def _places(self, inset: Inset) -> range:
        """Return which of the content is that of `inset`."""
        return range(bisect_left(self._starts, inset.start), bisect_left(self._starts, inset.end))

    def faults(self, kept: Sequence[int]) -> Iterator[tuple[Inset, str]]:
        """Yield the insets of which `kept` leaves something with a fault, and the fault."""
        for inset, own in self._shares(kept):
            reason = inset.fault(inset.render(own))
            if reason:
                yield inset, reason

    def fault(self, made: str) -> str:
        """Return whether the label is missing."""
        return "" if made.startswith(self._label.rstrip()) else "turn without its label"
