"""The training of adapters: a few steps on a tiny Gemma, resumed, exported, and used to write."""

from __future__ import annotations

import gzip
import json
from argparse import Namespace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import tiny_models

from ctxzip.models.gemma_writers import with_adapter
from ctxzip.models.prompts import NOTHING, Style

TEXT = (
    "The harbour was built in 1873. Its first lamp burned oil until the winter of 1901. A keeper lived there with his "
    "family and did not leave it for eleven years."
)


def row(at: int) -> dict[str, Any]:
    words, start = [], 0
    for word in TEXT.split():
        begin = TEXT.index(word, start)
        words.append([begin, begin + len(word), at % 3])
        start = begin + len(word)
    ends = [31, 83, len(TEXT)]
    queries = [
        {"query": "When was it built?", "need": [0], "help": []},
        {"query": "Who painted it?", "need": [], "help": []},
    ]
    return {
        "id": f"p{at}", "register": "wiki", "source": "x", "text": TEXT, "words": words, "queries": queries,
        "sentences": [[0, ends[0]], [ends[0], ends[1]], [ends[1], ends[2]]],
        "rewrite": "Harbour built in 1873; oil lamp until 1901. The keeper's family did not leave.",
    }  # fmt: skip


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    question = {"question": "When?", "sentences": ["In 1873 .", "Um , no ."], "labels": [1, 0], "answerable": True}
    kinds = ("squad", "qed_nq", "hotpotqa", "qmsum")
    asked = [{**question, "id": "q", "dataset": name} for name in kinds]
    asked += [
        {**question, "dataset": name, "labels": [0, 0], "answerable": False} for name in ("qmsum", "squad2_unans")
    ]
    pair = {"id": "d", "dataset": "google", "words": TEXT.split()[:20], "keep": [1, 0] * 10, "annotator": 0}
    files = {
        "distill/train": [row(at) for at in range(12)], "distill/dev": [row(at) for at in range(3)],
        "relevance/train": asked, "deletion/train": [pair] * 9,
    }  # fmt: skip
    for name, rows in files.items():
        file = folder / f"{name}.jsonl.gz"
        file.parent.mkdir(exist_ok=True)
        with gzip.open(file, "wt", encoding="utf-8") as target:
            target.writelines(json.dumps(each) + "\n" for each in rows)
    return folder


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_models.causal(tmp_path_factory.mktemp("base"))


def given(data: Path, base: Path, task: str, run: Path, **changes: Any) -> Namespace:
    from training.adapters import config

    values = {"data": data, "task": task, "run": run, "out": run / "out", "base": base, "config": config.DEFAULT}
    return Namespace(**values | {"threads": 1, "steps": None, "rows": None, "start": None} | changes)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A recipe that a tiny set of rows is enough for."""
    from dataclasses import replace

    from training.adapters import config

    load = config.load

    def smaller(task: str, path: Path) -> config.Recipe:
        recipe = load(task, path)
        mix = recipe.mix | {"distill": 10, "distill_nothing": 4} if task == "summarize" else recipe.mix
        return replace(recipe, mix=mix, epochs=1, minutes=600, train=replace(recipe.train, held_out=4, longest=2000))

    monkeypatch.setattr(config, "load", smaller)


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_an_adapter_is_trained_in_two_goes_and_writes(data: Path, base: Path, tmp_path: Path) -> None:
    import torch

    from training.adapters.__main__ import train

    run = tmp_path / "run"
    first_stage = tmp_path / "passages"
    train(given(data, base, "passages", first_stage))
    run_second = partial(given, data, base, "rewrite", run, start=first_stage / "out")
    train(run_second(steps=1))
    first = torch.load(run / "checkpoint.pt", weights_only=True)
    assert first["step"] == 1
    assert not (run / "out").exists()
    train(run_second())
    assert torch.load(run / "checkpoint.pt", weights_only=True)["done"]
    out = run / "out"
    names = {
        "adapter_model.safetensors",
        "adapter_config.json",
        "vocabulary.json",
        "README.md",
        "NOTICE",
        "metrics.json",
    }
    assert {file.name for file in out.iterdir()} >= names
    config = json.loads((out / "adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == "google/gemma-3-270m"
    assert "Gemma Terms of Use" in (out / "NOTICE").read_text()
    assert "<!--" not in (out / "README.md").read_text()
    metrics = json.loads((out / "metrics.json").read_text())["training"]
    assert metrics["development_loss"]["adapted"] < metrics["development_loss"]["base"]
    generator = with_adapter(base, out, "tiny")
    assert generator.style is Style.TRAINED
    assert len(generator.generate(["Text: The harbour"], [5])) == 1


def test_a_run_in_two_goes_is_the_run_in_one(data: Path, base: Path, tmp_path: Path) -> None:
    import torch

    from training.adapters.__main__ import train

    for name, stops in (("one", (3,)), ("two", (1, 3))):
        for stop in stops:
            train(given(data, base, "summarize", tmp_path / name, steps=stop))
    one, two = (torch.load(tmp_path / name / "checkpoint.pt", weights_only=True) for name in ("one", "two"))
    assert one["step"] == two["step"] == 3
    assert all(torch.allclose(one["masters"][key], two["masters"][key], atol=2e-4) for key in one["masters"])


def test_rows_ask_and_answer_in_the_format_of_inference(data: Path) -> None:
    from training.adapters import config, rows

    recipe = config.load("rewrite", config.DEFAULT)
    made = rows.rows(data, "rewrite", recipe.mix, 1)
    assert made == rows.rows(data, "rewrite", recipe.mix, 1)
    assert all(each.prompt.startswith("Text: ") and each.prompt.endswith("Rewrite:") for each in made)
    for each in made:
        if "Keep: " in each.prompt:
            listed = each.prompt.split("Keep: ")[1].removesuffix(".\nRewrite:").split("; ")
            assert all(any(k.split()[0][:4].lower() in each.answer.lower() for k in listed) for _ in listed)
    recipe = config.load("summarize", config.DEFAULT)
    answers = [each.answer for each in rows.rows(data, "summarize", recipe.mix, 1)]
    assert answers.count(f" {NOTHING}") >= 4
    assert any("1873" in answer for answer in answers)


def test_spoken_language_is_tidied() -> None:
    from training.adapters.rows import tidy

    assert tidy("Um , they they {disfmarker} moved it , uh , to to the lab .") == "they moved it, to the lab."


def test_what_was_said_is_reported_without_who_said_it() -> None:
    from training.adapters.rows import reported

    assert reported("PhD C: Yeah, so we need a prototype in clay today.") == "We need a prototype in clay today."
    assert reported("Hefin David AM: Is that all right, Chair?") == ""
