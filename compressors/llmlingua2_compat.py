"""Words and scores as the released LLMLingua-2 implementation makes them: by the vocabulary's own marks."""

from __future__ import annotations

import string
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ctxzip.text import Role, Span

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ctxzip.models.windows import Encoded

SKIPPED = frozenset({"[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]", "<unk>", "<s>", "</s>", "<pad>", "<mask>"})
"""Tokens that belong to no word; the released implementation deletes their text."""


def begins_word(piece: str, family: str) -> bool:
    """Tell whether the token `piece` starts a word, in a WordPiece or a Metaspace vocabulary."""
    if family == "WordPiece":
        return not piece.startswith("##")
    return piece.startswith("▁") or piece in string.punctuation


def placed(encoded: Encoded, pieces: Sequence[str]) -> Encoded:
    """Return the tokens with every lone word mark `▁` moved onto the space that it stands for.

    Tokenizers give it the place of the character that follows, where it would be lost.
    """
    starts, ends = encoded.starts.copy(), encoded.ends.copy()
    for token, piece in enumerate(pieces):
        if piece == "▁" and starts[token] and encoded.text[starts[token] - 1].isspace():
            starts[token], ends[token] = starts[token] - 1, starts[token]
    return replace(encoded, starts=starts, ends=ends)


def reference_words(encoded: Encoded, pieces: Sequence[str], family: str) -> list[Span]:
    """Return spans that tile the text: one per word the released implementation sees, and the line breaks.

    Skipped tokens become spans of their own. Words that share a character (one that normalises to several
    tokens) are one span.
    """
    spans: list[Span] = []
    at = 0
    for start, end in _word_bounds(encoded, pieces, family):
        if start < at:
            continue
        gap = encoded.text[at:start]
        newline = gap.rfind("\n") + 1
        if newline and not gap[:newline].strip():
            spans.append(Span(at, at + newline, Role.BREAK))
            at += newline
        spans.append(Span(at, end))
        at = end
    if at < len(encoded.text):
        spans.append(Span(at, len(encoded.text), Role.CONTENT if encoded.text[at:].strip() else Role.BREAK))
    return spans


def _word_bounds(encoded: Encoded, pieces: Sequence[str], family: str) -> Iterator[tuple[int, int]]:
    """Yield the start and end of every word and of every run of skipped tokens between words.

    A skipped token neither starts nor ends a word: what follows it may go on with the word before it.
    """
    word: tuple[int, int] | None = None
    skipped: list[tuple[int, int]] = []
    for piece, first, last in zip(pieces, encoded.starts.tolist(), encoded.ends.tolist(), strict=True):
        start = _past_space(encoded.text, first, last)
        if piece in SKIPPED:
            skipped.append((start, last))
        elif word and (first < word[1] or not begins_word(piece, family)):
            word, skipped = (word[0], max(word[1], last)), []
        else:
            yield from [word] if word else []
            yield from skipped
            word, skipped = (start, last), []
    yield from [word] if word else []
    yield from skipped


def _past_space(text: str, start: int, end: int) -> int:
    while start < end - 1 and text[start].isspace():
        start += 1
    return start


def usable(pieces: Sequence[str]) -> NDArray[np.bool_]:
    """Return which tokens count towards their word's score."""
    return np.array([piece not in SKIPPED for piece in pieces], dtype=bool)
