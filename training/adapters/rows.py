"""Prompts and the answers that the adapters learn to give, made from annotated passages and questions."""

from __future__ import annotations

import gzip
import json
import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ctxzip.compressors.rewriting.facts import lost_numbers, new_names, new_numbers, turned
from ctxzip.compressors.rewriting.keywords import KeywordFinder, missing
from ctxzip.models.lexical import terms
from ctxzip.models.prompts import NOTHING, Rewriting, Style, Summarising, rewrite_prompt, summary_prompt
from ctxzip.sentences import sentences
from ctxzip.text import Role

TOKENS_PER_WORD = 1.35
GROUP = 4
"""Sentences of a passage that share sentences of its rewrite, at most."""
LONGEST = 320
"""Words of the passages that a question is asked about."""
_NOISE = re.compile(r"\s*\{\w+\}|\b(?:um|uh|uhm|hmm|mm)\b\s*,?|\s*\.\.\.(?=\s)", re.IGNORECASE)
_STAMMER = re.compile(r"\b(\w+(?: \w+)?)(?:\s*,?\s+\1\b)+", re.IGNORECASE)
_SPEAKER = re.compile(r"\b(?:[A-Z][\w.']*)(?: [A-Z][\w.']*){0,3}:\s*")
_OPENING = re.compile(
    r"\A(?:(?:well|so|okay|ok|yeah|yes|right|and|but|i mean|i think|i guess|you know|basically|actually)\b[\s,.]*)+",
    re.IGNORECASE,
)
SAYS_SOMETHING = 4
"""Words of meaning from which a turn says something."""
_LOOSE = re.compile(r"\s+(?=[,.!?;:])|(?<=\w)\s+(?=['’](?:s|re|m|ve|ll|d|t)\b|n['’]t\b)")


@dataclass(frozen=True, slots=True)
class Row:
    """What is shown, and what is to come back."""

    prompt: str
    answer: str


def read(file: Path) -> list[dict[str, Any]]:
    """The rows of a gzipped JSON Lines file."""
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def rows(data: Path, task: str, mix: dict[str, float], seed: int) -> list[Row]:
    """The rows of one epoch, drawn and shuffled with `seed`."""
    draw = random.Random(seed)
    made = list(_MAKERS[task](data, mix, draw))
    draw.shuffle(made)
    return made


def held_out(data: Path, task: str, number: int) -> list[Row]:
    """Development rows, the same every time."""
    draw = random.Random(1)
    passages = read(data / "distill/dev.jsonl.gz")
    if task == "passages":
        return [_row(p["text"], p["rewrite"], 1.0, draw) for p in passages if _usable(p)][:number]
    if task == "rewrite":
        pairs = [pair for p in passages if _usable(p) for pair in pairs_of(p["text"], p["rewrite"])]
        return [_row(*pair, 1.0, draw) for pair in pairs][:number]
    return [row for p in passages for row in _asked(p, draw)][:number]


def _usable(passage: dict[str, Any]) -> bool:
    """Tell whether a passage is prose with a rewrite that invents no number."""
    text, short = passage["text"], passage.get("rewrite") or ""
    letters = sum(c.isalpha() or c.isspace() for c in text) / max(1, len(text))
    return bool(short) and letters > 0.65 and passage["register"] != "log" and not new_numbers(text, short)


def _row(text: str, short: str, listed: float, draw: random.Random) -> Row:
    """A rewrite with some of the keywords that it keeps; which, `draw` decides."""
    words = len(short.split())
    finder = KeywordFinder(_plain_sentences(text))
    found = finder.of(text, int(words * TOKENS_PER_WORD))
    kept = [k for k in found if k not in set(missing(found, short)) and draw.random() < listed]
    prompt = rewrite_prompt(Rewriting(text, words, tuple(kept)), Style.TRAINED)
    return Row(prompt, f" {short.strip()}")


def _plain_sentences(text: str) -> list[str]:
    return [span.of(text).strip() for span in sentences(text) if span.role is Role.CONTENT]


def _passages(data: Path, mix: dict[str, float], draw: random.Random) -> Iterator[Row]:
    """Whole passages: as they were rewritten, and with the weightiest sentences for other lengths."""
    passages = [p for p in read(data / "distill/train.jsonl.gz") if _usable(p)]
    makers: dict[str, Callable[[dict[str, Any]], str]] = {
        "full": lambda p: str(p["rewrite"]),
        "brief": lambda p: _weightiest(p["rewrite"], _weights(p), draw.uniform(0.35, 0.7)),
        "light": lambda p: _weightiest(p["text"], _weights(p), draw.uniform(0.55, 0.8)),
    }
    for kind, make in makers.items():
        for passage in draw.sample(passages, round(mix[kind] * len(passages))):
            short = make(passage)
            if 4 <= len(short.split()) < len(passage["text"].split()):
                yield _row(passage["text"], short, mix["listed"], draw)
    found = [pair for pair in map(_shortened, read(data / "deletion/train.jsonl.gz")) if pair]
    for text, short in draw.sample(found, min(len(found), round(mix["sentences"] * len(passages)))):
        yield _row(text, short, mix["listed"], draw)


