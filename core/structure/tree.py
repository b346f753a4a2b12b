"""Pieces held by frames, as tags hold text: a frame stands when a piece in it does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ctxzip.text import Span


@dataclass(slots=True)
class Node:
    """A frame: what opens it, the frames and pieces inside, what closes it. A node without inside is a piece."""

    opening: Span
    inside: list[Node] = field(default_factory=list)
    closing: Span | None = None

    @property
    def is_piece(self) -> bool:
        """Tell whether this is text without anything to choose from."""
        return not self.inside


def pieces(nodes: Sequence[Node]) -> Iterator[Span]:
    """Yield the pieces under `nodes`, in order."""
    stack = list(reversed(nodes))
    while stack:
        node = stack.pop()
        if node.is_piece:
            yield node.opening if node.closing is None else Span(node.opening.start, node.closing.end)
        stack.extend(reversed(node.inside))


def shown(text: str, nodes: Sequence[Node], kept: set[int]) -> list[str]:
    """Return the slices of `text` that remain when, of the pieces under `nodes`, those numbered in `kept` do."""
    parts: list[str] = []
    at = 0

    def visit(node: Node) -> None:
        nonlocal at
        if node.is_piece:
            if at in kept:
                end = node.closing.end if node.closing else node.opening.end
                parts.append(text[node.opening.start : end])
            at += 1
            return
        place = len(parts)
        for child in node.inside:
            visit(child)
        if len(parts) > place:
            parts.insert(place, node.opening.of(text))
            if node.closing:
                parts.append(node.closing.of(text))

    for node in nodes:
        visit(node)
    return parts
