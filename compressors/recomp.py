"""RECOMP, its extractive half: sentences nearest to the query in a dual encoder's space (Xu et al., 2023, 2310.04408).

The abstractive half, a rewriter of what is kept, is a compressor of its own beside this one.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from ctxzip.choice import ModelChoice
from ctxzip.compressors.sentence_based import SentenceCompressor
from ctxzip.errors import UsageError
from ctxzip.models.protocols import DualEncoder
from ctxzip.models.store import BUNDLED, locate
from ctxzip.passages import Passage

THRESHOLD = 0.3
"""Cosine from which `--threshold auto` keeps a sentence."""


class Recomp(SentenceCompressor):
    """Sentences worth their nearness to the query (section 3.1 of the paper).

    Kept sentences stay in the documents' order. With `--min-relevance` nothing may be kept: the paper's selective
    augmentation. The bundled encoder reads a sentence in its passage; other checkpoints read it alone, as published.
    """

    name = "recomp"
    threshold = THRESHOLD

    def __init__(self, model: str | None = None) -> None:
        """Compare with the bundled embedding head, or with the text encoder `model` (directory or hub id)."""
        self.model = model or BUNDLED

    @classmethod
    def of(cls, weights: ModelChoice) -> Recomp:
        """Return the compressor that `weights` ask for."""
        if weights.adapter:
            raise UsageError("--method recomp takes no adapter", hint="merge it into the checkpoint, or drop it")
        return cls(weights.model)

    def _worth(self, passages: Sequence[Passage], query: str) -> list[list[float]]:
        if self.model == BUNDLED:
            from ctxzip.models.encoder_relevance import EncoderSimilarity

            return EncoderSimilarity().worth(passages, query)
        texts = [s.of(passage.text).strip() for passage in passages for s in passage.sentences]
        values = iter(worth(self._encoder, texts, query))
        return [[next(values) for _ in passage.sentences] for passage in passages]

    @cached_property
    def _encoder(self) -> DualEncoder:
        """The weights, loaded when the first sentence has to be scored."""
        from ctxzip.models.dual_encoder import TextEncoder
        from ctxzip.models.encoders import open_encoder
        from ctxzip.models.manifest import Kind

        return TextEncoder(open_encoder(locate(self.model), Kind.TEXTS, self.model))


def worth(encoder: DualEncoder, texts: Sequence[str], query: str) -> list[float]:
    """Return the worth of every text: its dot product with `query`, squeezed into [0, 1] with its order kept.

    Dot products have no scale of their own: x becomes (1 + x / (1 + |x|)) / 2, so 0 is 0.5 and 1 is 0.75.
    """
    if not texts:
        return []
    vectors = encoder.vectors([query, *texts])
    products = (vectors[1:] @ vectors[0]).astype(np.float64)
    return [float(value) for value in (1 + products / (1 + np.abs(products))) / 2]
