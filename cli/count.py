"""`ctxzip count` and `ctxzip check`: how many tokens files take, and whether that is within their limit."""

from __future__ import annotations

import typer

from ctxzip.cli.command import command
from ctxzip.cli.options import Counting, Inputs, Limits, Talk
from ctxzip.errors import UsageError


@command
def count(inputs: Inputs, counting: Counting, talk: Talk) -> None:
    """Print how many tokens files, or what is piped in, take."""
    from ctxzip.cli.read import read_inputs
    from ctxzip.cli.work import counts

    numbers = counts(read_inputs(inputs), counting.tokenizer)
    if len(numbers) == 1:
        typer.echo(numbers[0][1])
        return
    for name, number in [*numbers, ("total", sum(number for _, number in numbers))]:
        typer.echo(f"{number}\t{name}")


@command
def check(inputs: Inputs, counting: Counting, limits: Limits, talk: Talk) -> None:
    """Fail with exit code 1 when a file takes more tokens than allowed.

    The limit is --max-tokens, or what max-tokens in the configuration says for the file's path.
    """
    from ctxzip.cli.read import named, read_input
    from ctxzip.cli.walk import STDIN
    from ctxzip.cli.work import counts

    if not limits.given:
        hint = "for example ctxzip check --max-tokens 2000 prompt.md, or max-tokens in [tool.ctxzip]"
        raise UsageError("no limit to check against", hint=hint)
    over = free = 0
    for name in named(inputs, texts_first=True):
        limit = limits.of(inputs.stdin_filename or name if name == STDIN else name)
        free += limit is None
        if limit is None:
            continue
        [(shown, number)] = counts([read_input(name, inputs)], counting.tokenizer)
        over += number > limit
        if number > limit:
            excess = f"{number - limit} over the limit of {limit}"
            typer.echo(f"{shown}: {number} tokens, {excess} ({counting.tokenizer})")
        elif talk.verbose:
            typer.echo(f"{shown}: {number} tokens, the limit is {limit}", err=True)
    if free and not talk.quiet:
        typer.echo(f"note: {free} file{'s' if free > 1 else ''} without a max-tokens limit not checked", err=True)
    if over:
        raise typer.Exit(1)
