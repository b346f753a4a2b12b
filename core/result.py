"""What a compression gives back: the text, what was kept of it and why, and honest counts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from ctxzip.plan import Allotment
from ctxzip.text import Document
from ctxzip.verify import Held

SCHEMA = 1
"""Version of `Compression.to_dict`; raised when a field changes its meaning or goes away."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What became of one span: `start` and `end` are characters of its document's original text."""

    document: int
    start: int
    end: int
    kept: bool
    score: float
    reason: str

    def to_dict(self) -> dict[str, Any]:
        """Return the fields by name."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True)
class Compression:
    """The compressed text with the numbers that describe it; tokens are the reader's."""

    text: str
    documents: list[Document]
    """One per input, in order; an input of which nothing is left has empty text."""
    tokens_before: int
    tokens_after: int
    method: str
    model: str
    tokenizer: str
    limit: int | None = None
    """The budget in tokens, None when pieces were chosen by score alone."""
    asked: str = ""
    milliseconds: float = 0.0
    notes: list[str] = field(default_factory=list)
    allotments: list[Allotment] = field(default_factory=list, repr=False)
    checks: dict[str, int] = field(default_factory=dict)
    """What was looked at in the result and found right: hard spans and regions, by kind."""
    protected: dict[str, Held] = field(default_factory=dict)
    """What each kind of protection found and kept, and the tokens that this takes."""

    @property
    def ratio(self) -> float:
        """Return how many times shorter the text became: tokens before per token after."""
        return self.tokens_before / self.tokens_after if self.tokens_after else float(self.tokens_before or 1)

    @property
    def spans(self) -> list[Decision]:
        """Return what became of every content span, in input order."""
        return list(self._decisions())

    def _decisions(self) -> Iterator[Decision]:
        for allotment in self.allotments:
            unit = allotment.unit
            yield Decision(unit.document, unit.span.start, unit.span.end, allotment.kept, unit.score, allotment.reason)

    def to_dict(self) -> dict[str, Any]:
        """Return the `--json` report: numbers and strings only, versioned by `schema`."""
        return {
            "schema": SCHEMA,
            "text": self.text,
            "documents": [{"id": d.id, "title": d.title, "text": d.text} for d in self.documents],
            "tokens_before": self.tokens_before,
            "tokens_after": self.tokens_after,
            "ratio": round(self.ratio, 4),
            "asked": self.asked,
            "limit": self.limit,
            "method": self.method,
            "model": self.model,
            "tokenizer": self.tokenizer,
            "milliseconds": round(self.milliseconds, 3),
            "notes": list(self.notes),
            "checks": dict(self.checks),
            "protected": {kind: asdict(held) for kind, held in self.protected.items()},
            "spans": [decision.to_dict() for decision in self._decisions()],
        }
