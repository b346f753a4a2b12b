"""Which words two texts share in the same order."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher


def bare(word: str) -> str:
    """Return the letters and digits of `word` in lower case."""
    return "".join(character for character in word.lower() if character.isalnum())


def shared(one: Sequence[str], other: Sequence[str]) -> dict[int, int]:
    """Return the places of words of `one` that `other` has too, with their places there, ascending in both."""
    ones, others = [bare(word) for word in one], [bare(word) for word in other]
    blocks = SequenceMatcher(None, ones, others, autojunk=False).get_matching_blocks()
    pairs = ((block.a + step, block.b + step) for block in blocks for step in range(block.size))
    return {a: b for a, b in pairs if ones[a]}
