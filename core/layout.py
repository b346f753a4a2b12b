"""What a choice of spans looks like as text: the structure between kept spans follows from them."""

from __future__ import annotations

from collections.abc import Sequence

from ctxzip.text import Role, Span

ENOUGH_OF_A_SENTENCE = 3
"""Kept spans that earn a sentence its closing mark when the span before the mark is dropped."""


class Layout:
    """The spans of one text, arranged so that any choice of its content renders in time linear in the choice.

    Content is addressed by its ordinal among the content spans. Whatever `render` returns is a subsequence of
    the text: slices of it, in order.
    """

    def __init__(self, text: str, spans: Sequence[Span]) -> None:
        """Arrange `spans`, which tile `text`."""
        self.text = text
        self.content: list[Span] = []
        self._line: list[int] = []
        self._sentence: list[int] = []
        self._spaced: list[int] = []
        self._leads: dict[int, Span] = {}
        self._breaks: list[Span] = []
        self._ends: list[tuple[int, Span]] = []
        self._closing: Span | None = None
        for span in spans:
            self._place(span)
        if spans and spans[-1].role is Role.BREAK:
            self._closing = spans[-1]

    def _place(self, span: Span) -> None:
        if span.role is Role.CONTENT:
            ordinal = len(self.content)
            spaced = self.text[span.start].isspace()
            self._spaced.append(ordinal if spaced or not ordinal else self._spaced[-1])
            self._line.append(len(self._breaks))
            self._sentence.append(len(self._ends))
            self.content.append(span)
        elif span.role is Role.BREAK:
            if self.content:
                self._breaks.append(span)
        elif span.role is Role.LEAD:
            self._leads[len(self._breaks)] = span
        else:
            self._ends.append((len(self.content) - 1, span))

    def render(self, kept: Sequence[int]) -> str:
        """Return the text that the content `kept` (ordinals, ascending) leaves, with the structure it needs."""
        parts: list[str] = []
        previous = -1
        in_sentence = 0
        for ordinal in kept:
            if previous >= 0:
                if self._sentence[ordinal] != self._sentence[previous]:
                    parts.append(self._end_after(previous, in_sentence))
                    in_sentence = 0
                if self._line[ordinal] != self._line[previous]:
                    parts.append(self._break_between(previous, ordinal))
            parts.append(self._slice(previous, ordinal))
            previous = ordinal
            in_sentence += 1
        if previous >= 0:
            parts.append(self._end_after(previous, in_sentence))
            parts.append(self._closing.of(self.text) if self._closing else "")
        return "".join(parts)

    def _slice(self, previous: int, ordinal: int) -> str:
        """Return the content with what sets it off from the content kept before it."""
        body = self.content[ordinal].of(self.text).lstrip()
        if previous < 0 or self._line[ordinal] != self._line[previous]:
            lead = self._leads.get(self._line[ordinal])
            return lead.of(self.text) + body if lead else body
        spaced = self._spaced[ordinal]
        if spaced <= previous:
            return body
        slice_ = self.content[spaced].of(self.text)
        return slice_[: len(slice_) - len(slice_.lstrip())] + body

    def _end_after(self, last: int, in_sentence: int) -> str:
        """Return the closing mark of the sentence whose last kept content is `last`."""
        sentence = self._sentence[last]
        if sentence >= len(self._ends):
            return ""
        before, span = self._ends[sentence]
        return span.of(self.text) if before == last or in_sentence >= ENOUGH_OF_A_SENTENCE else ""

    def _break_between(self, previous: int, ordinal: int) -> str:
        """Return the deeper of the first and the last break between two kept contents."""
        first = self._breaks[self._line[previous]].of(self.text)
        last = self._breaks[self._line[ordinal] - 1].of(self.text)
        return last if last.count("\n") > first.count("\n") else first
