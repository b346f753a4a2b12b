"""Finders of spans that tile a text: words here, with the structure that holds them."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter

from ctxzip.text import Role, Span

_GAP = re.compile(r"\s+\Z|\s*\n")
_LEAD = re.compile(r"[^\S\n]*(?:(?:[-*+•‣◦–]|\d{1,3}[.)]|#{1,6}|>)(?:[^\S\n]+(?:\[[ xX]\][^\S\n]+)?)){0,40}(?=\S)")

_HAN = r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff々〇"
_HIRAGANA = r"\u3041-\u309f"
_KATAKANA = r"\u30a0-\u30ff\u31f0-\u31ff"
_CJK_COMMA = "、，；：·〉》」』】）"
_PIECE = re.compile(
    rf"""[^\S\n]*(?:
        (?P<end>[。！？｡]+[」』”’）]*)
      | (?:[{_HAN}]|[{_HIRAGANA}]+|[{_KATAKANA}]+)[{_CJK_COMMA}]*
      | [^\s{_HAN}{_HIRAGANA}{_KATAKANA}。！？｡]+
    )""",
    re.VERBOSE,
)
_CLOSERS = frozenset(".!?…\"'”’)]*_")
_CLOSING = re.compile(r"(?<=[\w)\]\"'”’`*%])[.!?…]+[\"'”’)\]*_]*\Z")
_ABBREVIATION = re.compile(
    r"(?:\b[A-Za-z]|\b(?:mr|mrs|ms|dr|prof|st|vs|etc|cf|fig|eq|no|vol|pp|ed|al|inc|ltd|co|corp|jr|sr|e\.g|i\.e|approx|dept|est"
    r"|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec))\.\Z",
    re.IGNORECASE,
)
_OPENS_SENTENCE = re.compile(r"[^\S\n]*(?:[\"'“‘(\[*_#>-]*[^\Wa-z_]|\n|\Z|[-*•])")


def lines(text: str) -> Iterator[tuple[Span | None, Span | None, Span | None]]:
    """Yield the (lead, body, break) of every line; together they tile the text.

    A break takes the blank lines that follow it; blank space before the first line comes as a break alone.
    """
    opening = _GAP.match(text)
    at = opening.end() if opening else 0
    if at:
        yield None, None, Span(0, at, Role.BREAK)
    while at < len(text):
        lead = _LEAD.match(text, at)
        start = lead.end() if lead else at
        newline = text.find("\n", start)
        stop = start + len(text[start : newline if newline >= 0 else len(text)].rstrip())
        gap = _GAP.match(text, stop)
        end = gap.end() if gap else stop
        yield (
            Span(at, start, Role.LEAD) if start > at else None,
            Span(start, stop),
            Span(stop, end, Role.BREAK) if end > stop else None,
        )
        at = end


def words(text: str) -> list[Span]:
    """Return spans that tile `text`: words with the space before them, sentence ends, and line structure.

    A word runs to the next white space; in scripts without spaces it is one ideograph or a run of one
    syllabary. The mark that ends a sentence is a span of its own (`Role.END`).
    """
    spans: list[Span] = []
    for lead, body, gap in lines(text):
        if lead:
            spans.append(lead)
        if body:
            spans.extend(_words_of_line(text, body))
        if gap:
            spans.append(gap)
    return spans


def _words_of_line(text: str, body: Span) -> Iterator[Span]:
    for match in _PIECE.finditer(text, body.start, body.end):
        start, end = match.span()
        if match.lastgroup:
            yield Span(start, end, Role.END)
            continue
        mark = _closing_mark(text, start, end) if text[end - 1] in _CLOSERS else end
        yield Span(start, mark)
        if mark < end:
            yield Span(mark, end, Role.END)


def _closing_mark(text: str, start: int, end: int) -> int:
    """Return where the mark that closes a sentence begins in the piece `start`–`end`; `end` if there is none."""
    closing = _CLOSING.search(text[start:end])
    if not closing or not _OPENS_SENTENCE.match(text, end):
        return end
    if _ABBREVIATION.search(text[start:end]):
        return end
    return start + closing.start()


def fuse(spans: Sequence[Span], wholes: Iterable[Span], *, heads: bool = False) -> list[Span]:
    """Merge every run of `spans` that overlaps one of `wholes` into a single content span.

    `wholes` may come in any order and overlap; the result tiles what `spans` tiled. With `heads`, a heading
    that already is one piece stays a heading.
    """
    result: list[Span] = []
    index = 0
    for whole in _merged(wholes):
        before, index = index, bisect_right(spans, whole.start, index, key=attrgetter("end"))
        result += spans[before:index]
        run = [result.pop()] if result and result[-1].end > whole.start else []
        while index < len(spans) and spans[index].start < whole.end:
            run.append(spans[index])
            index += 1
        if len(run) == 1 and (run[0].role is Role.CONTENT or (heads and run[0].role is Role.HEAD)):
            result.append(run[0])
        elif run:
            result.append(Span(run[0].start, run[-1].end))
    result.extend(spans[index:])
    return result


def _merged(wholes: Iterable[Span]) -> list[Span]:
    """Return `wholes` in order with overlapping ones joined."""
    merged: list[Span] = []
    for span in sorted(wholes, key=attrgetter("start")):
        if merged and merged[-1].overlaps(span):
            merged[-1] = Span(merged[-1].start, max(merged[-1].end, span.end))
        else:
            merged.append(span)
    return merged
