"""Dual encoders: RECOMP's, contriever's and sentence-transformers' checkpoints, exported or not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ctxzip.models.encoders import Encoder
from ctxzip.models.manifest import Kind

if TYPE_CHECKING:
    from numpy.typing import NDArray

BATCH = 32


class TextEncoder:
    """One encoder for queries and sentences: the mean of the last states over the mask, as RECOMP published.

    A sentence-transformers checkpoint that says otherwise (first token, unit length) is obeyed.
    """

    def __init__(self, encoder: Encoder) -> None:
        """Make vectors with `encoder`."""
        self.name = encoder.name
        self._encoder = encoder
        encoder.tokenizer.enable_truncation(encoder.max_length)

    def vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one vector per text, [texts, width]; batches hold texts of about equal length."""
        rows = self._encoder.tokenizer.encode_batch(list(texts))
        return np.array(self._encoder.each(rows, self._pooled, Kind.TEXTS.output, BATCH), dtype=np.float32)

    def _pooled(self, states: NDArray[np.float32], mask: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return one vector for each row of a batch."""
        if self._encoder.pooling == "first":
            pooled = states[:, 0]
        else:
            pooled = (states * mask[..., None]).sum(1, dtype=np.float32) / mask.sum(1, keepdims=True)
        if self._encoder.unit:
            pooled = pooled / np.maximum(np.linalg.norm(pooled, axis=1, keepdims=True), 1e-12)
        return np.asarray(pooled, dtype=np.float32)
