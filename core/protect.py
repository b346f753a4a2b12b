"""What a compressor must not cut, in three strengths: found once per document, whatever the compressor."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import lru_cache

from ctxzip.errors import UsageError
from ctxzip.guards import bound, hard, whole
from ctxzip.structure import kinds
from ctxzip.text import Span, value


class Strength(IntEnum):
    """How far protection goes."""

    BOUND = 1
    """Kept exactly when something that it governs is kept."""
    WHOLE = 2
    """Kept whole or dropped whole."""
    HARD = 3
    """Always kept, byte for byte."""


@value
class Guard:
    """A span that is protected, and how."""

    span: Span
    kind: str
    strength: Strength = Strength.WHOLE

    @property
    def hard(self) -> bool:
        """Tell whether the span must be kept."""
        return self.strength is Strength.HARD

    @property
    def bound(self) -> bool:
        """Tell whether the span goes with what it governs."""
        return self.strength is Strength.BOUND


HARD_KINDS = frozenset({"placeholder", "tag", "fence"})
KINDS = HARD_KINDS | whole.KINDS | set(bound.KINDS) | kinds.KINDS
"""What `--allow` takes beside `all`; a pragma and what the user asks for cannot be allowed away."""


@dataclass(frozen=True, slots=True)
class Protection:
    """What is guarded: patterns that must be kept, and the kinds that may be altered after all.

    `keep_patterns` are regular expressions whose matches are kept byte for byte; `keep_numbers` keeps every
    piece with a digit; `allow` names kinds of guard or of structure to switch off (`KINDS`, or `all`).
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

    def guards(self, text: str, path: str | None = None, *, asked_only: bool = False) -> list[Guard]:
        """Return what is guarded in `text`; guards may overlap.

        With `asked_only` only pragmas and what the user's patterns match: the marks of templates and of Markdown
        mean something else in source code.
        """
        found = [Guard(span, "pattern", Strength.HARD) for span in self._asked(text)]
        found += [Guard(span, "pragma", Strength.HARD) for span in hard.pragmas(text)]
        if asked_only or "all" in self.allow:
            return found
        if self._guarded("placeholder"):
            found += [Guard(span, "placeholder", Strength.HARD) for span in hard.placeholders(text, path)]
        if self._guarded("tag"):
            tags, elements = hard.tags(text)
            found += [Guard(span, "tag", Strength.HARD) for span in tags]
            found += [Guard(span, "tag") for span in elements]
        found += [Guard(span, kind) for kind, span in whole.find(text, self._guarded)]
        for kind in filter(self._guarded, bound.KINDS):
            found += [Guard(span, kind, Strength.BOUND) for span in bound.find(text, kind)]
        return found

    def _guarded(self, kind: str) -> bool:
        return kind not in self.allow

    @property
    def flat(self) -> Protection:
        """Return the same protection for text that is known to be prose: nothing in it is a region of its own."""
        return replace(self, allow=self.allow | kinds.KINDS)

    @property
    def fences(self) -> bool:
        """Tell whether fences have to stay even where nothing between them does."""
        return not self.allow & {"fence", "all"}

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


def hard_spans(guards: Sequence[Guard]) -> list[Span]:
    """Return the spans of the guards that must be kept."""
    return [guard.span for guard in guards if guard.hard]
