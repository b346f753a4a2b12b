"""Logs and tool output: whole lines, repeats folded with a count, failures and first occurrences first to stay."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from ctxzip.protocols import Inset
from ctxzip.structure.code import body_of
from ctxzip.structure.inset import Whole, alarming, line_spans
from ctxzip.structure.kinds import Region
from ctxzip.text import Span

LEAST = 6
"""Lines in a row that make a log among other text."""
SHARE = 0.7
"""Share of the lines that must look like a log's in a whole file."""
FOLD = 2
"""Lines of one template that are left out before a count is written."""
ALARM, FIRST, LAST, REPEAT = 0.9, 0.35, 0.2, 0.1
"""Least worth of a line of failure and of the first and the last of a template; the factor for those between."""
_STAMP = re.compile(
    r"\[?(?:\d{4}[-/]\d\d[-/]\d\d[T ,]|\d\d:\d\d:\d\d|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{10,13}\b)"
    r"|\[?(?:TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERROR|FATAL|CRITICAL)\b[\]:]?"
    r"|\d{1,3}(?:\.\d{1,3}){3} \S+ \S+ \["
)
_VARYING = re.compile(r"0x[0-9a-fA-F]+|\b[0-9a-fA-F]{7,}\b|\d+")
_LINE = re.compile(r"[^\n]*\n?")


def looks_like(line: str) -> bool:
    """Tell whether `line` begins as lines of logs do."""
    return _STAMP.match(line) is not None


def find(text: str) -> Iterator[Region]:
    """Yield runs of at least `LEAST` lines that begin with a time or a level; indented lines between belong to them."""
    first = end = -1
    at = count = 0
    while at < len(text):
        newline = text.find("\n", at)
        stop = newline + 1 if newline >= 0 else len(text)
        if _STAMP.match(text, at):
            first, count = (at if first < 0 else first), count + 1
            end = stop
        elif first >= 0 and text[at] in " \t" and text[at:stop].strip():
            end = stop
        else:
            yield from _region(text, first, end, count)
            first, count = -1, 0
        at = stop
    yield from _region(text, first, end, count)


def _region(text: str, first: int, end: int, count: int) -> Iterator[Region]:
    if first >= 0 and count >= LEAST:
        end = first + len(text[first:end].rstrip())
        yield Region("log", first, end, first, end)


def inset(text: str, region: Region) -> Inset:
    """Return the lines of `region`; a single line is one piece."""
    span = body_of(text, region)
    if text.find("\n", span.start, span.end) < 0:
        return Whole(text, span, "log")
    return Log(text, span, counted=region.language not in ("jsonl", "ndjson"))


class Log:
    """The lines of a log, alike where only numbers differ."""

    kind = "log"

    def __init__(self, text: str, span: Span, *, counted: bool = True) -> None:
        """Cut `span` of `text` into lines; `counted` lets a count stand for folded ones."""
        self.text = text
        self.start, self.end = span.start, span.end
        self._counted = counted
        self.content: list[Span] = line_spans(text, span)
        self._template = [_VARYING.sub("0", line.of(text)).strip() for line in self.content]
        self._number = Counter(self._template)

    def alone(self) -> list[str]:
        """Return the slices themselves."""
        return [span.of(self.text) for span in self.content]

    def worth(self, scores: Sequence[float]) -> list[float]:
        """Return `scores`, raised for failures, first and last occurrences and lowered for repeats."""
        seen: Counter[str] = Counter()
        result = []
        for line, template, score in zip(self.content, self._template, scores, strict=True):
            seen[template] += 1
            number, place = self._number[template], seen[template]
            if place == 1:
                least = ALARM if alarming(line.of(self.text)) else FIRST
                result.append(least + (1 - least) * score)
            elif place == number:
                result.append(LAST + (1 - LAST) * score * 0.5)
            else:
                result.append(REPEAT * score)
        return result

    def _folded(self, kept: Sequence[int]) -> dict[int, int]:
        """Return after which of the lines `kept` a count of lines like it stands: the first of each template."""
        if not self._counted:
            return {}
        shown = Counter(self._template[at] for at in kept)
        counts: dict[int, int] = {}
        done: set[str] = set()
        for at in kept:
            template = self._template[at]
            missing = self._number[template] - shown[template]
            if template not in done and missing >= FOLD:
                counts[at] = missing
            done.add(template)
        return counts

    def render(self, kept: Sequence[int]) -> str:
        """Return the lines `kept`, counts where lines like them were folded."""
        counts = self._folded(kept)
        parts = []
        for at in kept:
            line = self.content[at].of(self.text)
            body = line.rstrip("\r\n")
            parts.append(f"{body} (… {counts[at]} more like this){line[len(body) :]}" if at in counts else line)
        return "".join(parts).rstrip("\r\n")

    def remark(self, kept: Sequence[int]) -> str:
        """Return how many lines counts stand for."""
        counts = self._folded(kept)
        return f"log: {sum(counts.values())} lines folded into {len(counts)} counts" if counts else ""

    def fault(self, made: str) -> str:
        """Return that nothing is wrong with whole lines."""
        return ""
