"""Does the best score say whether anything answers the query?"""

from __future__ import annotations

import random

import numpy as np
from sklearn.metrics import roc_auc_score

from ctxzip.models.relevance import Fusion, PassageIndex, score
from training.passages import Row
from training.runtime import Runner


def measure(table: list[Row], runner: Runner, fusion: Fusion) -> dict[str, float]:
    """AUC of the best sentence score: answered queries against off-topic and near-miss ones."""
    passages = runner.passages(
        [row["text"] for row in table],
        [[(a, b) for a, b in row["sentences"]] for row in table],
        [""] * len(table),
    )
    chance = random.Random(5)
    best: dict[str, list[float]] = {"answered": [], "off-topic": [], "near miss": []}
    for number, (row, passage) in enumerate(zip(table, passages, strict=True)):
        index = PassageIndex([passage])
        away = chance.choice([n for n in range(len(table)) if n != number])
        asked = [("answered", q["query"]) for q in row["queries"] if q["need"]]
        asked += [("near miss", q["query"]) for q in row["queries"] if not q["need"] + q["help"]]
        asked += [("off-topic", q["query"]) for q in table[away]["queries"] if q["need"]]
        queries = runner.queries([text for _, text in asked])
        for (kind, _), query in zip(asked, queries, strict=True):
            best[kind].append(float(score(index, query, fusion)[0].max()))
    return {kind: _auc(best["answered"], best[kind]) for kind in ("off-topic", "near miss")}


def _auc(high: list[float], low: list[float]) -> float:
    truth = np.array([1] * len(high) + [0] * len(low))
    return float(roc_auc_score(truth, np.array(high + low)))
