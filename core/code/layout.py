"""What a choice of pieces of a source file looks like: code again, with a comment where something is missing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from ctxzip.code.languages import Language
from ctxzip.code.tree import Block, Kind, Source
from ctxzip.text import Role, Span

_ROUGHLY_TOKENS = re.compile(r"\w+|[^\w\s]+")
MARK = "..."
_UNSAID = frozenset({Kind.TEXT, Kind.DOC, Kind.COMMENT})
"""Kinds whose absence is not worth a comment."""
_NO_STATEMENT = frozenset({Kind.TEXT, Kind.DATA, Kind.COMMENT})


@dataclass(frozen=True, slots=True)
class Element:
    """Lines that are shown or not as one: a leaf, a block's first fixed lines, or fixed lines further down."""

    first: int
    last: int
    block: Block
    fixed: bool = False
    """Stands when anything of its block does; cannot be chosen."""


class Outline:
    """A file as elements in order, which tile it, with the range of elements that every block covers."""

    def __init__(self, source: Source, root: Block, language: Language) -> None:
        """Cut `source` as its tree `root` says."""
        self.source = source
        self.root = root
        self.language = language
        self.elements: list[Element] = []
        self.range: dict[int, tuple[int, int]] = {}
        self.depths: list[int] = []
        """How many blocks are around every element."""
        self._sizes = list(accumulate((len(_ROUGHLY_TOKENS.findall(line)) for line in source.lines), initial=0))
        self._visit(root, 0)

    def _visit(self, block: Block, depth: int) -> None:
        start = len(self.elements)
        at = block.first
        for body in block.bodies:
            self._fixed(block, at, body[0].first, depth)
            for item in body:
                self._visit(item, depth + 1)
            at = body[-1].last
        self._fixed(block, at, block.last, depth)
        self.range[id(block)] = (start, len(self.elements))

    def _fixed(self, block: Block, first: int, last: int, depth: int) -> None:
        if first < last:
            heading = first == block.first
            self.elements.append(Element(first, last, block, fixed=not heading))
            self.depths.append(depth)

    def sizes(self, first: int, last: int) -> int:
        """Return about how many tokens the lines `first` to `last` take."""
        return self._sizes[last] - self._sizes[first]

    def size(self, elements: Sequence[int]) -> int:
        """Return about how many tokens some elements (ordinals) take."""
        return sum(self.sizes(self.elements[i].first, self.elements[i].last) for i in elements)

    def span(self, element: Element) -> Span:
        """Return where an element is in the text."""
        starts = self.source.starts
        role = Role.END if element.fixed else Role.CONTENT
        return Span(starts[element.first], starts[element.last], role)

    def spans(self) -> list[Span]:
        """Return the spans of the elements; they tile the text."""
        return [self.span(element) for element in self.elements]


class CodeLayout:
    """The pieces of one source file, arranged so that every choice of them renders as code.

    Around what is kept its enclosing headers and closing lines stand; where a run of siblings was dropped a
    comment says so if it is shorter than they were; a Python body without a statement gets `...`.
    """

    def __init__(self, outline: Outline, spans: Sequence[Span]) -> None:
        """Arrange `spans`, runs of the elements of `outline` that tile its text."""
        self.outline = outline
        self.text = outline.source.text
        self.content = [span for span in spans if span.role is Role.CONTENT]
        self.members = _members(outline, self.content)
        """The indices of the elements (first, last exclusive) that each content span covers."""
        self._memory: tuple[tuple[int, ...], str] | None = None

    def render(self, kept: Sequence[int]) -> str:
        """Return the code that the content `kept` (ascending) leaves."""
        key = tuple(kept)
        if self._memory is None or self._memory[0] != key:
            self._memory = (key, self.show(self.marks(kept)))
        return self._memory[1]

    def marks(self, kept: Sequence[int]) -> bytearray:
        """Return for every element whether it is among the content `kept`."""
        marks = bytearray(len(self.outline.elements))
        for ordinal in kept:
            start, end = self.members[ordinal]
            marks[start:end] = b"\1" * (end - start)
        return marks

    def show(self, marks: bytearray) -> str:
        """Return the code that the marked elements leave."""
        if not any(marks):
            return ""
        text = _Writer(self, marks).write()
        ended = self.text.endswith("\n")
        return text if ended else text.rstrip("\n")

    def partly(self, marks: bytearray) -> Iterator[tuple[Block, list[Block]]]:
        """Yield the blocks of which some but not all is marked, with those directly inside that are not at all."""
        kept = list(accumulate(marks, initial=0))
        for block in self.outline.root.walk():
            start, end = self.outline.range[id(block)]
            if kept[end] == kept[start]:
                continue
            ranges = [(item, *self.outline.range[id(item)]) for item in block.items()]
            dropped = [item for item, first, last in ranges if kept[first] == kept[last]]
            if dropped:
                yield block, dropped


