"""Tables: Markdown's pipe tables and CSV; whatever row is kept, the header stands over it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ctxzip.protocols import Inset
from ctxzip.structure.inset import Whole, alarming, line_spans
from ctxzip.structure.kinds import Region
from ctxzip.text import Span

_DELIMITER = re.compile(r"^[^\S\n]*+\|?[^\S\n]*+:?-++:?[^\S\n]*+(?:\|[^\S\n]*+:?-*+:?[^\S\n]*+){0,500}$", re.MULTILINE)
FIRST_ROW = 0.1
"""What the first row of a table gains: it shows what the columns hold."""


def find(text: str) -> Iterator[Region]:
    """Yield the pipe tables: a header, a row of dashes, and the rows below, up to a line without a pipe."""
    if "|" not in text:
        return
    after = 0
    for rule in _DELIMITER.finditer(text):
        if "|" not in rule.group() or rule.start() == 0 or rule.start() < after:
            continue
        start = text.rfind("\n", 0, rule.start() - 1) + 1
        if "|" not in text[start : rule.start()] or start < after:
            continue
        end = _last_row(text, rule.end())
        yield Region("table", start, end, rule.end(), end, "|")
        after = end


def _last_row(text: str, at: int) -> int:
    end = at
    while at < len(text):
        newline = text.find("\n", at + 1)
        stop = newline if newline >= 0 else len(text)
        row = text[at + 1 : stop]
        if "|" not in row:
            break
        end = at + 1 + len(row.rstrip())
        at = stop
    return len(text[:end].rstrip()) if end else end


def inset(text: str, region: Region) -> Inset:
    """Return the rows of `region` under its header; a header alone is one piece."""
    if region.language == "|":
        rows = line_spans(text, Span(min(region.head + 1, region.end), region.end))
        head = Span(region.start, rows[0].start if rows else region.end)
    else:
        lines = line_spans(text, Span(region.head, region.head + len(text[region.head : region.tail].rstrip())))
        head, rows = (lines[0], lines[1:]) if lines else (Span(region.head, region.tail), [])
    broken = region.language != "|" and any(row.of(text).count('"') % 2 for row in rows)
    if not rows or broken:
        return Whole(text, Span(head.start, rows[-1].end if rows else head.end), "table")
    return Table(text, head, rows)


class Table:
    """Rows under a header."""

    kind = "table"

    def __init__(self, text: str, head: Span, rows: Sequence[Span]) -> None:
        """Take `head` for the header of `rows`."""
        self.text = text
        self._head = head.of(text)
        self.content: list[Span] = list(rows)
        self.start, self.end = head.start, rows[-1].end

    def alone(self) -> list[str]:
        """Return the slices themselves."""
        return [span.of(self.text) for span in self.content]

    def worth(self, scores: Sequence[float]) -> list[float]:
        """Return `scores`, rows that speak of failures first."""
        lifted = [0.5 + 0.5 * s if alarming(r.of(self.text)) else s for s, r in zip(scores, self.content, strict=True)]
        lifted[0] = min(1.0, lifted[0] + FIRST_ROW)
        return lifted

    def render(self, kept: Sequence[int]) -> str:
        """Return the rows `kept` under their header."""
        rows = "".join(self.content[at].of(self.text) for at in kept)
        return (self._head + rows).rstrip("\r\n")

    def remark(self, kept: Sequence[int]) -> str:
        """Return nothing: rows are dropped as prose is."""
        return ""

    def fault(self, made: str) -> str:
        """Return whether the header is missing."""
        return "" if made.startswith(self._head.rstrip("\r\n")) else "table without its header"
