"""Chunks of a source file: functions, methods, class heads and the runs between them, as sets of elements."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import takewhile

from ctxzip.code.layout import Outline
from ctxzip.code.tree import Block, Kind

LONGEST = 1200
"""Tokens, roughly, beyond which a chunk is cut between statements, functions inside a function first."""
LINES_OF_A_RUN = 40
"""Lines after which a run of statements between definitions is cut."""
_DEFINITIONS = (Kind.FUNCTION, Kind.CLASS)
_TOLD = (Kind.DOC, Kind.TEXT)


@dataclass(slots=True)
class Chunk:
    """A function, a class without its methods, or a run of statements; of a long one a part.

    Functions inside a function are part of it unless it is long. `elements` are ordinals of the outline's elements.
    `name` is dotted for what is inside a class or function.
    """

    name: str
    kind: Kind
    depth: int
    elements: list[int] = field(default_factory=list)
    long: bool = False
    """Whether it is a definition that is more than one chunk."""

    def text(self, outline: Outline) -> str:
        """Return the lines of the chunk."""
        parts = [outline.elements[index] for index in self.elements]
        return "".join(outline.source.slice(part.first, part.last) for part in parts)

    def code(self, outline: Outline) -> str:
        """Return the lines of the chunk without its docstrings and the comments above it."""
        parts = [outline.elements[index] for index in self.elements]
        above = sum(1 for _ in takewhile(lambda part: part.block.kind is Kind.COMMENT, parts))
        told = [part for part in parts[above:] if part.block.kind not in _TOLD] or parts
        return "".join(outline.source.slice(part.first, part.last) for part in told)

    def head(self, outline: Outline) -> str:
        """Return the signature of a definition, else the first lines."""
        parts = [outline.elements[index] for index in self.elements]
        first = next((part for part in parts if part.block.kind in _DEFINITIONS and not part.fixed), parts[0])
        return outline.source.slice(first.first, first.last)


@lru_cache(maxsize=64)
def chunks_of(outline: Outline) -> list[Chunk]:
    """Return the chunks of a file in the order they begin; every element belongs to exactly one."""
    return _Cutter(outline).chunks


class _Cutter:
    """Walks a tree once and gives every element its chunk."""

    def __init__(self, outline: Outline) -> None:
        self.outline = outline
        self.chunks: list[Chunk] = []
        self._defines = _defining(outline.root)
        self._at = 0
        self._inside(outline.root, self._new("", Kind.FILE, 0), "", 0)
        self.chunks = [part for chunk in self.chunks for part in self._parts(chunk) if part.elements]

    def _new(self, name: str, kind: Kind, depth: int) -> Chunk:
        self.chunks.append(Chunk(name, kind, depth))
        return self.chunks[-1]

    def _take(self, chunk: Chunk, block: Block, until: int) -> None:
        """Give `chunk` the fixed lines of `block` that come next, up to line `until`."""
        elements = self.outline.elements
        while self._at < len(elements) and elements[self._at].block is block and elements[self._at].first < until:
            chunk.elements.append(self._at)
            self._at += 1

    def _inside(self, block: Block, chunk: Chunk, name: str, depth: int) -> None:
        """Share out the elements of `block`, whose own lines are `chunk`'s."""
        scope = block.kind is Kind.FILE or (id(block) in self._defines and chunk.kind not in _DEFINITIONS)
        for body in block.bodies:
            self._take(chunk, block, body[0].first)
            run: Chunk | None = None if scope else chunk
            for cluster in self._clusters(body):
                owner = cluster[-1]
                if self._is_chunk(owner, chunk):
                    run = None if scope else chunk
                    self._define(cluster, name, depth)
                    continue
                for item in cluster:
                    if run is None or self._is_long(run) or (scope and _differs(run, item)):
                        run = self._new("", item.kind, depth)
                    self._inside(item, run, name, depth)
        self._take(chunk, block, block.last)

    def _define(self, cluster: Sequence[Block], name: str, depth: int) -> None:
        """Make a chunk of a definition and the comments right above it."""
        owner = cluster[-1]
        dotted = f"{name}.{owner.name}" if name else owner.name
        definition = self._new(dotted, owner.kind, depth)
        definition.long = self.outline.sizes(owner.first, owner.last) > LONGEST
        for comment in cluster[:-1]:
            self._inside(comment, definition, name, depth)
        self._inside(owner, definition, dotted, depth + 1)

    def _clusters(self, body: Sequence[Block]) -> Iterator[list[Block]]:
        """Yield the blocks of a body one by one, comments together with the definition right below them."""
        waiting: list[Block] = []
        for item in body:
            if item.kind in _DEFINITIONS:
                yield [*waiting, item]
                waiting = []
                continue
            if item.kind is not Kind.COMMENT:
                yield from ([comment] for comment in waiting)
                yield [item]
                waiting = []
                continue
            waiting.append(item)
            if not self.outline.source.lines[item.last - 1].strip():
                yield from ([comment] for comment in waiting)
                waiting = []
        yield from ([comment] for comment in waiting)

    def _is_chunk(self, item: Block, parent: Chunk) -> bool:
        if item.kind is Kind.CLASS:
            return item.last - item.first > 1
        return item.kind is Kind.FUNCTION and (parent.long or parent.kind is not Kind.FUNCTION)

    def _parts(self, chunk: Chunk) -> Iterator[Chunk]:
        """Yield a chunk, in parts if it is long: each ends where the fewest blocks are cut, late rather than early."""
        rest = chunk.elements
        while self.outline.size(rest) > LONGEST and len(rest) > 1:
            fit, size = 1, self.outline.size(rest[:1])
            while fit < len(rest) - 1 and size + self.outline.size([rest[fit]]) <= LONGEST:
                size += self.outline.size([rest[fit]])
                fit += 1
            end = min(range((fit + 1) // 2, fit + 1), key=lambda at: (self.outline.depths[rest[at]], -at))
            yield Chunk(chunk.name, chunk.kind, chunk.depth, rest[:end], chunk.long)
            rest = rest[end:]
        yield Chunk(chunk.name, chunk.kind, chunk.depth, rest, chunk.long)

    def _is_long(self, chunk: Chunk) -> bool:
        if chunk.kind in _DEFINITIONS:
            return False
        elements = self.outline.elements
        return sum(elements[i].last - elements[i].first for i in chunk.elements) > LINES_OF_A_RUN


def _differs(chunk: Chunk, item: Block) -> bool:
    return (chunk.kind is Kind.IMPORT) != (item.kind is Kind.IMPORT)


def _defining(root: Block) -> set[int]:
    """Return the ids of the blocks with a function or class somewhere inside."""
    found: set[int] = set()

    def look(block: Block) -> bool:
        inside = [look(item) for item in block.items()]
        if any(inside):
            found.add(id(block))
        return any(inside) or block.kind in _DEFINITIONS

    look(root)
    return found
