"""Spans that are no choice: they are there exactly when something that they belong to is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, repeat

from ctxzip.layout import SHOWN, Layout
from ctxzip.protocols import Inset
from ctxzip.text import Role, Span

REACH = 6
"""Pieces that a bound word governs at most, up to the end of its clause."""
BEHIND = 2
"""Pieces before it that a bound word governs when nothing of its clause follows it."""
LONGEST_MARK = 16
"""Characters at the end of a piece that are looked at for the mark that closes a clause."""
_CLAUSE_ENDS = re.compile(r"[,;:.!?…)\]}。！？、，；：][\"'”’)\]*_]*\Z")
_ANSWERS = re.compile(r"\s*\W{0,2}(?:no|nope|yes|nein|non)\W{0,2}[,:]", re.IGNORECASE)


class Company:
    """A layout whose companions are there when the content they belong to is."""

    def __init__(
        self,
        text: str,
        spans: Sequence[Span],
        companions: Sequence[Sequence[int]],
        insets: Sequence[Inset] = (),
    ) -> None:
        """Arrange `spans`, which tile `text`.

        `companions` are, for every span that shows by itself or as a companion (content, head or bound), in
        order, the places among those that come along with it.
        """
        self._layout = Layout(text, spans, insets)
        shown = self._layout.content
        self._places = [place for place, span in enumerate(shown) if span.role is Role.CONTENT]
        self.along = [companions[place] for place in self._places]
        self.content = [shown[place] for place in self._places]
        self.text = text
        self._bound = [place for place, span in enumerate(shown) if span.role is Role.BOUND]

    def render(self, kept: Sequence[int]) -> str:
        """Return the text that the content `kept` (ordinals, ascending) leaves, with its companions."""
        return self._layout.render(self._with_companions(kept))

    def shown(self, kept: Sequence[int]) -> list[Span]:
        """Return the spans of the content `kept` and of its companions, in order."""
        return [self._layout.content[place] for place in self._with_companions(kept)]

    def bound(self, kept: Sequence[int]) -> list[tuple[Span, bool]]:
        """Return the bound words, in order, each with whether it comes along with the content `kept`."""
        places = set(self._with_companions(kept)) if self._bound else set()
        return [(self._layout.content[place], place in places) for place in self._bound]

    def _with_companions(self, kept: Sequence[int]) -> list[int]:
        places = map(self._places.__getitem__, kept)
        return sorted({*places, *chain.from_iterable(map(self.along.__getitem__, kept))})


def in_company(text: str, spans: Sequence[Span], insets: Sequence[Inset] = ()) -> Layout | Company:
    """Return the arrangement of `spans` in which bound words stay with what they govern."""
    if not any(span.role is Role.BOUND for span in spans):
        return Layout(text, spans, insets)
    along = governors(text, spans, insets)
    return Company(text, freed(spans, along), along, insets)


def freed(spans: Sequence[Span], along: Sequence[Sequence[int]]) -> list[Span]:
    """Return `spans` with every bound word that comes along with nothing, by `along`, as content."""
    governed = set(chain.from_iterable(along))
    if len(governed) == sum(span.role is Role.BOUND for span in spans):
        return list(spans)
    result, place = [], -1
    for span in spans:
        place += span.role in SHOWN
        alone = span.role is Role.BOUND and place not in governed
        result.append(span.taken_as(Role.CONTENT) if alone else span)
    return result


def governors(text: str, spans: Sequence[Span], insets: Sequence[Inset] = ()) -> list[Sequence[int]]:
    """Return for every content, head or bound span, in order, the places among those of the words it is bound to.

    A bound word governs what follows it in its clause, an answer such as "No," the rest of its sentence up to the
    next answer; where nothing follows, what stands just before it.
    """
    clauses = _Clauses(text, spans, insets)
    above: dict[int, list[int]] = {}
    for place, governed in clauses.governed():
        for other in governed:
            above.setdefault(other, []).append(place)
    for places in above.values():
        places.reverse()
    return [above.get(place, ()) for place in range(len(clauses.shown))]


class _Clauses:
    """The pieces of a text with where its clauses, sentences and lines end."""

    def __init__(self, text: str, spans: Sequence[Span], insets: Sequence[Inset]) -> None:
        self.text = text
        self.shown: list[Span] = []
        self.sentence: list[int] = []
        sentence = 0
        inner = _inside(spans, insets)
        for span, inset in zip(spans, inner, strict=True):
            if span.role in SHOWN:
                sentence += inset
                self.shown.append(span)
                self.sentence.append(sentence)
                sentence += inset or span.role is Role.HEAD
            elif span.role is Role.END or (span.role is Role.BREAK and self._stops(span)) or span.role is Role.LEAD:
                sentence += 1

    def _stops(self, span: Span) -> bool:
        return span.of(self.text).count("\n") > 1

    def governed(self) -> Iterator[tuple[int, list[int]]]:
        """Yield the place of every bound word, last to first, with the places of the content that it governs.

        A bound word that another one follows governs what that one does, so that no stretch is walked twice.
        """
        after = -1
        ahead: list[int] = []
        for place in range(len(self.shown) - 1, -1, -1):
            if self.shown[place].role is Role.BOUND:
                ahead = ahead if after == place + 1 and self._shares(place) else self._ahead(place)
                after = place
                yield place, ahead or self._behind(place)

    def _shares(self, place: int) -> bool:
        """Tell whether the one at `place` governs what the next bound word does: that of the same clause."""
        if self.sentence[place + 1] != self.sentence[place]:
            return False
        answer = self._answers(place)
        return answer == self._answers(place + 1) and (answer or not self._ends_clause(place))

    def _ahead(self, place: int) -> list[int]:
        """Return the content after `place`: to the end of the clause, or of the sentence or the next answer."""
        answer = self._answers(place)
        found: list[int] = []
        at = place
        while at + 1 < len(self.shown) and self.sentence[at + 1] == self.sentence[place]:
            if not answer and (len(found) == REACH or self._ends_clause(at)):
                break
            at += 1
            if self.shown[at].role is Role.CONTENT:
                found.append(at)
            elif answer and self._answers(at):
                break
        return found

    def _answers(self, place: int) -> bool:
        return _ANSWERS.match(self.shown[place].of(self.text)) is not None

    def _ends_clause(self, place: int) -> bool:
        span = self.shown[place]
        return _CLAUSE_ENDS.search(self.text, max(span.start, span.end - LONGEST_MARK), span.end) is not None

    def _behind(self, place: int) -> list[int]:
        first = max(0, place - BEHIND)
        return [
            at
            for at in range(first, place)
            if self.shown[at].role is Role.CONTENT and self.sentence[at] == self.sentence[place]
        ]


def _inside(spans: Sequence[Span], insets: Sequence[Inset]) -> Iterable[bool]:
    """Return of every span whether it lies in one of the `insets`."""
    if not insets:
        return repeat(False, len(spans))
    result, at = [], 0
    for span in spans:
        while at < len(insets) and span.start >= insets[at].end:
            at += 1
        result.append(at < len(insets) and span.start >= insets[at].start)
    return result
