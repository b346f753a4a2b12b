"""How well word scores agree with the annotation: every word kept or essential."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from math import log
from pathlib import Path

import numpy as np
from sklearn.metrics import f1_score, roc_auc_score

from ctxzip.models.relevance import Floats
from ctxzip.models.surface import Looks, Surface
from training.passages import Row, rows
from training.questions import STOP
from training.runtime import Runner
from training.surface import kept_words, spans

WordScorer = Callable[[list[Row]], list[Floats]]
LARGE = 8
FEW_STOP_WORDS = 0.06


def load(data: Path) -> list[Row]:
    """The development passages whose text is not also in the training set."""
    seen = {row["text"] for row in rows(data / "distill/train.jsonl.gz")}
    return [row for row in rows(data / "distill/dev.jsonl.gz") if row["text"] not in seen]


def encoder(runner: Runner) -> WordScorer:
    """The mean over a word's tokens of the probability to keep."""
    return lambda table: kept_words(table, runner)


def corrected(runner: Runner, surface: Surface) -> WordScorer:
    """The same, corrected by the surface of the words: what the compressor ranks by."""

    def scorer(table: list[Row]) -> list[Floats]:
        kept = zip(table, kept_words(table, runner), strict=True)
        return [surface.correct(Looks.of_words(row["text"], spans(row)), values) for row, values in kept]

    return scorer


def stop_words(table: list[Row]) -> list[Floats]:
    """1 for every word that is not a stop word."""
    texts = [[row["text"][a:b].lower() for a, b, _ in row["words"]] for row in table]
    return [np.array([w not in STOP for w in words], dtype=np.float32) for words in texts]


def rarity(data: Path) -> WordScorer:
    """Inverse document frequency from the training passages; stop words and repeats are last."""
    spread: Counter[str] = Counter()
    number = 0
    for row in rows(data / "distill/train.jsonl.gz"):
        spread.update({row["text"][a:b].lower() for a, b, _ in row["words"]})
        number += 1

    def scorer(table: list[Row]) -> list[Floats]:
        made = []
        for row in table:
            seen: set[str] = set()
            scores = []
            for start, end, _ in row["words"]:
                word = row["text"][start:end].lower()
                idf = log((number + 1) / (spread[word] + 1)) / log(number + 1)
                scores.append(-1 + idf if word in STOP else idf - 0.3 * (word in seen))
                seen.add(word)
            made.append(np.array(scores, dtype=np.float32))
        return made

    return scorer


def measure(table: list[Row], scorer: WordScorer) -> dict[str, float]:
    """AUC of kept and of essential words, best F1, and essential words among the best."""
    scores = scorer(table)
    labels = [np.array([label for *_, label in row["words"]]) for row in table]
    flat, truth = np.concatenate(scores), np.concatenate(labels)
    figures = {
        "auc kept": roc_auc_score(truth > 0, flat),
        "auc essential": roc_auc_score(truth == 2, flat),
        "f1 kept": _best_f1(truth > 0, flat),
    }
    for name, share in (("half", 2), ("quarter", 4)):
        held = total = 0
        for mine, label in zip(scores, labels, strict=True):
            best = np.argsort(-mine, kind="stable")[: len(mine) // share]
            held += int((label[best] == 2).sum())
            total += int((label == 2).sum())
        figures[f"essential in best {name}"] = held / max(total, 1)
    return {name: float(value) for name, value in figures.items()}


def by_register(table: list[Row], scorer: WordScorer) -> dict[str, tuple[int, float]]:
    """Passages and AUC of kept words per register; the small ones as one."""
    sizes = Counter(row["register"] for row in table)
    parts: dict[str, list[Row]] = defaultdict(list)
    for row in table:
        name = row["register"]
        parts[name if sizes[name] >= LARGE else "other"].append(row)
    return {name: (len(part), measure(part, scorer)["auc kept"]) for name, part in sorted(parts.items())}


def by_language(table: list[Row], scorer: WordScorer) -> dict[str, tuple[int, float]]:
    """Passages and AUC of kept words in English and in other languages, told apart by English stop words."""
    parts: dict[str, list[Row]] = {"English": [], "other languages": []}
    for row in table:
        texts = [row["text"][a:b].lower() for a, b, _ in row["words"]]
        foreign = sum(w in STOP for w in texts) < FEW_STOP_WORDS * len(texts) and not row["text"].isascii()
        parts["other languages" if foreign else "English"].append(row)
    return {name: (len(part), measure(part, scorer)["auc kept"]) for name, part in parts.items() if part}


def _best_f1(truth: np.ndarray, scores: Floats) -> float:
    """The F1 at the best of a few thresholds."""
    cuts = np.quantile(scores, np.linspace(0.1, 0.8, 29))
    return max(float(f1_score(truth, scores >= cut)) for cut in cuts)
