"""The scorer of sentences that a choice of weights stands for, told from the checkpoint's own files."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from ctxzip.choice import ModelChoice
from ctxzip.errors import InputError, UsageError
from ctxzip.models.cache import NoCache, default_cache
from ctxzip.models.encoders import checkpoint_config, open_encoder
from ctxzip.models.manifest import Kind
from ctxzip.models.protocols import RelevanceScorer
from ctxzip.models.store import BUNDLED, GEMMA, locate


@lru_cache(maxsize=2)
def load_relevance_scorer(choice: ModelChoice) -> RelevanceScorer:
    """Return the scorer of `choice`: the bundled encoder, or what kind of model the checkpoint is.

    Raises `InputError` for a checkpoint of another kind, `MissingExtra` without torch, `ModelUnavailable` for
    weights that are not here and may not be fetched.
    """
    if choice.model in (None, BUNDLED):
        if choice.adapter:
            raise UsageError(
                "--adapter goes on a causal LM", hint="name it too: --model google/gemma-2b-it --adapter …"
            )
        from ctxzip.models.encoder_relevance import EncoderRelevance

        return EncoderRelevance()
    cache = default_cache() if choice.cache else NoCache()
    if choice.model == GEMMA:
        from ctxzip.models.causal_relevance import CausalRelevance
        from ctxzip.models.gemma import gemma_directory

        return CausalRelevance(gemma_directory(), GEMMA, adapter=_adapter(choice), cache=cache)
    directory = locate(str(choice.model))
    return _by_kind(directory, choice, cache)


def _by_kind(directory: Path, choice: ModelChoice, cache: Any) -> RelevanceScorer:
    config = checkpoint_config(directory)
    kind = " ".join(config.get("architectures") or [])
    name = str(choice.model)
    if "pruning_config" in config or "Provence" in kind:
        from ctxzip.models.torch_relevance import Pruner

        return Pruner(directory, name)
    if "SequenceClassification" in kind:
        from ctxzip.models.cross_encoder import CrossEncoder

        return CrossEncoder(open_encoder(directory, Kind.PAIRS, name))
    if "CausalLM" in kind or "ConditionalGeneration" in kind or "LMHead" in kind:
        from ctxzip.models.causal_relevance import CausalRelevance

        return CausalRelevance(directory, name, adapter=_adapter(choice), cache=cache)
    raise InputError(
        f"{name} is a {kind or 'model of an unknown kind'}, which cannot judge sentences",
        hint="--method exit takes a causal LM, a cross-encoder or an OpenProvence pruner",
    )


def _adapter(choice: ModelChoice) -> Path | None:
    return locate(choice.adapter) if choice.adapter else None
