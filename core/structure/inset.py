"""What the insets of all kinds share: one piece, lines as pieces, and fences around another inset."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ctxzip.protocols import Inset
from ctxzip.text import Span

ALARM = re.compile(
    r"error|fail|fatal|panic|exception|traceback|critical|crash|denied|refused|timed? ?out|severe|abort|corrupt|killed"
    r"|\boom\b|\balert\b|\bunauthori[sz]ed\b|\binvalid\b",
    re.IGNORECASE,
)
"""Words of what went wrong: such records and lines are the first to stay."""
HARMLESS = re.compile(
    r"\b(?:no|0|without|zero)\s+(?:error|fail|exception)\w*|\b(?:error|fail)\w*[\"']?\s*[:=]\s*[\"']?"
    r"(?:0|none|null|false|nil)\b",
    re.IGNORECASE,
)
"""Such words where they say that nothing went wrong."""


def alarming(text: str) -> bool:
    """Tell whether `text` speaks of something that went wrong."""
    return bool(ALARM.search(text)) and bool(ALARM.search(HARMLESS.sub("", text)))


class Whole:
    """A stretch that is kept whole or dropped whole."""

    def __init__(self, text: str, span: Span, kind: str) -> None:
        """Take `span` of `text` as one piece."""
        self.text = text
        self.kind = kind
        self.start, self.end = span.start, span.end
        self.content: list[Span] = [Span(span.start, span.end)] if span.end > span.start else []

    def alone(self) -> list[str]:
        """Return the slices themselves."""
        return [span.of(self.text) for span in self.content]

    def worth(self, scores: Sequence[float]) -> list[float]:
        """Return the compressor's own scores."""
        return list(scores)

    def render(self, kept: Sequence[int]) -> str:
        """Return the stretch."""
        return self.text[self.start : self.end]

    def remark(self, kept: Sequence[int]) -> str:
        """Return nothing: slices were kept as they are."""
        return ""

    def fault(self, made: str) -> str:
        """Return that nothing is wrong with what was not cut."""
        return ""


class Lines(Whole):
    """A stretch of which every line is a piece: for what no parser reads but must keep some of its lines."""

    def __init__(self, text: str, span: Span, kind: str) -> None:
        """Cut `span` of `text` at its line ends."""
        super().__init__(text, span, kind)
        self.content = line_spans(text, span)

    def render(self, kept: Sequence[int]) -> str:
        """Return the lines `kept`."""
        made = "".join(self.content[at].of(self.text) for at in kept)
        return made if made.endswith("\n") and self.text[self.end - 1] == "\n" else made.rstrip("\r\n")


def line_spans(text: str, span: Span) -> list[Span]:
    """Return the lines of `span`, each with its line break; blank lines go with the line before them."""
    spans: list[Span] = []
    at = span.start
    while at < span.end:
        newline = text.find("\n", at, span.end)
        stop = newline + 1 if newline >= 0 else span.end
        if spans and not text[at:stop].strip():
            spans[-1] = Span(spans[-1].start, stop)
        else:
            spans.append(Span(at, stop))
        at = stop
    return spans


class Fenced:
    """An inset between fences; where the fences are pieces of their own they can be asked to stay in any case."""

    def __init__(self, text: str, inner: Inset, place: Span, *, pinned: bool) -> None:
        """Put the fences at the ends of `place` around `inner`; `pinned` makes them pieces."""
        self.kind = inner.kind
        self.inner = inner
        self.start, self.end = place.start, place.end
        self._opening = text[place.start : inner.start]
        closing = text[inner.end : place.end]
        self._closing = closing.lstrip("\r\n")
        self._gap = closing[: len(closing) - len(self._closing)]
        self._pinned = pinned
        before = [Span(place.start, inner.start)] if pinned else []
        closes = place.end - len(self._closing)
        after = [Span(closes, place.end)] if pinned and closes < place.end else []
        self.content: list[Span] = [*before, *inner.content, *after]
        self._first = len(before)

    def _inner(self, kept: Sequence[int]) -> list[int]:
        last = self._first + len(self.inner.content)
        return [at - self._first for at in kept if self._first <= at < last]

    def alone(self) -> list[str]:
        """Return the fences that are pieces, and what stands between them piece by piece."""
        last = [self._closing] if len(self.content) > self._first + len(self.inner.content) else []
        return [*[self._opening] * self._first, *self.inner.alone(), *last]

    def worth(self, scores: Sequence[float]) -> list[float]:
        """Return what the pieces between the fences are worth, and 1 for fences that are pieces."""
        last = self._first + len(self.inner.content)
        return [*[1.0] * self._first, *self.inner.worth(scores[self._first : last]), *[1.0] * (len(scores) - last)]

    def render(self, kept: Sequence[int]) -> str:
        """Return what is kept between its fences."""
        inside = self._inner(kept)
        body = self.inner.render(inside) if inside else ""
        gap = self._gap if body and not body.endswith("\n") else ""
        return f"{self._opening}{body}{gap}{self._closing}"

    def remark(self, kept: Sequence[int]) -> str:
        """Return what there is to say of what stands between the fences."""
        inside = self._inner(kept)
        return self.inner.remark(inside) if inside else ""

    def fault(self, made: str) -> str:
        """Return what is wrong between the fences."""
        body = made.removeprefix(self._opening).removesuffix(self._closing)
        return self.inner.fault(body) if body.strip() else ""
