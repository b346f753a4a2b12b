"""What was removed, for people to see: a unified diff, or the whole text with what was dropped dim."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from difflib import unified_diff

from ctxzip.cli.color import colored, styled
from ctxzip.result import Compression, Decision
from ctxzip.text import Document

DIM, BRIGHT, REMOVED, ADDED, PLACE = "2", "1", "31", "32", "36"
"""Terminal styles."""


def stretches(document: Document, decisions: Sequence[Decision]) -> Iterator[tuple[str, Decision | None]]:
    """Yield the text of a document in pieces, each with what was decided of it; None stands for structure."""
    at = 0
    for decision in decisions:
        if decision.start > at:
            yield document.text[at : decision.start], None
        yield document.text[decision.start : decision.end], decision
        at = decision.end
    if at < len(document.text):
        yield document.text[at:], None


def by_document(result: Compression, number: int) -> list[list[Decision]]:
    """Return the decisions about each of `number` documents."""
    found: list[list[Decision]] = [[] for _ in range(number)]
    for decision in result.spans:
        found[decision.document].append(decision)
    return found


def highlighted(documents: Sequence[Document], result: Compression) -> str:
    """Return the input with what is kept bright and what is dropped dim, or without colours `[-dropped-]`."""
    color = colored(sys.stdout)
    parts = []
    for document, decisions in zip(documents, by_document(result, len(documents)), strict=True):
        if document.id:
            parts.append(f"==> {document.id} <==\n")
        for text, kept in _runs(document, decisions):
            if not text.strip():
                parts.append(text)
            elif color:
                parts.append(styled(text, BRIGHT if kept else DIM))
            else:
                parts.append(text if kept else f"[-{text}-]")
        parts.append("\n" if len(documents) > 1 or color else "")
    return "".join(parts)


def _runs(document: Document, decisions: Sequence[Decision]) -> Iterator[tuple[str, bool]]:
    """Yield stretches of the document that are all kept or all dropped; structure goes with what precedes it."""
    run, state = "", True
    for text, decision in stretches(document, decisions):
        if decision is not None and decision.kept != state:
            if run:
                yield run, state
            run, state = "", decision.kept
        run += text
    yield run, state


def diff(name: str, before: str, after: str) -> str:
    """Return a unified diff of a file's text and what would be left of it, coloured where that is wanted."""
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    lines = [_ended(line) for line in unified_diff(old, new, name, name)]
    if not colored(sys.stdout):
        return "".join(lines)
    return "".join(_painted(line) for line in lines)


def _ended(line: str) -> str:
    """Return a line of a diff with its end; like `diff`, say where a file has none."""
    return line if line.endswith("\n") else line.rstrip("\r") + "\n\\ No newline at end of file\n"


def _painted(line: str) -> str:
    style = {"-": REMOVED, "+": ADDED, "@": PLACE}.get(line[:1], "")
    if line.startswith(("---", "+++")):
        style = BRIGHT
    return styled(line, style) if style else line