def _sentences(data: Path, mix: dict[str, float], draw: random.Random) -> Iterator[Row]:
    """One to a few sentences: what the judge of rewrites would accept, and nothing else."""
    passages = [p for p in read(data / "distill/train.jsonl.gz") if _usable(p)]
    aligned = [pair for p in passages for pair in pairs_of(p["text"], p["rewrite"])]
    news = [pair for pair in map(_shortened, read(data / "deletion/train.jsonl.gz")) if pair and _faithful(*pair)]
    for found, share in ((aligned, mix["aligned"]), (news, mix["news"])):
        for text, short in draw.sample(found, min(len(found), round(share * len(aligned)))):
            yield _row(text, short, mix["listed"], draw)


def pairs_of(text: str, rewrite: str) -> list[tuple[str, str]]:
    """The sentences of a passage with those of its rewrite that say the same, as far as that is clear.

    Both are cut into as many groups, in order, so that the words of a group and of its rewrite agree best.
    """
    source, short = _plain_sentences(text), _plain_sentences(rewrite)
    stems = [[set(terms(s)) for s in side] for side in (source, short)]
    best: dict[tuple[int, int], tuple[float, tuple[int, int] | None]] = {(0, 0): (0.0, None)}
    for i in range(1, len(source) + 1):
        for j in range(0, len(short) + 1):
            options = [
                (best[a, b][0] + _agreement(stems[0][a:i], stems[1][b:j]), (a, b))
                for a in range(max(0, i - GROUP), i)
                for b in range(max(0, j - 2), j + 1)
                if (a, b) in best
            ]
            if options:
                best[i, j] = max(options, key=lambda option: option[0])
    at = (len(source), len(short))
    found = []
    while at in best and best[at][1] is not None:
        before = best[at][1]
        assert before is not None
        pair = (" ".join(source[before[0] : at[0]]), " ".join(short[before[1] : at[1]]))
        if pair[1] and _faithful(*pair):
            found.append(pair)
        at = before
    return found[::-1]


def _agreement(source: Sequence[set[str]], short: Sequence[set[str]]) -> float:
    """How well a group fits its rewrite: shared stems, less those that only the rewrite has, less a little a group."""
    ours, theirs = set().union(*source), set().union(*short)
    return len(ours & theirs) - 1.5 * len(theirs - ours) - 0.05 * len(source) ** 2


def _faithful(text: str, short: str) -> bool:
    """Tell whether the judge of rewrites would find nothing lost or invented, and the length is one to ask for."""
    share = len(short.split()) / max(1, len(text.split()))
    own, theirs = set(terms(text)), set(terms(short))
    return (
        0.2 <= share <= 0.85
        and len(text.split()) >= 12
        and len(own & theirs) >= 0.75 * len(theirs)
        and not lost_numbers(text, short)
        and not new_numbers(text, short)
        and not new_names(text, short)
        and not turned(text, short)
    )


def _weights(passage: dict[str, Any]) -> dict[str, float]:
    """How much the annotation makes of each stem: essential words count three times."""
    weights: dict[str, float] = {}
    for start, end, label in passage["words"]:
        for stem in terms(passage["text"][start:end]):
            weights[stem] = max(weights.get(stem, 0.0), (0.0, 1.0, 3.0)[label])
    return weights


def _weightiest(text: str, weights: dict[str, float], share: float) -> str:
    """The sentences of `text` with the most weight per word that make up about `share` of it, in order."""
    parts = _plain_sentences(text)
    sizes = [len(part.split()) for part in parts]
    worth = [
        sum(weights.get(s, 0.0) for s in set(terms(part))) / max(1, n) for part, n in zip(parts, sizes, strict=True)
    ]
    room, taken = share * sum(sizes), set()
    for at in sorted(range(len(parts)), key=lambda i: -worth[i]):
        if sizes[at] <= room * 1.1:
            taken.add(at)
            room -= sizes[at]
    return " ".join(parts[at] for at in sorted(taken))


def _shortened(row: dict[str, Any]) -> tuple[str, str] | None:
    """A sentence and its shorter form, if that is a sentence again and not too short."""
    if row["dataset"] != "google":
        return None
    words, keep = row["words"], row["keep"]
    short = " ".join(word for word, kept in zip(words, keep, strict=True) if kept)
    share = sum(keep) / len(keep)
    if not 0.3 <= share <= 0.8 or len(words) < 15:
        return None
    mark = words[-1][-1] if words[-1][-1] in ".!?" else "."
    return " ".join(words), short if short[-1] in ".!?" else f"{short.rstrip(',;:')}{mark}"


