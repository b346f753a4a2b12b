"""Vectors of sentences and of texts, by the embedding head of the bundled encoder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ctxzip.models.encoder_relevance import passage_encoder
from ctxzip.passages import passages
from ctxzip.text import Document, Span

if TYPE_CHECKING:
    from numpy.typing import NDArray


def sentence_vectors(documents: Sequence[Document], sentences: Sequence[Sequence[Span]]) -> list[NDArray[np.float32]]:
    """Return for every document one unit vector per sentence, each read in its passage."""
    cut = passages(documents, sentences)
    read = iter(passage_encoder().passages([passage for own in cut for passage in own]))
    found = [[part.hidden for _ in own for part in next(read)] for own in cut]
    return [np.concatenate(own) if own else np.zeros((0, 384), np.float32) for own in found]


def text_vector(text: str) -> NDArray[np.float32]:
    """Return the unit vector of a text; what does not fit in the encoder's window is left out."""
    vector: NDArray[np.float32] = passage_encoder().query(text).hidden
    return vector


def unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the rows of `vectors` with length one; rows of zeros stay."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    scaled: NDArray[np.float32] = vectors / np.maximum(lengths, 1e-9)
    return scaled
