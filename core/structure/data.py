"""YAML, TOML and INI: lines under the keys and sections that hold them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence

from ctxzip.protocols import Inset
from ctxzip.structure.code import body_of
from ctxzip.structure.inset import Whole, line_spans
from ctxzip.structure.kinds import Region
from ctxzip.structure.tree import Node, pieces, shown
from ctxzip.text import Span

ONE_PIECE = 80
"""Characters up to which an item of a list is kept or dropped as one."""
_KEY = re.compile(
    r"\s*(?:- +)*[^\s#\"'{\[|>&*!%@`][^{}\[\]\"']{0,80}?:\s*+(?:[|>][+-]?\d?\s*+|&\w+\s*+|!\S+\s*+)?(?:#.*)?\s*\Z"
)
_LONG_KEY = re.compile(r"(?<![\w.-])(?:(?:[\w-]++|\"[^\"\n]*+\"|'[^'\n]*+')[^\S\n]*+\.[^\S\n]*+){50}")
"""A key of so many parts that reading it takes ages, since each part is looked at again with every further one."""
DEEPEST = 100
"""Levels of YAML that are told apart; a line further down belongs to the one above it."""
_ITEM = re.compile(r"\s*- ")
_DOCUMENT = re.compile(r"---(?:\s|\Z)")
_SECTION = re.compile(r"\s*\[{1,2}[^\[\]]+\]{1,2}\s*+(?:[#;].*)?\s*\Z")
_SETTING = re.compile(r"\s*[\w.\"'-]+\s*[=:]")
_YAML_LINE = re.compile(r"(?:- )?[A-Za-z_][\w .-]{0,40}:(?: |$)|- \S", re.MULTILINE)


def inset(text: str, region: Region) -> Inset:
    """Return the lines of `region` under what holds them; one piece if no line holds others or it does not parse."""
    span = body_of(text, region)
    body = span.of(text)
    toml = region.language in ("toml", "ini", "cfg", "conf")
    if "\t" in body or (region.language == "toml" and not _is_toml(body)):
        return Whole(text, span, "data")
    lines = line_spans(text, span)
    nodes = _sections(text, lines) if toml else _nested(text, lines)
    return Nested(text, span, nodes, toml=region.language == "toml") if len(nodes) > 0 else Whole(text, span, "data")


def _is_toml(text: str) -> bool:
    if _LONG_KEY.search(text):
        return False
    try:
        tomllib.loads(text.replace("\r\n", "\n"))
    except (ValueError, RecursionError):
        return False
    return True


def _sections(text: str, lines: Sequence[Span]) -> list[Node]:
    """Return the settings under their sections; lines that begin no setting go with the one before."""
    nodes: list[Node] = []
    home = nodes
    for line in lines:
        row = line.of(text)
        if _SECTION.match(row):
            nodes.append(Node(line))
            home = nodes[-1].inside
        elif home and not _SETTING.match(row) and not row.lstrip().startswith(("#", ";")):
            home[-1].opening = Span(home[-1].opening.start, line.end)
        else:
            home.append(Node(line))
    return nodes


def _depth(row: str) -> int:
    """Return how deep a line stands: its indentation, an item of a list half a step deeper than a key beside it."""
    if _DOCUMENT.match(row):
        return -1
    return 2 * (len(row) - len(row.lstrip(" "))) + bool(_ITEM.match(row))


def _nested(text: str, lines: Sequence[Span]) -> list[Node]:
    """Return the lines of YAML under the keys and items that hold them, by indentation."""
    root: list[Node] = []
    stack: list[tuple[int, Node]] = []
    for line in lines:
        row = line.of(text)
        depth = _depth(row)
        comment = row.lstrip().startswith("#")
        while stack and not comment and stack[-1][0] >= depth:
            _closed(text, stack.pop()[1])
        if len(stack) >= DEEPEST:
            last = _last(stack[-1][1])
            last.opening = Span(last.opening.start, line.end)
            continue
        node = Node(line)
        (stack[-1][1].inside if stack else root).append(node)
        if not comment:
            stack.append((depth, node))
    while stack:
        _closed(text, stack.pop()[1])
    return root


def _last(node: Node) -> Node:
    """Return the last line under `node`, or itself."""
    while node.inside:
        node = node.inside[-1]
    return node


def _closed(text: str, node: Node) -> None:
    """Make `node` one piece if what is below it is no mapping, sequence or block of its own, or if it is small."""
    if not node.inside:
        return
    row = node.opening.of(text)
    end = _last(node).opening.end
    small = _ITEM.match(row) and end - node.opening.start <= ONE_PIECE
    if small or not (_KEY.match(row) or _ITEM.match(row) or _DOCUMENT.match(row)):
        node.opening, node.inside = Span(node.opening.start, end), []


class Nested:
    """Lines in a hierarchy; the lines above stand when a line below does."""

    kind = "data"

    def __init__(self, text: str, span: Span, nodes: Sequence[Node], *, toml: bool) -> None:
        """Take `nodes` for the lines of `span`."""
        self.text = text
        self.start, self.end = span.start, span.end
        self._nodes = nodes
        self._toml = toml
        self.content: list[Span] = list(pieces(nodes))

    def alone(self) -> list[str]:
        """Return the slices themselves."""
        return [span.of(self.text) for span in self.content]

    def worth(self, scores: Sequence[float]) -> list[float]:
        """Return the compressor's own scores."""
        return list(scores)

    def render(self, kept: Sequence[int]) -> str:
        """Return the lines `kept` under what holds them."""
        return "".join(shown(self.text, self._nodes, set(kept))).rstrip("\r\n")

    def remark(self, kept: Sequence[int]) -> str:
        """Return nothing: lines are dropped as prose is."""
        return ""

    def fault(self, made: str) -> str:
        """Return whether `made` is no TOML; there is no parser for YAML here."""
        return "TOML does not parse" if self._toml and not _is_toml(made) else ""
