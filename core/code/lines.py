"""Block trees from indentation alone, for languages without a grammar and for text that does not parse."""

from __future__ import annotations

from ctxzip.code.languages import Language
from ctxzip.code.tree import Block, Kind, Source

_CLOSERS = ("}", ")", "]", "end", "fi", "done", "esac", "else", "elif", "except", "finally", "catch", "rescue")
_DEFINES = ("def ", "class ", "function ", "fn ", "func ", "sub ", "interface ", "struct ", "module ", "public ")


def build(source: Source, language: Language) -> Block:
    """Return the block tree of a file whose structure is guessed from its indentation."""
    root = Block(0, len(source.lines), Kind.FILE)
    items = _items(source, language, 0, len(source.lines))
    root.bodies = [items] if items else []
    return root


def _items(source: Source, language: Language, first: int, last: int) -> list[Block]:
    """Cut the lines `first` to `last` before every line that is as little indented as the first text among them."""
    depths = [_depth(source.lines[line]) for line in range(first, last)]
    known = [depth for depth in depths if depth is not None]
    if not known:
        return [Block(first, last, Kind.STATEMENT)] if last > first else []
    base = min(known)
    items: list[Block] = []
    for line in range(first, last):
        depth = depths[line - first]
        if items and (depth is None or depth > base or source.lines[line].lstrip().startswith(_CLOSERS)):
            items[-1].last = line + 1
        else:
            items.append(Block(line if items else first, line + 1, Kind.STATEMENT))
    for item in items:
        _look_inside(source, language, item)
    return items


def _look_inside(source: Source, language: Language, item: Block) -> None:
    """Find out what `item` is, and cut what is indented below its first line."""
    text = source.lines[item.first].strip()
    if language.comment and text.startswith(language.comment):
        item.kind = Kind.COMMENT
    elif any(mark in f"{text} " for mark in _DEFINES) and item.last - item.first > 1:
        item.kind = Kind.FUNCTION
    base = _depth(source.lines[item.first])
    start = None
    for line in range(item.first + 1, item.last + 1):
        depth = _depth(source.lines[line]) if line < item.last else base
        if depth is None:
            continue
        deeper = base is not None and depth > base
        if deeper and start is None:
            start = line
        elif not deeper and start is not None:
            item.bodies.append(_items(source, language, start, line))
            start = None


def _depth(line: str) -> int | None:
    """Return the columns a line is indented by, None for a blank one; a tab counts as eight."""
    expanded = line.expandtabs(8)
    return len(expanded) - len(expanded.lstrip()) if expanded.strip() else None
