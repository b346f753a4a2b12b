"""A source file as nested blocks of whole lines: the pieces that can go without the rest losing its form."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from itertools import pairwise

_LINE_FEED = re.compile("\n")


class Kind(Enum):
    """What a block is, as far as its worth and its rendering depend on it."""

    FILE = "file"
    FUNCTION = "function"
    CLASS = "class"
    STATEMENT = "statement"
    IMPORT = "import"
    COMMENT = "comment"
    DOC = "doc"
    """A docstring; its inner lines are `TEXT`."""
    TEXT = "text"
    DATA = "data"
    """An element of a literal: nothing has to stand where it stood."""


@dataclass(slots=True)
class Block:
    """The lines `first` to `last` (exclusive) of a file.

    `bodies` are runs of neighbouring blocks inside it that can be dropped one by one; the lines between the runs
    (a signature, an `else:`, a closing brace) are fixed: they stand as soon as anything inside is kept.
    """

    first: int
    last: int
    kind: Kind
    name: str = ""
    bodies: list[list[Block]] = field(default_factory=list)

    def items(self) -> Iterator[Block]:
        """Yield the blocks directly inside, in order."""
        for body in self.bodies:
            yield from body

    def walk(self) -> Iterator[Block]:
        """Yield this block and all inside it, outer ones first."""
        yield self
        for item in self.items():
            yield from item.walk()


class Source:
    """A text as lines; a line ends with its line feed, the last one may lack it.

    Where a text has no lines worth the name (minified code), it can be cut at other places as well: `folded` tells.
    """

    def __init__(self, text: str, breaks: Sequence[int] = ()) -> None:
        """Cut `text` at its line feeds and at the places `breaks`; joining `lines` gives it back."""
        self.text = text
        self.folded = bool(breaks)
        self.starts = sorted({0, *breaks, *(found.end() for found in _LINE_FEED.finditer(text)), len(text)})
        self.lines = [text[start:end] for start, end in pairwise(self.starts)]
        self.newline = "\r\n" if "\r\n" in text[:10_000] else "\n"

    @property
    def laid_out(self) -> str:
        """The text with a line feed at every break, as a grammar has to see it to number lines as they are here."""
        if not self.folded:
            return self.text
        return "".join(line if line.endswith("\n") else line + "\n" for line in self.lines)

    def slice(self, first: int, last: int) -> str:
        """Return the lines `first` to `last` (exclusive)."""
        return self.text[self.starts[first] : self.starts[last]]

    def indent(self, line: int) -> str:
        """Return the white space that `line` begins with."""
        text = self.lines[line]
        return text[: len(text) - len(text.lstrip())].rstrip("\r\n")


@dataclass(slots=True)
class Candidate:
    """A piece of syntax that might be dropped: rows from 0, columns in UTF-8 bytes, the end exclusive."""

    row: int
    column: int
    end_row: int
    end_column: int
    make: Callable[[int, int], Block]
    """Makes the block of the lines given."""
    fixed: bool = False


_AFTER = re.compile(rb"\s*[,;]?\s*(?:(?:#|//).*|/\*.*\*/\s*)?$", re.DOTALL)


def runs(source: Source, candidates: Sequence[Candidate], least: int, comment: str) -> list[list[Block]]:
    """Return the droppable ones among sibling `candidates` as runs of neighbouring blocks.

    Droppable is what has its lines to itself; siblings that share a line count as one. Blank lines go with
    what precedes them, and lines of nothing but comment before a sibling, from line `least` on, become blocks.
    """
    result: list[list[Block]] = []
    for candidate in _merged(candidates):
        if candidate.fixed or not _alone(source, candidate):
            continue
        block = candidate.make(candidate.row, candidate.end_row + 1)
        previous = result[-1][-1] if result else None
        start = _swallow_blank(source, previous, block.first) if previous else least
        comments = _comments(source, start, block.first, comment)
        if previous and previous.last == (comments[0] if comments else block).first:
            result[-1] += [*comments, block]
        else:
            result.append([*comments, block])
    return result


def _merged(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return `candidates` in order, those that share a line joined; the longest says what is inside."""
    merged: list[Candidate] = []
    for item in sorted(candidates, key=lambda c: (c.row, c.column)):
        if not merged or item.row > merged[-1].end_row:
            merged.append(item)
            continue
        before = merged[-1]
        end = max((before.end_row, before.end_column), (item.end_row, item.end_column))
        longer = max(before, item, key=lambda c: c.end_row - c.row)
        make = longer.make if longer.end_row > longer.row else leaf(Kind.STATEMENT)
        merged[-1] = Candidate(before.row, before.column, *end, make, before.fixed or item.fixed)
    return merged


def leaf(kind: Kind, name: str = "") -> Callable[[int, int], Block]:
    """Return a maker of blocks without anything inside."""
    return lambda first, last: Block(first, last, kind, name)


def _alone(source: Source, item: Candidate) -> bool:
    """Tell whether nothing else but separators and comments is on the lines of `item`."""
    before = source.lines[item.row].encode("utf-8", "surrogatepass")[: item.column]
    after = source.lines[item.end_row].encode("utf-8", "surrogatepass")[item.end_column :]
    return not before.strip(b" \t\x0c\xef\xbb\xbf") and bool(_AFTER.match(after))


def _swallow_blank(source: Source, block: Block, limit: int) -> int:
    """Let `block` take the blank lines after it, up to line `limit`; return the line after them."""
    while block.last < limit and not source.lines[block.last].strip():
        block.last += 1
    return block.last


def _comments(source: Source, start: int, end: int, comment: str) -> list[Block]:
    """Return blocks for the lines of comment that directly precede line `end`, none before line `start`."""
    first = end
    while first > start and comment and _is_comment(source.lines[first - 1], comment):
        first -= 1
    while first < end and not source.lines[first].strip():
        first += 1
    return comment_blocks(source, first, end)


def _is_comment(line: str, comment: str) -> bool:
    return not line.strip() or line.lstrip().startswith(comment)


LINES_OF_TEXT = 6
"""Lines of comment or docstring that are kept or dropped together, at most."""


def comment_blocks(source: Source, first: int, last: int, kind: Kind = Kind.COMMENT) -> list[Block]:
    """Cut the lines `first` to `last` at blank lines, and runs that are too long into even parts."""
    blocks: list[Block] = []
    started = False
    for line in range(first, last):
        blank = not source.lines[line].strip(" \t\r\n#/*")
        before = blocks[-1] if blocks else None
        opens = not blank and started and not source.lines[line - 1].strip(" \t\r\n#/*")
        if before is None or opens or before.last - before.first >= LINES_OF_TEXT:
            blocks.append(Block(line, line + 1, kind))
        else:
            before.last = line + 1
        started = started or not blank
    return blocks


def doc_block(source: Source, first: int, last: int, kind: Kind) -> Block:
    """Return the block of a docstring or block comment: its first and last line stand, those between may go."""
    if last - first < 4:
        return Block(first, last, kind)
    return Block(first, last, kind, "", [comment_blocks(source, first + 1, last - 1, Kind.TEXT)])


def close_gaps(source: Source, root: Block) -> Block:
    """Let the blocks directly in the file `root` take the blank lines that follow them."""
    items = list(root.items())
    limits = [*(item.first for item in items[1:]), root.last]
    for item, limit in zip(items, limits, strict=False):
        _swallow_blank(source, item, limit)
    return root
