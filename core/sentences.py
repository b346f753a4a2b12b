"""Sentences that tile a text: NLTK's Punkt for what a period means, and rules for what prose is mixed with.

Bullet lists, headings, tables, code fences, speaker turns, hard-wrapped paragraphs and scripts without spaces are
told apart line by line; only then are the paragraphs cut into sentences. Everything is one pass over the text.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from ctxzip.abbreviations import ABBREVIATIONS, NUMBERED, STARTERS, TITLES
from ctxzip.blocks import SPEAKER, Kind, Line, heads_table, paragraph, read
from ctxzip.text import Role, Span

if TYPE_CHECKING:
    from nltk.tokenize.punkt import PunktSentenceTokenizer

LONGEST = 1200
"""Characters after which a run of text without a sentence mark is cut at a word all the same."""

_MARK = re.compile(
    r"""(?P<mark>[.!?…‼⁇⁈⁉]+)[\"'”’)\]*_»]*(?:\[\d{1,3}\])*(?=\s|\Z|[「『（])
      | (?P<cjk>[。！？｡]+[」』”’）]*)
      | (?<=[a-z]{2}[.?!])(?=[A-Z][a-z])""",
    re.VERBOSE,
)
_PERIOD = re.compile(r"\.\S{0,3}\s")
_LONE_CAPITAL = re.compile(r"[a-z] [A-Z]\Z")
_NEXT = re.compile(r"\s*(?P<open>[\"'“‘(\[*_#>«¿¡-]*)(?P<word>[^\W_]+|\S)?")
_LETTER = re.compile(r"[^\W\d_]")
_CUT = re.compile(r"(?:[;:,]|\s[–—-])\s+|\s+")

_CITED = re.compile(r"\[\d{1,4}\](?=\s)")


def sentences(text: str) -> list[Span]:
    """Return spans that tile `text`: sentences, the structure between them, and what introduces them.

    A sentence is a content span with the space before it; headings, table headers, speakers and passage markers
    are `Role.HEAD`. List items, table rows and lines of code are pieces of their own.
    """
    return list(_sentences(text))


@lru_cache(maxsize=32)
def _sentences(text: str) -> tuple[Span, ...]:
    """Return `sentences`, remembered: several steps of a run, and the next query, ask for the same."""
    opening, rows = read(text)
    spans = [opening] if opening else []
    lower = _is_case_poor(text)
    at = 0
    while at < len(rows):
        size = paragraph(text, rows, at)
        block = rows[at : at + size]
        kind = block[0].kind
        if kind is Kind.RULE:
            _add_break(spans, Span(block[0].start, (block[0].gap or block[0].body).end, Role.BREAK))
        elif kind is Kind.HEADING or heads_table(text, rows, at):
            spans.append(Span(block[0].start, block[-1].body.end, Role.HEAD))
            _add_gap(spans, block[-1].gap)
        elif kind in (Kind.TABLE, Kind.VERBATIM):
            _add_lead(spans, block[0].lead)
            spans.append(block[0].body)
            _add_gap(spans, block[0].gap)
        else:
            spans.extend(_prose(text, block, lower))
        at += size
    return tuple(spans)


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


def _prose(text: str, block: Sequence[Line], lower: bool) -> Iterator[Span]:
    """Yield the spans of a paragraph of one or more lines."""
    if block[0].lead:
        yield block[0].lead
    start = block[0].body.start
    end = block[-1].body.end
    gaps = {row.gap.start: row.gap for row in block[:-1] if row.gap}
    leads = {row.lead.start: row.lead for row in block[1:] if row.lead}
    cuts = list(_cuts(text, start, end, lower))
    label = SPEAKER.match(text, start, end) or _CITED.match(text, start, end)
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
    periods = _final_periods(text, start, end)
    for match in _MARK.finditer(text, start, end):
        stop = match.end()
        if stop == end:
            break
        if stop <= start or not (match["cjk"] or not match["mark"] or _ends(text, start, match, periods, lower)):
            continue
        yield from _shorter(text, start, stop)
        start = stop
    if start < end:
        yield from _shorter(text, start, end)


@lru_cache(maxsize=1)
def _punkt() -> PunktSentenceTokenizer:
    """Return NLTK's Punkt with our word lists for parameters."""
    from nltk.tokenize.punkt import PunktParameters, PunktSentenceTokenizer

    parameters = PunktParameters()
    parameters.abbrev_types = {*ABBREVIATIONS, *TITLES}
    parameters.sent_starters = set(STARTERS)
    parameters.collocations = {(word, "##number##") for word in NUMBERED}
    return PunktSentenceTokenizer(parameters)


def _final_periods(text: str, start: int, end: int) -> list[int]:
    """Return where Punkt ends sentences within `start`–`end`, ascending; it tells abbreviations from periods."""
    if not _PERIOD.search(text, start, end):
        return []
    return [start + stop for _, stop in _punkt().span_tokenize(text[start:end])]


def _shorter(text: str, start: int, end: int) -> Iterator[int]:
    """Yield `end`, and before it the places where a run too long for a sentence is cut."""
    while end - start > LONGEST:
        cuts = [m.start() + len(m.group().rstrip()) for m in _CUT.finditer(text, start + LONGEST // 2, start + LONGEST)]
        marked = [cut for cut in cuts if not text[cut - 1].isalnum()]
        cut = (marked or cuts or [start + LONGEST])[-1]
        yield cut
        start = cut
    yield end


def _ends(text: str, start: int, match: re.Match[str], periods: Sequence[int], lower: bool) -> bool:
    """Tell whether the mark `match` ends the sentence that began at `start`."""
    following = _NEXT.match(text, match.end())
    word = (following["word"] or "") if following else ""
    if not lower and word[:1].islower():
        return False
    if match["mark"] != ".":
        return True
    if not _LETTER.search(text, start, match.start()):
        return False
    at = bisect_right(periods, match.start())
    final = (at < len(periods) and periods[at] <= match.end()) or match.group().endswith("]")
    return final or (word.lower() in STARTERS and bool(_LONE_CAPITAL.search(text, start, match.start())))


def _is_case_poor(text: str) -> bool:
    """Tell whether sentences start in lower case here, as in chats and old transcripts."""
    found = re.findall(r"[^\W\d_]{2}[.?!]\s+([^\W\d_])", text[:20_000])
    return len(found) > 3 and sum(letter.islower() for letter in found) > 0.6 * len(found)
