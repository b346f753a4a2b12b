"""Generators from checkpoints: tiny ones, made here, run by the code that runs the large ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import tiny_models

from ctxzip.choice import ModelChoice
from ctxzip.errors import InputError, UsageError
from ctxzip.models.cache import Cache
from ctxzip.models.decoding import NO_REPEAT, batches, repeating
from ctxzip.models.generators import Remembering, load_generator
from ctxzip.models.prompts import (
    NOTHING,
    Rewriting,
    Style,
    Summarising,
    answer_of,
    rewrite_prompt,
    says_nothing,
    summary_prompt,
)
from ctxzip.models.torch_generator import CausalGenerator, Seq2SeqGenerator

PROMPTS = ["The harbour was built", "A keeper lived there with his family. Its first lamp burned oil", "Query: is"]


@pytest.fixture(scope="module")
def causal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_models.causal(tmp_path_factory.mktemp("causal"))


def greedy(generator: CausalGenerator, prompt: str, number: int) -> list[int]:
    """Return what the model itself goes on with, one whole forward per token, nothing remembered or repeated."""
    import torch

    ids = generator._tokenizer(prompt)["input_ids"]
    written: list[int] = []
    while len(written) < number:
        with torch.no_grad():
            scores = generator._model(input_ids=torch.tensor([[*ids, *written]])).logits[0, -1].float()
        scores[repeating(written)] = float("-inf")
        token = int(scores.argmax())
        if token in generator._ends():
            break
        written.append(token)
    return written


def float32(directory: Path) -> CausalGenerator:
    """Return the checkpoint in the precision in which batches of any shape agree."""
    made = CausalGenerator.load(directory, "tiny")
    made._model.float()
    return made


def test_a_batch_writes_what_each_prompt_gets_alone(causal: Path) -> None:
    generator = float32(causal)
    limits = [12, 3, 40]
    together = generator.generate(PROMPTS, limits)
    for prompt, limit, text in zip(PROMPTS, limits, together, strict=True):
        expected = generator._tokenizer.decode(greedy(generator, prompt, limit), skip_special_tokens=True)
        assert text == expected.partition("\n\n\n")[0]


def test_a_restricted_head_writes_the_best_of_what_it_may(causal: Path) -> None:
    generator = float32(causal)
    generator.style = Style.TRAINED
    free = generator.generate(PROMPTS, [8] * 3)
    generator.restrict(range(len(generator._tokenizer)))
    assert generator.generate(PROMPTS, [8] * 3) == free
    allowed = list(range(80, 120))
    generator.restrict(allowed)
    rows = generator._tokenizer(PROMPTS)["input_ids"]
    for row, written in zip(rows, generator._run(rows, [8] * 3), strict=True):
        assert written
        assert set(written) <= {*allowed, *row}


def test_long_runs_of_tokens_are_not_written_twice() -> None:
    run = list(range(NO_REPEAT - 1))
    assert repeating(run) == []
    assert repeating([*run, 77, 88, *run]) == [77]
    assert repeating([*run, 77, 88, *run[1:]]) == []


def test_batches_are_small_and_hold_everything_once() -> None:
    sizes = [5, 4000, 7, 3000, 3000, *[10] * 20]
    found = batches(sizes)
    assert sorted(at for batch in found for at in batch) == list(range(len(sizes)))
    assert max(len(batch) for batch in found) <= 8
    assert batches([]) == []


def test_a_chat_template_is_used_when_there_is_one(causal: Path, tmp_path: Path) -> None:
    import shutil

    target = tmp_path / "chat"
    shutil.copytree(causal, target)
    file = target / "tokenizer_config.json"
    raw = json.loads(file.read_text())
    raw["chat_template"] = "<start_of_turn>{{ messages[0]['content'] }}<end_of_turn>"
    file.write_text(json.dumps(raw))
    generator = CausalGenerator.load(target, "tiny")
    assert generator.style is Style.INSTRUCT
    assert generator._templated("hello") == "<start_of_turn>hello<end_of_turn>"
    assert CausalGenerator.load(causal, "tiny").style is Style.EXAMPLES


def seq2seq(directory: Path, kind: str) -> Path:
    """Save a T5 or BART of two layers."""
    import torch
    from transformers import BartConfig, BartForConditionalGeneration, T5Config, T5ForConditionalGeneration

    torch.manual_seed(9)
    words = tiny_models.tokenizer(directory, causal=False)
    shared: dict[str, Any] = {"vocab_size": len(words), "pad_token_id": 0, "eos_token_id": 2}
    if kind == "t5":
        config = T5Config(d_model=32, d_ff=64, d_kv=16, num_layers=2, num_heads=2, decoder_start_token_id=0, **shared)
        T5ForConditionalGeneration(config).save_pretrained(directory)
    else:
        size = {"d_model": 32, "encoder_layers": 1, "decoder_layers": 1, "encoder_ffn_dim": 64, "decoder_ffn_dim": 64}
        heads = {"encoder_attention_heads": 2, "decoder_attention_heads": 2, "max_position_embeddings": 256}
        config = BartConfig(**size, **heads, bos_token_id=1, decoder_start_token_id=2, forced_eos_token_id=2, **shared)
        BartForConditionalGeneration(config).save_pretrained(directory)
    return directory


@pytest.mark.parametrize(("kind", "style"), [("t5", Style.RECOMP), ("bart", Style.TEXT)])
def test_summarisers_load_and_write(tmp_path: Path, kind: str, style: Style) -> None:
    directory = seq2seq(tmp_path, kind)
    choice = ModelChoice(generator=str(directory), cache=False)
    generator = load_generator(choice, "summarize")
    assert generator is not None
    assert generator.style is style
    asked = Summarising("The harbour was built in 1873.", 10, "When?")
    first = generator.generate([summary_prompt(asked, style)] * 3, [6, 6, 6])
    assert len(first) == 3
    assert len(set(first)) == 1
    assert generator.generate([summary_prompt(asked, style)], [6]) == first[:1]
    assert generator.longest == (1024 if kind == "t5" else 256)
    assert isinstance(Seq2SeqGenerator(directory, "x").count(["a b"])[0], int)


def test_recomp_checkpoints_are_asked_as_published() -> None:
    asked = Summarising("One passage.\nAnother.", 20, "Who?")
    assert summary_prompt(asked, Style.RECOMP) == "Question: Who?\n Document: One passage.\nAnother.\n Summary: "


def test_a_summariser_compresses_end_to_end(tmp_path: Path) -> None:
    from ctxzip import compress

    directory = str(seq2seq(tmp_path, "t5"))
    text = "The harbour was built in 1873. Its first lamp burned oil until the winter of 1901. " * 6
    for method, query in (("scope", None), ("recomp-abstractive", "When was it built?")):
        result = compress(text, method=method, query=query, generator=directory, ratio=2, cache=False)
        assert result.tokens_after <= result.limit  # type: ignore[operator]
        assert result.model == directory


def test_every_style_shows_the_text_and_what_is_asked() -> None:
    asked = Rewriting("A text about bridges.", 12, ("bridges",), "Why bridges?", "It began so.")
    for style in (Style.TRAINED, Style.EXAMPLES, Style.INSTRUCT):
        prompt = rewrite_prompt(asked, style)
        assert all(part in prompt for part in ("A text about bridges.", "10 words", "bridges", "Why bridges?"))
    assert "It began so." in rewrite_prompt(asked, Style.INSTRUCT)
    assert rewrite_prompt(asked, Style.TEXT) == asked.text
    assert NOTHING in summary_prompt(Summarising("t", 5, "q"), Style.INSTRUCT)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (
            "Sure! Here is the shorter text:\n\nThe bridge opened.",
            "Sure! Here is the shorter text:\n\nThe bridge opened.",
        ),
        ("Here is the rewritten text:\n\nThe bridge opened.", "The bridge opened."),
        ('"The bridge opened."', "The bridge opened."),
        ("<text>\nThe bridge opened.\n</text>", "The bridge opened."),
        ("<think>Let me see.</think>Rewrite: The bridge opened.", "The bridge opened."),
        ("```\nThe bridge opened.\n```", "The bridge opened."),
        ('He said "no" and "yes"', 'He said "no" and "yes"'),
    ],
)
def test_answers_are_read_without_their_wrapping(written: str, meant: str) -> None:
    if written.startswith("Sure!"):
        meant = "The bridge opened."
    assert answer_of(written) == meant


def test_nothing_is_recognised() -> None:
    placeholder = "This passage doesn't contain relevant information to the question."
    assert all(map(says_nothing, ("", " Nothing.", "nothing", "None.", placeholder)))
    assert not says_nothing("Nothing was found in the harbour.")


class Counting:
    """A generator that counts what it is asked."""

    name = identity = "counting"
    style = Style.INSTRUCT
    longest = 100

    def __init__(self) -> None:
        self.asked: list[str] = []

    def count(self, texts: Any) -> list[int]:
        return [len(text) for text in texts]

    def generate(self, prompts: Any, max_tokens: Any) -> list[str]:
        self.asked += prompts
        return [prompt.upper() for prompt in prompts]


def test_what_was_written_once_is_not_written_again(tmp_path: Path) -> None:
    inner = Counting()
    generator = Remembering(inner, Cache(tmp_path))
    prompts = [f"p{i % 12}" for i in range(20)]
    assert generator.generate(prompts, [5] * 20) == [p.upper() for p in prompts]
    assert sorted(inner.asked) == sorted(set(prompts))
    again = Counting()
    assert Remembering(again, Cache(tmp_path)).generate(["p1", "new"], [5, 5]) == ["P1", "NEW"]
    assert again.asked == ["new"]
    assert Remembering(again, Cache(tmp_path)).generate(["p1"], [6]) == ["P1"]
    assert again.asked == ["new", "p1"]


def test_other_checkpoints_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"config\.json"):
        load_generator(ModelChoice(generator=str(tmp_path)), "rewrite")
    tiny_models.encoder(tmp_path)
    with pytest.raises(InputError, match="causal language model"):
        load_generator(ModelChoice(generator=str(tmp_path)), "rewrite")
