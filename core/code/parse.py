"""From a text to its block tree: Python's parser, a grammar, or indentation, whichever is there and reads it."""

from __future__ import annotations

from functools import lru_cache

from ctxzip.code import lines, minified, python_ast, treesitter
from ctxzip.code.languages import PYTHON, Language
from ctxzip.code.tree import Block, Source


@lru_cache(maxsize=64)
def tree_of(text: str, language: Language) -> tuple[Source, Block]:
    """Return `text` as lines, and its block tree; the blocks hold whole lines only.

    Overlong lines are cut where their statements begin.
    """
    source = Source(text, () if language is PYTHON else minified.breaks(text, language))
    root = python_ast.build(source) if language is PYTHON else None
    if root is None:
        root = treesitter.build(source, language)
    if root is None or not root.bodies:
        root = lines.build(source, language)
    return source, root


@lru_cache(maxsize=256)
def faults(text: str, language: Language) -> int | None:
    """Return how much of `text` does not parse, 0 if all does; None when nothing here can tell.

    Python that its own parser refuses counts one, besides what the grammar finds.
    """
    found = treesitter.faults(text, language)
    if language is not PYTHON:
        return found
    return (found or 0) + (python_ast.parse(text.removeprefix("\ufeff")) is None)
