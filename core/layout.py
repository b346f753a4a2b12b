"""What a choice of spans looks like as text: the structure between kept spans follows from them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, repeat

from ctxzip.protocols import Inset
from ctxzip.text import Role, Span

SHOWN = (Role.CONTENT, Role.HEAD, Role.BOUND)
"""Roles of spans that show by themselves or as a companion."""
ENOUGH_OF_A_SENTENCE = 3
"""Kept spans that earn a sentence its closing mark when the span before the mark is dropped."""


@dataclass(frozen=True, slots=True)
class _End:
    """The closing mark of a sentence, the content it stands after, and its line."""

    span: Span
    after: int
    line: int


@dataclass(slots=True)
class _Shown:
    """An inset, the ordinal of its first content, and what it showed last."""

    inset: Inset
    first: int = -1
    memory: tuple[tuple[int, ...], str] | None = None

    def render(self, kept: Sequence[int]) -> str:
        """Return what the inset shows of the content `kept`, ordinals of the layout around it."""
        key = tuple(ordinal - self.first for ordinal in kept)
        if self.memory is None or self.memory[0] != key:
            self.memory = (key, self.inset.render(key))
        return self.memory[1]


class Layout:
    """The spans of one text, arranged so that any choice of its content renders in time linear in the choice.

    Content is what has a role in `SHOWN`, addressed by its ordinal among such spans. Whatever `render` returns is a
    subsequence of the text: slices of it, in order.
    """

    def __init__(self, text: str, spans: Sequence[Span], insets: Sequence[Inset] = ()) -> None:
        """Arrange `spans`, which tile `text`; each of the `insets`, in order, shows its own stretch of it."""
        self.text = text
        self.content: list[Span] = []
        self._line: list[int] = []
        self._sentence: list[int] = []
        self._leads: dict[int, Span] = {}
        self._breaks: list[Span] = []
        self._ends: list[_End] = []
        self._closing: Span | None = None
        self._insets = [_Shown(inset) for inset in insets]
        self._inset: dict[int, _Shown] = {}
        self._memory: tuple[list[int], str] | None = None
        coming = iter([*self._insets, None])
        shown = next(coming)
        for span in spans:
            while shown and span.start >= shown.inset.end:
                shown = next(coming)
            inside = shown if shown and span.start >= shown.inset.start else None
            if span.role in SHOWN:
                if inside:
                    inside.first = len(self.content) if inside.first < 0 else inside.first
                    self._inset[len(self.content)] = inside
                self.content.append(span)
            elif not inside:
                self._locate()
                self._frame(span)
        self._locate()
        self._slices = [text[span.start : span.end] for span in self.content]
        spaced = [at if slice_[:1].isspace() else 0 for at, slice_ in enumerate(self._slices)]
        self._spaced = list(accumulate(spaced, max))
        """The last content, from each one backwards, that begins with white space."""
        if spans and spans[-1].role is Role.BREAK:
            self._closing = spans[-1]

    def _locate(self) -> None:
        """Note of the content that came since the last time in which line and sentence it stands."""
        new = len(self.content) - len(self._line)
        self._line += [len(self._breaks)] * new
        self._sentence += [len(self._ends)] * new

    def _frame(self, span: Span) -> None:
        if span.role is Role.BREAK:
            if self.content:
                self._breaks.append(span)
        elif span.role is Role.LEAD:
            self._leads[len(self._breaks)] = span
        else:
            self._ends.append(_End(span, len(self.content) - 1, len(self._breaks)))

    def render(self, kept: Sequence[int]) -> str:
        """Return the text that the content `kept` (ordinals, ascending) leaves, with the structure it needs."""
        own = list(kept)
        if self._memory is None or self._memory[0] != own:
            self._memory = (own, "".join(self._parts(own)))
        return self._memory[1]

    def _parts(self, kept: Sequence[int]) -> list[str]:
        """Return what stands one after the other in the text that `kept` leaves."""
        parts: list[str] = []
        previous = spaced_after = -1
        in_sentence = 0
        line = sentence = -1
        slices, lines, sentences, spaced = self._slices, self._line, self._sentence, self._spaced
        for ordinal, last_of_chunk, chunk in self._chunks(kept):
            if lines[ordinal] == line and sentences[ordinal] == sentence and chunk is None:
                own = spaced[ordinal] == ordinal
                parts.append(slices[ordinal] if own else self._space(previous, ordinal) + slices[ordinal])
                previous = ordinal
                in_sentence += 1
                continue
            if previous >= 0:
                mark = self._mark_between(previous, ordinal, in_sentence)
                last = self._ends[self._sentence[previous]] if mark else None
                parts += [mark, self._break(last.line if last else line, lines[ordinal])]
                spaced_after = last.after if last else previous
                in_sentence *= sentences[ordinal] == sentence
            first = lines[ordinal] != line
            parts.append(self._opening(ordinal) if first else self._space(spaced_after, ordinal))
            parts.append(slices[ordinal].lstrip() if chunk is None else chunk)
            previous = last_of_chunk
            line, sentence = lines[previous], sentences[previous]
            in_sentence = in_sentence + 1 if chunk is None else 0
        if previous >= 0:
            parts.append(self._mark_after(previous, in_sentence))
            parts.append(self._closing.of(self.text) if self._closing else "")
        return parts

    def _chunks(self, kept: Sequence[int]) -> Iterable[tuple[int, int, str | None]]:
        """Return what is shown in one go: its first and last ordinal, and its text where an inset shows it."""
        if not self._inset:
            return zip(kept, kept, repeat(None), strict=False)
        chunks: list[tuple[int, int, str | None]] = []
        at = 0
        while at < len(kept):
            shown = self._inset.get(kept[at])
            stop = at + 1
            while shown and stop < len(kept) and self._inset.get(kept[stop]) is shown:
                stop += 1
            chunks.append((kept[at], kept[stop - 1], shown.render(kept[at:stop]) if shown else None))
            at = stop
        return chunks

    def _mark_between(self, previous: int, ordinal: int, in_sentence: int) -> str:
        """Return the mark of the sentence that ends between two contents kept one after the other, if it shows."""
        if self._sentence[ordinal] == self._sentence[previous]:
            return ""
        line = self._ends[self._sentence[previous]].line
        fits = line == self._line[previous] or line < self._line[ordinal]
        return self._mark_after(previous, in_sentence) if fits else ""

    def _mark_after(self, last: int, in_sentence: int) -> str:
        """Return the closing mark of the sentence whose last kept content is `last`."""
        sentence = self._sentence[last]
        if sentence >= len(self._ends):
            return ""
        end = self._ends[sentence]
        return end.span.of(self.text) if end.after == last or in_sentence >= ENOUGH_OF_A_SENTENCE else ""

    def _break(self, start: int, stop: int) -> str:
        """Return the deeper of the first and the last break between the lines `start` and `stop`."""
        if start == stop:
            return ""
        first = self._breaks[start].of(self.text)
        last = self._breaks[stop - 1].of(self.text)
        return last if last.count("\n") > first.count("\n") else first

    def _opening(self, ordinal: int) -> str:
        """Return the marker and indentation of the line that `ordinal` is the first to be kept of."""
        lead = self._leads.get(self._line[ordinal])
        return lead.of(self.text) if lead else ""

    def _space(self, after: int, ordinal: int) -> str:
        """Return the last white space before a content that follows others on its line, looking back to `after`."""
        spaced = self._spaced[ordinal]
        if spaced <= after:
            return ""
        slice_ = self._slices[spaced]
        return slice_[: len(slice_) - len(slice_.lstrip())]
