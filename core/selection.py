"""A choice by score alone: how it is asked for, and which units it takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ctxzip.errors import UsageError

Threshold = float | Literal["auto"]


@dataclass(frozen=True, slots=True)
class Selection:
    """At most one way to choose without a budget, and the score below which nothing is kept in any case.

    `threshold` keeps what scores at least that much (`auto`: the scorer's own mark), `top_k` the best pieces,
    `top_p` the fewest pieces that hold that share of all score; `min_relevance` may leave nothing at all.
    """

    threshold: Threshold | None = None
    top_p: float | None = None
    top_k: int | None = None
    min_relevance: float = 0.0

    def __post_init__(self) -> None:
        """Refuse shares that are none, a count below one, and two ways at once."""
        if self.threshold != "auto":
            _share("--threshold", self.threshold)
        _share("--top-p", self.top_p)
        _share("--min-relevance", self.min_relevance)
        if self.top_k is not None and self.top_k < 1:
            raise UsageError(f"--top-k {self.top_k} keeps nothing", hint="for example --top-k 5")
        if len(self.given) > 1:
            raise UsageError(f"{' and '.join(self.given)} exclude each other", hint="give one of them")

    @property
    def given(self) -> list[str]:
        """Return the flags that choose by score alone."""
        values = {"--threshold": self.threshold, "--top-p": self.top_p, "--top-k": self.top_k}
        return [flag for flag, value in values.items() if value is not None]

    @property
    def asked(self) -> str:
        """Return the choice as reports put it."""
        values = (("threshold", self.threshold), ("top-p", self.top_p), ("top-k", self.top_k))
        return next((f"{name} {value}" for name, value in values if value is not None), "")

    @classmethod
    def read(
        cls, threshold: float | str | None, top_p: float | None, top_k: int | None, min_relevance: float | None
    ) -> Selection:
        """Return the selection of values as users write them."""
        return cls(_threshold(threshold), top_p, top_k, min_relevance or 0.0)


def _threshold(value: float | str | None) -> Threshold | None:
    if value is None or value == "auto":
        return value  # type: ignore[return-value]
    try:
        return float(value)
    except ValueError:
        raise UsageError(
            f"--threshold {value!r} is not a number", hint="give a probability such as 0.5, or auto"
        ) from None


def _share(flag: str, value: float | None) -> None:
    if value is not None and not 0 <= value <= 1:
        raise UsageError(f"{flag} {value} is not between 0 and 1", hint=f"for example {flag} 0.5")
