"""What the commands ask the library to do, with progress shown to whoever watches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ctxzip.cli.options import Budgeting, Choosing, Counting, Writing
from ctxzip.options import Options

if TYPE_CHECKING:
    from ctxzip.cli.read import Input
    from ctxzip.result import Compression
    from ctxzip.text import Document


def options_of(
    budget: Budgeting, choosing: Choosing, writing: Writing, counting: Counting, *, rehearsal: bool = False
) -> Options:
    """Return the options value of the library that groups of a command line stand for."""
    from ctxzip.budget import Budget
    from ctxzip.choice import ModelChoice
    from ctxzip.cli.read import read_query
    from ctxzip.protect import Protection
    from ctxzip.selection import Selection

    return Options(
        budget=Budget.choose(ratio=budget.ratio, keep=budget.keep, tokens=budget.tokens),
        selection=Selection.read(budget.threshold, budget.top_p, budget.top_k, budget.min_relevance),
        method=choosing.method,
        query=read_query(choosing.query),
        weights=ModelChoice(
            choosing.model,
            choosing.adapter,
            choosing.compat,
            not choosing.no_cache,
            writing.generator,
            writing.generator_model,
        ),
        rehearsal=rehearsal,
        tokenizer=counting.tokenizer,
        protection=Protection(
            tuple(choosing.keep_pattern or ()), choosing.keep_numbers, frozenset(choosing.allow or ())
        ),
        best_effort=budget.best_effort,
    )


def compressed(documents: Sequence[Document], options: Options, *, quiet: bool) -> Compression:
    """Compress `documents`, with a progress bar when it takes long and a person is watching."""
    from ctxzip.api import compress_with
    from ctxzip.cli.progress import bar

    with bar(quiet=quiet):
        return compress_with(documents if len(documents) != 1 else documents[0], options)


def counts(inputs: Sequence[Input], tokenizer: str) -> list[tuple[str, int]]:
    """Return the name and the number of tokens of every input."""
    from ctxzip.models.tokenizers import load_tokenizer

    counter = load_tokenizer(tokenizer)
    return [(given.filename or given.name, counter.count(given.text)) for given in inputs]
