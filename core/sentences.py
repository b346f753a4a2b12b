"""Sentences that tile a text: Punkt's way with abbreviations, and rules for what prose is mixed with.

Bullet lists, headings, tables, code fences, speaker turns, hard-wrapped paragraphs and scripts without spaces are
told apart line by line; only then are the paragraphs cut into sentences. Everything is one pass over the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from ctxzip.abbreviations import ABBREVIATIONS, STARTERS, TITLES
from ctxzip.segment import lines
from ctxzip.text import Role, Span

LONGEST = 1200
"""Characters after which a run of text without a sentence mark is cut at a word all the same."""
WRAPPED = 50
"""Characters from which a line without a closing mark is taken to go on in the next one."""
LONGEST_HEADING = 100

_MARK = re.compile(
    r"""(?P<mark>[.!?…‼⁇⁈⁉]+)[\"'”’)\]*_»]*(?:\[\d{1,3}\])*(?=\s|\Z|[「『（])
      | (?P<cjk>[。！？｡]+[」』”’）]*)
      | (?<=[a-z]{2}[.?!])(?=[A-Z][a-z])""",
    re.VERBOSE,
)
_LAST_WORD = re.compile(r"[^\W_]+(?:[.'’-][^\W_]+)*\.?\Z")
_NEXT = re.compile(r"\s*(?P<open>[\"'“‘(\[*_#>«¿¡-]*)(?P<word>[^\W_]+|\S)?")
_LETTER = re.compile(r"[^\W\d_]")
_CUT = re.compile(r"(?:[;:,]|\s[–—-])\s+|\s+")

_FENCE = re.compile(r"(?P<mark>`{3,}|~{3,})")
_RULE = re.compile(r"(?:-\s*){3,}|(?:\*\s*){3,}|(?:_\s*){3,}|(?:=\s*){3,}")
_ITEM = re.compile(r"[-*+•‣◦–]|\d{1,3}[.)]")
_PASSAGE = re.compile(
    r"==> .{1,200} <==|(?:<doc(?:ument)?\b[^<>\n]{0,200}>)"
    r"|[\[(]?(?:passage|document|doc|context|source|chunk|result|snippet|text)\s*[#:]?\s*\[?\d{1,4}\]?[\])]?"
    r"(?:\s*\(title:[^\n]{0,200}\)|:\s*[^.!?\n]{0,100})?:?",
    re.IGNORECASE,
)
_CITED = re.compile(r"\[\d{1,4}\](?=\s)")
_SPEAKER = re.compile(
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
class _Line:
    """A line: its marker or indentation, its body, and the white space after it."""

    lead: Span | None
    body: Span
    gap: Span | None
    kind: Kind

    @property
    def start(self) -> int:
        return self.lead.start if self.lead else self.body.start

    def glued(self, text: str) -> bool:
        """Tell whether the next line follows without a blank one."""
        return self.gap is not None and self.gap.of(text).count("\n") == 1


def sentences(text: str) -> list[Span]:
    """Return spans that tile `text`: sentences, the structure between them, and what introduces them.

    A sentence is a content span with the space before it; headings, table headers, speakers and passage markers
    are `Role.HEAD`. List items, table rows and lines of code are pieces of their own.
    """
    opening, rows = _read(text)
    spans = [opening] if opening else []
    lower = _is_case_poor(text)
    at = 0
    while at < len(rows):
        size = _paragraph(text, rows, at)
        block = rows[at : at + size]
        kind = block[0].kind
        if kind is Kind.RULE:
            _add_break(spans, Span(block[0].start, (block[0].gap or block[0].body).end, Role.BREAK))
        elif kind is Kind.HEADING or _heads_table(text, rows, at):
            spans.append(Span(block[0].start, block[-1].body.end, Role.HEAD))
            _add_gap(spans, block[-1].gap)
        elif kind in (Kind.TABLE, Kind.VERBATIM):
            _add_lead(spans, block[0].lead)
            spans.append(block[0].body)
            _add_gap(spans, block[0].gap)
        else:
            spans.extend(_prose(text, block, lower))
        at += size
    return spans


def _add_break(spans: list[Span], gap: Span) -> None:
    """Append a break, as one with a break just before it."""
    if spans and spans[-1].role is Role.BREAK:
        gap = Span(spans.pop().start, gap.end, Role.BREAK)
    spans.append(gap)


def _add_gap(spans: list[Span], gap: Span | None) -> None:
    if gap:
        _add_break(spans, gap)


def _add_lead(spans: list[Span], lead: Span | None) -> None:
    if lead:
        spans.append(lead)


def _read(text: str) -> tuple[Span | None, list[_Line]]:
    """Return the blank space before the first line, and every line with its kind."""
    opening: Span | None = None
    rows: list[_Line] = []
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
        rows.append(_Line(lead, body, gap, kind))
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


def _with_headings(text: str, rows: list[_Line]) -> list[_Line]:
    """Return `rows` with plain headings, underlined ones and passage markers found."""
    result = []
    for at, row in enumerate(rows):
        first = at == 0 or not rows[at - 1].glued(text) or rows[at - 1].kind in (Kind.RULE, Kind.HEADING)
        if row.kind is Kind.PROSE and _is_heading(text, rows, at, first=first):
            row = _Line(row.lead, row.body, row.gap, Kind.HEADING)  # noqa: PLW2901
        result.append(row)
    return result


def _is_heading(text: str, rows: Sequence[_Line], at: int, *, first: bool) -> bool:
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


def _introduces(text: str, row: _Line, following: _Line) -> bool:
    """Tell whether a short line without a closing mark stands over prose longer than itself."""
    body, below = row.body.of(text), following.body.of(text)
    if not body[0].isupper() and not body[0].isdigit() and body[0] not in "*\"'“" and not _LETTER.match(body[0]):
        return False
    if _SPEAKER.match(body) or below[0].islower() or len(body.split()) > 14:
        return False
    return len(below) > 1.5 * len(body) and (len(below) >= WRAPPED or below[-1] in ".!?:…。！？")


def _heads_table(text: str, rows: Sequence[_Line], at: int) -> bool:
    """Tell whether the row `at` is the header of a table."""
    if rows[at].kind is not Kind.TABLE or at + 1 == len(rows) or rows[at + 1].kind is not Kind.TABLE:
        return False
    return at == 0 or rows[at - 1].kind is not Kind.TABLE or not rows[at - 1].glued(text)


def _paragraph(text: str, rows: Sequence[_Line], at: int) -> int:
    """Return how many lines from `at` on belong together: a wrapped paragraph, a heading and its underline."""
    row = rows[at]
    if row.kind is Kind.HEADING:
        underlined = at + 1 < len(rows) and rows[at + 1].kind is Kind.RULE and row.glued(text)
        return 2 if underlined and text[rows[at + 1].body.start] in "=-" else 1
    if row.kind is Kind.TABLE and _heads_table(text, rows, at):
        ruled = at + 1 < len(rows) and not set(rows[at + 1].body.of(text)) - set("|-: \t")
        return 2 if ruled else 1
    if row.kind not in (Kind.PROSE, Kind.ITEM):
        return 1
    size = 1
    while at + size < len(rows) and _goes_on(text, rows[at + size - 1], rows[at + size]):
        size += 1
    return size


def _goes_on(text: str, row: _Line, following: _Line) -> bool:
    """Tell whether `following` is the same paragraph as `row`, wrapped."""
    if following.kind is not Kind.PROSE or not row.glued(text):
        return False
    length = row.body.end - row.start
    below = text[following.body.start]
    if _SPEAKER.match(text, following.body.start, following.body.end):
        return False
    return length >= WRAPPED or (length >= WRAPPED // 2 and below.islower())


def _prose(text: str, block: Sequence[_Line], lower: bool) -> Iterator[Span]:
    """Yield the spans of a paragraph of one or more lines."""
    if block[0].lead:
        yield block[0].lead
    start = block[0].body.start
    end = block[-1].body.end
    gaps = {row.gap.start: row.gap for row in block[:-1] if row.gap}
    leads = {row.lead.start: row.lead for row in block[1:] if row.lead}
    cuts = list(_cuts(text, start, end, lower))
    label = _SPEAKER.match(text, start, end) or _CITED.match(text, start, end)
    if label and len(cuts) > 1 and label.end() < cuts[0]:
        yield Span(start, label.end(), Role.HEAD)
        start = label.end()
    for cut in cuts:
        yield Span(start, cut)
        start = cut
        gap = gaps.get(cut)
        if gap:
            yield gap
            start = gap.end
            lead = leads.get(start)
            if lead:
                yield lead
                start = lead.end
    if block[-1].gap:
        yield block[-1].gap


def _cuts(text: str, start: int, end: int, lower: bool) -> Iterator[int]:
    """Yield where the sentences of the paragraph `start`–`end` end; the last one ends at `end`."""
    for match in _MARK.finditer(text, start, end):
        stop = match.end()
        if stop == end:
            break
        if stop <= start or not (match["cjk"] or not match["mark"] or _ends(text, start, match, lower)):
            continue
        yield from _shorter(text, start, stop)
        start = stop
    if start < end:
        yield from _shorter(text, start, end)


def _shorter(text: str, start: int, end: int) -> Iterator[int]:
    """Yield `end`, and before it the places where a run too long for a sentence is cut."""
    while end - start > LONGEST:
        cuts = [m.start() + len(m.group().rstrip()) for m in _CUT.finditer(text, start + LONGEST // 2, start + LONGEST)]
        marked = [cut for cut in cuts if not text[cut - 1].isalnum()]
        cut = (marked or cuts or [start + LONGEST])[-1]
        yield cut
        start = cut
    yield end


def _ends(text: str, start: int, match: re.Match[str], lower: bool) -> bool:
    """Tell whether the mark `match` ends the sentence that began at `start`."""
    following = _NEXT.match(text, match.end())
    word = (following["word"] or "") if following else ""
    mark = match["mark"]
    if mark != ".":
        return lower or not word[:1].islower()
    before = text[max(start, match.start() - 40) : match.start()]
    if not _LETTER.search(text, start, match.start()):
        return False
    last = _LAST_WORD.search(before)
    if last and _is_abbreviation(last.group(), before, word):
        return False
    return lower or not word[:1].islower()


def _is_abbreviation(last: str, before: str, word: str) -> bool:
    """Tell whether the period after the word `last` belongs to it and ends no sentence before `word`."""
    plain = last.lower()
    starts = word[:1].isupper() and word.lower() in STARTERS
    if plain in TITLES:
        return plain not in ("no", "art", "fr", "ex", "st", "ch", "app", "tab", "sec", "v") or _binds(plain, word)
    if len(plain) == 1 and plain.isalpha():
        return not starts and (last.isupper() or plain in "pvcn")
    dotted = "." in plain and all(len(part) <= 2 for part in plain.split("."))
    return (dotted or plain in ABBREVIATIONS) and not starts


def _binds(plain: str, word: str) -> bool:
    """Tell whether `word` can follow an abbreviation that is also a word or a name's part."""
    if plain == "st":
        return word[:1].isupper() and word.lower() not in STARTERS
    return word[:1].isdigit()


def _is_case_poor(text: str) -> bool:
    """Tell whether sentences start in lower case here, as in chats and old transcripts."""
    found = re.findall(r"[^\W\d_]{3}[.?!]\s+([^\W\d_])", text[:20_000])
    return len(found) > 3 and sum(letter.islower() for letter in found) > 0.6 * len(found)
