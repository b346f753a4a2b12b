"""Contexts of ten passages with a question and its answers, as one text the way a pipeline hands it over."""

from __future__ import annotations

import gzip
import json
import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SIZE = 10


@dataclass(frozen=True, slots=True)
class Context:
    """Ten passages in one text, a question about them, and its answers (none: nothing answers it)."""

    text: str
    question: str
    answers: list[str]


def rows(file: Path) -> Iterator[dict[str, Any]]:
    """Yield the rows of a gzipped JSON Lines file."""
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def two_hop(data: Path, limit: int) -> list[Context]:
    """Return two-hop questions with the paragraphs they come with, titles on lines of their own."""
    table = [r for r in rows(data / "dev_qa/hotpotqa.jsonl.gz") if r["answers"][0].lower() not in ("yes", "no")]
    return [Context(row["context"], row["question"], row["answers"]) for row in table[:limit]]


def single(data: Path, limit: int, *, seed: int = 5, answered: bool = True) -> list[Context]:
    """Return questions whose paragraph stands among nine of other articles, or is left out of them."""
    chance = random.Random(seed)
    by_title: dict[str, list[dict[str, Any]]] = defaultdict(list)
    table = list(rows(data / "dev_qa/squad.jsonl.gz"))
    for row in table:
        by_title[row["title"]].append(row)
    made = []
    for row in chance.sample(table, min(limit, len(table))):
        titles = chance.sample(sorted(title for title in by_title if title != row["title"]), SIZE - answered)
        chosen = [chance.choice(by_title[title])["context"] for title in titles]
        if answered:
            chosen.insert(chance.randrange(SIZE), row["context"])
        made.append(Context("\n\n".join(chosen), row["question"], row["answers"] if answered else []))
    return made
