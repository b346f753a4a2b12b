"""Contexts of ten passages with a question and its answer, from development data."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import toktok

from ctxzip.sentences import sentences
from ctxzip.text import Role
from training.passages import Passage, Row, detokenise, join, rows

SIZE = 10
ENCODING = "o200k_base"


@dataclass(slots=True)
class Context:
    """Ten passages, a question, its answers and the sentences that hold the evidence."""

    passages: list[Passage]
    question: str
    answers: list[str]
    evidence: set[tuple[int, int]]
    free: bool = False
    """Whether the answers are written freely, so that their words count and not their wording."""


@dataclass(slots=True)
class Counted:
    """Tokens of the whole context and of every sentence."""

    total: int
    sentences: list[int]


def count(context: Context) -> Counted:
    """Count in the reader's tokenizer."""
    whole = "\n\n".join(f"{p.title}\n{p.text}" if p.title else p.text for p in context.passages)
    texts = [" " + p.text[a:b] for p in context.passages for a, b in p.sentences]
    counts = toktok.batch_count([whole, *texts], ENCODING)
    return Counted(counts[0], list(counts[1:]))


def hotpotqa(data: Path) -> list[Context]:
    """Two-hop questions with the ten paragraphs they come with; yes/no answers left out."""
    made = []
    for row in rows(data / "dev_qa/hotpotqa.jsonl.gz"):
        if row["answers"][0].lower() in ("yes", "no"):
            continue
        passages = [join([s.strip() for s in p["sentences"]], title=p["title"]) for p in row["paragraphs"]]
        titles = [p["title"] for p in row["paragraphs"]]
        evidence = {(titles.index(t), n) for t, n in row["supporting_facts"] if t in titles}
        made.append(Context(passages, row["question"], row["answers"], evidence))
    return made


def squad(data: Path, limit: int, seed: int = 5) -> list[Context]:
    """Questions whose paragraph stands among nine of other articles."""
    known = {row["id"]: row for row in rows(data / "dev_qa/squad.jsonl.gz")}
    labelled = [
        row
        for row in rows(data / "relevance/dev.jsonl.gz")
        if row["dataset"] == "squad" and row["id"].removeprefix("squad:") in known
    ]
    for row in labelled:
        row |= {k: known[row["id"].removeprefix("squad:")][k] for k in ("answers", "title")}
    return _mixed(labelled, limit, seed)


def natural(data: Path, limit: int, seed: int = 5) -> list[Context]:
    """Natural Questions whose passage stands among nine others; the evidence is the answer."""
    found = []
    for row in rows(data / "relevance/dev.jsonl.gz"):
        if row["dataset"] == "qed_nq" and sum(row["labels"]) == 1:
            row["sentences"] = [detokenise(sentence) for sentence in row["sentences"]]
            row["answers"] = [row["sentences"][row["labels"].index(1)]]
            row["title"] = row["sentences"][0]
            found.append(row)
    return _mixed(found, limit, seed)


def documentation(data: Path, limit: int, seed: int = 5) -> list[Context]:
    """Questions on technical documentation, the right pages among others; answers are written freely."""
    made = _mixed(_cut(rows(data / "dev_qa/docs_qa.jsonl.gz")), limit, seed)
    for context in made:
        context.free = True
    return made


def finance(data: Path, limit: int, seed: int = 5) -> list[Context]:
    """Questions whose answer stands in one of ten pages of text and tables."""
    table = _cut(rows(data / "dev_qa/tatqa.jsonl.gz"))
    return _mixed([row for row in table if any(row["labels"])], limit, seed)


def _cut(table: Iterable[Row]) -> list[Row]:
    """Rows of one text each, cut into sentences; those that hold an answer are the evidence."""
    found = []
    for row in table:
        text = row["context"]
        parts = [span.of(text).strip() for span in sentences(text) if span.role is Role.CONTENT]
        row |= {"sentences": parts, "title": text[:200]}
        row["labels"] = [int(any(a.lower() in part.lower() for a in row["answers"])) for part in parts]
        found.append(row)
    return found


def _mixed(table: list[Row], limit: int, seed: int) -> list[Context]:
    """Each question's passage among nine passages of other articles, at a drawn place."""
    chance = random.Random(seed)
    by_title: dict[str, list[Row]] = defaultdict(list)
    for row in table:
        by_title[row["title"]].append(row)
    made = []
    for row in chance.sample(table, min(limit, len(table))):
        titles = chance.sample([t for t in sorted(by_title) if t != row["title"]], SIZE - 1)
        chosen = [chance.choice(by_title[title]) for title in titles]
        place = chance.randrange(SIZE)
        chosen.insert(place, row)
        passages = [join(entry["sentences"]) for entry in chosen]
        evidence = {(place, n) for n, label in enumerate(row["labels"]) if label}
        made.append(Context(passages, row["question"], row["answers"], evidence))
    return made
