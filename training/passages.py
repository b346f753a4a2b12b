"""Read the training rows into groups: passages that stand together, with their questions."""

from __future__ import annotations

import gzip
import json
import random
import re
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from training.config import DataConfig

ANNOTATED = "distill/train.jsonl.gz"
TWO_HOP = ("hotpotqa", "2wiki")
TURNS = ("qmsum", "friendsqa")
HELP = 0.4
_CLOSE = re.compile(r" (?=(?:[,.;:!?%)\]}]|n't\b|'(?:s|re|ve|ll|d|m)\b))")
_OPEN = re.compile(r"(?<=[(\[{]) ")
_TITLED = re.compile(r"^(.{2,80}?): (?=\S)")
_SUBJECT = re.compile(
    r"^(?!The (?:film|series|song|album|book|band|team|city|town|show|game|company)\b)"
    r"(?!(?:He|She|It|They|His|Her|Its|Their|This|These|In|On|At|As|After|During|From)\b)"
    r"\"?([A-Z0-9][^,;]{1,70}?)\"?,?(?: ?\(.*?\),?)?(?:, .{1,60}?,)?"
    r" (?:is|was|are|were) (?:an?|the|one)\b"
)

Row = dict[str, Any]


@dataclass(slots=True)
class Passage:
    """A text with its sentences and, where they are known, the labels of its words."""

    text: str
    sentences: list[tuple[int, int]]
    title: str = ""
    words: list[tuple[int, int, int]] = field(default_factory=list)
    labels: str = "keep"
    rewrite: str = ""


@dataclass(slots=True)
class Question:
    """A question and the weight of every (passage, sentence) that answers it."""

    text: str
    answers: dict[tuple[int, int], float] = field(default_factory=dict)


@dataclass(slots=True)
class Group:
    """Passages that are judged together and the questions put to them."""

    source: str
    passages: list[Passage]
    questions: list[Question] = field(default_factory=list)


def rows(path: Path) -> Iterator[Row]:
    """The rows of a gzipped JSON Lines file."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def detokenise(text: str) -> str:
    """Undo the spaces a treebank tokenizer puts around punctuation."""
    text = text.replace("`` ", '"').replace(" ''", '"')
    return _OPEN.sub("", _CLOSE.sub("", text)).strip()


def join(sentences: Iterable[str], gap: str = " ", title: str = "") -> Passage:
    """A passage from its sentences."""
    spans, text = [], ""
    for sentence in sentences:
        text += gap if text else ""
        spans.append((len(text), len(text) + len(sentence)))
        text += sentence
    return Passage(text, spans, title)


def distilled(row: Row) -> Group:
    """A passage annotated word by word, with its queries; the last one has no answer."""
    passage = Passage(
        row["text"],
        [(a, b) for a, b in row["sentences"]],
        words=[(a, b, label) for a, b, label in row["words"]],
        rewrite=row.get("rewrite") or "",
    )
    questions = []
    for query in row["queries"]:
        answers = {(0, index): HELP for index in query["help"]}
        answers |= {(0, index): 1.0 for index in query["need"]}
        questions.append(Question(query["query"], answers))
    return Group("distill", [passage], questions)


def paragraphs(sentences: list[str]) -> list[tuple[str, list[str]]]:
    """Split a two-hop context where a sentence opens a new encyclopedia article."""
    parts: list[tuple[str, list[str]]] = []
    for sentence in sentences:
        title = ""
        if match := _TITLED.match(sentence):
            rest = sentence[match.end() :]
            first = re.findall(r"\w+", match[1].lower())
            if set(first) & set(re.findall(r"\w+", rest[:120].lower())):
                title, sentence = match[1], rest  # noqa: PLW2901
        if not title and (match := _SUBJECT.match(sentence)):
            title = match[1].split(" (")[0]
        if title or not parts:
            parts.append((title, []))
        parts[-1][1].append(sentence)
    return parts


def two_hop(row: Row) -> Group:
    """The paragraphs of a two-hop question; its sentences stand in several of them."""
    passages, answers, seen = [], {}, 0
    for place, (title, sentences) in enumerate(paragraphs(row["sentences"])):
        passages.append(join(sentences, title=title))
        for index in range(len(sentences)):
            if row["labels"][seen + index]:
                answers[place, index] = 1.0
        seen += len(sentences)
    return Group(row["dataset"], passages, [Question(row["question"], answers)])


def shared(table: list[Row]) -> Group:
    """All questions put to one passage."""
    first = table[0]
    gap = "\n" if first["dataset"] in TURNS else " "
    passage = join([detokenise(sentence) for sentence in first["sentences"]], gap)
    questions = [
        Question(
            detokenise(row["question"]),
            {(0, index): 1.0 for index, label in enumerate(row["labels"]) if label},
        )
        for row in table
    ]
    source = next((row["dataset"] for row in table if row["answerable"]), first["dataset"])
    return Group(source.removesuffix("2_unans"), [passage], questions)


def sentences_kept(row: Row) -> Passage:
    """A sentence of the deletion set: its words joined by spaces, kept or not."""
    passage = join(row["words"])
    passage.words = [(a, b, k) for (a, b), k in zip(passage.sentences, row["keep"], strict=True)]
    passage.sentences, passage.labels = [(0, len(passage.text))], "deletion"
    return passage


def held_out(key: str, share: float) -> bool:
    """Whether a group is kept back; decided by its text, so it never moves."""
    return zlib.crc32(key.encode()) % 10_000 < share * 10_000


def read(folder: Path, config: DataConfig, seed: int) -> tuple[list[Group], list[Group]]:
    """All training groups and those held back for calibration."""
    chance = random.Random(seed)
    groups = [distilled(row) for row in rows(folder / ANNOTATED)]
    by_passage: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in rows(folder / "relevance/train.jsonl.gz"):
        if row["dataset"] in TWO_HOP:
            groups.append(two_hop(row))
        else:
            by_passage[tuple(row["sentences"])].append(row)
    for table in by_passage.values():
        if table[0]["dataset"] != "qmsum" or chance.random() < config.qmsum_share:
            groups.append(shared(table))
    split: tuple[list[Group], list[Group]] = ([], [])
    for group in groups:
        split[held_out(group.passages[0].text, config.held_out)].append(group)
    deletion = rows(folder / "deletion/train.jsonl.gz")
    kept = [sentences_kept(row) for row in deletion if chance.random() < config.deletion_share]
    size = config.deletion_pack
    split[0].extend(Group("deletion", kept[start : start + size]) for start in range(0, len(kept), size))
    return split
