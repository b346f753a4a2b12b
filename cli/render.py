"""Results for people and programs: text or JSON on standard output, tables and notes on standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import typer

from ctxzip.errors import InputError
from ctxzip.result import Compression
from ctxzip.text import Document


def write(text: str, output: str | None, encoding: str) -> None:
    """Write `text` as it is to the file `output`, or to standard output for None and `-`."""
    data = text.encode(encoding)
    if output in (None, "-"):
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    try:
        Path(str(output)).write_bytes(data)
    except OSError as error:
        raise InputError(f"{output} cannot be written: {error.strerror}", hint="check the path") from error


def as_json(result: Compression) -> str:
    """Return the report as one line of JSON."""
    return json.dumps(result.to_dict(), ensure_ascii=False) + "\n"


def notes(result: Compression) -> None:
    """Print what the reader should know, one line each, to standard error."""
    for note in result.notes:
        typer.echo(f"note: {note}", err=True)


def stats(result: Compression) -> None:
    """Print a table of counts to standard error."""
    from rich.console import Console
    from rich.table import Table

    table = Table(show_header=False, box=None, pad_edge=False)
    rows = {
        "tokens": f"{result.tokens_before} → {result.tokens_after} ({result.tokenizer})",
        "ratio": f"{result.ratio:.2f}",
        "asked": result.asked + (f" (at most {result.limit})" if result.limit is not None else ""),
        "method": f"{result.method}, weights {result.model}",
        "pieces": f"{sum(a.kept for a in result.allotments)} of {len(result.allotments)} kept",
        "time": f"{result.milliseconds:.0f} ms",
    }
    for name, value in rows.items():
        table.add_row(name, value)
    for note in result.notes:
        table.add_row("note", note)
    Console(stderr=True, highlight=False).print(table)


def marked(documents: Sequence[Document], result: Compression) -> None:
    """Print the input with what would be dropped marked: dimmed on a terminal, `[-so-]` elsewhere."""
    terminal = sys.stdout.isatty()
    parts = []
    for index, document in enumerate(documents):
        if document.id:
            parts.append(f"==> {document.id} <==\n")
        for text, kept in _runs(document, index, result):
            if kept or not text.strip():
                parts.append(text)
            else:
                parts.append(typer.style(text, dim=True, strikethrough=True) if terminal else f"[-{text}-]")
        parts.append("\n" if len(documents) > 1 or terminal else "")
    write("".join(parts), None, "utf-8")


def _runs(document: Document, index: int, result: Compression) -> Iterator[tuple[str, bool]]:
    """Yield stretches of the document that are all kept or all dropped; structure goes with what precedes it."""
    spans = [span for span in result.spans if span.document == index]
    at = 0
    for i, span in enumerate(spans):
        if i + 1 == len(spans) or spans[i + 1].kept != span.kept:
            end = len(document.text) if i + 1 == len(spans) else spans[i + 1].start
            yield document.text[at:end], span.kept
            at = end
    if at < len(document.text):
        yield document.text[at:], True
