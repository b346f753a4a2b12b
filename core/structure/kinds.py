"""The kinds of region, and what is known of one once it is found."""

from __future__ import annotations

from dataclasses import dataclass

KINDS = frozenset({"code", "table", "json", "markup", "data", "log", "chat"})
"""Kinds that `--allow` takes: fenced and indented code, tables, JSON, XML and HTML, YAML and TOML, logs, chats."""


@dataclass(frozen=True, slots=True)
class Region:
    """The characters `start` to `end` of a text: whole lines, without the line break after the last one.

    `head` and `tail` bound its body: the fences, or the label of a turn, are outside. `language` is the word
    after a fence or what the file's name says, in lower case; `fenced` tells that fences stand around it, and
    `whole` that it is all the text there is.
    """

    kind: str
    start: int
    end: int
    head: int
    tail: int
    language: str = ""
    fenced: bool = False
    whole: bool = False

    def holds(self, other: Region) -> bool:
        """Tell whether `other` lies in the body."""
        return self.head <= other.start and other.end <= self.tail
