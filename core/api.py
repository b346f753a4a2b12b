"""The public function: options in, compression out."""

from __future__ import annotations

from collections.abc import Sequence

from ctxzip.budget import Budget
from ctxzip.options import DEFAULT_METHOD, DEFAULT_TOKENIZER, Options
from ctxzip.pipeline import run
from ctxzip.protect import Protection
from ctxzip.protocols import Compressor
from ctxzip.result import Compression
from ctxzip.text import Source, documents_of


def compress(
    source: Source,
    *,
    ratio: float | str | None = None,
    keep: float | str | None = None,
    tokens: int | None = None,
    threshold: float | None = None,
    method: str | Compressor = "auto",
    model: str | None = None,
    tokenizer: str = DEFAULT_TOKENIZER,
    keep_pattern: str | Sequence[str] = (),
    keep_numbers: bool = False,
    allow: Sequence[str] = (),
    compat: bool = False,
    best_effort: bool = False,
) -> Compression:
    """Shorten `source` (a string, a `Document`, or a list of them sharing one budget) and say what was kept.

    Give one of `ratio` (4 keeps a quarter), `keep` ("25%" or 0.25) and `tokens`, or a score `threshold`; with
    none of them half is kept. The result never exceeds the budget, counted by `tokenizer`, and text already
    within it comes back unchanged. `method` is a name or a compressor object.

    Raises `UsageError` for arguments that make no sense, `BudgetError` when what must be kept exceeds the
    budget (unless `best_effort`), `ModelUnavailable` or `MissingExtra` when something is not installed.

        >>> from ctxzip import compress
        >>> compress("Well, the meeting is, I think, moved to Friday at nine.", ratio=2).tokens_after <= 8
        True
    """
    patterns = (keep_pattern,) if isinstance(keep_pattern, str) else tuple(keep_pattern)
    options = Options(
        budget=Budget.choose(ratio=ratio, keep=keep, tokens=tokens),
        threshold=threshold,
        method=method if isinstance(method, str) else method.name,
        model=model,
        tokenizer=tokenizer,
        protection=Protection(patterns, keep_numbers, frozenset(allow)),
        compat=compat,
        best_effort=best_effort,
    )
    return compress_with(source, options, None if isinstance(method, str) else method)


def compress_with(source: Source, options: Options, compressor: Compressor | None = None) -> Compression:
    """Run `compressor`, by default the one that `options` name, on `source`."""
    from ctxzip.compressors import load
    from ctxzip.models.tokenizers import load_tokenizer

    documents = documents_of(source)
    counter = load_tokenizer(options.tokenizer)
    if compressor is None:
        name = DEFAULT_METHOD if options.method == "auto" else options.method
        compressor = load(name, options.model, compat=options.compat)
    return run(documents, compressor, counter, options)
