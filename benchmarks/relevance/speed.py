"""How long a query takes: against the bare session, again on the same passages, and on a very long text."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable

import numpy as np

from benchmarks.relevance.contexts import Context
from ctxzip import compress
from ctxzip.models.bundled import MODEL, encoder
from ctxzip.models.encoder_relevance import PassageEncoder, passage_encoder
from ctxzip.models.onnx_backend import OnnxEncoder
from ctxzip.models.windows import encode
from ctxzip.outline import outlined
from ctxzip.passages import Passage, passages
from ctxzip.sentences import sentences
from ctxzip.text import Document

REPEATS = 7


def milliseconds(action: Callable[[], object]) -> float:
    """Return the best of several runs."""
    best = float("inf")
    for _ in range(REPEATS):
        started = time.perf_counter()
        action()
        best = min(best, time.perf_counter() - started)
    return 1000 * best


def cut(text: str) -> list[Passage]:
    """Return the passages of a text."""
    return passages([Document(text)], [outlined(text, sentences(text)).content])[0]


def measure(context: Context, other: str) -> dict[str, float]:
    """Return the times for one context, in milliseconds; `other` is a second question."""
    own_encoder = encoder()
    bare, frame = OnnxEncoder(own_encoder.directory / MODEL), own_encoder.frame
    reader = PassageEncoder(own_encoder)
    own = cut(context.text)
    texts = [f"{p.title}\n{p.text}" if p.title else p.text for p in own]
    rows = [np.array([[*frame.prefix, *e.ids[:380], *frame.suffix]]) for e in encode(own_encoder.tokenizer, texts)]

    def forward() -> None:
        for ids in rows:
            bare.run(["relevance", "hidden"], ids, np.ones_like(ids))

    def first() -> None:
        reader.forget()
        reader.passages(own)
        reader.query(context.question)

    passage_encoder().forget()
    compress(context.text, query=context.question, ratio=4)
    return {
        "tokens": float(sum(ids.size for ids in rows)),
        "bare forward": milliseconds(forward),
        "passages and query": milliseconds(first),
        "second query, compress()": milliseconds(lambda: compress(context.text, query=other, ratio=4)),
    }


def long(contexts: list[Context], size: int) -> dict[str, float]:
    """Return seconds and peak memory for about `size` o200k tokens in one text, whole run."""
    text = "\n\n".join(c.text for c in contexts)
    before = compress(text[:2000], query="x", tokens=100).tokens_before
    text = text[: int(2000 * size / before)]
    started = time.perf_counter()
    result = compress(text, query=contexts[0].question, ratio=8)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"tokens": result.tokens_before, "seconds": time.perf_counter() - started, "peak MB": peak}
