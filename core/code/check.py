"""Whether shortened code still parses, and which pieces must not be cut when it does not."""

from __future__ import annotations

from collections.abc import Sequence

from ctxzip.code.layout import CodeLayout
from ctxzip.code.parse import faults
from ctxzip.code.tree import Block
from ctxzip.text import Span

TRIES = 8
"""Culprits looked for one by one before the whole file is left in one piece."""


def parses(layout: CodeLayout, text: str) -> bool | None:
    """Tell whether `text`, made from the file of `layout`, has no fault that the file lacks; None when unknown."""
    language = layout.outline.language
    before = faults(layout.text, language)
    after = faults(text, language)
    return None if before is None or after is None else after <= before


def culprits(layout: CodeLayout, kept: Sequence[int]) -> list[Span]:
    """Return the spans of `layout` to leave in one piece, since cutting them as `kept` does breaks the syntax.

    Empty when nothing is broken. Looks by halving for the first dropped block whose return mends the text,
    takes the block around it whole, and goes on until the text parses.
    """
    marks = layout.marks(kept)
    found: list[Span] = []
    for _ in range(TRIES):
        if parses(layout, layout.show(marks)) is not False:
            return found
        block = _first_culprit(layout, marks)
        if block is None or block is layout.outline.root:
            break
        found.append(_span(layout, block))
        _restore(layout, marks, block)
    return [Span(0, len(layout.text))]


def _first_culprit(layout: CodeLayout, marks: bytearray) -> Block | None:
    """Return the block around the dropped block that breaks the text, None if putting all back does not help."""
    dropped = [(around, item) for around, items in layout.partly(marks) for item in items]
    dropped.sort(key=lambda pair: (pair[1].first, -pair[1].last))
    low, high = 0, len(dropped)
    while high - low > 1:
        middle = (low + high) // 2
        trial = bytearray(marks)
        for _, item in dropped[:middle]:
            _restore(layout, trial, item)
        if parses(layout, layout.show(trial)):
            high = middle
        else:
            low = middle
    return dropped[high - 1][0] if dropped else None


def _restore(layout: CodeLayout, marks: bytearray, block: Block) -> None:
    start, end = layout.outline.range[id(block)]
    marks[start:end] = b"\1" * (end - start)


def _span(layout: CodeLayout, block: Block) -> Span:
    starts = layout.outline.source.starts
    return Span(starts[block.first], starts[block.last])
