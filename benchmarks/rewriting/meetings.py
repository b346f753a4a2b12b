"""Summaries of meetings for a query, against choosing as many tokens of the meeting."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.rewriting.chunks import TOKENIZER, rouge
from ctxzip import compress
from ctxzip.compressors.recomp_abstractive import RecompAbstractive
from ctxzip.compressors.rewriting.embedding import sentence_vectors
from ctxzip.models.tokenizers import load_tokenizer
from ctxzip.sentences import sentences
from ctxzip.text import Document, Role

BUDGET = 150
"""Tokens of a summary at most; the annotated ones have about a hundred."""


def queries(data: Path, number: int) -> list[tuple[str, dict[str, Any]]]:
    """Meetings and specific queries about them, drawn once for all."""
    with gzip.open(data / "dev_qa/qmsum_meetings.jsonl.gz", "rt", encoding="utf-8") as lines:
        texts = {row["id"]: row["text"] for row in map(json.loads, lines)}
    with gzip.open(data / "dev_qa/qmsum_queries.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [row for row in map(json.loads, lines) if row["kind"] == "specific"]
    drawn = random.Random(3).sample(rows, min(number, len(rows)))
    return [(texts[row["meeting_id"]], row) for row in sorted(drawn, key=lambda row: row["id"])]


def lead(text: str, tokens: int) -> str:
    """The first sentences that fit."""
    return _filled(text, tokens, range(len(_plain(text))))


def text_rank(text: str, tokens: int) -> str:
    """The most central sentences that fit, in order: TextRank over the same embeddings that SCOPE uses."""
    parts = [span for span in sentences(text) if span.role is Role.CONTENT]
    vectors = sentence_vectors([Document(text)], [parts])[0].astype(np.float64)
    near = np.maximum(0.0, vectors @ vectors.T)
    np.fill_diagonal(near, 0)
    rows = near / np.maximum(near.sum(axis=1, keepdims=True), 1e-9)
    rank = np.full(len(parts), 1 / len(parts))
    for _ in range(40):
        rank = 0.15 / len(parts) + 0.85 * rank @ rows
    return _filled(text, tokens, np.argsort(-rank).tolist())


def _plain(text: str) -> list[str]:
    return [span.of(text).strip() for span in sentences(text) if span.role is Role.CONTENT]


def _filled(text: str, tokens: int, order: Sequence[int]) -> str:
    count = load_tokenizer(TOKENIZER).count
    parts, taken = _plain(text), set()
    room = tokens
    for at in order:
        size = count(parts[at]) + 1
        if size <= room:
            taken.add(at)
            room -= size
    return " ".join(parts[at] for at in sorted(taken))


def compared(data: Path, number: int, ours: RecompAbstractive) -> dict[str, Any]:
    """ROUGE of our summaries and of what choosing as many tokens gives."""
    count = load_tokenizer(TOKENIZER).count
    chosen = ("recomp", "exit")
    found: dict[str, list[tuple[str, str]]] = {name: [] for name in ("recomp-abstractive", "lead", "TextRank", *chosen)}
    empty = 0
    for text, row in queries(data, number):
        made = compress(text, method=ours, query=row["query"], tokens=BUDGET)
        size = max(20, made.tokens_after)
        empty += not made.text
        found["recomp-abstractive"].append((row["summary"], made.text))
        found["lead"].append((row["summary"], lead(text, size)))
        found["TextRank"].append((row["summary"], text_rank(text, size)))
        for name in chosen:
            picked = compress(text, method=name, query=row["query"], tokens=size)
            found[name].append((row["summary"], picked.text))
    sizes = [count(text) for _, text in found["recomp-abstractive"]]
    figures: dict[str, Any] = {name: rouge(pairs) for name, pairs in found.items()}
    return figures | {"queries": len(sizes), "empty": empty, "mean tokens": round(sum(sizes) / len(sizes), 1)}
