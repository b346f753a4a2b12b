"""A piece of code inside a text: its statements, of which what is left still parses."""

from __future__ import annotations

from collections.abc import Sequence

from ctxzip.code.check import parses
from ctxzip.code.chunks import chunks_of
from ctxzip.code.languages import Language
from ctxzip.code.layout import CodeLayout, Outline
from ctxzip.code.parse import tree_of
from ctxzip.code.worth import structure
from ctxzip.text import Span

OWN = 0.6
"""How much of a line's worth is its place in the code; the rest is what the compressor says of its words."""


class Statements:
    """The statements of a piece of code, shown as code again."""

    kind = "code"

    def __init__(self, text: str, span: Span, language: Language) -> None:
        """Cut `span` of `text`, which parses as `language`."""
        self.text = text
        self.start, self.end = span.start, span.end
        outline = Outline(*tree_of(span.of(text), language), language)
        self._layout = CodeLayout(outline, outline.spans())
        self.content: list[Span] = [Span(s.start + span.start, s.end + span.start) for s in self._layout.content]

    def alone(self) -> list[str]:
        """Return the slices themselves."""
        return [span.of(self.text) for span in self.content]

    def worth(self, scores: Sequence[float]) -> list[float]:
        """Return a mixture of what lines are worth by their place in the code, and of `scores`."""
        outline = self._layout.outline
        own = structure(outline, chunks_of(outline))
        places = [sum(own[a:b]) / max(1, b - a) for a, b in self._layout.members]
        return [OWN * place + (1 - OWN) * score for place, score in zip(places, scores, strict=True)]

    def render(self, kept: Sequence[int]) -> str:
        """Return the code that the content `kept` leaves."""
        return self._layout.render(kept)

    def remark(self, kept: Sequence[int]) -> str:
        """Return that comments stand where statements were."""
        return "code: comments stand for what was left out" if len(kept) < len(self.content) else ""

    def fault(self, made: str) -> str:
        """Return whether `made` has a fault of syntax."""
        return "code does not parse" if parses(self._layout, made) is False else ""
