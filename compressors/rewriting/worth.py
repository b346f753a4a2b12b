"""What a chunk is worth: what it has to do with the question or with all the others, and how dense it is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ctxzip.models.lexical import Bm25, terms

if TYPE_CHECKING:
    from numpy.typing import NDArray

RELEVANCE, DENSITY, BASE = 0.65, 0.35, 0.15
SHRINK = -0.25
"""Power of a chunk's length over the median: long chunks can give away a larger share."""
NEIGHBOURS = 8
DEVIATIONS = 2.0
"""Deviations below the median nearness from which a chunk is an outlier: off the topic, or a needle."""

_FACT = re.compile(r"\d|[a-z][A-Z]|_|\A[A-Z]{2,}")


def worth(
    texts: Sequence[str], vectors: NDArray[np.float32], query: tuple[str, NDArray[np.float32]] | None
) -> list[float]:
    """Return the worth of every chunk in [0, 1], from its text, its vector, and the query with its vector."""
    if not texts:
        return []
    relevance = _relevance(texts, vectors, query)
    density = np.array([_density(text) for text in texts])
    sizes = np.array([max(1, len(text)) for text in texts], dtype=np.float64)
    values = (RELEVANCE * relevance + DENSITY * density + BASE) * (sizes / np.median(sizes)) ** SHRINK
    for at in _outliers(vectors):
        if query is None:
            values[at] = max(values[at], float(np.median(values)))
        else:
            values[at] = float(values.max()) if relevance[at] >= 0.5 else float(values.min())
    return [float(value) for value in values / values.max()]


def _relevance(
    texts: Sequence[str], vectors: NDArray[np.float32], query: tuple[str, NDArray[np.float32]] | None
) -> NDArray[np.float64]:
    """Return ranks in [0, 1]: by nearness to the query and its words, or without one by centrality."""
    if query is None:
        return _ranks(centrality(vectors))
    asked, vector = query
    lexical = Bm25([terms(text) for text in texts]).scores(terms(asked))
    return 0.5 * _ranks(vectors @ vector) + 0.5 * _ranks(lexical)


def centrality(vectors: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return how near each vector is to all the others on average: LexRank's degree."""
    near = np.maximum(0.0, (vectors @ vectors.T).astype(np.float64))
    found: NDArray[np.float64] = near.mean(axis=1)
    return found


def _ranks(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the rank of each value between 0 and 1, equal ones alike."""
    rounded = np.round(values.astype(np.float64), 5)
    if len(rounded) == 1:
        return np.ones(1)
    return np.array([(rounded < value).sum() + 0.5 * ((rounded == value).sum() - 1) for value in rounded]) / (
        len(rounded) - 1
    )


def _density(text: str) -> float:
    """Return the share of words that are numbers, names or identifiers, three in ten counting as all."""
    words = text.split()
    facts = sum(bool(_FACT.search(word)) or (at > 0 and word[0].isupper()) for at, word in enumerate(words))
    return min(1.0, facts / max(1, len(words)) / 0.3)


def _outliers(vectors: NDArray[np.float32]) -> list[int]:
    """Return the chunks that are near to nothing else, told from the median by its deviations."""
    if len(vectors) < NEIGHBOURS:
        return []
    near = np.sort(vectors @ vectors.T, axis=1)[:, -NEIGHBOURS - 1 : -1].mean(axis=1)
    middle = float(np.median(near))
    spread = float(np.median(np.abs(near - middle)))
    return [at for at, value in enumerate(near) if value < middle - DEVIATIONS * spread - 1e-6 and spread > 1e-4]
