"""Counting without loading: always what the full tokenizer counts, or handed over to it."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from laws import texts

from ctxzip.models import byte_pairs
from ctxzip.models.byte_pairs import PairCounter, TooUnusualError, Vocabulary, write_vocabulary
from ctxzip.models.tokenizers import EncodingCounter

GOLDEN = sorted((Path(__file__).parent / "golden" / "texts").glob("*.txt"))
PIECES = [
    "'s",
    "'LL",
    "don't",
    " ",
    "  ",
    "\t",
    "\n",
    "\r\n",
    "\x1c",
    "\x85",
    "\u3000",
    "ABc",
    "aB",
    "12345",
    "//\n",
    "…",
]
LETTERS = [
    "é",
    "É",
    "ß",
    "ﬁ",
    "中",
    "ひ",
    "ー",
    "한",
    "e\u0301",
    "ª",
    "²",
    "½",
    "Ω",
    "ж",
    "ſ",
    "\u212a",
    "😀",
    "\u0b95",
]


def full(text: str) -> int:
    """Return the count of the tokenizer that loads everything."""
    import toktok

    return int(toktok.batch_count([text], "o200k_base")[0])


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return Vocabulary("o200k_base")


@given(st.one_of(texts(), st.lists(st.sampled_from(PIECES + LETTERS), max_size=30).map("".join), st.text(max_size=60)))
def test_any_text_counts_as_the_full_tokenizer_counts_it(text: str) -> None:
    assert EncodingCounter("o200k_base").count(text) == full(text)


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_real_texts_are_counted_without_loading(path: Path, vocabulary: Vocabulary) -> None:
    text = path.read_text(encoding="utf-8")
    counter = PairCounter(vocabulary)
    try:
        assert counter.count(text) == counter.count(text) == full(text)
    except TooUnusualError:
        assert path.stem in {"rare-symbols", "rare-emoji"}


def test_every_entry_has_its_rank_and_nothing_else_has_one(vocabulary: Vocabulary) -> None:
    import toktok

    tokens = toktok._encoding("o200k_base")
    for rank in [*range(0, 199_998, 397), 199_997]:
        assert vocabulary.rank(bytes(tokens.decode_single_token_bytes(rank))) == rank
    assert vocabulary.rank(b"no such entry") is None
    assert vocabulary.rank(b"") is None


def test_the_file_is_the_one_its_maker_writes() -> None:
    import toktok

    tokens = toktok._encoding("o200k_base")
    made = write_vocabulary(bytes(tokens.decode_single_token_bytes(rank)) for rank in range(199_998))
    assert made == (Path(byte_pairs.__file__).parent / "vocabulary" / "o200k_base.bin").read_bytes()


def test_what_would_take_long_is_handed_over(vocabulary: Vocabulary) -> None:
    letters = random.Random(1)
    hard = " ".join("".join(letters.choices("qxzjkvwbpmgy", k=9)) for _ in range(6000))
    with pytest.raises(TooUnusualError):
        PairCounter(vocabulary).count(hard)
    with pytest.raises(TooUnusualError):
        PairCounter(vocabulary).count("x" * 500)
    counter = EncodingCounter("o200k_base")
    assert counter.count(hard) == full(hard)
    assert counter.count_many(["a b", "中文"]) == [full("a b"), full("中文")]
