"""Files one by one: each compressed within its own budget or limit, and rewritten, checked or shown as a diff."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import typer

from ctxzip.api import compress_with
from ctxzip.budget import Budget
from ctxzip.cli import atomic, render
from ctxzip.cli.options import Inputs, Limits, OneByOne, Report, Result, Talk
from ctxzip.cli.read import Input, named, read_input
from ctxzip.cli.walk import STDIN
from ctxzip.errors import BudgetError, CtxzipError, InputError, UsageError
from ctxzip.options import Options
from ctxzip.protocols import Tokenizer
from ctxzip.result import Compression
from ctxzip.selection import Selection
from ctxzip.text import Document

SCHEMA = 1
"""Version of the `--json` report over several files."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file."""

    name: str
    given: Input | None = None
    before: int | None = None
    """Tokens, None for a file that was not counted."""
    limit: int | None = None
    result: Compression | None = None
    error: CtxzipError | None = None

    @property
    def changed(self) -> bool:
        """Tell whether the file's text is, or would be, another one."""
        return self.given is not None and self.result is not None and self.result.text != self.given.text

    @property
    def after(self) -> int | None:
        """Return the tokens that are left."""
        return self.result.tokens_after if self.result else self.before

    def to_dict(self) -> dict[str, Any]:
        """Return the fields of the `--json` report."""
        return {
            "file": self.name,
            "tokens_before": self.before,
            "tokens_after": self.after,
            "limit": self.limit,
            "changed": self.changed,
            "error": self.error.message if self.error else None,
        }


