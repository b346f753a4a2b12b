"""Words that turn the meaning of what follows: kept exactly when something of what they govern is kept."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ctxzip.text import Span

NEGATION = re.compile(r"\b(?:not|never|cannot|nor?|neither|without|unless|except(?: for)?|\w+n[’']t)\b", re.IGNORECASE)
LIMIT = re.compile(r"\b(?:only|must|at (?:least|most)|up to|than)\b", re.IGNORECASE)
_COMPARES = re.compile(
    r"\b(?:no |not )?(?:more|less|fewer|greater|higher|lower|larger|smaller|longer|shorter|earlier|later|better|worse"
    r"|older|newer) \Z",
    re.IGNORECASE,
)
KINDS = {"negation": NEGATION, "limit": LIMIT}


def find(text: str, kind: str) -> Iterator[Span]:
    """Yield the bound words of `kind`."""
    for match in KINDS[kind].finditer(text):
        start = match.start()
        if match.group().lower() == "than":
            comparison = _COMPARES.search(text[max(0, start - 16) : start])
            if comparison is None:
                continue
            start -= len(comparison.group())
        yield Span(start, match.end())
