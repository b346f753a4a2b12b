"""Runs of compressors that write: pieces said in fewer tokens, or a summary; the budget is the same."""

from __future__ import annotations

from collections.abc import Sequence

from ctxzip.draft import assemble
from ctxzip.errors import UsageError
from ctxzip.options import Options
from ctxzip.plan import Plan
from ctxzip.protocols import Shortener, Summarizer, Tokenizer
from ctxzip.shortening import shortened
from ctxzip.summary import summarised
from ctxzip.text import Document


def written(
    documents: Sequence[Document],
    compressor: Shortener | Summarizer,
    tokenizer: Tokenizer,
    options: Options,
    limit: int | None,
) -> tuple[list[Document], Plan, list[str]]:
    """Return what `compressor` makes of `documents` within `limit` tokens, the plan, and remarks.

    Raises `UsageError` without a budget: whoever writes has to know how much.
    """
    if limit is None:
        raise UsageError(
            f"--method {options.method} writes to a budget and takes no {options.selection.given[0]}",
            hint="give --ratio, --keep or --tokens",
        )

    def total(made: Sequence[Document]) -> int:
        return tokenizer.count(assemble(made))

    if isinstance(compressor, Summarizer):
        return summarised(documents, compressor, tokenizer, options, limit, total)
    return shortened(documents, compressor, tokenizer, options, limit, total)
