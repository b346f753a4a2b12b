"""Words as search terms, and BM25 over the sentences or passages of one context."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from math import log

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_TERM = re.compile(r"[^\W\d_]+|\d+")
_WORD = re.compile(r"\w+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_ENDING = re.compile(r"(?<=\w{3})(?:'s|ies|ing|ed|es|ly|s|y|e)$")
_IDEOGRAPH = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_STOP = frozenset(
    "a an the of in on at to for from by with and or is are was were be been do does did has have"
    " had what which who whom whose when where why how that this these those it its as if than"
    " then can could would should will shall may might must i you he she we they his her their"
    " not no so such there about into over also".split()
)


def is_stop_word(word: str) -> bool:
    """Whether a word in lower case carries grammar rather than meaning."""
    return word in _STOP


def terms(text: str) -> list[str]:
    """Stems of the words that carry meaning; identifiers and ideographs are taken apart."""
    found = []
    for word in _WORD.findall(text):
        for part in _TERM.findall(_CAMEL.sub(" ", word)):
            if _IDEOGRAPH.search(part):
                found.extend(part)
            elif (lower := part.lower()) not in _STOP:
                found.append(_ENDING.sub("", lower))
    return found


def identifier_words(text: str) -> list[str]:
    """Words and numbers in lower case, identifiers taken apart, nothing left out."""
    return [part.lower() for word in _WORD.findall(text) for part in _TERM.findall(_CAMEL.sub(" ", word))]


class Bm25:
    """Okapi BM25 with the statistics of the texts themselves."""

    def __init__(self, texts: Sequence[Sequence[str]], k: float = 1.2, b: float = 0.75) -> None:
        self.counts = [Counter(text) for text in texts]
        self.size = len(texts)
        lengths = np.array([len(text) for text in texts], dtype=np.float32)
        mean = float(lengths.mean()) if self.size else 1.0
        self._k = k
        self._norm = k * (1 - b + b * lengths / max(mean, 1.0))
        self.spread = Counter(term for count in self.counts for term in count)

    def idf(self, term: str) -> float:
        """How rare a term is among the texts; a term that none has is the rarest."""
        seen = self.spread.get(term, 0)
        return log(1 + (self.size - seen + 0.5) / (seen + 0.5))

    def frequencies(self, query: Sequence[str]) -> Floats:
        """How often each text has each term, [texts, terms]."""
        rows = [[count.get(term, 0) for term in query] for count in self.counts]
        return np.array(rows, dtype=np.float32).reshape(self.size, len(query))

    def scores(self, query: Sequence[str]) -> Floats:
        """The BM25 score of every text."""
        unique = sorted(set(query))
        found = self.frequencies(unique)
        weights = np.array([self.idf(term) for term in unique], dtype=np.float32)
        saturated = found * (self._k + 1) / (found + self._norm[:, None])
        result: Floats = (saturated * weights).sum(axis=1, dtype=np.float32)
        return result

    def coverage(self, query: Sequence[str]) -> Floats:
        """The share of the query's terms that each text has, rare terms counting more."""
        unique = sorted(set(query))
        if not unique:
            return np.zeros(self.size, dtype=np.float32)
        weights = np.array([self.idf(term) + 0.3 for term in unique], dtype=np.float32)
        total = float(weights.sum()) or 1.0
        found = (self.frequencies(unique) > 0).astype(np.float32)
        result: Floats = (found * weights).sum(axis=1, dtype=np.float32) / np.float32(total)
        return result
