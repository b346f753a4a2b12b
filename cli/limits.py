"""Limits by glob: the last pattern of the table that matches a file's path says how many tokens it may take."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class LimitTable:
    """Patterns as in a `.gitignore`, relative to `base`, each with its limit in tokens."""

    base: Path
    limits: tuple[tuple[str, int], ...]

    def of(self, name: str) -> int | None:
        """Return the limit of the file `name`, None when no pattern matches it."""
        from ctxzip.cli.walk import matcher

        return next((limit for glob, limit in reversed(self.limits) if matcher((glob,), self.base)(name)), None)
