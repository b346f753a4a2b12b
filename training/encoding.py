"""Passages as token arrays: ids, sentence of each token, targets of each token."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from training.model import AUXILIARY
from training.passages import Passage

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]


@dataclass(slots=True)
class Encoded:
    """The tokens of a passage without [CLS] and [SEP]; sentence -1 is none."""

    ids: Ints
    sentence: Ints
    targets: Floats
    weights: Floats

    def cut(self, length: int) -> Encoded:
        """The first tokens."""
        return Encoded(
            self.ids[:length],
            self.sentence[:length],
            self.targets[:length],
            self.weights[:length],
        )


def owners(offsets: list[tuple[int, int]], spans: list[tuple[int, int]]) -> Ints:
    """The index of the span in which each token starts, -1 where there is none."""
    found = np.full(len(offsets), -1, dtype=np.int64)
    place = 0
    for index, (start, _) in enumerate(offsets):
        while place < len(spans) and spans[place][1] <= start:
            place += 1
        if place < len(spans) and spans[place][0] <= start:
            found[index] = place
    return found


def encode(tokenizer: Tokenizer, passage: Passage, middle: float) -> Encoded:
    """Tokenize a passage and spread the labels of its words over their tokens."""
    encoding = tokenizer.encode(passage.text, add_special_tokens=False)
    ids = np.array(encoding.ids, dtype=np.int64)
    sentence = owners(encoding.offsets, passage.sentences)
    targets = np.zeros((len(ids), len(AUXILIARY)), dtype=np.float32)
    weights = np.zeros_like(targets)
    if passage.words:
        word = owners(encoding.offsets, [(a, b) for a, b, _ in passage.words])
        inside = word >= 0
        share = 1 / np.maximum(np.bincount(word[inside], minlength=len(passage.words)), 1)
        column = AUXILIARY.index(passage.labels)
        values = (0.0, middle, 1.0) if passage.labels == "keep" else (0.0, 1.0, 1.0)
        labels = np.array([values[label] for *_, label in passage.words], dtype=np.float32)
        targets[inside, column] = labels[word[inside]]
        weights[inside, column] = share[word[inside]]
        if passage.rewrite:
            targets[inside, 2] = _in_rewrite(passage)[word[inside]]
            weights[inside, 2] = share[word[inside]]
    return Encoded(ids, sentence, targets, weights)


def _in_rewrite(passage: Passage) -> Floats:
    """1 for words whose stem also stands in the concise rewrite."""
    stems = {word[:5] for word in re.findall(r"\w+", passage.rewrite.lower())}
    found = []
    for start, end, _ in passage.words:
        parts = re.findall(r"\w+", passage.text[start:end].lower())
        found.append(float(any(part[:5] in stems for part in parts)))
    return np.array(found, dtype=np.float32)


def with_title(tokenizer: Tokenizer, title: str, encoded: Encoded) -> Encoded:
    """Put the tokens of a title before the passage; they belong to no sentence."""
    ids = np.array(tokenizer.encode(title, add_special_tokens=False).ids, dtype=np.int64)
    return concatenate([_unlabelled(ids), encoded])


def concatenate(parts: list[Encoded]) -> Encoded:
    """Several passages as one; the sentences are numbered on."""
    shifted, base = [], 0
    for part in parts:
        shifted.append(np.where(part.sentence >= 0, part.sentence + base, -1))
        base += int(part.sentence.max(initial=-1)) + 1
    return Encoded(
        np.concatenate([part.ids for part in parts]),
        np.concatenate(shifted),
        np.concatenate([part.targets for part in parts]),
        np.concatenate([part.weights for part in parts]),
    )


def marked(encoded: Encoded, marks: list[int], chance: random.Random) -> Encoded:
    """A variant with list or heading marks before some sentences."""
    starts = np.flatnonzero(np.diff(encoded.sentence, prepend=-2) != 0)
    kept = [int(start) for start in starts if chance.random() < 0.5]
    mark = chance.choice(marks)
    return Encoded(
        np.insert(encoded.ids, kept, mark),
        np.insert(encoded.sentence, kept, -1),
        np.insert(encoded.targets, kept, 0, axis=0),
        np.insert(encoded.weights, kept, 0, axis=0),
    )


def _unlabelled(ids: Ints) -> Encoded:
    empty = np.zeros((len(ids), len(AUXILIARY)), dtype=np.float32)
    return Encoded(ids, np.full(len(ids), -1, dtype=np.int64), empty, empty)
