"""What a compressor must not cut: found once per document, whatever the compressor."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from ctxzip.errors import UsageError
from ctxzip.text import Span


@dataclass(frozen=True, slots=True)
class Guard:
    """A span that stays in one piece; a `hard` one must also be kept."""

    span: Span
    kind: str
    hard: bool = False


@dataclass(frozen=True, slots=True)
class Protection:
    """What is guarded: patterns that must be kept, and the kinds that may be altered after all.

    `keep_patterns` are regular expressions whose matches are kept byte for byte; `keep_numbers` keeps every
    piece with a digit; `allow` names kinds of guard to switch off (`KINDS`, or `all`).
    """

    keep_patterns: tuple[str, ...] = ()
    keep_numbers: bool = False
    allow: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        """Refuse a pattern that does not compile and a kind that does not exist."""
        for pattern in self.keep_patterns:
            _compiled(pattern)
        for kind in self.allow - KINDS - {"all"}:
            known = ", ".join(sorted(KINDS | {"all"}))
            raise UsageError(f"unknown kind of protection {kind!r}", hint=f"--allow takes: {known}")

    def guards(self, text: str, *, asked_only: bool = False) -> list[Guard]:
        """Return what must stay whole in `text`, hard guards included; guards may overlap.

        With `asked_only` only what the user's patterns match: the marks of templates and of Markdown mean
        something else in source code.
        """
        found = [Guard(span, "pattern", hard=True) for span in self._asked(text)]
        if asked_only or "all" in self.allow:
            return found
        for kind, (finder, hard) in _FINDERS.items():
            if kind not in self.allow:
                found.extend(Guard(span, kind, hard) for span in finder(text))
        return found

    def _asked(self, text: str) -> Iterator[Span]:
        patterns = [*self.keep_patterns, *([r"\d+"] if self.keep_numbers else [])]
        for pattern in patterns:
            for match in _compiled(pattern).finditer(text):
                if match.end() > match.start():
                    yield Span(*match.span())


@lru_cache(maxsize=64)
def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern, re.MULTILINE)
    except re.error as error:
        raise UsageError(
            f"--keep-pattern {pattern!r} is not a regular expression: {error}",
            hint="escape special characters with a backslash",
        ) from error


_FENCE = re.compile(r"^[^\S\n]*(?P<mark>`{3,}|~{3,})(?P<info>[^\n`]*)$", re.MULTILINE)
_INLINE_CODE = re.compile(r"(?<!`)(`{1,2})(?!`)([^`\n]{1,200})\1(?!`)")
_LINK = re.compile(r"!?\[[^\[\]\n]{0,200}\](?:\([^()\s]{1,500}\)|\[[^\[\]\n]{0,80}\])")
_EMPHASIS = re.compile(r"(\*\*|__)(?=\S)[^*_\n]{1,80}?(?<=\S)\1")
_QUOTE = re.compile(r"(?<!\w)(?:\"[^\s\"][^\n\"]{0,40}\"|“[^\n“”]{1,40}”)")
_URL = re.compile(r"(?:https?|ftp|file)://[^\s<>\"'`]+")
_ROW = r"[^\S\n]*\|[^\n]*\|[^\S\n]*"
_TABLE_ROW = re.compile(rf"^{_ROW}$(?:\n[^\S\n]*\|[-:|\s]*-[-:|\s]*\|[^\S\n]*$)?", re.MULTILINE)
_NEGATION = re.compile(
    r"\b(?:not|never|cannot|no|nor|neither|without|unless|except|\w+n[’']t)"
    r"(?:[^\S\n]+(?:a|an|the|any|to|be|been|being|have|has|had|even|yet|only|ever|all|that|it|is|are|was|were))*"
    r"[^\S\n]+[\w’'-]+",
    re.IGNORECASE,
)
_TEMPLATE_MARKS = re.compile(
    r"\{\{[^{}\n]{1,200}\}\}\}?|\{%[^\n]{1,200}?%\}|\$\{[^{}\n]{1,120}\}|<%[^\n]{1,200}?%>|<\|[^|\s]{1,40}\|>"
)
_BRACES = re.compile(r"(?<![{$])\{[A-Za-z_][\w.\[\]']{0,60}(?:![rsa])?(?::[^{}\n]{0,20})?\}(?!\})")


def _fences(text: str) -> Iterator[Span]:
    """Yield fenced blocks with their fences; an unclosed one runs to the end of the text."""
    opening: re.Match[str] | None = None
    for fence in _FENCE.finditer(text):
        if opening is None:
            opening = fence
        elif fence["mark"].startswith(opening["mark"]) and not fence["info"].strip():
            yield Span(opening.start("mark"), fence.end())
            opening = None
    if opening is not None:
        end = len(text.rstrip())
        if end > opening.start("mark"):
            yield Span(opening.start("mark"), end)


def _matches(pattern: re.Pattern[str]) -> Callable[[str], Iterator[Span]]:
    return lambda text: (Span(*match.span()) for match in pattern.finditer(text))


def _placeholders(text: str) -> Iterator[Span]:
    """Yield template marks; `{name}` counts only beside a mark that can be nothing else."""
    marks = [Span(*match.span()) for match in _TEMPLATE_MARKS.finditer(text)]
    yield from marks
    if marks:
        yield from _matches(_BRACES)(text)


_FINDERS: dict[str, tuple[Callable[[str], Iterator[Span]], bool]] = {
    "placeholder": (_placeholders, True),
    "code": (_fences, False),
    "table": (_matches(_TABLE_ROW), False),
    "inline-code": (_matches(_INLINE_CODE), False),
    "link": (_matches(_LINK), False),
    "url": (_matches(_URL), False),
    "emphasis": (_matches(_EMPHASIS), False),
    "quote": (_matches(_QUOTE), False),
    "negation": (_matches(_NEGATION), False),
}
KINDS = frozenset(_FINDERS)


def hard_spans(guards: Sequence[Guard]) -> list[Span]:
    """Return the spans of the guards that must be kept."""
    return [guard.span for guard in guards if guard.hard]
