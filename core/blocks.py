"""What the lines of a text are: prose, list items, headings, table rows, code; and which belong together."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from ctxzip.segment import lines
from ctxzip.text import Span

WRAPPED = 50
"""Characters from which a line without a closing mark is taken to go on in the next one."""
LONGEST_HEADING = 100

_LETTER = re.compile(r"[^\W\d_]")
_FENCE = re.compile(r"(?P<mark>`{3,}|~{3,})")
_RULE = re.compile(r"(?:-\s*){3,}|(?:\*\s*){3,}|(?:_\s*){3,}|(?:=\s*){3,}")
_ITEM = re.compile(r"[-*+•‣◦–]|\d{1,3}[.)]")
_PASSAGE = re.compile(
    r"==> .{1,200} <==|(?:<doc(?:ument)?\b[^<>\n]{0,200}>)"
    r"|[\[(]?(?:passage|document|doc|context|source|chunk|result|snippet|text)\s*[#:]?\s*\[?\d{1,4}\]?[\])]?"
    r"(?:\s*\(title:[^\n]{0,200}\)|:\s*[^.!?\n]{0,100})?:?",
    re.IGNORECASE,
)
SPEAKER = re.compile(
    r"(?:\*\*)?(?:\[[\d:.]+\]\s*)?[A-Z][\w.'’-]*(?: [A-Z0-9][\w.'’-]*){0,3}(?:\s?\([^()\n]{1,40}\))?:(?:\*\*)?(?=\s+\S)"
)


class Kind(Enum):
    """What a line is."""

    PROSE = "prose"
    ITEM = "item"
    HEADING = "heading"
    TABLE = "table"
    VERBATIM = "verbatim"
    RULE = "rule"


@dataclass(frozen=True, slots=True)
class Line:
    """A line: its marker or indentation, its body, and the white space after it."""

    lead: Span | None
    body: Span
    gap: Span | None
    kind: Kind

    @property
    def start(self) -> int:
        """Where the line begins, its marker included."""
        return self.lead.start if self.lead else self.body.start

    def glued(self, text: str) -> bool:
        """Tell whether the next line follows without a blank one."""
        return self.gap is not None and self.gap.of(text).count("\n") == 1


def read(text: str) -> tuple[Span | None, list[Line]]:
    """Return the blank space before the first line, and every line with its kind."""
    opening: Span | None = None
    rows: list[Line] = []
    fence = ""
    for lead, body, gap in lines(text):
        if body is None:
            opening = gap
            continue
        mark = _FENCE.match(text, body.start, body.end)
        if fence or mark:
            kind = Kind.VERBATIM
            if fence and mark and mark["mark"].startswith(fence):
                fence = ""
            elif not fence and mark:
                fence = mark["mark"]
        else:
            kind = _kind(text, lead, body)
        rows.append(Line(lead, body, gap, kind))
    return opening, _with_headings(text, rows)


def _kind(text: str, lead: Span | None, body: Span) -> Kind:
    marker = lead.of(text).strip() if lead else ""
    if marker.startswith("#"):
        return Kind.HEADING
    if _RULE.fullmatch(text, body.start, body.end):
        return Kind.RULE
    if _ITEM.match(marker):
        return Kind.ITEM
    if text[body.start] == "|":
        return Kind.TABLE
    return Kind.PROSE


def _with_headings(text: str, rows: list[Line]) -> list[Line]:
    """Return `rows` with plain headings, underlined ones and passage markers found."""
    result = []
    for at, row in enumerate(rows):
        first = at == 0 or not rows[at - 1].glued(text) or rows[at - 1].kind in (Kind.RULE, Kind.HEADING)
        if row.kind is Kind.PROSE and _is_heading(text, rows, at, first=first):
            row = Line(row.lead, row.body, row.gap, Kind.HEADING)  # noqa: PLW2901
        result.append(row)
    return result


def _is_heading(text: str, rows: Sequence[Line], at: int, *, first: bool) -> bool:
    """Tell whether the prose line `at` introduces what follows it; `first` in its block."""
    row = rows[at]
    body = row.body.of(text)
    if _PASSAGE.fullmatch(body):
        return True
    if at + 1 == len(rows) or len(body) > LONGEST_HEADING:
        return False
    following = rows[at + 1]
    if body.endswith(":"):
        return following.kind in (Kind.ITEM, Kind.TABLE, Kind.VERBATIM)
    if following.kind is Kind.RULE and row.glued(text) and text[following.body.start] in "=-":
        return True
    if not first or following.kind is not Kind.PROSE or body[-1] in ".!?…,;。！？」":
        return False
    return _introduces(text, row, following)


def _introduces(text: str, row: Line, following: Line) -> bool:
    """Tell whether a short line without a closing mark stands over prose longer than itself."""
    body, below = row.body.of(text), following.body.of(text)
    if not body[0].isupper() and not body[0].isdigit() and body[0] not in "*\"'“" and not _LETTER.match(body[0]):
        return False
    if SPEAKER.match(body) or below[0].islower() or len(body.split()) > 14:
        return False
    return len(below) > 1.5 * len(body) and (len(below) >= WRAPPED or below[-1] in ".!?:…。！？")


def heads_table(text: str, rows: Sequence[Line], at: int) -> bool:
    """Tell whether the row `at` is the header of a table."""
    if rows[at].kind is not Kind.TABLE or at + 1 == len(rows) or rows[at + 1].kind is not Kind.TABLE:
        return False
    return at == 0 or rows[at - 1].kind is not Kind.TABLE or not rows[at - 1].glued(text)


def paragraph(text: str, rows: Sequence[Line], at: int) -> int:
    """Return how many lines from `at` on belong together: a wrapped paragraph, a heading and its underline."""
    row = rows[at]
    if row.kind is Kind.HEADING:
        underlined = at + 1 < len(rows) and rows[at + 1].kind is Kind.RULE and row.glued(text)
        return 2 if underlined and text[rows[at + 1].body.start] in "=-" else 1
    if row.kind is Kind.TABLE and heads_table(text, rows, at):
        ruled = at + 1 < len(rows) and not set(rows[at + 1].body.of(text)) - set("|-: \t")
        return 2 if ruled else 1
    if row.kind not in (Kind.PROSE, Kind.ITEM):
        return 1
    size = 1
    while at + size < len(rows) and _goes_on(text, rows[at + size - 1], rows[at + size]):
        size += 1
    return size


def _goes_on(text: str, row: Line, following: Line) -> bool:
    """Tell whether `following` is the same paragraph as `row`, wrapped."""
    if following.kind is not Kind.PROSE or not row.glued(text):
        return False
    length = row.body.end - row.start
    below = text[following.body.start]
    if SPEAKER.match(text, following.body.start, following.body.end):
        return False
    return length >= WRAPPED or (length >= WRAPPED // 2 and below.islower())
