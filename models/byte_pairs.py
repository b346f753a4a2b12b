"""Counting tokens of a byte-pair encoding from a file that needs no loading: a few words cost a few look-ups.

A full tokenizer builds tables of its whole vocabulary first, which takes longer than everything else a short run does.
"""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterable
from pathlib import Path
from struct import Struct
from unicodedata import category
from zlib import crc32

BUCKETS = 1 << 16
_INDEX = Struct("<II")
LONGEST_PIECE = 64
"""Bytes of a piece that is put together here; longer ones are left to the full tokenizer."""
MOST_MERGED = 4000
"""Pieces put together here until loading the full tokenizer has paid off."""
MOST_SPECIAL = 400
"""Different characters beyond ASCII in one pattern; more make it slow to build."""
_SPACE = "\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_SETTLED = re.compile(
    "[^\x00-\u017e\u0180-\u024f\u0370-\u03ff\u0400-\u052f\u2000-\u2069\u20a0-\u20bf\u2100-\u2129\u212b-\u23f3"
    "\u2500-\u27bf\u3000-\u30ff\u4e00-\u9fef\uac00-\ud7a3\uff01-\uffef\U0001f300-\U0001f5ff\U0001f600-\U0001f64f]"
)
"""Characters whose kind may differ between versions of Unicode, and the two that are other cases of an ASCII letter."""


class TooUnusualError(Exception):
    """Raised for a text that the full tokenizer has to count."""


class Vocabulary:
    """The ranks of a byte-pair encoding in one file: entries by bucket of their checksum, read where they lie.

    The file is an index of bucket starts, then the entries: length, bytes, rank in three bytes.
    """

    def __init__(self, name: str) -> None:
        """Open the vocabulary `name` of the package."""
        with (Path(__file__).parent / "vocabulary" / f"{name}.bin").open("rb") as file:
            self._data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)

    def rank(self, token: bytes) -> int | None:
        """Return the rank of `token`; None if it is no entry."""
        at: int
        end: int
        at, end = _INDEX.unpack_from(self._data, 4 * (crc32(token) % BUCKETS))
        data, size = self._data, len(token)
        while at < end:
            length = data[at]
            if length == size and data[at + 1 : at + 1 + size] == token:
                at += 1 + size
                return data[at] | data[at + 1] << 8 | data[at + 2] << 16
            at += length + 4
        return None


def write_vocabulary(tokens: Iterable[bytes]) -> bytes:
    """Return the content of a vocabulary file for `tokens` in the order of their ranks."""
    buckets: list[list[bytes]] = [[] for _ in range(BUCKETS)]
    for rank, token in enumerate(tokens):
        buckets[crc32(token) % BUCKETS].append(bytes([len(token)]) + token + rank.to_bytes(3, "little"))
    entries = [b"".join(bucket) for bucket in buckets]
    at = 4 * (BUCKETS + 1)
    index = [at]
    for entry in entries:
        at += len(entry)
        index.append(at)
    return b"".join([*(place.to_bytes(4, "little") for place in index), *entries])


class PairCounter:
    """Counts as `o200k_base` does: the text falls into pieces, a piece into the tokens that merging leaves.

    Sizes of pieces are remembered, so that counting what is left of a text costs little more than cutting it up.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        """Count with `vocabulary`."""
        self._vocabulary = vocabulary
        self._sizes: dict[str, int] = {}
        self._merged = 0
        self._special: frozenset[str] = frozenset()
        self._pieces = _pattern("")

    def count(self, text: str) -> int:
        """Return the number of tokens of `text`. Raises `TooUnusualError` for a text that needs the full tokenizer."""
        if not text.isascii():
            self._learn(text)
        pieces = self._pieces.findall(text)
        sizes = self._sizes
        try:
            return sum([sizes[piece] for piece in pieces])
        except KeyError:
            for piece in pieces:
                if piece not in sizes:
                    sizes[piece] = self._size(piece.encode())
        return sum([sizes[piece] for piece in pieces])

    def _learn(self, text: str) -> None:
        """Make the pattern know the kinds of the text's characters beyond ASCII."""
        if _SETTLED.search(text):
            raise TooUnusualError
        new = {character for character in set(text) - self._special if character > "\x7f"}
        if new:
            self._special |= new
            if len(self._special) > MOST_SPECIAL:
                raise TooUnusualError
            self._pieces = _pattern("".join(sorted(self._special)))

    def _size(self, piece: bytes) -> int:
        """Return the number of tokens that merging the bytes of `piece` leaves, lowest rank first."""
        rank = self._vocabulary.rank
        if rank(piece) is not None:
            return 1
        self._merged += 1
        if len(piece) > LONGEST_PIECE or self._merged > MOST_MERGED:
            raise TooUnusualError
        parts = [piece[i : i + 1] for i in range(len(piece))]
        never = 1 << 24
        ranks = [_or(rank(parts[i] + parts[i + 1]), never) for i in range(len(parts) - 1)]
        while ranks and (least := min(ranks)) < never:
            at = ranks.index(least)
            parts[at : at + 2] = [parts[at] + parts[at + 1]]
            del ranks[at]
            if at < len(ranks):
                ranks[at] = _or(rank(parts[at] + parts[at + 1]), never)
            if at:
                ranks[at - 1] = _or(rank(parts[at - 1] + parts[at]), never)
        return len(parts)


def _or(rank: int | None, otherwise: int) -> int:
    return otherwise if rank is None else rank


def _pattern(special: str) -> re.Pattern[str]:
    """Return the pattern of the encoding's pieces for texts of ASCII and the characters `special`."""
    kinds: dict[str, str] = {"upper": "A-Z", "lower": "a-z", "both": "", "number": "0-9"}
    for character in special:
        kind = category(character)
        if kind in ("Lu", "Lt"):
            kinds["upper"] += character
        elif kind == "Ll":
            kinds["lower"] += character
        elif kind[0] == "M" or kind in ("Lm", "Lo"):
            kinds["both"] += character
        elif kind[0] == "N":
            kinds["number"] += character
    upper, lower = kinds["upper"] + kinds["both"], kinds["lower"] + kinds["both"]
    marks = "".join(c for c in kinds["both"] if category(c)[0] == "M")
    letters = kinds["upper"] + kinds["lower"] + "".join(c for c in kinds["both"] if c not in marks)
    number = kinds["number"]
    suffix = "(?:'(?:[sStTmMdD]|[rR][eE]|[vV][eE]|[lL][lL]))?"
    before = rf"[^\r\n{letters}{number}]?"
    return re.compile(
        rf"{before}[{upper}]*[{lower}]+{suffix}|{before}[{upper}]+[{lower}]*{suffix}|[{number}]{{1,3}}"
        rf"| ?[^{_SPACE}{letters}{number}]+[\r\n/]*|[{_SPACE}]*[\r\n]+|[{_SPACE}]+(?![^{_SPACE}])|[{_SPACE}]+"
    )
