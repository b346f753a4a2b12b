"""What a whole text is: its name says so, or its first characters do."""

from __future__ import annotations

import ast
import re
import warnings
from pathlib import PurePath

from ctxzip.code.languages import by_suffix
from ctxzip.structure import code, json_values, jsons, logs, markup, tables
from ctxzip.structure.kinds import Region

_BY_SUFFIX = {
    ".json": "json", ".jsonl": "jsonl", ".ndjson": "jsonl", ".yaml": "yaml", ".yml": "yaml", ".toml": "toml",
    ".ini": "ini", ".cfg": "ini", ".xml": "xml", ".html": "html", ".htm": "html", ".xhtml": "html", ".svg": "xml",
    ".csv": "csv", ".tsv": "tsv", ".log": "log",
}  # fmt: skip
_PYTHON = re.compile(r"^(?:from \S+ import |import \w|(?:async )?def \w+\(|class \w+[(:]|@\w)", re.MULTILINE)
_MARKUP = re.compile(r"<(?:\?xml|!doctype html|html[\s>])", re.IGNORECASE)
_FENCE = re.compile(r"^(?:```|~~~)", re.MULTILINE)
"""What neither a log nor a program holds at the start of a line."""
_STANDS_IN_LINES = (jsons.find, tables.find, markup.find)
"""What breaks if a log takes its lines for its own."""
READ = 20_000
"""Characters that are looked at before a text is parsed to tell what it is."""


def whole(text: str, path: str | None) -> Region | None:
    """Return all of `text` as one region, None if it is prose or of several kinds."""
    end = len(text.rstrip())
    start = len(text) - len(text.lstrip())
    if start >= end:
        return None
    language = _by_name(text, path) or _by_look(text[start:end])
    if not language:
        return None
    start = text.rfind("\n", 0, start) + 1
    return Region(code.kind_of(language), start, end, start, end, language, whole=True)


def _by_name(text: str, path: str | None) -> str:
    if not path:
        return ""
    found = by_suffix(path)
    language = found.name if found else _BY_SUFFIX.get(PurePath(path).suffix.lower(), "")
    return "" if language == "json" and json_values.loads(text.removeprefix("\ufeff")) is None else language


def _by_look(text: str) -> str:
    if text[0] in "[{" and text[-1] in "]}":
        if json_values.loads(text) is not None:
            return "json"
        lines = text[:READ].splitlines()[:-1] or [text]
        if len(lines) > 1 and all(json_values.loads(line) is not None for line in lines[:20] if line.strip()):
            return "jsonl"
    if text[0] == "<" and _MARKUP.match(text) and markup.density(text[:READ]) >= markup.DENSE / 2:
        return "xml"
    if _FENCE.search(text):
        return ""
    if _is_log(text):
        return "log"
    return "python" if len(text) <= code.LONGEST and _is_python(text) else ""


def _is_log(text: str) -> bool:
    head = text[:READ].splitlines()
    if len(head) < logs.LEAST or sum(logs.looks_like(line) for line in head) < logs.SHARE * len(head):
        return False
    return not any("\n" in text[r.start : r.end] for find in _STANDS_IN_LINES for r in find(text))


def _is_python(text: str) -> bool:
    if not _PYTHON.search(text[:READ]) or "\n" not in text:
        return False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return any(not isinstance(node, ast.Expr) for node in ast.parse(text).body)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False
