"""JSON as values with their places in the text; the standard library says whether it is JSON at all."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ctxzip.structure.tiling import MOST
from ctxzip.text import Span

DEEPEST = 40
"""Levels that are told apart; a value further down is one piece."""
LONG_STRING = 160
"""Characters from which a string is cut into pieces."""
PIECE_OF_STRING = 60
"""Characters from which a piece of a string ends at the next end of a sentence or line, or at twice that at a space."""
_TOKEN = re.compile(r'[\s]*(?:([{\[])|([}\]])|(,)|(:)|("[^"\\]*(?:\\.[^"\\]*)*")|([^\s{}\[\],:"]+))', re.DOTALL)
_CUT = re.compile(r"[.!?。！？](?= )|\\n|(?<= )")


@dataclass(slots=True)
class Value:
    """A value: an object or array with its items, a string, or another scalar; `key` names it in an object.

    In arrays with very many items a few neighbouring scalars are one value: `number` of them.
    """

    start: int
    end: int
    opening: str = ""
    key: Span | None = None
    items: list[Value] = field(default_factory=list)
    number: int = 1

    @property
    def whole(self) -> Span:
        """Return the value with its key."""
        return Span(self.key.start if self.key else self.start, self.end)


def loads(text: str) -> Any:
    """Return the value of `text`, None if it is no JSON object or array that can be read here."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict | list) else None


def values(text: str, start: int, end: int) -> Value | None:
    """Return the tree of the JSON at `start` to `end`, which is known to be valid; None if it is no container."""
    reader = _Reader(text, join=text.count(",", start, end) > MOST)
    for match in _TOKEN.finditer(text, start, end):
        reader.take(match)
    return reader.root


class _Reader:
    """Builds the tree of values from the tokens of valid JSON."""

    def __init__(self, text: str, *, join: bool) -> None:
        self.text = text
        self._join = join
        self.root: Value | None = None
        self._stack: list[Value] = []
        self._below = 0
        """Levels below the deepest that are told apart."""
        self._key: Span | None = None

    def take(self, match: re.Match[str]) -> None:
        opens, closes, _, _, string, word = match.groups()
        if self._below:
            self._below += bool(opens) - bool(closes)
            if not self._below:
                self._stack[-1].items[-1].end = match.end()
        elif closes:
            closed = self._stack.pop()
            closed.end = match.end()
            self.root = closed if not self._stack else None
        elif string and self._key is None and self._stack and self._stack[-1].opening == "{":
            self._key = Span(match.end() - len(string), match.end())
        elif string or word or opens:
            self._begin(match.end() - len(string or word or opens), match.end(), opens or "", bool(string))

    def _begin(self, start: int, end: int, opens: str, string: bool) -> None:
        if self._join and not opens and self._joined(end):
            return
        value = Value(start, end, opens or ('"' if string else ""), self._key)
        self._key = None
        if self._stack:
            self._stack[-1].items.append(value)
        if opens and len(self._stack) >= DEEPEST:
            self._below = 1
        elif opens:
            self._stack.append(value)

    def _joined(self, end: int) -> bool:
        """Let the scalar that ends at `end` go with the one before it in the same array, if that is not yet long."""
        before = self._stack[-1].items[-1:] if self._stack[-1].opening == "[" else []
        if not before or before[0].opening in ("[", "{") or before[0].end - before[0].start > LONG_STRING:
            return False
        before[0].end, before[0].opening = end, ""
        before[0].number += 1
        return True


def parts(text: str, value: Value) -> list[Span]:
    """Return the pieces of a long string, between its quotes; none for a short one."""
    if value.opening != '"' or value.end - value.start < LONG_STRING:
        return []
    return list(_parts(text, value.start + 1, value.end - 1))


def _parts(text: str, start: int, end: int) -> Iterator[Span]:
    for match in _CUT.finditer(text, start, end):
        stop = match.end()
        size = stop - start
        if match.group() and text[stop - 2 : stop] == "\\n" and _escaped(text, stop - 2, start):
            continue
        if (size >= PIECE_OF_STRING and match.group()) or size >= 2 * PIECE_OF_STRING:
            yield Span(start, stop)
            start = stop
    if start < end:
        yield Span(start, end)


def _escaped(text: str, at: int, least: int) -> bool:
    """Tell whether the backslash at `at` is itself escaped."""
    count = 0
    while at - count - 1 >= least and text[at - count - 1] == "\\":
        count += 1
    return count % 2 == 1


def compact(text: str, start: int, end: int) -> str:
    """Return the JSON at `start` to `end` without the white space between its tokens."""
    return "".join(match.group().lstrip() for match in _TOKEN.finditer(text, start, end))
