"""Laws of the relevance scorer, on made-up vectors."""

from __future__ import annotations

import numpy as np
import pytest

from ctxzip.models.lexical import Bm25, terms
from ctxzip.models.relevance import (
    POOLED,
    Fusion,
    Passage,
    PassageIndex,
    Query,
    Tokens,
    centrality,
    first_features,
    hop_features,
    owners,
    score,
)

WIDTH = POOLED + 8 + 1
TEXTS = {
    "Tinted Windows (band)": "Tinted Windows was a rock group. Its first show was in Tulsa.",
    "Kestrel": "The kestrel is a small falcon. It hovers over open fields. It eats voles.",
    "Basalt": "Basalt is a dark rock. It forms from lava.",
}


def vectors(text: str) -> np.ndarray:
    """One vector a word, the same for the same word; a stand-in for the encoder."""
    rows = [np.random.default_rng(sum(map(ord, word))).normal(size=WIDTH) for word in text.split()]
    return np.array(rows, dtype=np.float32)


def spans(text: str) -> list[tuple[int, int]]:
    """Sentences end at a full stop."""
    ends = [n + 1 for n, char in enumerate(text) if char == "."]
    starts = [0, *(end + 1 for end in ends[:-1])]
    return list(zip(starts, ends, strict=True))


def passage(title: str, text: str) -> Passage:
    """A passage whose tokens are its words."""
    places, at = [], 0
    for word in text.split():
        start = text.index(word, at)
        at = start + len(word)
        places.append((start, at))
    found = vectors(text)
    tokens = Tokens(np.array(places), found, found[:, :POOLED])
    return Passage.of(text, spans(text), tokens, title=title)


def query(text: str) -> Query:
    """A query with stand-ins for its special tokens."""
    found = vectors(f"start {text} end")
    return Query.of(text, found, found[:, :POOLED])


@pytest.fixture
def index() -> PassageIndex:
    """Three passages."""
    return PassageIndex([passage(title, text) for title, text in TEXTS.items()])


@pytest.fixture
def fusion(index: PassageIndex) -> Fusion:
    """Cosine and lexical coverage, the links between passages a little."""
    asked = query("where")
    basic = first_features(index, asked)
    first = np.zeros(basic.shape[1] + 1, dtype=np.float32)
    first[[0, 6, -1]] = 3, 5, -3
    hops = hop_features(index, asked, np.full(len(basic), 0.5, dtype=np.float32))
    width = basic.shape[1] + hops.shape[1]
    weight = np.zeros((width, 1), dtype=np.float32)
    weight[[0, 6]] = [[3], [5]]
    zero, one = np.zeros(width, dtype=np.float32), np.ones(width, dtype=np.float32)
    return Fusion(first, zero, one, [(weight, np.array([-3], dtype=np.float32))])


def test_a_probability_for_every_sentence(index: PassageIndex, fusion: Fusion) -> None:
    found = score(index, query("What does the kestrel eat?"), fusion)
    assert [len(part) for part in found] == [len(spans(text)) for text in TEXTS.values()]
    assert all(((part >= 0) & (part <= 1)).all() for part in found)


def test_the_sentence_with_the_words_of_the_query_is_best(index: PassageIndex, fusion: Fusion) -> None:
    found = score(index, query("Which dark rock is basalt"), fusion)
    assert int(np.concatenate(found).argmax()) == 5


def test_the_order_of_passages_does_not_matter(fusion: Fusion) -> None:
    made = [passage(title, text) for title, text in TEXTS.items()]
    asked = query("What forms from lava?")
    forward = score(PassageIndex(made), asked, fusion)
    backward = score(PassageIndex(made[::-1]), asked, fusion)[::-1]
    for one, two in zip(forward, backward, strict=True):
        np.testing.assert_allclose(one, two, atol=1e-5)


def test_scoring_is_deterministic(index: PassageIndex, fusion: Fusion) -> None:
    one, two = (np.concatenate(score(index, query("open fields"), fusion)) for _ in range(2))
    np.testing.assert_array_equal(one, two)


def test_a_title_named_in_a_good_sentence_links_its_passage() -> None:
    first = passage("Album", "The record was made by Tinted Windows. It sold well.")
    made = [first, *(passage(title, text) for title, text in TEXTS.items())]
    index = PassageIndex(made)
    seen = np.array([0.9] + [0.01] * (len(index.owner) - 1), dtype=np.float32)
    links = hop_features(index, query("record"), seen)[:, 0]
    assert links[index.owner == 1].min() > links[index.owner > 1].max()


def test_passages_without_sentences_or_tokens(fusion: Fusion) -> None:
    empty = Passage.of(
        "",
        [],
        Tokens(np.zeros((0, 2), dtype=np.int64), vectors("a")[:0], vectors("a")[:0, :POOLED]),
    )
    index = PassageIndex([empty, passage("Basalt", TEXTS["Basalt"])])
    found = score(index, query("lava"), fusion)
    assert [len(part) for part in found] == [0, 2]
    assert [len(part) for part in score(PassageIndex([empty]), query("lava"), fusion)] == [0]


def test_centrality_has_a_figure_for_every_sentence(index: PassageIndex) -> None:
    assert [len(part) for part in centrality(index)] == [2, 3, 2]


def test_tokens_outside_every_sentence_have_no_owner() -> None:
    offsets = np.array([(-1, -1), (0, 2), (3, 4), (6, 8), (9, 10)])
    assert owners(offsets, [(0, 5), (6, 9)]).tolist() == [-1, 0, 0, 1, -1]


def test_terms_take_identifiers_apart() -> None:
    assert terms("maxRetries") == terms("max retries") == terms("MAX_RETRIES")


def test_bm25_prefers_the_rare_term() -> None:
    index = Bm25([["the", "cat"], ["the", "dog"], ["the", "cow"]])
    found = index.scores(["the", "dog"])
    assert int(found.argmax()) == 1
    assert index.coverage(["dog"]).tolist() == [0, 1, 0]
