"""A run whose result is written, not chosen: a summary for a query, cut to the budget if it is longer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from ctxzip.budget import Budget
from ctxzip.options import Options
from ctxzip.plan import Allotment, Plan, Unit
from ctxzip.protocols import Summarizer, Tokenizer
from ctxzip.text import Document, Span

WORDS_PER_TOKEN = 0.75
MOST_WORDS = 400
"""Words of a summary, however large the budget: nobody asks for a longer one."""


def summarised(
    documents: Sequence[Document],
    summarizer: Summarizer,
    tokenizer: Tokenizer,
    options: Options,
    limit: int,
    total: Callable[[Sequence[Document]], int],
) -> tuple[list[Document], Plan, list[str]]:
    """Return for every document what it says about the query, within `limit` tokens, the plan, and remarks."""
    from ctxzip.pipeline import run

    assert options.query is not None
    words = max(5, min(MOST_WORDS, int(limit * WORDS_PER_TOKEN)))
    summary = None if options.rehearsal else summarizer.summarize(documents, options.query, words)
    texts = summary.texts if summary else [document.text for document in documents]
    remarks = list(summary.remarks) if summary else ["sentences chosen, nothing written"]
    made = [replace(document, text=text) for document, text in zip(documents, texts, strict=True)]
    used = total(made)
    if used > limit:
        inner = run(made, summarizer.extractor, tokenizer, replace(options, budget=Budget.exactly(limit)))
        made, used = inner.documents, inner.tokens_after
        remarks += ["the summary was longer than the budget: its best sentences stay"] if summary else inner.notes
    verdict = "summarised" if summary else "extracted"
    allotments = [
        Allotment(
            Unit(at, Span(0, len(before.text)), tokenizer.count(before.text), 1.0 if after.text else 0.0),
            bool(after.text),
            verdict if after.text else "says nothing about the query",
        )
        for at, (before, after) in enumerate(zip(documents, made, strict=True))
        if before.text
    ]
    return made, Plan(allotments, used), remarks
