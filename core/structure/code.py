"""Code: fenced, indented, or a whole file; what is left of it still parses."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ctxzip.code.languages import LANGUAGES, PYTHON, Language, by_suffix
from ctxzip.protocols import Inset
from ctxzip.structure.inset import Whole
from ctxzip.structure.kinds import Region
from ctxzip.text import Span

LONGEST = 400_000
"""Characters beyond which code is not cut: it would be parsed again and again."""
_LEAD = r"[^\S\n]*+(?:(?:[-*+>]|\d{1,3}[.)])[^\S\n]++){0,40}"
_FENCE = re.compile(rf"^{_LEAD}(?P<mark>`{{3,}}|~{{3,}})(?P<info>[^\n`]*)$", re.MULTILINE)
_INDENTED = re.compile(r"(?:\A|(?<=\n\n)|(?<=\n\r\n))(?:(?: {4}|\t)[^\n]*\n(?:[^\S\n]*\n)*)+(?:(?: {4}|\t)[^\n]+\Z)?")
_ALIASES = {
    "py": "python", "python3": "python", "js": "javascript", "jsx": "javascript", "node": "javascript",
    "ts": "typescript", "golang": "go", "rs": "rust", "c++": "cpp", "h": "c",
}  # fmt: skip
_LOOKS_LIKE = re.compile(
    r"[;{}()=<>\[\]]|^[^\S\n]*(?:def|class|import|from|return|if|for|fn|let|const|var|\$|#)\b", re.MULTILINE
)
KIND_OF_FENCE = {
    "json": "json", "jsonc": "code", "jsonl": "log", "ndjson": "log", "yaml": "data", "yml": "data", "toml": "data",
    "ini": "data", "xml": "markup", "html": "markup", "svg": "markup", "log": "log", "csv": "table", "tsv": "table",
    "logs": "log", "console": "log", "output": "log",
}  # fmt: skip


def find(text: str) -> Iterator[Region]:
    """Yield the fenced blocks; an unclosed one runs to the end of the text. Then the indented ones."""
    if "```" in text or "~~~" in text:
        yield from _fences(text)


def find_indented(text: str) -> Iterator[Region]:
    """Yield blocks of indented lines between blank lines, where they look like code."""
    if "\n    " not in text and "\n\t" not in text:
        return
    for match in _INDENTED.finditer(text):
        end = match.start() + len(match.group().rstrip())
        body = text[match.start() : end]
        if end > match.start() and len(_LOOKS_LIKE.findall(body)) > body.count("\n"):
            yield Region("code", match.start(), end, match.start(), end)


def _fences(text: str) -> Iterator[Region]:
    opening: re.Match[str] | None = None
    for fence in _FENCE.finditer(text):
        if opening is None:
            opening = fence
        elif fence["mark"].startswith(opening["mark"]) and not fence["info"].strip():
            yield _block(text, opening, fence.start(), fence.end())
            opening = None
    if opening is not None:
        end = len(text.rstrip())
        yield _block(text, opening, end, end)


def _block(text: str, opening: re.Match[str], tail: int, end: int) -> Region:
    info = opening["info"].strip().lower()
    language = re.split(r"[\s,{:]", info, maxsplit=1)[0]
    head = min(opening.end() + 1, tail)
    end = opening.start() + len(text[opening.start() : end].rstrip())
    return Region(kind_of(language), opening.start(), max(end, head), head, max(min(tail, end), head), language, True)


def kind_of(language: str) -> str:
    """Return the kind of a fenced block by the word after its fence."""
    return KIND_OF_FENCE.get(language, "code")


def named(name: str) -> Language | None:
    """Return the language that the word after a fence means, None for one whose syntax nobody here can check."""
    name = _ALIASES.get(name, name)
    return next((language for language in LANGUAGES if language.name == name), None) or by_suffix(f"x.{name}")


def inset(text: str, region: Region) -> Inset:
    """Return the body of `region` as pieces of code if it parses, else as one piece."""
    span = body_of(text, region)
    body = span.of(text)
    language = named(region.language) if region.language else PYTHON
    if language and 0 < len(body) <= LONGEST:
        from ctxzip.code.parse import faults
        from ctxzip.structure.statements import Statements

        if faults(body, language) == 0:
            return Statements(text, span, language)
    return Whole(text, span, "code")


def body_of(text: str, region: Region) -> Span:
    """Return the body of `region` without the line breaks that end it."""
    return Span(region.head, region.head + len(text[region.head : region.tail].rstrip("\r\n \t")))
