"""LLMLingua-2 against recorded outputs of the published implementation, and on its own terms."""

from __future__ import annotations

import gzip
import json
import random
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from laws import texts
from numpy.typing import NDArray

from ctxzip import Document, compress
from ctxzip.compressors.llmlingua2 import LLMLingua2
from ctxzip.errors import InputError, UnknownName
from ctxzip.layout import Layout
from ctxzip.models import windows as windowing
from ctxzip.models.runtimes import Batch
from ctxzip.models.token_scorer import load_token_scorer
from ctxzip.models.windows import Frame, Size, WindowedModel, encode, windows
from ctxzip.text import Span, tiles

GOLDEN = Path(__file__).parent / "golden"
BERT = GOLDEN / "tiny-bert-base-multilingual-cased"
XLMR = GOLDEN / "tiny-xlm-roberta-large"


UNLIKE = {"rare-symbols", "markdown"}
"""Texts with a character of which the reference makes several words, which no span can."""


def rows() -> list[dict[str, Any]]:
    with gzip.open(GOLDEN / "llmlingua2.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [row for row in map(json.loads, lines) if "meta" not in row]


@cache
def reference(model: str, token_to_word: str = "mean") -> LLMLingua2:
    return LLMLingua2(str(GOLDEN / model), compat=True, token_to_word=token_to_word)


def single_chunks() -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Return every (row, chunk) whose context is one window that was tokenized as it stands."""
    found = []
    for row in rows():
        contexts = [row["context"]] if isinstance(row["context"], str) else row["context"]
        counts = Counter(chunk["context"] for chunk in row["chunks"])
        for chunk in row["chunks"]:
            if counts[chunk["context"]] == 1:
                found.append((row, chunk | {"text": contexts[chunk["context"]]}))
    return found


def scored(row: dict[str, Any], text: str) -> tuple[list[str], list[float]]:
    """Return our words and scores of `text`, words without scored tokens left out."""
    ours = reference(row["model"], row["kwargs"].get("token_to_word", "mean"))
    document = Document(text)
    layout = Layout(text, ours.segment(document))
    scores = ours.score([document], [layout.content])[0]
    pairs = [(span.of(text).strip(), score) for span, score in zip(layout.content, scores, strict=True)]
    return [word for word, _ in pairs], [score for _, score in pairs]


@pytest.mark.parametrize("family", ["bert", "xlmr"])
def test_word_probabilities_are_the_references(family: str) -> None:
    compared = 0
    for row, chunk in single_chunks():
        if row["family"] != family:
            continue
        _, ours = scored(row, chunk["text"])
        ours = [score for score in ours if score > 0]
        if set(row["names"]) & UNLIKE or row["kwargs"].get("force_tokens"):
            continue
        assert len(ours) == len(chunk["probs"])
        assert np.abs(np.array(ours) - chunk["probs"]).max() < 1e-4
        compared += len(ours)
    assert compared > 2000


@pytest.mark.parametrize("family", ["bert", "xlmr"])
def test_at_the_same_number_of_words_the_same_are_kept(family: str) -> None:
    same = total = 0
    for row, chunk in single_chunks():
        kwargs = row["kwargs"]
        unlike = kwargs.get("drop_consecutive") or kwargs.get("force_tokens") or kwargs.get("force_reserve_digit")
        if row["family"] != family or unlike or all(chunk["kept"]) or not any(chunk["kept"]):
            continue
        words, scores = scored(row, chunk["text"])
        best = sorted(range(len(words)), key=lambda i: (-scores[i], i))[: sum(chunk["kept"])]
        ours = Counter(words[i] for i in best)
        theirs = Counter(
            word.removeprefix("▁").replace("##", "")
            for word, kept in zip(chunk["words"], chunk["kept"], strict=True)
            if kept
        )
        same += (ours & theirs).total()
        total += theirs.total()
    assert total > 500
    assert same / total >= 0.98


def test_xlmr_is_fed_its_own_special_tokens_unless_compatibility_is_asked_for() -> None:
    text = [Document("A short text about special tokens.")]
    right, compat = (LLMLingua2(str(XLMR), compat=flag) for flag in (False, True))
    spans = [[Span(0, 7), Span(7, 20)]]
    assert right.score(text, spans)[0] != compat.score(text, spans)[0]


@given(texts())
def test_compatible_words_tile_the_text(text: str) -> None:
    for model in (BERT, XLMR):
        assert tiles(reference(model.name).segment(Document(text)), text)


@pytest.mark.parametrize("model", [BERT, XLMR], ids=["bert", "xlmr"])
def test_any_token_classifier_compresses_within_the_budget(model: Path) -> None:
    text = (GOLDEN / "texts" / "lighthouse.txt").read_text(encoding="utf-8")
    result = compress(text, ratio=3, model=str(model))
    assert result.limit is not None
    assert 0.97 * result.limit <= result.tokens_after <= result.limit
    assert result.model == str(model)


@settings(max_examples=25)
@given(st.integers(8, 40), st.integers(0, 7), st.lists(texts(), min_size=1, max_size=3))
def test_windows_own_every_token_once_and_are_never_too_long(size: int, overlap: int, several: list[str]) -> None:
    tokenizer = load_token_scorer(str(BERT)).tokenizer
    for index, encoded in enumerate(encode(tokenizer, several)):
        owned: list[int] = []
        for window in windows(index, encoded, size, overlap):
            assert window.start <= window.own_start <= window.own_end <= window.end <= window.start + size
            owned += range(window.own_start, window.own_end)
        assert owned == list(range(len(encoded.ids)))


@pytest.mark.parametrize("words", [260, 700, 1_500])
def test_the_last_window_sees_about_as_much_as_the_others(words: int) -> None:
    encoded = encode(load_token_scorer(str(BERT)).tokenizer, ["one " * words])[0]
    lengths = [window.end - window.start for window in windows(0, encoded, 254, 32)]
    fewest = -(-(len(encoded.ids) - 32) // (254 - 32))
    assert len(lengths) == fewest + fewest % 2
    assert min(lengths) > 0.7 * max(lengths)


@settings(max_examples=25)
@given(st.lists(texts(), min_size=1, max_size=3), st.integers(1, 60))
def test_a_text_tokenized_in_parts_has_the_tokens_of_the_whole(several: list[str], size: int) -> None:
    tokenizer = load_token_scorer(str(BERT)).tokenizer
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(windowing, "PART_CHARACTERS", size)
        patch.setattr(windowing, "PARTS_AT_A_TIME", 2)
        for text, encoded in zip(several, encode(tokenizer, several), strict=True):
            whole = tokenizer.encode(text, add_special_tokens=False)
            assert encoded.ids.tolist() == whole.ids
            assert list(zip(encoded.starts.tolist(), encoded.ends.tolist(), strict=True)) == whole.offsets


def test_windowing_puts_every_value_back_at_its_token() -> None:
    tokenizer = load_token_scorer(str(BERT)).tokenizer
    texts_ = ["a b c " * 50, "", "one two three"]
    frame = Frame.of(tokenizer, 0)
    model = WindowedModel(lambda ids, mask: (ids * mask).astype(np.float32), frame, size=Size(20, 20), overlap=6)
    for encoded, values in zip(encode(tokenizer, texts_), model.run(encode(tokenizer, texts_)), strict=True):
        assert values.tolist() == encoded.ids.tolist()


def test_a_text_that_fits_is_read_whole_and_a_longer_one_in_even_parts_that_overlap() -> None:
    tokenizer = load_token_scorer(str(BERT)).tokenizer
    shapes: list[tuple[int, ...]] = []
    choice, letters = random.Random(1).choice, "abcdefgh"

    def forward(ids: NDArray[np.int64], mask: NDArray[np.int64]) -> NDArray[np.float32]:
        shapes.append(ids.shape)
        return (ids * mask).astype(np.float32)

    frame = Frame.of(tokenizer, 0)
    model = WindowedModel(forward, frame, size=Size(whole=80, part=40), overlap=4, workers=2, batch=Batch(80, 1))
    fits, longer = encode(tokenizer, ["a " * (80 - frame.size), " ".join(choice(letters) for _ in range(400))])
    model.run([fits])
    assert shapes == [(1, 80)]
    shapes.clear()
    model.run([longer])
    rows = [length for batch, length in shapes for _ in range(batch)]
    assert max(rows) <= 40
    assert len(rows) % 2 == 0
    assert max(batch for batch, _ in shapes) == 2
    shapes.clear()
    nearly = encode(tokenizer, ["b " * (49 - frame.size)])[0]
    stepped = WindowedModel(forward, frame, size=Size(whole=50, part=37), overlap=4, batch=Batch(80, 16))
    stepped.run([longer, nearly])
    assert {length % 16 for _, length in shapes if length != 50} == {0}
    assert max(length for _, length in shapes) == 50


def test_long_texts_come_in_batches_of_one_shape_where_that_is_quicker() -> None:
    tokenizer = load_token_scorer(str(BERT)).tokenizer
    shapes: list[tuple[int, ...]] = []

    def forward(ids: NDArray[np.int64], mask: NDArray[np.int64]) -> NDArray[np.float32]:
        shapes.append(ids.shape)
        return (ids * mask).astype(np.float32)

    choice = random.Random(2).choice
    texts = ["a b c", *(" ".join(choice("abcdefgh") for _ in range(words)) for words in (395, 45))]
    encoded = encode(tokenizer, texts)
    model = WindowedModel(
        forward, Frame.of(tokenizer, 0), size=Size(40, 20), overlap=4, workers=2, batch=Batch(60, 8, 40)
    )
    assert model.fixed == (2, 20)
    for text, values in zip(encoded, model.run(encoded), strict=True):
        assert values.tolist() == text.ids.tolist()
    fixed, others = [shape for shape in shapes if shape == model.fixed], [s for s in shapes if s != model.fixed]
    assert len(fixed) > 10
    assert all(length % 8 == 0 and length < 40 for _, length in others)
    assert others


def test_what_repeats_goes_through_the_model_once() -> None:
    tokenizer = load_token_scorer(str(BERT)).tokenizer
    seen: list[tuple[int, ...]] = []

    def forward(ids: NDArray[np.int64], mask: NDArray[np.int64]) -> NDArray[np.float32]:
        seen.extend(map(tuple, (ids * mask).tolist()))
        return (ids * mask).astype(np.float32)

    model = WindowedModel(forward, Frame.of(tokenizer, 0), size=Size(20, 20), overlap=6)
    encoded = encode(tokenizer, ["a b c d " * 500, "a b c d " * 200])
    for text, values in zip(encoded, model.run(encoded), strict=True):
        assert values.tolist() == text.ids.tolist()
    assert len(set(seen)) == len(seen) <= 8


def test_a_long_line_is_tokenized_in_parts_too(monkeypatch: pytest.MonkeyPatch) -> None:
    tokenizer = load_token_scorer(str(BERT)).tokenizer
    monkeypatch.setattr(windowing, "BLOCK_CHARACTERS", 120)
    monkeypatch.setattr(windowing, "PART_CHARACTERS", 50)
    monkeypatch.setattr(windowing, "LONGEST_WORD", 50)
    for text in ("a b c " * 300, " ".join(f"w{n}" for n in range(300)), "[" * 1000, "\n" * 1000):
        whole = tokenizer.encode(text, add_special_tokens=False)
        assert max(end - start for start, end in windowing._parts(text, 50)) <= 100
        assert encode(tokenizer, [text])[0].ids.tolist() == whole.ids


@given(st.text(st.sampled_from("ab \n\t\r.,!-1会Éé\u0301\u00a0\u200b\x1c\x00"), max_size=60), st.integers(1, 3))
def test_words_that_come_again_are_the_same_tokens_at_their_own_places(text: str, times: int) -> None:
    tokenizer = load_token_scorer(str(BERT)).tokenizer
    repeated = " ".join([text] * times)
    whole, made = tokenizer.encode(repeated, add_special_tokens=False), encode(tokenizer, [repeated])[0]
    assert made.ids.tolist() == whole.ids
    assert list(zip(made.starts.tolist(), made.ends.tolist(), strict=True)) == whole.offsets


def test_a_long_text_scores_as_a_short_one_away_from_the_borders() -> None:
    scorer = load_token_scorer(str(BERT))
    text = (GOLDEN / "texts" / "letter.txt").read_text(encoding="utf-8") * 6
    long = scorer.probabilities(scorer.encode([text]))[0]
    assert len(long) == len(scorer.encode([text])[0].ids)
    assert ((long > 0) & (long < 1)).all()


def test_a_directory_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no config"):
        compress("some text here", tokens=1, model=str(tmp_path))


def test_weights_that_are_no_classifier_are_refused(tmp_path: Path) -> None:
    for name in ("config.json", "tokenizer.json"):
        (tmp_path / name).write_bytes((BERT / name).read_bytes())
    with pytest.raises(InputError, match="no token classifier"):
        compress("some text here", tokens=1, model=str(tmp_path))


def test_an_unknown_way_to_score_words_is_refused() -> None:
    with pytest.raises(UnknownName):
        LLMLingua2(token_to_word="last")
