"""Sentence scorers: the bundled encoder and what it is measured against."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from benchmarks.quality.contexts import Context
from ctxzip.models.lexical import Bm25, terms
from ctxzip.models.relevance import Floats, Fusion, PassageIndex, score
from training.runtime import Runner

Scorer = Callable[[Context], Floats]
Embed = Callable[[Sequence[str]], Floats]


def sentences(context: Context) -> list[str]:
    """All sentences of a context in order."""
    return [p.text[a:b] for p in context.passages for a, b in p.sentences]


def head(context: Context) -> Floats:
    """Earlier is better: truncation."""
    return -np.arange(len(sentences(context)), dtype=np.float32)


def chance(context: Context) -> Floats:
    """A random order, the same at every run."""
    drawn = random.Random(context.question)
    return np.array([drawn.random() for _ in sentences(context)], dtype=np.float32)


def bm25(context: Context) -> Floats:
    """BM25 of every sentence with the question."""
    index = Bm25([terms(sentence) for sentence in sentences(context)])
    return index.scores(terms(context.question))


def lexrank(context: Context) -> Floats:
    """Centrality in the graph of TF-IDF cosines, without the question."""
    words = [terms(sentence) for sentence in sentences(context)]
    index = Bm25(words)
    vocabulary = sorted(index.spread)
    weights = np.array([index.idf(term) for term in vocabulary], dtype=np.float32)
    vectors = index.frequencies(vocabulary) * weights
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    graph = vectors @ vectors.T
    graph = np.where(graph > 0.1, graph, 0)
    graph /= np.maximum(graph.sum(axis=1, keepdims=True), 1e-9)
    rank: Floats = np.full(len(words), 1 / len(words), dtype=np.float32)
    for _ in range(30):
        rank = (0.15 / len(words) + 0.85 * graph.T @ rank).astype(np.float32)
    return rank


def cosine(embed: Embed) -> Scorer:
    """Cosine of sentence and question, each embedded alone."""

    def scorer(context: Context) -> Floats:
        vectors = embed([context.question, *sentences(context)])
        result: Floats = vectors[1:] @ vectors[0]
        return result

    return scorer


def relevance(runner: Runner, fusion: Fusion) -> Scorer:
    """The relevance head and its fusion."""

    def scorer(context: Context) -> Floats:
        made = context.passages
        passages = runner.passages([p.text for p in made], [p.sentences for p in made], [p.title for p in made])
        query = runner.queries([context.question])[0]
        return np.concatenate(score(PassageIndex(passages), query, fusion))

    return scorer


def original(folder: Path) -> Embed:
    """Embeddings of all-MiniLM-L6-v2 itself, in float32."""
    import torch

    from training import config
    from training.batches import pad
    from training.losses import pool_padded
    from training.model import from_checkpoint
    from training.train import open_tokenizer

    model = from_checkpoint(folder, config.load().model).eval()
    tokenizer = open_tokenizer(folder)

    def embed(texts: Sequence[str]) -> Floats:
        encoded = [e.ids[:510] for e in tokenizer.encode_batch(list(texts))]
        order = sorted(range(len(texts)), key=lambda n: len(encoded[n]))
        found = np.zeros((len(texts), model.shape.hidden_size), dtype=np.float32)
        for start in range(0, len(order), 32):
            part = order[start : start + 32]
            ids, mask = pad([np.array(encoded[n], dtype=np.int64) for n in part])
            with torch.no_grad():
                found[part] = pool_padded(model(ids, mask).hidden, mask).numpy()
        return found

    return embed
