"""Everything a run can be asked for, as one value."""

from __future__ import annotations

from dataclasses import dataclass, field

from ctxzip.budget import Budget
from ctxzip.choice import ModelChoice
from ctxzip.errors import UsageError
from ctxzip.protect import Protection
from ctxzip.selection import Selection

DEFAULT_TOKENIZER = "o200k_base"
DEFAULT_BUDGET = Budget.ratio(2)


@dataclass(frozen=True)
class Options:
    """What to keep, how to choose it and how to count it; checked when it is built."""

    budget: Budget | None = None
    selection: Selection = field(default_factory=Selection)
    method: str = "auto"
    query: str | None = None
    weights: ModelChoice = field(default_factory=ModelChoice)
    tokenizer: str = DEFAULT_TOKENIZER
    protection: Protection = field(default_factory=Protection)
    best_effort: bool = False
    rehearsal: bool = False
    """Say what would be written, and write nothing."""

    def __post_init__(self) -> None:
        """Refuse a choice by score alone beside a budget, and a query without words."""
        if self.budget is not None and self.selection.given:
            flag = self.selection.given[0]
            raise UsageError(
                f"{flag} chooses by score alone and excludes a budget",
                hint=f"give {flag}, or one of --ratio, --keep and --tokens",
            )
        if self.query is not None and not self.query.strip():
            raise UsageError("the query is empty", hint='for example --query "When was it built?"')
