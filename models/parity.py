"""Whether two runs of one encoder agree: the same real text through both, number by number and decision by decision."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ctxzip.models.dual_encoder import TextEncoder
from ctxzip.models.encoders import Encoder, padded
from ctxzip.models.manifest import Kind
from ctxzip.models.protocols import Backend

if TYPE_CHECKING:
    import tokenizers
    from numpy.typing import NDArray

QUERIES = 4
"""Lines at the top of the sample that are questions to the rest."""
ROWS = 6
"""Rows of a batch."""


@dataclass(frozen=True)
class Parity:
    """How far two runs differ: the largest difference of an output, and the decisions that come out the same."""

    difference: float
    scale: float
    """The largest output."""
    decisions: int
    agreement: float

    @property
    def relative(self) -> float:
        """Return the largest difference as a share of the largest output."""
        return self.difference / max(self.scale, 1e-9)

    def __str__(self) -> str:
        return (
            f"max |Δ| {self.difference:.1e} of {self.scale:.3g}, "
            f"{self.agreement:.2%} of {self.decisions} decisions the same"
        )


def sample() -> tuple[list[str], list[str]]:
    """Return questions and paragraphs: prose in several languages, lists, code and logs."""
    text = Path(__file__).with_name("sample.txt").read_text(encoding="utf-8")
    paragraphs = [paragraph.strip() for paragraph in text.split("\n\n") if paragraph.strip()]
    queries = paragraphs[0].splitlines()
    return queries[:QUERIES], paragraphs[1:]


def compare(encoder: Encoder, kind: Kind, one: Backend, two: Backend) -> Parity:
    """Run the sample through both backends, in batches of several sizes and lengths."""
    difference = scale = 0.0
    values: list[list[NDArray[np.float32]]] = [[], []]
    for rows in _batches(_rows(encoder, kind)):
        ids, mask, types = padded(rows, encoder.pad)
        made = [backend.run([kind.output], ids, mask, types)[0] for backend in (one, two)]
        if kind is not Kind.PAIRS:
            made = [output[mask.astype(bool)] for output in made]
        difference = max(difference, float(np.abs(made[0] - made[1]).max()))
        scale = max(scale, float(np.abs(made[0]).max()))
        for kept, output in zip(values, made, strict=True):
            kept.append(output)
    if kind is Kind.TEXTS:
        ours, theirs = (_nearer_half(encoder, backend) for backend in (one, two))
    else:
        ours, theirs = (_kept(np.concatenate(kept)) for kept in values)
    return Parity(difference, scale, len(ours), float(np.mean(ours == theirs)))


def _rows(encoder: Encoder, kind: Kind) -> list[tokenizers.Encoding]:
    """Return the sample as the rows that a model of this kind is fed."""
    queries, paragraphs = sample()
    encoder.tokenizer.no_truncation()
    encoder.tokenizer.enable_truncation(encoder.max_length)
    if kind is Kind.PAIRS:
        return encoder.tokenizer.encode_batch([(query, text) for query in queries for text in _sentences(paragraphs)])
    return encoder.tokenizer.encode_batch([*paragraphs, " ".join(paragraphs)])


def _sentences(paragraphs: Sequence[str]) -> list[str]:
    return [line for paragraph in paragraphs for line in paragraph.replace(". ", ".\n").splitlines()]


def _batches(rows: Sequence[tokenizers.Encoding]) -> Iterator[Sequence[tokenizers.Encoding]]:
    """Yield batches as they come, lengths mixed, the first row by itself."""
    yield rows[:1]
    for start in range(1, len(rows), ROWS):
        yield rows[start : start + ROWS]


def _kept(logits: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return the decision of every row of logits: the label, or whether the one logit is positive."""
    if logits.shape[-1] == 1:
        return np.asarray(logits[:, 0] > 0)
    return np.asarray(logits.argmax(-1))


def _nearer_half(encoder: Encoder, backend: Backend) -> NDArray[np.bool_]:
    """Return for every question which sentences are in the nearer half of them."""
    queries, paragraphs = sample()
    own = Encoder(
        encoder.name, backend, encoder.tokenizer, encoder.max_length, encoder.pad, encoder.pooling, encoder.unit
    )
    vectors = TextEncoder(own).vectors([*queries, *_sentences(paragraphs)])
    products = vectors[: len(queries)] @ vectors[len(queries) :].T
    return np.asarray(products > np.median(products, axis=1, keepdims=True)).ravel()