@dataclass(frozen=True)
class Each:
    """A run over files one by one, as the groups of a command line ask for it."""

    inputs: Inputs
    asked: Options
    output: Result
    report: Report
    how: OneByOne
    limits: Limits
    talk: Talk

    def run(self) -> int:
        """Do all of it, say what happened, and return the exit code."""
        names = self._names()
        self._refuse(names)
        if self._writes:
            atomic.sweep(map(Path, names))
        outcomes = []
        for outcome in self._outcomes(names):
            self._show(outcome)
            outcomes.append(outcome)
        if self.report.html:
            self._page(outcomes)
        if self.report.json:
            told = {"schema": SCHEMA, "files": [outcome.to_dict() for outcome in outcomes]}
            render.write(render.as_json(told))
        if not self.talk.quiet:
            self._summary(outcomes)
        failures = [outcome.error.exit_code for outcome in outcomes if outcome.error]
        return max(failures, default=int(self.how.check and any(outcome.changed for outcome in outcomes)))

    @property
    def _writes(self) -> bool:
        return self.how.in_place and not (self.how.check or self.how.diff)

    @property
    def _limited(self) -> bool:
        """Tell whether only files over their limit are of interest."""
        return self.how.over_limit or self.limits.given

    def _names(self) -> list[str]:
        """Return the files, one name for each even where links give it several."""
        places: dict[str, str] = {}
        for name in named(self.inputs, texts_first=True):
            places.setdefault(name if name == STDIN else os.path.realpath(name), name)
        return list(places.values())

    def _refuse(self, names: Sequence[str]) -> None:
        flags = {"--output": self.output.output, "--highlight": self.output.highlight}
        for flag in (flag for flag, value in flags.items() if value):
            raise UsageError(f"{flag} shows one result, not files one by one", hint=f"leave out {flag}")
        if self._writes and STDIN in names:
            raise UsageError("standard input cannot be rewritten in place", hint="name the files")
        if self.output.sidecar and len(names) != 1:
            raise UsageError("--sidecar belongs to one result", hint="rewrite one file at a time")
        if self.limits.max_tokens is not None and (self.asked.budget or self.asked.selection.given):
            raise UsageError("--max-tokens and another budget exclude each other", hint="give one of them")

    def _outcomes(self, names: Sequence[str]) -> Iterator[Outcome]:
        """Yield what becomes of each file, in order, several worked on at a time where that was asked for."""
        if self.how.jobs == 1 or len(names) < 3:
            yield from map(self._one, names)
            return
        yield self._one(names[0])  # loads the weights, which all the others share
        pool = ThreadPoolExecutor(self.how.jobs)
        try:
            yield from pool.map(self._one, names[1:])
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def _one(self, name: str) -> Outcome:
        """Return what becomes of one file, and do it."""
        known_as = self.inputs.stdin_filename or name if name == STDIN else name
        limit = self.limits.of(known_as) if self._limited else None
        if self._limited and limit is None:
            return Outcome(name)
        try:
            was = os.stat(name) if name != STDIN and Path(name).exists() else None  # noqa: PTH116
            given = read_input(name, self.inputs)
            outcome = self._compressed(name, given, limit)
            if self._writes and outcome.changed and outcome.result:
                self._keep_sidecar(given, outcome.result)
                atomic.replace(Path(name), given.form.encode(outcome.result.text), was=was)
        except (InputError, BudgetError) as error:
            return Outcome(name, limit=limit, error=error)
        return outcome

    def _compressed(self, name: str, given: Input, limit: int | None) -> Outcome:
        options = self.asked
        if limit is not None:
            before = self._tokenizer.count(given.text)
            if before <= limit:
                return Outcome(name, given, before, limit)
            selection = Selection(min_relevance=self.asked.selection.min_relevance)
            options = replace(self.asked, budget=Budget.exactly(limit), selection=selection)
        result = compress_with(Document(given.text, path=given.filename), options)
        return Outcome(name, given, result.tokens_before, limit, result)

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        from ctxzip.models.tokenizers import load_tokenizer

        return load_tokenizer(self.asked.tokenizer)

    def _keep_sidecar(self, given: Input, result: Compression) -> None:
        if self.output.sidecar:
            from ctxzip.cli.compress import sidecar_of

            render.write(sidecar_of([given], [Document(given.text, path=given.filename)], result), self.output.sidecar)

    def _show(self, outcome: Outcome) -> None:
        """Print the error or the diff of one file."""
        error = outcome.error
        if error:
            where = "" if outcome.name in error.message else f"{outcome.name}: "
            typer.echo(f"error: {where}{error.message}\nhint: {error.hint}", err=True)
        elif self.how.diff and outcome.changed and outcome.given and outcome.result:
            from ctxzip.cli.removed import diff

            render.write(diff(outcome.given.filename or STDIN, outcome.given.text, outcome.result.text))

    def _page(self, outcomes: Sequence[Outcome]) -> None:
        from ctxzip.cli.html import page

        views = [
            ([Document(o.given.text, id=o.name, path=o.given.filename)], o.result)
            for o in outcomes
            if o.given and o.result
        ]
        render.write(page(views), self.report.html)

    def _summary(self, outcomes: Sequence[Outcome]) -> None:
        """Say on standard error what changed, and how many files did not."""
        rows = [_row(outcome) for outcome in outcomes if outcome.changed or (self.talk.verbose and outcome.before)]
        render.show(rows, right=(1, 3))
        remarks = dict.fromkeys(remark for o in outcomes if o.changed and o.result for remark in o.result.notes)
        for remark in remarks:
            render.note(remark)
        free = [outcome.name for outcome in outcomes if self._limited and outcome.limit is None]
        if free:
            shown = free if self.talk.verbose or len(free) < 4 else [*free[:3], "…"]
            render.note(f"no max-tokens limit, left alone: {', '.join(shown)}")
        changed, failed = sum(o.changed for o in outcomes), sum(o.error is not None for o in outcomes)
        verb = "shortened" if self._writes else "would be shortened"
        parts = [f"{_files(changed)} {verb}", f"{_files(len(outcomes) - changed - failed)} left alone"]
        typer.echo(", ".join(parts + ([f"{_files(failed)} failed"] if failed else [])), err=True)


def _row(outcome: Outcome) -> tuple[str, ...]:
    tokens = (f"{outcome.before:,}", "→", f"{outcome.after:,}", "tokens")
    return (outcome.name, *tokens, f"(limit {outcome.limit:,})" if outcome.limit else "")


def _files(number: int) -> str:
    return f"{number} file" + ("s" if number != 1 else "")
