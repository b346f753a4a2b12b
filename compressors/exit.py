"""EXIT: every sentence is asked whether it helps to answer the query, in its document (Hwang et al., 2024)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from ctxzip.choice import ModelChoice
from ctxzip.compressors.sentence_based import SentenceCompressor
from ctxzip.models.bundled import encoder
from ctxzip.models.protocols import RelevanceScorer
from ctxzip.models.relevance_scorers import load_relevance_scorer
from ctxzip.models.store import BUNDLED
from ctxzip.passages import Passage


class Exit(SentenceCompressor):
    """Sentences worth the probability that they help to answer (section 3 of the paper).

    The context of a sentence is the one document it stands in, as in the paper and its training data; the released
    script joins all documents instead. The choice is the threshold of the paper, a budget, or a share of all worth.
    """

    name = "exit"

    def __init__(self, model: str | None = None, *, adapter: str | None = None, cache: bool = True) -> None:
        """Score with the bundled encoder, or with `model`: a causal LM, a cross-encoder or a pruner.

        `adapter` is a PEFT adapter for a causal LM; `cache` keeps its answers on disk.
        """
        self.model = f"{model} + {adapter}" if adapter else model or BUNDLED
        self._choice = ModelChoice(model, adapter, cache=cache)
        if self.model == BUNDLED:
            encoder()

    @classmethod
    def of(cls, weights: ModelChoice) -> Exit:
        """Return the compressor that `weights` ask for."""
        return cls(weights.model, adapter=weights.adapter, cache=weights.cache)

    @property
    def threshold(self) -> float:
        """The probability from which the scorer takes a sentence to be worth keeping."""
        return self._scorer.threshold

    @cached_property
    def _scorer(self) -> RelevanceScorer:
        """The weights, loaded when the first sentence has to be scored."""
        return load_relevance_scorer(self._choice)

    def _worth(self, passages: Sequence[Passage], query: str) -> list[list[float]]:
        return self._scorer.probabilities(passages, query)
