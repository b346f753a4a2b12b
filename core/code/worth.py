"""What a line of code is worth before anybody asks: the skeleton first, then what explains it, then the rest."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ctxzip.code.chunks import Chunk
from ctxzip.code.layout import Element, Outline
from ctxzip.code.tree import Block, Kind

_EXIT = re.compile(r"\s*(?:return|raise|throw|yield|panic!?|exit)\b")
_LICENCE = re.compile(r"copyright|licen[cs]e|warranty|spdx", re.IGNORECASE)
_PRIVATE = re.compile(r"(?:^|\.)_(?!_)|(?:^|\.)#")
_BY_KIND = {
    Kind.IMPORT: 0.35,
    Kind.STATEMENT: 0.25,
    Kind.COMMENT: 0.18,
    Kind.TEXT: 0.3,
    Kind.DATA: 0.1,
    Kind.DOC: 0.6,
}
EACH_LEVEL = 0.06
"""How much less a definition is worth for every definition around it."""
IN_A_BODY = 0.6
"""What a line of a function's body is worth next to the same line outside."""


def structure(outline: Outline, chunks: Sequence[Chunk]) -> list[float]:
    """Return the worth of every element in [0, 1]: public signatures, their docstrings, fields, then bodies."""
    worth = [0.0] * len(outline.elements)
    for chunk in chunks:
        for index in chunk.elements:
            worth[index] = _worth(outline, outline.elements[index], chunk)
    return worth


def _worth(outline: Outline, element: Element, chunk: Chunk) -> float:
    block = element.block
    if element.fixed:
        return 0.0
    public = not _PRIVATE.search(chunk.name)
    depth = EACH_LEVEL * chunk.depth
    if block.kind in (Kind.FUNCTION, Kind.CLASS):
        return (0.95 if public else 0.5) - depth
    text = outline.source.slice(element.first, element.last)
    if block.kind is Kind.DOC:
        return (0.8 if public else 0.4) - depth
    if block.kind is Kind.COMMENT and chunk.kind in (Kind.FUNCTION, Kind.CLASS) and _is_doc(text):
        return (0.75 if public else 0.35) - depth
    if block.kind is Kind.COMMENT and _LICENCE.search(text):
        return 0.02
    base = _BY_KIND.get(block.kind, 0.25) + 0.1 * bool(_EXIT.match(text))
    return base * (IN_A_BODY if chunk.kind is Kind.FUNCTION else 1.6 if chunk.kind is Kind.CLASS else 1.2)


def _is_doc(text: str) -> bool:
    return text.lstrip().startswith(("/**", "///", "//!", "//", "/*"))


def in_question(outline: Outline, element: Element, words: Sequence[str], share: float) -> float:
    """Return the worth in [0, 1] of a line within its function: what it is, and the `share` of the query in it."""
    block: Block = element.block
    if element.fixed:
        return 0.0
    if block.kind in (Kind.FUNCTION, Kind.CLASS):
        return 1.0
    text = outline.source.slice(element.first, element.last)
    if any(re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text) for word in words):
        return 0.95
    base = {Kind.DOC: 0.7, Kind.COMMENT: 0.35, Kind.TEXT: 0.4, Kind.DATA: 0.3, Kind.IMPORT: 0.3}.get(block.kind, 0.5)
    if block.bodies:
        base += 0.1
    return min(0.9, base + 0.15 * bool(_EXIT.match(text)) + 0.4 * share)
