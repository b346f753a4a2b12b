"""How much the chunks and lines of source code have to do with a question."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

import numpy as np

from ctxzip.models.cache import Cache, NoCache, default_cache, file_state, fingerprint
from ctxzip.models.lexical import Bm25, terms
from ctxzip.models.onnx_backend import OnnxEncoder
from ctxzip.models.store import BUNDLED, bundled
from ctxzip.models.tokenizers import read_tokenizer
from ctxzip.progress import report

if TYPE_CHECKING:
    import tokenizers
    from numpy.typing import NDArray

LONGEST = 256
"""Tokens of a chunk that the encoder reads, the first ones: the signature and what follows it."""
BATCH_TOKENS = 4096
KIND = "code"
"""Where the cache keeps what is computed here."""
NAME_WEIGHT = 3
"""How many times the name of a function counts among its words."""


@dataclass(frozen=True)
class CodePiece:
    """A chunk of code with its dotted name, empty for what has none."""

    name: str
    text: str

    @property
    def titled(self) -> str:
        """Return the text under its name."""
        return f"{self.name.replace('.', ' ')}\n{self.text}" if self.name else self.text


class CodeScorer(Protocol):
    """Ranks chunks by a question, and says what the lines of one chunk are worth."""

    @property
    def name(self) -> str:
        """The name that reports show."""

    def relevance(self, query: str, pieces: Sequence[CodePiece]) -> NDArray[np.float64]:
        """Return for every chunk how much it has to do with `query`; only the order and the distances count."""

    def lines(self, query: str, piece: CodePiece, cuts: Sequence[int]) -> NDArray[np.float64] | None:
        """Return the value in [0, 1] of every part of a chunk, which `cuts` (ends, in characters) divide.

        None when the scorer has no opinion on anything smaller than a chunk.
        """


def identifiers(query: str, pieces: Sequence[CodePiece]) -> NDArray[np.float64]:
    """Return the BM25 scores of chunks for `query` over words that names are split into."""
    texts = [terms(f"{piece.name.replace('.', ' ')} " * NAME_WEIGHT + piece.text) for piece in pieces]
    return np.asarray(Bm25(texts).scores(terms(query)), dtype=np.float64)


def standard(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return `values` with mean 0 and deviation 1; what is not finite counts as the least."""
    finite = np.isfinite(values)
    if not finite.any():
        return np.zeros(len(values))
    filled = np.where(finite, values, values[finite].min())
    result: NDArray[np.float64] = (filled - filled.mean()) / (filled.std() + 1e-9)
    return result


class EncoderScorer:
    """The bundled encoder's vectors and the words that names are made of; needs no torch."""

    name = "bundled encoder + identifiers"

    def __init__(
        self, encoder: OnnxEncoder, tokenizer: tokenizers.Tokenizer, revision: str, cache: Cache | None = None
    ) -> None:
        """Compare with the vectors that `encoder` gives (outputs `hidden` and `relevance`).

        `revision` identifies weights and tokenizer; vectors are cached under it and the text.
        """
        self._encoder = encoder
        self._tokenizer = tokenizer
        self._revision = revision
        self._cache = cache or NoCache()

    def relevance(self, query: str, pieces: Sequence[CodePiece]) -> NDArray[np.float64]:
        """Return the sum of the standardised BM25 score and cosines of every chunk."""
        if not pieces:
            return np.zeros(0)
        vectors = self._vectors([piece.titled for piece in pieces] + [query])
        close = [standard(each[:-1] @ each[-1]) for each in vectors]
        result: NDArray[np.float64] = standard(identifiers(query, pieces)) + sum(close, np.zeros(len(pieces)))
        return result

    def lines(self, query: str, piece: CodePiece, cuts: Sequence[int]) -> None:
        """Return None: vectors are compared for chunks only."""

    def _vectors(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
        """Return unit vectors of `texts`, [texts, 384] each: from the last layer and from the relevance head."""
        names = [fingerprint([self._revision, str(LONGEST), text]) for text in texts]
        rows = {name: found for name in set(names) if (found := load_array(self._cache, KIND, name)) is not None}
        missing = {name: text for name, text in zip(names, texts, strict=True) if name not in rows}
        for name, row in zip(missing, self._encode(list(missing.values())), strict=True):
            rows[name] = row
            store_array(self._cache, KIND, name, row)
        stacked = np.stack([rows[name] for name in names])
        return [stacked[:, 0], stacked[:, 1]]

    def _encode(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
        """Return [2, 384] for every text, computed in batches of similar length."""
        ids = [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))]
        ids = [row if len(row) <= LONGEST else [*row[: LONGEST - 1], row[-1]] for row in ids]
        rows: list[NDArray[np.float32]] = [np.zeros(0, np.float32)] * len(ids)
        done = 0
        for batch in by_length([len(row) for row in ids], BATCH_TOKENS):
            for index, row in zip(batch, self._pool([ids[i] for i in batch]), strict=True):
                rows[index] = row
            done += len(batch)
            report(done, len(ids))
        return rows

    def _pool(self, batch: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        """Return [batch, 2, 384]."""
        length = max(len(row) for row in batch)
        ids = np.zeros((len(batch), length), dtype=np.int64)
        mask = np.zeros_like(ids)
        for index, row in enumerate(batch):
            ids[index, : len(row)] = row
            mask[index, : len(row)] = 1
        hidden, relevance = self._encoder.run(["hidden", "relevance"], ids, mask)
        size = hidden.shape[-1]
        return np.stack([_mean(hidden, mask), _mean(relevance[..., :size], mask)], axis=1)


def by_length(lengths: Sequence[int], most: int) -> Iterator[list[int]]:
    """Yield batches of indices, shortest first, that padded to their longest have at most `most` tokens."""
    batch: list[int] = []
    for index in sorted(range(len(lengths)), key=lambda i: (lengths[i], i)):
        if batch and lengths[index] * (len(batch) + 1) > most:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch


def _mean(values: NDArray[np.float32], mask: NDArray[np.int64]) -> NDArray[np.float32]:
    summed = np.einsum("bld,bl->bd", values, mask.astype(np.float32))
    unit: NDArray[np.float32] = summed / (np.linalg.norm(summed, axis=-1, keepdims=True) + 1e-12)
    return unit


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
    directory = bundled("encoder")
    revision = fingerprint([file_state(directory / "model.onnx")])
    cache = default_cache() if kept else NoCache()
    return EncoderScorer(OnnxEncoder(directory / "model.onnx"), read_tokenizer(directory), revision, cache)


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
