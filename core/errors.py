"""What can go wrong, and the exit code each case has on the command line.

CtxzipError
├── UsageError            2  an option or argument that makes no sense
│   ├── InputError        2  a file that cannot be read or decoded
│   └── UnknownName       2  a method, tokenizer or model name nobody knows
├── BudgetError           1  the budget is smaller than what must be kept
├── ModelUnavailable      3  weights that are not here and may not or cannot be fetched
├── MissingExtra          3  an optional dependency that is not installed
└── EndpointError         4  a generator behind a URL that fails or does not answer
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches


class CtxzipError(Exception):
    """A failure the user can act on: what is wrong, and what to do about it."""

    exit_code = 2

    def __init__(self, message: str, *, hint: str = "") -> None:
        """Say what is wrong in `message` and what to do in `hint`, one line each."""
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(CtxzipError):
    """An option or argument that makes no sense."""


class InputError(UsageError):
    """An input that cannot be read or decoded."""


class UnknownName(UsageError):
    """A name that is not among the known ones; the hint lists them."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        """Build the message for a `name` that is no `kind`, given the `known` ones."""
        names = sorted(known)
        close = get_close_matches(name, names, n=1)
        guess = f"did you mean {close[0]}? " if close else ""
        super().__init__(f"unknown {kind} {name!r}", hint=f"{guess}known: {', '.join(names)}")


class BudgetError(CtxzipError):
    """The budget cannot be met: what must be kept is larger."""

    exit_code = 1

    def __init__(self, needed: int, limit: int, held: Mapping[str, int] | None = None) -> None:
        """State both figures in the reader's tokens, and how many are `held` by what kind of protection."""
        most = sorted((held or {}).items(), key=lambda pair: -pair[1])
        kinds = ", ".join(f"{kind} {tokens}" for kind, tokens in most if tokens)
        free = [kind for kind, tokens in most if tokens and kind not in ("pattern", "pragma")]
        super().__init__(
            f"what must be kept takes {needed} tokens{f' ({kinds})' if kinds else ''}, the budget is {limit}",
            hint=f"allow at least {needed} tokens, or use --best-effort for the smallest result"
            + (f", or --allow {free[0]}" if free else ""),
        )
        self.needed = needed
        self.limit = limit


class ModelUnavailable(CtxzipError):
    """Weights that are not here and may not, or cannot, be fetched."""

    exit_code = 3


class MissingExtra(CtxzipError):
    """An optional dependency that is not installed."""

    exit_code = 3

    def __init__(self, feature: str, extra: str) -> None:
        """Name the `feature` that was asked for and the `extra` that brings it."""
        super().__init__(
            f"{feature} needs packages that are not installed",
            hint=f"pip install 'ctxzip[{extra}]'",
        )


class EndpointError(CtxzipError):
    """A generator behind a URL that fails, or does not answer in time."""

    exit_code = 4