def _members(outline: Outline, content: Sequence[Span]) -> list[tuple[int, int]]:
    starts = outline.source.starts
    members, at = [], 0
    elements = outline.elements
    for span in content:
        while at < len(elements) and starts[elements[at].first] < span.start:
            at += 1
        first = at
        while at < len(elements) and starts[elements[at].first] < span.end:
            at += 1
        members.append((first, at))
    return members


class _Writer:
    """One rendering: walks the tree and writes what stands."""

    def __init__(self, layout: CodeLayout, marks: bytearray) -> None:
        self.layout = layout
        self.outline = layout.outline
        self.source = layout.outline.source
        self.language = layout.outline.language
        self.kept = list(accumulate(marks, initial=0))
        self.chosen = list(accumulate((not e.fixed for e in self.outline.elements), initial=0))
        self.out: list[str] = []

    def write(self) -> str:
        self._block(self.outline.root)
        return "".join(self.out)

    def _any(self, block: Block) -> bool:
        start, end = self.outline.range[id(block)]
        return self.kept[end] > self.kept[start]

    def _whole(self, block: Block) -> bool:
        start, end = self.outline.range[id(block)]
        return self.kept[end] - self.kept[start] >= self.chosen[end] - self.chosen[start]

    def _block(self, block: Block) -> None:
        if self._whole(block):
            self._put(self.source.slice(block.first, block.last))
            return
        at = block.first
        for body in block.bodies:
            self._put(self.source.slice(at, body[0].first))
            self._body(body)
            at = body[-1].last
        self._put(self.source.slice(at, block.last))

    def _body(self, body: Sequence[Block]) -> None:
        gap: list[Block] = []
        stands = False
        for item in body:
            if not self._any(item):
                gap.append(item)
                continue
            self._gap(gap)
            gap = []
            self._block(item)
            stands = stands or item.kind not in _NO_STATEMENT
        is_suite = self.language.name == "python" and any(item.kind not in _NO_STATEMENT for item in body)
        if is_suite and not stands:
            self._nothing(self.source.indent(body[0].first))
        else:
            self._gap(gap)

    def _gap(self, gap: Sequence[Block]) -> None:
        """Write a comment where `gap` was, if that is shorter and tells something."""
        if not gap or not self.language.comment or all(item.kind in _UNSAID for item in gap):
            return
        mark = f"{self.language.comment} {MARK}"
        if self.outline.sizes(gap[0].first, gap[-1].last) > 2 * len(mark.split()):
            self._line(self.source.indent(gap[0].first) + mark)

    def _nothing(self, indent: str) -> None:
        """Write the statement that does nothing, on the line of the colon where that is possible."""
        before = self.out[-1].rstrip() if self.out else ""
        header = before.rpartition("\n")[2]
        if header.endswith(":") and "#" not in header:
            self.out[-1] = before + " "
            self._line(MARK)
        else:
            self._line(indent + MARK)

    def _line(self, text: str) -> None:
        self._put(text + self.source.newline)

    def _put(self, text: str) -> None:
        """Write whole lines; the last line of the file may lack its end until something follows it."""
        if not text:
            return
        if self.out and not self.out[-1].endswith(("\n", " ")) and not self.source.folded:
            self.out.append(self.source.newline)
        self.out.append(text)
