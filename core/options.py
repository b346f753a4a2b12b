"""Everything a run can be asked for, as one value."""

from __future__ import annotations

from dataclasses import dataclass, field

from ctxzip.budget import Budget
from ctxzip.errors import UsageError
from ctxzip.protect import Protection

DEFAULT_TOKENIZER = "o200k_base"
DEFAULT_METHOD = "llmlingua2"
DEFAULT_BUDGET = Budget.ratio(2)


@dataclass(frozen=True)
class Options:
    """What to keep, how to choose it and how to count it; checked when it is built."""

    budget: Budget | None = None
    threshold: float | None = None
    method: str = "auto"
    query: str | None = None
    model: str | None = None
    tokenizer: str = DEFAULT_TOKENIZER
    protection: Protection = field(default_factory=Protection)
    compat: bool = False
    best_effort: bool = False

    def __post_init__(self) -> None:
        """Refuse a threshold that is no probability, or one beside a budget."""
        if self.threshold is None:
            return
        if not 0 <= self.threshold <= 1:
            raise UsageError(f"--threshold {self.threshold} is not between 0 and 1", hint="for example --threshold 0.5")
        if self.budget is not None:
            raise UsageError(
                "--threshold chooses by score alone and excludes a budget",
                hint="give --threshold, or one of --ratio, --keep and --tokens",
            )
