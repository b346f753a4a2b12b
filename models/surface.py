"""What an uncased encoder does not see of words: case, line breaks, how often they have come before.

The encoder's keep logit of every word is corrected by a small network over the logit, those of its neighbours and the
surface of the word. The network is fitted on passages kept back from training.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import log
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ctxzip.models.lexical import is_stop_word
from ctxzip.models.relevance import Floats, sigmoid
from ctxzip.text import Span

if TYPE_CHECKING:
    from numpy.typing import NDArray

SURFACE = "surface.json"
"""The file of the fitted parameters, beside the weights of the encoder."""
FEATURES = 15
AROUND = 5
"""Features that come from the encoder: the logits of a word and of two on either side."""
NEAR = 200
"""Words within which one counts as repeated, about as many as a training passage has."""
BLOCK = 16_384
"""Words that are looked at together, with `NEAR` more on either side."""
_MARK = re.compile(r"\S")
_CORE = re.compile(r"[^\W_](?:.*[^\W_])?", re.DOTALL)
_LIMIT = 5.0
_SURE = 1e-4


@dataclass(frozen=True, slots=True)
class Surface:
    """A straight line through the encoder's own logit and a small network beside it."""

    centre: Floats
    spread: Floats
    line: Floats
    layers: list[tuple[Floats, Floats]]

    @classmethod
    def load(cls, path: Path) -> Surface:
        """Read the parameters beside the weights of the encoder."""
        raw = json.loads(path.read_text(encoding="utf-8"))
        arrays = {name: np.asarray(raw[name], dtype=np.float32) for name in ("centre", "spread", "line")}
        layers = [
            (np.asarray(layer["weight"], dtype=np.float32), np.asarray(layer["bias"], dtype=np.float32))
            for layer in raw["layers"]
        ]
        return cls(**arrays, layers=layers)

    def correct(self, looks: Looks, kept: Floats) -> Floats:
        """The keep probability of every span, from the encoder's; one without letters or digits keeps what it has."""
        corrected = kept.copy()
        if not len(looks.places):
            return corrected
        own = logits(kept[looks.places])
        for start in range(0, len(looks.places), BLOCK):
            stop = min(start + BLOCK, len(looks.places))
            x = features(own[start : stop + 4], looks.seen[start:stop])
            corrected[looks.places[start:stop]] = self._corrected(x)
        return corrected

    def _corrected(self, given: Floats) -> Floats:
        """The probabilities from [words, FEATURES]."""
        x: Floats = np.clip((given - self.centre) / self.spread, -_LIMIT, _LIMIT)
        hidden = x
        for weight, bias in self.layers[:-1]:
            hidden = np.tanh(hidden @ weight + bias)
        weight, bias = self.layers[-1]
        return sigmoid((hidden @ weight + bias)[:, 0] + x @ self.line)


@dataclass(frozen=True, slots=True)
class Looks:
    """What is known of the words of a text without any model."""

    places: NDArray[np.intp]
    """Which of the text's spans hold a word, in order."""
    seen: Floats
    """Their looks, [words, 10]."""

    @classmethod
    def of(cls, text: str, spans: Sequence[Span]) -> Looks:
        """Look at the words of `text` in `spans`, which come in order; marks around a word do not count."""
        places, words = [], []
        for place, span in enumerate(spans):
            if core := _CORE.search(text, span.start, span.end):
                places.append(place)
                words.append(core.span())
        return cls(np.asarray(places, dtype=np.intp), look(text, words))

    @classmethod
    def of_words(cls, text: str, words: Sequence[tuple[int, int]]) -> Looks:
        """Look at words that are known, by their offsets, marks left out."""
        return cls(np.arange(len(words)), look(text, words))


def look(text: str, words: Sequence[tuple[int, int]]) -> Floats:
    """The looks of words, [words, 10]; words are offsets in order, without marks."""
    blocks = [_block(text, words, start) for start in range(0, len(words), BLOCK)]
    return np.concatenate(blocks) if blocks else np.zeros((0, FEATURES - AROUND), dtype=np.float32)


def _block(text: str, words: Sequence[tuple[int, int]], start: int) -> Floats:
    """The looks of the `BLOCK` words from `start` on, seen with those near them."""
    low, high = max(0, start - NEAR), start + BLOCK + NEAR
    begin = words[low - 1][1] if low else 0
    end = words[high][0] if high < len(words) else len(text)
    near = [(one - begin, two - begin) for one, two in words[low:high]]
    return _surface(text[begin:end], near)[start - low : start - low + BLOCK]


def logits(kept: Floats) -> Floats:
    """The logits of probabilities, the first and the last twice more, [words + 4]."""
    sure = np.clip(kept, _SURE, 1 - _SURE)
    return np.pad(np.log(sure / (1 - sure)).astype(np.float32), 2, mode="edge")


def features(own: Floats, seen: Floats) -> Floats:
    """What is known of every word, [words, FEATURES]: its logit first, its neighbours', its looks.

    `own` are the logits, two more on either side than there are words; `seen` are the looks.
    """
    around = np.column_stack([own[2:-2], own[1:-3], own[3:-1], own[:-4], own[4:]])
    return np.concatenate([around, seen], axis=1, dtype=np.float32)


def _surface(text: str, words: Sequence[tuple[int, int]]) -> Floats:
    """Repeats, case, digits and length of every word, and what stands around it: [words, 10]."""
    cased: dict[str, int] = {}
    lower: dict[str, int] = {}
    numbers = np.fromiter((cased.setdefault(text[start:end], len(cased)) for start, end in words), np.intp)
    own = np.array([_looks(word) for word in cased], dtype=np.float32).reshape(len(cased), -1)
    alike = np.fromiter((lower.setdefault(word.lower(), len(lower)) for word in cased), np.intp)
    edges = [0, *(edge for word in words for edge in word), len(text)]
    gaps = [text[start:end] for start, end in zip(edges[::2], edges[1::2], strict=True)]
    marked, broken = np.zeros(len(gaps)), np.zeros(len(gaps))
    for at, gap in enumerate(gaps):
        if gap != " ":
            marked[at] = _MARK.search(gap) is not None
            broken[at] = "\n" in gap
    around = [marked[:-1], marked[1:], broken[:-1]]
    return np.column_stack([*_repeats(alike[numbers]), own[numbers], *around]).astype(np.float32)


def _looks(word: str) -> tuple[float, ...]:
    """What a word shows wherever it stands."""
    plain = word.lower()
    digits = not plain.isalpha() and any(map(str.isdigit, plain))
    capitals = len(word) > 1 and word.isupper()
    return digits, word[0].isupper(), capitals, log(len(word)), is_stop_word(plain)


def _repeats(words: NDArray[np.intp]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Whether each word, a number for each different one, has come shortly before, and whether it soon comes again."""
    order = np.argsort(words, kind="stable")
    near = (words[order[1:]] == words[order[:-1]]) & (order[1:] - order[:-1] <= NEAR)
    before, again = np.zeros(len(words), dtype=bool), np.zeros(len(words), dtype=bool)
    before[order[1:]] = near
    again[order[:-1]] = near
    return before, again
