"""The embedded generators: the small Gemma with the adapters in the wheel, one for rewriting and one for summaries."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

from ctxzip.models.gemma import gemma_directory
from ctxzip.models.prompts import Style
from ctxzip.models.store import GEMMA, bundled
from ctxzip.models.torch_generator import CausalGenerator, weights_state
from ctxzip.models.torch_loading import adapted, fast_precision, model_of, tokenizer_of

LONGEST = 768
"""Tokens of a prompt: not many more than the adapters were trained on."""
VOCABULARY = "vocabulary.json"
"""The tokens that the adapter was trained to write, beside its matrices."""


@lru_cache(maxsize=1)
def writer(task: str) -> CausalGenerator:
    """Return the small Gemma with the adapter for `task`, `rewrite` or `summarize`, loaded once.

    Raises `MissingExtra` without `ctxzip[gemma]`.
    """
    return with_adapter(gemma_directory(), bundled(task), f"{GEMMA} + {task}")


def with_adapter(base: Path, adapter: Path, name: str) -> CausalGenerator:
    """Return the model in `base` with the matrices in `adapter`, which writes the words that they were trained on."""
    tokenizer = tokenizer_of(base)
    model = model_of(base, "AutoModelForCausalLM", "causal language model", dtype=fast_precision())
    model = adapted(model, adapter)
    made = CausalGenerator(model, tokenizer, name, Style.TRAINED, identity=weights_state(base, adapter))
    made.longest = LONGEST
    listed = adapter / VOCABULARY
    if listed.is_file():
        made.restrict(json.loads(listed.read_text(encoding="utf-8")))
    return made
