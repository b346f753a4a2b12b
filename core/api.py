"""The public function: options in, compression out."""

from __future__ import annotations

from collections.abc import Sequence

from ctxzip.budget import Budget
from ctxzip.choice import ModelChoice
from ctxzip.options import DEFAULT_TOKENIZER, Options
from ctxzip.pipeline import run
from ctxzip.protect import Protection
from ctxzip.protocols import Compressor
from ctxzip.result import Compression
from ctxzip.selection import Selection
from ctxzip.text import Source, documents_of


def compress(
    source: Source,
    *,
    ratio: float | str | None = None,
    keep: float | str | None = None,
    tokens: int | None = None,
    threshold: float | str | None = None,
    top_p: float | None = None,
    top_k: int | None = None,
    min_relevance: float | None = None,
    method: str | Compressor = "auto",
    query: str | None = None,
    model: str | None = None,
    adapter: str | None = None,
    generator: str | None = None,
    generator_model: str | None = None,
    tokenizer: str = DEFAULT_TOKENIZER,
    keep_pattern: str | Sequence[str] = (),
    keep_numbers: bool = False,
    allow: Sequence[str] = (),
    compat: bool = False,
    cache: bool = True,
    best_effort: bool = False,
) -> Compression:
    """Shorten `source` (a string, a `Document`, or a list of them sharing one budget) and say what was kept.

    Give one of `ratio` (4 keeps a quarter), `keep` ("25%" or 0.25) and `tokens`; or choose by score alone with
    one of `threshold` (a probability, or "auto" for the scorer's own mark), `top_p` and `top_k`; with none of
    them half is kept. The result never exceeds the budget, counted by `tokenizer`, and text already within it
    comes back unchanged. With a `query` what answers it is kept, and `min_relevance` may leave nothing at all.
    `method` is a name or a compressor object; "auto" is longcodezip for code files, else exit with a
    query and llmlingua2 without. `generator` is what writes for the methods that do: the URL of an endpoint (with
    `generator_model`), a directory, a hub id, or "none".

    Raises `UsageError` for arguments that make no sense, `BudgetError` when what must be kept exceeds the
    budget (unless `best_effort`), `ModelUnavailable` or `MissingExtra` when something is not installed, and
    `EndpointError` when a generator behind a URL fails.

        >>> from ctxzip import compress
        >>> compress("Well, the meeting is, I think, moved to Friday at nine.", ratio=2).tokens_after <= 8
        True
    """
    patterns = (keep_pattern,) if isinstance(keep_pattern, str) else tuple(keep_pattern)
    options = Options(
        budget=Budget.choose(ratio=ratio, keep=keep, tokens=tokens),
        selection=Selection.read(threshold, top_p, top_k, min_relevance),
        method=method if isinstance(method, str) else method.name,
        query=query,
        weights=ModelChoice(model, adapter, compat, cache, generator, generator_model),
        tokenizer=tokenizer,
        protection=Protection(patterns, keep_numbers, frozenset(allow)),
        best_effort=best_effort,
    )
    return compress_with(source, options, None if isinstance(method, str) else method)


def compress_with(source: Source, options: Options, compressor: Compressor | None = None) -> Compression:
    """Run `compressor`, by default the one that `options` name, on `source`."""
    from ctxzip.compressors import agree, chosen, load
    from ctxzip.models.tokenizers import load_tokenizer

    documents = documents_of(source)
    counter = load_tokenizer(options.tokenizer)
    if compressor is None:
        compressor = load(chosen(options.method, options.query, documents), options.weights)
    agree(compressor, options.query, options.weights.generator)
    return run(documents, compressor, counter, options)
