"""How probable it is that a sentence is needed to answer a query.

Passages are encoded once, without the query. A query is matched with the vectors of sentences and
passages, token by token (late interaction) and by its words (BM25). What the best sentences of this
first look speak of is looked up in the other passages: the second hop. A small network, fitted on
questions kept back from training, turns all of it into one probability.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ctxzip.models.lexical import Bm25, terms

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

POOLED = 384
HOPS = 4


@dataclass(frozen=True, slots=True)
class Passage:
    """An encoded passage: unit vectors of its sentences, of itself and of its tokens."""

    text: str
    title: str
    spans: list[tuple[int, int]]
    sentences: Floats
    hidden: Floats
    whole: Floats
    late: Floats
    owner: Ints

    @classmethod
    def of(
        cls,
        text: str,
        spans: Sequence[tuple[int, int]],
        tokens: Tokens,
        *,
        title: str = "",
    ) -> Passage:
        """Pool the tokens of every sentence; spans are sentence offsets in the text."""
        owner = owners(tokens.offsets, spans)
        inside = owner >= 0
        pooled = tokens.relevance[:, :POOLED]
        return cls(
            text=text,
            title=title,
            spans=list(spans),
            sentences=_pool(pooled[inside], owner[inside], len(spans)),
            hidden=_pool(tokens.hidden[inside], owner[inside], len(spans)),
            whole=unit(pooled.sum(axis=0)),
            late=unit(tokens.relevance[inside, POOLED:-1]),
            owner=owner[inside],
        )


@dataclass(frozen=True, slots=True)
class Tokens:
    """The encoder's outputs for one text; tokens outside the text have the offset (-1, -1)."""

    offsets: Ints
    relevance: Floats
    hidden: Floats


@dataclass(frozen=True, slots=True)
class Query:
    """An encoded query: its terms, its vectors and the weight of each of its tokens."""

    terms: list[str]
    pooled: Floats
    hidden: Floats
    late: Floats
    weights: Floats

    @classmethod
    def of(cls, text: str, relevance: Floats, hidden: Floats) -> Query:
        """Pool the outputs of one forward; the first and the last token are special."""
        inner = relevance[1:-1] if len(relevance) > 2 else relevance
        gates = np.exp(inner[:, -1] - inner[:, -1].max())
        return cls(
            terms=terms(text),
            pooled=unit(relevance[:, :POOLED].sum(axis=0)),
            hidden=unit(hidden.sum(axis=0)),
            late=unit(inner[:, POOLED:-1]),
            weights=(gates / gates.sum()).astype(np.float32),
        )


@dataclass(frozen=True, slots=True)
class Fusion:
    """A linear first look and a small network for the final probability."""

    first: Floats
    centre: Floats
    spread: Floats
    layers: list[tuple[Floats, Floats]]

    @classmethod
    def load(cls, path: Path) -> Fusion:
        """Read the parameters beside the weights of the encoder."""
        raw = json.loads(path.read_text(encoding="utf-8"))
        layers = [(_array(layer["weight"]), _array(layer["bias"])) for layer in raw["layers"]]
        return cls(_array(raw["first"]), _array(raw["centre"]), _array(raw["spread"]), layers)

    def look(self, basic: Floats) -> Floats:
        """The probability by the first look."""
        return sigmoid(basic @ self.first[:-1] + self.first[-1])

    def probability(self, features: Floats) -> Floats:
        """The probability by all features."""
        x: Floats = np.clip((features - self.centre) / self.spread, -6, 6)
        for weight, bias in self.layers[:-1]:
            x = np.tanh(x @ weight + bias)
        weight, bias = self.layers[-1]
        return sigmoid((x @ weight + bias)[:, 0])


class PassageIndex:
    """The passages of one context, ready for any number of queries."""

    def __init__(self, passages: Sequence[Passage]) -> None:
        self.passages = list(passages)
        counts = [len(passage.spans) for passage in self.passages]
        self.starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        self.owner = np.repeat(np.arange(len(counts)), counts)
        self.first = np.concatenate([np.arange(count) == 0 for count in counts])
        self.sentences = np.concatenate([p.sentences for p in self.passages])
        self.hidden = np.concatenate([p.hidden for p in self.passages])
        self.whole = np.stack([p.whole for p in self.passages])
        self.late = np.concatenate([p.late for p in self.passages])
        bases = zip(self.passages, self.starts, strict=False)
        token_owner = np.concatenate([p.owner + base for p, base in bases])
        self.filled, self.token_starts = np.unique(token_owner, return_index=True)
        self.lengths = np.bincount(token_owner, minlength=len(self.owner)).astype(np.float32)
        texts = [[p.text[a:b] for a, b in p.spans] for p in self.passages]
        self.terms = [terms(sentence) for passage in texts for sentence in passage]
        self.titles = [set(terms(passage.title.split(" (")[0])) for passage in self.passages]
        self.by_sentence = Bm25(self.terms)
        self.by_passage = Bm25([terms(p.title + "\n" + p.text) for p in self.passages])
        self.sets = [set(found) for found in self.terms]

    def split(self, scores: Floats) -> list[Floats]:
        """Scores of all sentences, passage by passage."""
        return [scores[a:b] for a, b in zip(self.starts, self.starts[1:], strict=False)]

    def best_of_passage(self, scores: Floats) -> Floats:
        """For every sentence the best score of its passage."""
        best = np.full(len(self.passages), -9.0, dtype=np.float32)
        np.maximum.at(best, self.owner, scores)
        result: Floats = best[self.owner]
        return result

    def matches(self, late: Floats) -> Floats:
        """The best match of each query token in each sentence, [sentences, query tokens]."""
        best = np.full((len(self.owner), len(late)), -1.0, dtype=np.float32)
        if len(self.late):
            best[self.filled] = np.maximum.reduceat(self.late @ late.T, self.token_starts)
        return best


