"""A small training from end to end: data, a tiny random encoder, export, calibration."""

from __future__ import annotations

import dataclasses
import gzip
import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from ctxzip.models.relevance import Fusion, PassageIndex, score
from ctxzip.models.surface import SURFACE, Looks, Surface
from training import card, surface
from training.batches import Batcher
from training.calibrate import calibrate
from training.config import Config, stages
from training.export import Graph, export
from training.passages import ANNOTATED, detokenise, paragraphs, read, rows
from training.questions import keywords
from training.runtime import Runner
from training.surface import kept_words, spans
from training.train import Trainer, open_tokenizer, train

FILLER = ["the", "of", "and", "in", "a", "to"]
THINGS = [f"{a}{b}" for a in ("ka", "lo", "mi", "ru", "se") for b in ("ban", "dor", "fel", "gon")]
WIDTH, VOCABULARY = 384, ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *".?-*#:", *FILLER, *THINGS, "where"]


def sentence(chance: random.Random) -> str:
    """Things between fillers; a thing is worth keeping."""
    words = [w for _ in range(3) for w in (chance.choice(FILLER), chance.choice(THINGS))]
    return " ".join(words) + "."


def labelled(text: str) -> list[list[int]]:
    """Word spans and labels: fillers are dropped, the things in -ban are essential."""
    spans, at = [], 0
    for word in text.replace(".", " ").split():
        start = text.index(word, at)
        at = start + len(word)
        spans.append([start, at, 0 if word in FILLER else 1 + word.endswith("ban")])
    return spans


def distilled(chance: random.Random) -> dict[str, Any]:
    """A passage with a query that a sentence answers and one that none does."""
    parts = [sentence(chance) for _ in range(4)]
    text = " ".join(parts)
    starts = [sum(len(p) + 1 for p in parts[:n]) for n in range(len(parts))]
    asked = {"query": "where " + parts[1].rstrip("."), "need": [1], "help": []}
    missed = {"query": "where " + sentence(chance), "need": [], "help": []}
    return {
        "text": text,
        "words": labelled(text),
        "sentences": [[a, a + len(p)] for a, p in zip(starts, parts, strict=True)],
        "queries": [asked, missed],
        "rewrite": parts[0],
    }


def question(chance: random.Random, dataset: str) -> dict[str, Any]:
    """A row of the relevance set."""
    parts = [sentence(chance) for _ in range(4)]
    place = chance.randrange(4)
    labels = [int(n == place) for n in range(4)]
    return {
        "dataset": dataset,
        "question": "where " + parts[place],
        "sentences": parts,
        "labels": labels,
        "answerable": True,
    }


