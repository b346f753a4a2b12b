"""The probability that a token is kept, from any token classifier or from the bundled encoder."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ctxzip.errors import InputError
from ctxzip.models.bundled import encoder
from ctxzip.models.encoders import open_encoder
from ctxzip.models.manifest import Kind
from ctxzip.models.onnx_backend import cores
from ctxzip.models.runtimes import batch
from ctxzip.models.store import BUNDLED, locate
from ctxzip.models.surface import SURFACE, Surface
from ctxzip.models.windows import Encoded, Frame, Size, WindowedModel, encode
from ctxzip.progress import report

if TYPE_CHECKING:
    import tokenizers
    from numpy.typing import NDArray

WINDOWS = Size(whole=512, part=192)
"""Tokens of the bundled encoder's windows: a text that fits is read whole, for others short windows are quicker."""
OVERLAP = 8
"""Tokens that neighbouring windows share."""
LABEL_KEEP = 1
"""The label of a kept token in LLMLingua-2 checkpoints."""


class TokenScorer:
    """Gives every token of a text its probability of being kept."""

    def __init__(
        self, name: str, tokenizer: tokenizers.Tokenizer, model: WindowedModel, surface: Surface | None = None
    ) -> None:
        """Score with `model` what `tokenizer` makes of a text; reports show `name`.

        `surface` corrects the worth of words by what the model does not see of them.
        """
        self.name = name
        self.tokenizer = tokenizer
        self.surface = surface
        self._model = model

    @property
    def family(self) -> str:
        """Return the kind of the vocabulary: `WordPiece`, `Unigram`, `BPE` or `WordLevel`."""
        return str(json.loads(self.tokenizer.to_str())["model"]["type"])

    def encode(self, texts: Sequence[str]) -> list[Encoded]:
        """Return the tokens of every text with their offsets."""
        return encode(self.tokenizer, texts)

    def pieces(self, encoded: Encoded) -> list[str]:
        """Return the vocabulary entry of every token; an unknown one is the unknown token, not its surface."""
        return [self.tokenizer.id_to_token(token) or "" for token in encoded.ids.tolist()]

    def probabilities(self, texts: Sequence[Encoded]) -> list[NDArray[np.float32]]:
        """Return for every text the keep probability of each of its tokens, in [0, 1]."""
        return self._model.run(texts, report)


def load_token_scorer(model: str, *, compat: bool = False) -> TokenScorer:
    """Return the scorer of `model`: the bundled encoder, or a token classifier by directory or hub id.

    With `compat`, XLM-R checkpoints get the unknown token where the reference implementation feeds it by
    mistake for the start, end and padding tokens.
    """
    if model == BUNDLED:
        return _bundled()
    return _classifier(locate(model), model, compat)


@lru_cache(maxsize=1)
def _bundled() -> TokenScorer:
    own = encoder()

    def keep(ids: NDArray[np.int64], mask: NDArray[np.int64]) -> NDArray[np.float32]:
        return _sigmoid(own.graph.run(["keep_logits"], ids, mask)[0])

    windowed = WindowedModel(keep, own.frame, size=WINDOWS, overlap=OVERLAP, workers=cores(), batch=batch())
    if windowed.fixed:
        own.graph.expect(*windowed.fixed)
    return TokenScorer(BUNDLED, own.tokenizer, windowed, Surface.load(own.directory / SURFACE))


@lru_cache(maxsize=2)
def _classifier(directory: Path, name: str, compat: bool) -> TokenScorer:
    own = open_encoder(directory, Kind.TOKENS, name)

    def keep(ids: NDArray[np.int64], mask: NDArray[np.int64]) -> NDArray[np.float32]:
        logits = own.backend.run([Kind.TOKENS.output], ids, mask)[0]
        if logits.shape[-1] != 2:
            raise InputError(
                f"{name} has {logits.shape[-1]} labels, keep/drop classifiers have 2", hint="use another checkpoint"
            )
        return _sigmoid(logits[..., LABEL_KEEP] - logits[..., 1 - LABEL_KEEP])

    frame = Frame.of(own.tokenizer, own.pad)
    unknown = own.tokenizer.token_to_id("<unk>")
    if compat and unknown is not None and own.tokenizer.token_to_id("[CLS]") is None:
        frame = Frame((unknown,), (unknown,), unknown)
    size, workers = Size(own.max_length, own.max_length), own.backend.workers
    windowed = WindowedModel(keep, frame, size=size, overlap=OVERLAP, workers=workers, batch=batch())
    if windowed.fixed:
        own.backend.expect(*windowed.fixed)
    return TokenScorer(name, own.tokenizer, windowed)


def _sigmoid(x: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(1 / (1 + np.exp(-x.astype(np.float64))), dtype=np.float32)