def tidy(text: str) -> str:
    """Spoken language without the marks of its transcription, fillers and stammers."""
    text = _STAMMER.sub(r"\1", _NOISE.sub("", text))
    return re.sub(r"[^\S\n]+", " ", _LOOSE.sub("", text)).strip()


def reported(turn: str) -> str:
    """What somebody says in a meeting without who says it and the words that only open a turn; "" if that is all."""
    said = _OPENING.sub("", _SPEAKER.sub("", turn)).strip()
    return said[:1].upper() + said[1:] if len(terms(said)) >= SAYS_SOMETHING else ""


def _summaries(data: Path, mix: dict[str, float], draw: random.Random) -> Iterator[Row]:
    passages = read(data / "distill/train.jsonl.gz")
    draw.shuffle(passages)
    found = [row for passage in passages for row in _asked(passage, draw)]
    nothing = [row for row in found if row.answer.strip() == NOTHING]
    something = [row for row in found if row.answer.strip() != NOTHING and len(row.answer.split()) <= mix["most_words"]]
    yield from draw.sample(something, int(mix["distill"]))
    yield from draw.sample(nothing, int(mix["distill_nothing"]))
    questions = read(data / "relevance/train.jsonl.gz")
    for name in ("squad", "qed_nq", "hotpotqa", "qmsum", "qmsum_nothing", "squad2_nothing"):
        found = list(_questions(questions, name, mix, draw))
        yield from draw.sample(found, min(len(found), int(mix[name])))


def _questions(
    questions: Sequence[dict[str, Any]], name: str, mix: dict[str, float], draw: random.Random
) -> Iterator[Row]:
    """Rows of one source: the sentences that answer, joined, or nothing."""
    source = {"qmsum_nothing": "qmsum", "squad2_nothing": "squad2_unans"}.get(name, name)
    for question in questions:
        if question["dataset"] != source or question["answerable"] == name.endswith("_nothing"):
            continue
        pairs = [(tidy(s), label) for s, label in zip(question["sentences"], question["labels"], strict=True)]
        answer = _joined([reported(part) for part, label in pairs if label])
        text = ("\n" if source == "qmsum" else " ").join(part for part in _window(pairs) if part)
        good = len(answer.split()) <= mix["most_words"] and bool(answer) == question["answerable"]
        if source == "qmsum" and answer:
            good = good and len(answer.split()) >= 10 and bool(set(terms(answer)) & set(terms(question["question"])))
        if good and len(text.split()) <= LONGEST:
            yield _summary(text, question["question"], answer, draw)


def _window(pairs: Sequence[tuple[str, int]]) -> list[str]:
    """The sentences around those that answer, as many as make up `LONGEST` words."""
    labelled = [at for at, (_, label) in enumerate(pairs) if label] or [len(pairs) // 2]
    first, last = labelled[0], labelled[-1] + 1
    while first > 0 or last < len(pairs):
        wider = max(0, first - 1), min(len(pairs), last + 1)
        if sum(len(part.split()) for part, _ in pairs[slice(*wider)]) > LONGEST:
            break
        first, last = wider
    return [part for part, _ in pairs[first:last]]


def _asked(passage: dict[str, Any], draw: random.Random) -> Iterator[Row]:
    """A row for every query of a passage; where a rewrite says what its sentences say, in the rewrite's words."""
    text = passage["text"]
    parts = [text[start:end].strip() for start, end in passage["sentences"]]
    for query in passage["queries"]:
        gold = [parts[i] for i in query["need"]]
        shorter = _rewritten(gold, passage.get("rewrite") or "") if gold else []
        meeting = passage["register"] == "meeting"
        said = [reported(tidy(g)) for g in shorter or gold] if meeting else shorter or [g.strip() for g in gold]
        yield _summary(tidy(text) if meeting else text.strip(), query["query"], _joined(said), draw)


def _rewritten(gold: Sequence[str], rewrite: str) -> list[str]:
    """The sentences of `rewrite` that say what the `gold` sentences say; none when they leave half of it out."""
    wanted = set(terms(" ".join(gold)))
    chosen = [s for s in _plain_sentences(rewrite) if len(wanted & set(terms(s))) >= 0.6 * len(set(terms(s)))]
    covered = wanted & set(terms(" ".join(chosen)))
    return chosen if len(covered) >= 0.5 * len(wanted) else []


def _joined(gold: Sequence[str]) -> str:
    return " ".join(part for part in gold if part)


def _summary(text: str, query: str, answer: str, draw: random.Random) -> Row:
    words = len(answer.split()) or draw.randint(5, 60)
    return Row(summary_prompt(Summarising(text, words, query), Style.TRAINED), f" {answer or NOTHING}")


_MAKERS: dict[str, Callable[[Path, dict[str, float], random.Random], Iterator[Row]]] = {
    "passages": _passages,
    "rewrite": _sentences,
    "summarize": _summaries,
}