def write(path: Path, table: list[dict[str, Any]]) -> None:
    """Gzipped JSON Lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in table)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory as training expects it."""
    chance, folder = random.Random(3), tmp_path_factory.mktemp("data")
    write(folder / "distill/train.jsonl.gz", [distilled(chance) for _ in range(60)])
    kinds = ("squad", "qed_nq", "hotpotqa")
    write(folder / "relevance/train.jsonl.gz", [question(chance, k) for k in kinds * 20])
    singles = [sentence(chance).rstrip(".").split() for _ in range(40)]
    deletion = [{"words": words, "keep": [int(w not in FILLER) for w in words]} for words in singles]
    write(folder / "deletion/train.jsonl.gz", deletion)
    return folder


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint of one random layer and its tokenizer."""
    folder = tmp_path_factory.mktemp("base")
    shape = {
        "vocab_size": len(VOCABULARY),
        "hidden_size": WIDTH,
        "num_hidden_layers": 1,
        "num_attention_heads": 4,
        "intermediate_size": 64,
        "max_position_embeddings": 128,
        "layer_norm_eps": 1e-12,
    }
    (folder / "config.json").write_text(json.dumps(shape))
    save_file(random_weights(), folder / "model.safetensors")
    vocabulary = {word: number for number, word in enumerate(VOCABULARY)}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


def random_weights() -> dict[str, Any]:
    """Weights under the names of a BERT checkpoint."""
    torch.manual_seed(0)
    layer, made = "encoder.layer.0.", {}
    sizes = {
        "embeddings.word_embeddings": (len(VOCABULARY), WIDTH),
        "embeddings.position_embeddings": (128, WIDTH),
        "embeddings.token_type_embeddings": (2, WIDTH),
        **{f"{layer}attention.self.{p}": (WIDTH, WIDTH) for p in ("query", "key", "value")},
        f"{layer}attention.output.dense": (WIDTH, WIDTH),
        f"{layer}intermediate.dense": (64, WIDTH),
        f"{layer}output.dense": (WIDTH, 64),
    }
    for name, size in sizes.items():
        made[f"{name}.weight"] = torch.randn(size) * (0.3 if "embeddings" in name else 0.03)
        if "embeddings" not in name:
            made[f"{name}.bias"] = torch.zeros(size[0])
    for name in ("embeddings", f"{layer}attention.output", f"{layer}output"):
        made[f"{name}.LayerNorm.weight"] = torch.ones(WIDTH)
        made[f"{name}.LayerNorm.bias"] = torch.zeros(WIDTH)
    return made


@pytest.fixture(scope="module")
def recipe() -> Config:
    """The recipe, cut down to seconds."""
    first = stages()[0]
    changes = {"tokens_per_step": 400, "steps": 60, "stop": 60, "chunks": 2, "checkpoint_every": 25}
    return dataclasses.replace(
        first,
        train=dataclasses.replace(first.train, **changes, rate=1e-3, head_rate=3e-3, probe_sentences=4, ema=0.9),
        data=dataclasses.replace(first.data, max_length=64, held_out=0.2, deletion_share=1.0),
    )


@pytest.fixture(scope="module")
def trained(data: Path, base: Path, recipe: Config, tmp_path_factory: pytest.TempPathFactory) -> Trainer:
    """A finished run."""
    return train(data, base, tmp_path_factory.mktemp("run"), [recipe])


def test_the_loss_falls(trained: Trainer, data: Path, base: Path, recipe: Config) -> None:
    groups, _ = read(data, recipe.data, recipe.seed)
    _, batch = next(Batcher(groups, open_tokenizer(base), recipe).batches())
    with torch.no_grad():
        after = trained.measure(batch)
        trained.model.load_state_dict(trained.teacher.state_dict())
        before = trained.measure(batch)
        trained.model.load_state_dict(trained.average.state_dict())
    assert trained.step > 25
    assert after["keep"] < 0.8 * before["keep"]
    assert after["sentence"] < before["sentence"]


def test_a_finished_run_is_not_repeated(trained: Trainer, data: Path, base: Path, recipe: Config) -> None:
    again = train(data, base, trained.folder.parent, [recipe])
    assert again.step == trained.step
    for one, two in zip(again.average.parameters(), trained.average.parameters(), strict=True):
        torch.testing.assert_close(one, two)


def test_the_exported_file_is_the_model(trained: Trainer, base: Path, tmp_path: Path) -> None:
    model = trained.average.eval()
    card.tokenizer(base, tmp_path / "tokenizer.json")
    export(model, tmp_path / "model.onnx")
    export(model, tmp_path / "plain.onnx", int8=False)
    text = "the kaban of lodor. in mifel a rugon to seban."
    ids = torch.tensor([open_tokenizer(base).encode(text).ids])
    with torch.no_grad():
        wanted = [part[0].numpy() for part in Graph(model)(ids, torch.ones_like(ids))]
    for name, tolerance in (("plain.onnx", 1e-4), ("model.onnx", 0.25)):
        found = Runner(tmp_path, file=name).encode([text])[0]
        parts = (found.keep, found.hidden, found.relevance)
        for one, two in zip(parts, wanted, strict=True):
            assert np.abs(one - two).max() < tolerance * max(1.0, np.abs(two).max())


def test_calibration_makes_probabilities(
    trained: Trainer, data: Path, base: Path, recipe: Config, tmp_path: Path
) -> None:
    export(trained.average, tmp_path / "model.onnx")
    card.tokenizer(base, tmp_path / "tokenizer.json")
    seen, kept_back = read(data, recipe.data, recipe.seed)
    calibrate(kept_back, seen, tmp_path, recipe.seed)
    annotated = list(rows(data / ANNOTATED))
    surface.fit(annotated, Runner(tmp_path), tmp_path / SURFACE, recipe.seed)
    card.manifest(tmp_path, "test", trained.average, recipe)
    assert json.loads((tmp_path / "manifest.json").read_text())["heads"].keys() == {
        "keep",
        "embedding",
        "relevance",
    }
    looks = Looks.of_words(annotated[0]["text"], spans(annotated[0]))
    kept = kept_words(annotated[:1], Runner(tmp_path))[0]
    assert 0 < np.abs(Surface.load(tmp_path / SURFACE).correct(looks, kept) - kept).max() < 1
    runner, fusion = Runner(tmp_path), Fusion.load(tmp_path / "fusion.json")
    text = "the kaban of lodor. in mifel a rugon."
    passages = runner.passages([text], [[(0, 19), (20, len(text))]], [""])
    found = score(PassageIndex(passages), runner.queries(["where kaban lodor"])[0], fusion)
    assert found[0][0] > found[0][1]


def test_paragraphs_begin_where_an_article_opens() -> None:
    found = paragraphs(
        [
            "Basalt is a rock.",
            "It is dark.",
            "Kestrel (bird): The kestrel is a falcon.",
            "The kestrel eats voles.",
        ]
    )
    assert [title for title, _ in found] == ["Basalt", "Kestrel (bird)"]
    assert [len(part) for _, part in found] == [2, 2]
    assert found[1][1][0] == "The kestrel is a falcon."


def test_detokenising_and_keywords() -> None:
    assert detokenise("He does n't know ( yet ) , I 'm sure .") == "He doesn't know (yet), I'm sure."
    assert keywords("What is the boiling point of water?") == "boiling point water"
