"""`ctxzip compress` and `ctxzip plan`: one library call over everything that is read, and the views of its result."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from ctxzip.cli.command import command
from ctxzip.cli.options import Budgeting, Choosing, Counting, Inputs, Limits, OneByOne, Report, Result, Talk, Writing
from ctxzip.errors import UsageError

if TYPE_CHECKING:
    from ctxzip.cli.read import Input
    from ctxzip.options import Options
    from ctxzip.result import Compression
    from ctxzip.text import Document


@command
def compress(
    inputs: Inputs,
    budget: Budgeting,
    counting: Counting,
    choosing: Choosing,
    writing: Writing,
    output: Result,
    report: Report,
    one_by_one: OneByOne,
    limits: Limits,
    talk: Talk,
) -> None:
    """Shorten files, or what is piped in, to a token budget.

    Several files share one budget and are written one after the other, each under its path; with --in-place, --check
    or --diff each file has its own.
    """
    from ctxzip.cli.work import options_of

    asked = options_of(budget, choosing, writing, counting)
    if one_by_one.asked:
        from ctxzip.cli.each import Each

        raise typer.Exit(Each(inputs, asked, output, report, one_by_one, limits, talk).run())
    _refuse_limits(limits, one_by_one)
    given, documents, result = _together(inputs, asked, talk)
    from ctxzip.cli import render

    form = given[0].form if len(given) == 1 else None
    if output.sidecar:
        render.write(sidecar_of(given, documents, result), output.sidecar)
    _page(documents, result, report)
    if report.json:
        render.write(render.as_json(result.to_dict()), output.output)
    elif output.highlight:
        _show(documents, result)
    else:
        render.write(result.text, output.output, form)
    _remarks(result, report, talk)


@command
def plan(
    inputs: Inputs,
    budget: Budgeting,
    counting: Counting,
    choosing: Choosing,
    writing: Writing,
    report: Report,
    talk: Talk,
) -> None:
    """Show what compress would keep and drop, and what it would rewrite; nothing is written."""
    from ctxzip.cli.work import options_of

    asked = options_of(budget, choosing, writing, counting, rehearsal=True)
    _, documents, result = _together(inputs, asked, talk)
    from ctxzip.cli import render

    _page(documents, result, report)
    if report.json:
        render.write(render.as_json(result.to_dict()))
        return
    _show(documents, result)
    if not talk.quiet:
        render.stats(result)


def _together(inputs: Inputs, asked: Options, talk: Talk) -> tuple[list[Input], list[Document], Compression]:
    """Read everything, compress it within one budget, and return all of it.

    What reads and compresses is imported while the encoder opens.
    """
    from ctxzip.compressors import begin

    begin(asked.weights)
    from ctxzip.cli.read import documents_of, read_inputs
    from ctxzip.cli.work import compressed

    given = read_inputs(inputs)
    documents = documents_of(given, lists=asked.query is not None)
    return given, documents, compressed(documents, asked, quiet=talk.quiet)


def _refuse_limits(limits: Limits, one_by_one: OneByOne) -> None:
    asked = "--over-limit" if one_by_one.over_limit else "--max-tokens" if limits.max_tokens else ""
    if asked:
        hint = "add --in-place, --check or --diff; the budget of a single result is --tokens"
        raise UsageError(f"{asked} looks at files one by one", hint=hint)


def sidecar_of(given: Sequence[Input], documents: Sequence[Document], result: Compression) -> str:
    """Return the sidecar of what was made of the inputs `given`, as JSON."""
    from ctxzip.sidecar import Sidecar

    if len(given) != len(documents):
        raise UsageError("a list of passages has no sidecar", hint="leave --sidecar out, or give the passages as files")
    marks = ["\ufeff" if item.form.mark else "" for item in given]
    return Sidecar.of(documents, result, encodings=[item.form.encoding for item in given], marks=marks).to_json()


def _page(documents: Sequence[Document], result: Compression, report: Report) -> None:
    if report.html:
        from ctxzip.cli import render
        from ctxzip.cli.html import page

        render.write(page([(documents, result)]), report.html)


def _show(documents: Sequence[Document], result: Compression) -> None:
    from ctxzip.cli import render
    from ctxzip.cli.removed import highlighted

    render.write(highlighted(documents, result))


def _remarks(result: Compression, report: Report, talk: Talk) -> None:
    from ctxzip.cli import render

    if report.stats or talk.verbose:
        render.stats(result)
    elif not talk.quiet:
        for remark in result.notes:
            render.note(remark)
