"""The adapters in the wheel: small enough, with their terms, and able to write with the model they belong to."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ctxzip import compress
from ctxzip.compressors.rewriting.facts import new_numbers
from ctxzip.models.store import bundled

TASKS = ("rewrite", "summarize")
MOST_BYTES = 10_000_000


def test_the_adapters_are_small() -> None:
    files = [file for task in TASKS for file in bundled(task).iterdir()]
    assert sum(file.stat().st_size for file in files) <= MOST_BYTES


@pytest.mark.parametrize("task", TASKS)
def test_an_adapter_comes_with_its_terms_its_figures_and_its_words(task: str) -> None:
    folder = bundled(task)
    assert "Gemma Terms of Use" in (folder / "NOTICE").read_text(encoding="utf-8")
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert "ai.google.dev/gemma/prohibited_use_policy" in card
    assert "<!--" not in card
    losses = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))["training"]["development_loss"]
    assert losses["adapted"] < losses["base"]
    words = json.loads((folder / "vocabulary.json").read_text(encoding="utf-8"))
    assert words == sorted(set(words))
    assert 2_000 < len(words) < 40_000


@pytest.mark.parametrize("task", TASKS)
def test_the_matrices_are_those_of_the_base_model(task: str) -> None:
    from safetensors import safe_open

    config = json.loads((bundled(task) / "adapter_config.json").read_text(encoding="utf-8"))
    with safe_open(str(bundled(task) / "adapter_model.safetensors"), "pt") as file:
        names = list(file.keys())
        shapes = {tuple(file.get_slice(name).get_shape()) for name in names}
    assert len(names) == 18 * 7 * 2
    assert all(config["r"] in shape for shape in shapes)


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_the_embedded_generator_rewrites_and_answers() -> None:
    text = Path("docs/example.md").read_text(encoding="utf-8")
    made = compress(text, method="scope", ratio=2, cache=False)
    assert made.limit is not None
    assert 0.97 * made.limit <= made.tokens_after <= made.limit
    assert made.model == "gemma + rewrite"
    assert not new_numbers(text, made.text)
    told = compress(text, method="recomp-abstractive", query="When did the outage begin?", tokens=60, cache=False)
    assert told.model == "gemma + summarize"
    assert "02:14" in told.text
    assert not new_numbers(text, told.text)
    assert not compress(text, method="recomp-abstractive", query="How do I bake bread?", tokens=60, cache=False).text
