"""Results for people and programs: text or JSON on standard output, tables and notes on standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from ctxzip.cli import atomic
from ctxzip.cli.color import colored
from ctxzip.cli.read import Form
from ctxzip.cli.walk import STDIN

if TYPE_CHECKING:
    from rich.table import Table

    from ctxzip.result import Compression


def write(text: str, output: str | None = None, form: Form | None = None) -> None:
    """Write `text` as it is to the file `output`, or to standard output for None and `-`."""
    data = (form or Form()).encode(text)
    if output in (None, STDIN):
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    else:
        atomic.replace(Path(str(output)), data)


def as_json(report: dict[str, Any]) -> str:
    """Return a report as one line of JSON."""
    return json.dumps(report, ensure_ascii=False) + "\n"


def note(text: str) -> None:
    """Print what the reader should know to standard error."""
    typer.echo(f"note: {text}", err=True)


def stats(result: Compression) -> None:
    """Print a table of counts to standard error."""
    rows = [
        ("tokens", f"{result.tokens_before} → {result.tokens_after} ({result.tokenizer})"),
        ("ratio", f"{result.ratio:.2f}"),
        ("asked", result.asked + (f" (at most {result.limit})" if result.limit is not None else "")),
        ("method", f"{result.method}, weights {result.model}"),
        ("pieces", f"{sum(a.kept for a in result.allotments)} of {len(result.allotments)} kept"),
        ("time", f"{result.milliseconds:.0f} ms"),
        *(("note", remark) for remark in result.notes),
    ]
    show(rows)


def show(rows: Iterable[tuple[str, ...]], right: Iterable[int] = ()) -> None:
    """Print a table without lines to standard error, the columns `right` aligned to the right."""
    from rich.table import Table
    from rich.text import Text

    table = Table(show_header=False, box=None, pad_edge=False)
    rows = list(rows)
    for column in range(max(map(len, rows), default=0)):
        table.add_column(justify="right" if column in set(right) else "left")
    for row in rows:
        table.add_row(*map(Text, row))
    _print(table)


def _print(table: Table) -> None:
    from rich.console import Console

    color = colored(sys.stderr)
    width = None if sys.stderr.isatty() else 200
    console = Console(stderr=True, no_color=not color, force_terminal=color, width=width, highlight=False, emoji=False)
    console.print(table)
