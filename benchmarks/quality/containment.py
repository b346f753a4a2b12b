"""Do the sentences kept under a budget still hold the answer?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.quality.contexts import Context, Counted, count
from benchmarks.quality.scorers import Scorer, sentences
from ctxzip.models.lexical import terms
from ctxzip.models.relevance import Floats

RATIOS = (2, 4, 8)


@dataclass(slots=True)
class Figures:
    """Share of contexts that hold an answer, and of evidence sentences kept, per ratio."""

    contained: dict[int, float]
    recalled: dict[int, float]


def chosen(scores: Floats, counted: Counted, ratio: float) -> list[int]:
    """Whole sentences by falling score while they fit, in document order."""
    left, kept = counted.total / ratio, []
    for number in np.argsort(-scores, kind="stable"):
        if counted.sentences[number] <= left:
            kept.append(int(number))
            left -= counted.sentences[number]
    return sorted(kept)


def holds(context: Context, kept: list[int]) -> float:
    """Whether an answer stands in what is kept; of freely written ones, the share of their words that do."""
    texts = sentences(context)
    text = " ".join(texts[number] for number in kept).lower()
    if context.free:
        wanted, there = set(terms(context.answers[0])), set(terms(text))
        return len(wanted & there) / max(len(wanted), 1)
    return float(any(answer.lower() in text for answer in context.answers))


def measure(contexts: list[Context], scorer: Scorer) -> Figures:
    """Containment and evidence recall at every ratio."""
    hits: dict[int, list[float]] = {ratio: [] for ratio in RATIOS}
    found: dict[int, list[float]] = {ratio: [] for ratio in RATIOS}
    for context in contexts:
        counted, scores = count(context), scorer(context)
        pairs = [(p, s) for p, made in enumerate(context.passages) for s in range(len(made.sentences))]
        for ratio in RATIOS:
            kept = chosen(scores, counted, ratio)
            hits[ratio].append(holds(context, kept))
            held = {pairs[number] for number in kept}
            found[ratio].append(len(held & context.evidence) / max(len(context.evidence), 1))
    return Figures(_means(hits), _means(found))


def _means(values: dict[int, list[float]]) -> dict[int, float]:
    return {ratio: float(np.mean(found)) for ratio, found in values.items()}