def score(index: PassageIndex, query: Query, fusion: Fusion) -> list[Floats]:
    """The probability of every sentence that it is needed to answer, passage by passage."""
    if not len(index.owner):
        return [np.zeros(0, dtype=np.float32) for _ in index.passages]
    basic = first_features(index, query)
    seen = fusion.look(basic)
    features = np.concatenate([basic, hop_features(index, query, seen)], axis=1)
    return index.split(fusion.probability(features))


def first_features(index: PassageIndex, query: Query) -> Floats:
    """What the query alone says of every sentence."""
    cosine = index.sentences @ query.pooled
    broad = index.whole @ query.pooled
    matches = index.matches(query.late)
    late = matches @ query.weights
    heavy = query.weights >= query.weights.mean()
    passage_matches = np.full((len(index.passages), len(query.late)), -1.0, dtype=np.float32)
    np.maximum.at(passage_matches, index.owner, matches)
    asked = set(query.terms)
    named = [len(title & asked) / len(title) if title else 0.0 for title in index.titles]
    bm25 = np.log1p(index.by_sentence.scores(query.terms))
    broad_bm25 = np.log1p(index.by_passage.scores(query.terms))
    columns = [
        cosine,
        broad[index.owner],
        late,
        index.hidden @ query.hidden,
        bm25,
        broad_bm25[index.owner],
        index.by_sentence.coverage(query.terms),
        index.by_passage.coverage(query.terms)[index.owner],
        cosine - cosine.max(),
        late - late.max(),
        (broad - broad.max())[index.owner],
        bm25 - bm25.max(),
        (broad_bm25 - broad_bm25.max())[index.owner],
        cosine - index.best_of_passage(cosine),
        late - index.best_of_passage(late),
        matches[:, heavy].min(axis=1),
        passage_matches[:, heavy].min(axis=1)[index.owner],
        (passage_matches @ query.weights)[index.owner],
        np.array(named, dtype=np.float32)[index.owner],
        index.first,
        np.log1p(index.lengths),
    ]
    return np.stack(columns, axis=1).astype(np.float32)


def hop_features(index: PassageIndex, query: Query, seen: Floats) -> Floats:
    """What the best sentences of the first look say of the sentences of other passages."""
    best = np.argsort(-seen, kind="stable")[:HOPS]
    asked = set(query.terms)
    links = np.zeros((4, len(best), len(index.owner)), dtype=np.float32)
    for row, top in enumerate(best):
        fresh = index.sets[top] - asked
        other = index.owner != index.owner[top]
        weight = seen[top] ** 0.5
        named = [len(t & index.sets[top]) / len(t) if t else 0.0 for t in index.titles]
        source = index.titles[index.owner[top]]
        back = [len(source & s) / len(source) if source else 0.0 for s in index.sets]
        shared = index.by_sentence.coverage(sorted(fresh)) if fresh else np.zeros(len(other))
        moved = unit(query.pooled + index.sentences[top])
        gain = index.sentences @ moved
        links[0, row] = np.array(named, dtype=np.float32)[index.owner] ** 2
        links[1, row] = np.array(back, dtype=np.float32) ** 2
        links[2, row] = shared
        links[3, row] = gain
        links[:, row] *= weight * other
    logit = np.log(np.clip(seen, 1e-6, 1 - 1e-6) / np.clip(1 - seen, 1e-6, 1))
    rank = np.argsort(np.argsort(-seen, kind="stable"), kind="stable")
    columns = [
        *links.max(axis=1),
        logit,
        logit - logit.max(),
        logit - index.best_of_passage(logit),
        np.log1p(rank),
    ]
    return np.stack(columns, axis=1).astype(np.float32)


def centrality(index: PassageIndex) -> list[Floats]:
    """The mean cosine of every sentence with all others, a score without a query."""
    count = max(len(index.owner) - 1, 1)
    total = index.hidden @ index.hidden.sum(axis=0) - 1
    return index.split((total / count).astype(np.float32))


def owners(offsets: Ints, spans: Sequence[tuple[int, int]]) -> Ints:
    """The sentence in which every token starts, -1 for none."""
    if not len(spans):
        return np.full(len(offsets), -1, dtype=np.int64)
    starts, ends = np.array(spans, dtype=np.int64).T
    place = np.searchsorted(starts, offsets[:, 0], side="right") - 1
    inside = (place >= 0) & (offsets[:, 0] < ends[np.maximum(place, 0)]) & (offsets[:, 0] >= 0)
    result: Ints = np.where(inside, place, -1)
    return result


def unit(vectors: Floats) -> Floats:
    """Vectors at unit length."""
    norms = np.linalg.norm(vectors, axis=-1, keepdims=True)
    result: Floats = (vectors / np.maximum(norms, 1e-9)).astype(np.float32)
    return result


def sigmoid(x: Floats) -> Floats:
    """The logistic function."""
    result: Floats = (0.5 * (1 + np.tanh(0.5 * x))).astype(np.float32)
    return result


def _pool(tokens: Floats, owner: Ints, count: int) -> Floats:
    sums = np.zeros((count, tokens.shape[1]), dtype=np.float32)
    np.add.at(sums, owner, tokens)
    return unit(sums)


def _array(values: list[float]) -> Floats:
    return np.array(values, dtype=np.float32)
