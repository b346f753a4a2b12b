"""Are the embeddings still those of all-MiniLM-L6-v2?"""

from __future__ import annotations

import random

import numpy as np
from scipy.stats import spearmanr

from benchmarks.quality.scorers import Embed
from training.passages import Row

PAIRS = 2000


def agreement(table: list[Row], ours: Embed, original: Embed) -> float:
    """Spearman correlation of the cosines of sentence pairs, half of them from one passage."""
    texts, places = [], []
    for number, row in enumerate(table):
        for start, end in row["sentences"]:
            texts.append(row["text"][start:end])
            places.append(number)
    chance, pairs = random.Random(5), list[list[int]]()
    by_passage: dict[int, list[int]] = {}
    for index, number in enumerate(places):
        by_passage.setdefault(number, []).append(index)
    rich = [found for found in by_passage.values() if len(found) > 1]
    while len(pairs) < PAIRS:
        pool = chance.choice(rich) if len(pairs) % 2 else range(len(texts))
        pairs.append(chance.sample(list(pool), 2))
    one, two = np.array(pairs).T
    cosines = [(v[one] * v[two]).sum(axis=1) for v in (ours(texts), original(texts))]
    return float(spearmanr(*cosines).statistic)
