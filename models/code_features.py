"""What a question and the chunks of one body of code have in common, as numbers that a ranking weighs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from ctxzip.models.lexical import Bm25, identifier_words, terms

if TYPE_CHECKING:
    from numpy.typing import NDArray

FEATURES = (
    "bm25",
    "bm25 with name",
    "bm25 of name",
    "coverage",
    "coverage by name",
    "coverage by head",
    "name in question",
    "path in question",
    "same first word",
    "like the name",
    "word pairs",
    "log size",
    "log size squared",
    "private",
    "special",
    "method",
)
"""What `features` gives, in order."""
NAME_WEIGHT = 3
"""How many times the name of a function counts among its words."""
LONGEST_HEAD = 400
"""Characters of a signature that are looked at."""
COMMON = 0.3
"""Weight of a word that every chunk has, next to its rarity."""
STEM = 4
"""Letters that two words have to share at their beginning to be alike."""


@dataclass(frozen=True)
class CodePiece:
    """A chunk of code: its dotted name, empty for what has none, its text, and its signature or first lines.

    `code` is the text without docstrings and the comments above it; empty where nobody told them apart.
    """

    name: str
    text: str
    head: str = ""
    code: str = ""

    @property
    def own_name(self) -> str:
        """Return the last part of the name."""
        return self.name.rpartition(".")[2]

    @property
    def spoken(self) -> str:
        """Return the words that name and signature are made of, as a sentence of sorts."""
        return " ".join(identifier_words(f"{self.name} {self.head}"))[:LONGEST_HEAD]


def identifiers(query: str, pieces: Sequence[CodePiece]) -> NDArray[np.float64]:
    """Return the BM25 scores of chunks for `query` over words that names are split into."""
    texts = [terms(f"{piece.name.replace('.', ' ')} " * NAME_WEIGHT + piece.text) for piece in pieces]
    return np.asarray(Bm25(texts).scores(terms(query)), dtype=np.float64)


def features(query: str, pieces: Sequence[CodePiece]) -> NDArray[np.float64]:
    """Return `FEATURES` of every chunk, [chunks, features]; rarity is that among the chunks given."""
    asked = terms(query)
    bodies = [terms(piece.text) for piece in pieces]
    names = [terms(piece.own_name) for piece in pieces]
    paths = [terms(piece.name.replace(".", " ")) for piece in pieces]
    by_body, by_name = Bm25(bodies), Bm25(names)
    by_head = Bm25([terms(f"{piece.name} {piece.head[:LONGEST_HEAD]}") for piece in pieces])
    size = np.log1p(np.array([len(body) for body in bodies], dtype=np.float64))
    own = [piece.own_name for piece in pieces]
    columns = [
        np.log1p(by_body.scores(asked)),
        np.log1p(identifiers(query, pieces)),
        by_name.scores(asked),
        by_body.coverage(asked),
        by_name.coverage(asked),
        by_head.coverage(asked),
        _asked_share(by_body, names, asked),
        _asked_share(by_body, paths, asked),
        [float(bool(name and asked and name[0] == asked[0])) for name in names],
        [_alike(name, asked) for name in names],
        [_shared_pairs(body, asked) for body in bodies],
        size,
        size**2 / 10,
        [float(name.startswith("_") and not name.startswith("__")) for name in own],
        [float(name.startswith("__")) for name in own],
        [float("." in piece.name) for piece in pieces],
    ]
    return np.stack([np.asarray(column, dtype=np.float64) for column in columns], axis=1)


def _asked_share(index: Bm25, names: Sequence[Sequence[str]], asked: Sequence[str]) -> list[float]:
    """Return which share of every name's words the question has, rare ones counting more."""
    wanted = set(asked)
    shares = []
    for name in names:
        weights = {word: index.idf(word) + COMMON for word in name}
        total = sum(weights[word] for word in name)
        shares.append(sum(weights[word] for word in name if word in wanted) / total if total else 0.0)
    return shares


def _alike(name: Sequence[str], asked: Sequence[str]) -> float:
    """Return the share of a name's words that begin like a word of the question."""
    begins = {word[:STEM] for word in asked if len(word) > 2}
    found = [
        len(word) > 2 and (word[:STEM] in begins or any(word.startswith(b) or b.startswith(word) for b in begins))
        for word in name
    ]
    return sum(found) / len(found) if found else 0.0


def _shared_pairs(body: Sequence[str], asked: Sequence[str]) -> float:
    return float(np.log1p(len(set(pairwise(body)) & set(pairwise(asked)))))
