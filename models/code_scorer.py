"""How much the chunks and lines of source code have to do with a question."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

import numpy as np

from ctxzip.models.bundled import Encoder, encoder
from ctxzip.models.cache import Cache, NoCache, default_cache, file_state, fingerprint
from ctxzip.models.code_features import FEATURES, CodePiece, features
from ctxzip.models.code_ranking import ranking
from ctxzip.models.onnx_backend import cores
from ctxzip.models.runtimes import GRAPH, runtime
from ctxzip.models.store import BUNDLED
from ctxzip.models.windows import encode
from ctxzip.progress import report

if TYPE_CHECKING:
    from numpy.typing import NDArray

LONGEST_HEAD = 62
"""Tokens of a name with its signature that the encoder reads."""
LONGEST_QUERY = 254
"""Tokens of a question that the encoder reads."""
KIND = "code"
"""Where the cache keeps what is computed here."""
CLOSENESS = ("closeness", "relevance")
"""What the encoder adds to the features of a chunk."""


class CodeScorer(Protocol):
    """Ranks chunks by a question, and says what the lines of one chunk are worth."""

    @property
    def name(self) -> str:
        """The name that reports show."""

    def relevance(self, query: str, pieces: Sequence[CodePiece]) -> NDArray[np.float64]:
        """Return for every chunk the logarithm of its chance to answer `query`, but for a constant."""

    def lines(self, query: str, piece: CodePiece, cuts: Sequence[int]) -> NDArray[np.float64] | None:
        """Return the value in [0, 1] of every part of a chunk, which `cuts` (ends, in characters) divide.

        None when the scorer has no opinion on anything smaller than a chunk.
        """


class EncoderScorer:
    """The bundled encoder's view of signatures and the words that names are made of; needs no torch."""

    name = "bundled encoder + identifiers"

    def __init__(self, encoder: Encoder, cache: Cache | None = None) -> None:
        """Compare with the vectors that `encoder` gives; they are cached under its weights and the text."""
        self._encoder = encoder
        self._cache = cache or NoCache()
        self._state = f"{runtime()} {file_state(encoder.directory / GRAPH)}"

    def relevance(self, query: str, pieces: Sequence[CodePiece]) -> NDArray[np.float64]:
        """Return the value of every chunk by the ranking fitted for this encoder."""
        if not pieces:
            return np.zeros(0)
        return ranking(BUNDLED).values(self.features(query, pieces))

    def features(self, query: str, pieces: Sequence[CodePiece]) -> NDArray[np.float64]:
        """Return `FEATURES` and `CLOSENESS` of every chunk."""
        heads = self._vectors([piece.spoken for piece in pieces], LONGEST_HEAD)
        asked = self._vectors([query], LONGEST_QUERY)[0]
        close = np.einsum("pkd,kd->pk", heads, asked).astype(np.float64)
        return np.concatenate([features(query, pieces), close], axis=1)

    def lines(self, query: str, piece: CodePiece, cuts: Sequence[int]) -> None:
        """Return None: vectors are compared for chunks only."""

    def _vectors(self, texts: Sequence[str], longest: int) -> NDArray[np.float32]:
        """Return unit vectors of `texts`, [texts, 2, 384]: from the last layer and from the relevance head."""
        names = [fingerprint([self._state, str(longest), text]) for text in texts]
        rows = {name: found for name in set(names) if (found := load_array(self._cache, KIND, name)) is not None}
        missing = {name: text for name, text in zip(names, texts, strict=True) if name not in rows}
        ids = [encoded.ids[:longest].tolist() for encoded in encode(self._encoder.tokenizer, list(missing.values()))]
        with ThreadPoolExecutor(cores()) as pool:
            for done, (name, row) in enumerate(zip(missing, pool.map(self._pool, ids), strict=True)):
                rows[name] = row
                store_array(self._cache, KIND, name, row)
                report(done + 1, len(missing))
        return np.stack([rows[name] for name in names])

    def _pool(self, ids: Sequence[int]) -> NDArray[np.float32]:
        """Return [2, 384] of one text; run alone, so that its vectors depend on nothing but itself."""
        frame = self._encoder.frame
        row = np.array([[*frame.prefix, *ids, *frame.suffix]], dtype=np.int64)
        hidden, relevance = self._encoder.graph.run(["hidden", "relevance"], row, np.ones_like(row))
        summed = np.stack([hidden[0].sum(axis=0), relevance[0, :, : hidden.shape[-1]].sum(axis=0)])
        unit: NDArray[np.float32] = summed / (np.linalg.norm(summed, axis=-1, keepdims=True) + 1e-12)
        return unit


LIGHT_FEATURES = (*FEATURES, *CLOSENESS)
"""What `EncoderScorer.features` gives, in order."""


@lru_cache(maxsize=2)
def load_code_scorer(model: str, *, compat: bool = False, kept: bool = True) -> CodeScorer:
    """Return the scorer of `model`: `bundled`, `gemma`, or a causal LM by directory or hub id.

    `kept` allows scores on disk. Raises `MissingExtra` when a causal model is asked for without torch,
    `UnknownName` for a name nobody knows.
    """
    if model != BUNDLED:
        from ctxzip.models.causal_code import load_causal_scorer

        return load_causal_scorer(model, compat=compat, kept=kept)
    return encoder_scorer(kept)


@lru_cache(maxsize=2)
def encoder_scorer(kept: bool = True) -> EncoderScorer:
    """Return the scorer over the bundled encoder."""
    return EncoderScorer(encoder(), default_cache() if kept else NoCache())


def load_array(cache: Cache, kind: str, key: str) -> NDArray[np.float32] | None:
    """Return a cached array, None when there is none."""
    value = cache.read(kind, key)
    if not isinstance(value, dict):
        return None
    try:
        data = np.frombuffer(b64decode(value["data"]), dtype=np.float32)
        return data.reshape(value["shape"])
    except (KeyError, TypeError, ValueError):
        return None


def store_array(cache: Cache, kind: str, key: str, array: NDArray[np.float32]) -> None:
    """Keep `array` in the cache."""
    data = b64encode(np.ascontiguousarray(array, dtype=np.float32).tobytes()).decode()
    cache.write(kind, key, {"shape": list(array.shape), "data": data})
