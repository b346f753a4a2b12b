"""The commands: each builds one options value, calls the library once and renders what comes back."""

from __future__ import annotations

import typer

from ctxzip.cli import options as o
from ctxzip.errors import UsageError
from ctxzip.options import DEFAULT_TOKENIZER, Options


def _options(
    budget: tuple[str | None, str | None, str | None],
    selection: tuple[str | None, float | None, int | None, float | None],
    weights: tuple[str | None, str | None, bool, bool, str | None, str | None],
    protect: tuple[list[str] | None, bool, list[str] | None],
    **chosen: object,
) -> Options:
    """Return the options value of a command's flags: grouped as the library groups them, the rest by name."""
    from ctxzip.budget import Budget
    from ctxzip.choice import ModelChoice
    from ctxzip.cli.read import read_query
    from ctxzip.protect import Protection
    from ctxzip.selection import Selection

    ratio, keep, tokens = budget
    patterns, numbers, allow = protect
    chosen["query"] = read_query(chosen.get("query"))
    return Options(
        budget=Budget.choose(ratio=ratio, keep=keep, tokens=tokens),
        selection=Selection.read(*selection),
        weights=ModelChoice(*weights),
        protection=Protection(tuple(patterns or ()), numbers, frozenset(allow or ())),
        **chosen,  # type: ignore[arg-type]
    )


def compress(
    files: o.Files = None,
    ratio: o.Ratio = None,
    keep: o.Keep = None,
    tokens: o.Tokens = None,
    threshold: o.Threshold = None,
    top_p: o.TopP = None,
    top_k: o.TopK = None,
    min_relevance: o.MinRelevance = None,
    method: o.Method = "auto",
    query: o.Query = None,
    model: o.Model = None,
    adapter: o.Adapter = None,
    generator: o.GeneratorName = None,
    generator_model: o.GeneratorModel = None,
    tokenizer: o.TokenizerName = DEFAULT_TOKENIZER,
    keep_pattern: o.KeepPattern = None,
    keep_numbers: o.KeepNumbers = False,
    allow: o.Allow = None,
    compat: o.Compat = False,
    best_effort: o.BestEffort = False,
    no_cache: o.NoCache = False,
    encoding: o.Encoding = "utf-8",
    output: o.Output = None,
    json: o.Json = False,
    stats: o.Stats = False,
    quiet: o.Quiet = False,
    debug: o.Debug = False,
) -> None:
    """Shorten files, or what is piped in, to a token budget.

    Several files share one budget and are written one after the other, each under its path.
    """
    from ctxzip.cli import render
    from ctxzip.cli.work import compressed, read

    asked = _options(
        (ratio, keep, tokens),
        (threshold, top_p, top_k, min_relevance),
        (model, adapter, compat, not no_cache, generator, generator_model),
        (keep_pattern, keep_numbers, allow),
        method=method,
        query=query,
        tokenizer=tokenizer,
        best_effort=best_effort,
    )
    result = compressed(read(files or [], encoding, lists=asked.query is not None), asked, quiet=quiet)
    render.write(render.as_json(result) if json else result.text, output, encoding)
    if stats:
        render.stats(result)
    elif not quiet:
        render.notes(result)


def plan(
    files: o.Files = None,
    ratio: o.Ratio = None,
    keep: o.Keep = None,
    tokens: o.Tokens = None,
    threshold: o.Threshold = None,
    top_p: o.TopP = None,
    top_k: o.TopK = None,
    min_relevance: o.MinRelevance = None,
    method: o.Method = "auto",
    query: o.Query = None,
    model: o.Model = None,
    adapter: o.Adapter = None,
    generator: o.GeneratorName = None,
    generator_model: o.GeneratorModel = None,
    tokenizer: o.TokenizerName = DEFAULT_TOKENIZER,
    keep_pattern: o.KeepPattern = None,
    keep_numbers: o.KeepNumbers = False,
    allow: o.Allow = None,
    compat: o.Compat = False,
    best_effort: o.BestEffort = False,
    no_cache: o.NoCache = False,
    encoding: o.Encoding = "utf-8",
    json: o.Json = False,
    quiet: o.Quiet = False,
    debug: o.Debug = False,
) -> None:
    """Show what compress would keep and drop, and what it would rewrite; nothing is written."""
    from ctxzip.cli import render
    from ctxzip.cli.work import compressed, read

    asked = _options(
        (ratio, keep, tokens),
        (threshold, top_p, top_k, min_relevance),
        (model, adapter, compat, not no_cache, generator, generator_model),
        (keep_pattern, keep_numbers, allow),
        method=method,
        query=query,
        tokenizer=tokenizer,
        best_effort=best_effort,
        rehearsal=True,
    )
    documents = read(files or [], encoding, lists=asked.query is not None)
    result = compressed(documents, asked, quiet=quiet)
    if json:
        render.write(render.as_json(result), None, encoding)
        return
    render.marked(documents, result)
    if not quiet:
        render.stats(result)


def count(
    files: o.Files = None,
    tokenizer: o.TokenizerName = DEFAULT_TOKENIZER,
    encoding: o.Encoding = "utf-8",
    debug: o.Debug = False,
) -> None:
    """Print how many tokens files, or what is piped in, take."""
    from ctxzip.cli.work import counts

    numbers = counts(files or [], tokenizer, encoding)
    if len(numbers) == 1:
        typer.echo(numbers[0][1])
        return
    for name, number in [*numbers, ("total", sum(number for _, number in numbers))]:
        typer.echo(f"{number}\t{name}")


def check(
    files: o.Files = None,
    max_tokens: o.MaxTokens = None,
    tokenizer: o.TokenizerName = DEFAULT_TOKENIZER,
    encoding: o.Encoding = "utf-8",
    debug: o.Debug = False,
) -> None:
    """Fail with exit code 1 when a file takes more tokens than allowed."""
    from ctxzip.cli.work import counts

    if max_tokens is None:
        raise UsageError("no limit to check against", hint="for example ctxzip check --max-tokens 2000 prompt.md")
    over = [(name, number) for name, number in counts(files or [], tokenizer, encoding) if number > max_tokens]
    for name, number in over:
        typer.echo(f"{name}: {number} tokens, {number - max_tokens} over the limit of {max_tokens} ({tokenizer})")
    if over:
        raise typer.Exit(1)


def methods(debug: o.Debug = False) -> None:
    """List the methods that --method takes."""
    from ctxzip.compressors import SUMMARIES, names

    typer.echo(f"{'auto':<19} the default: longcodezip for code files, exit for a query, else llmlingua2")
    for name in names():
        typer.echo(f"{name:<19} {SUMMARIES.get(name, 'from an installed plug-in')}")


cache = typer.Typer(help="What ctxzip keeps on disk between runs.", no_args_is_help=True)


@cache.command("clear")
def clear(debug: o.Debug = False) -> None:
    """Delete everything that was kept on disk, and say how much that was."""
    from ctxzip.models.cache import default_cache

    typer.echo(f"{default_cache().clear() / 1e6:.1f} MB freed")


@cache.command("where")
def where(debug: o.Debug = False) -> None:
    """Print the directory in which results and converted weights are kept."""
    from ctxzip.models.cache import default_cache

    typer.echo(str(default_cache().root))
