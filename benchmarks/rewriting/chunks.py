"""Chunks of development passages, rewritten at several ratios: what is kept, what is accepted, how good it is."""

from __future__ import annotations

import gzip
import json
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ctxzip import compress
from ctxzip.compressors.llmlingua2 import LLMLingua2
from ctxzip.compressors.rewriting.facts import lost_numbers, new_numbers, numbers
from ctxzip.compressors.rewriting.keywords import missing
from ctxzip.compressors.scope import Scope, is_prose
from ctxzip.models.tokenizers import load_tokenizer
from ctxzip.protocols import Piece, Shortened
from ctxzip.text import Document

TOKENIZER = "o200k_base"


def passages(data: Path, number: int) -> list[dict[str, Any]]:
    """The development passages that are prose, those with an annotated rewrite first."""
    with gzip.open(data / "distill/dev.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    prose = [row for row in rows if is_prose(row["text"])]
    return sorted(prose, key=lambda row: not row.get("rewrite"))[:number]


@dataclass(frozen=True, slots=True)
class Outcome:
    """A chunk, the tokens asked for, and what became of it."""

    row: dict[str, Any]
    tokens: int
    made: Shortened
    final: str


def rewritten(rows: Sequence[dict[str, Any]], targets: Sequence[int], scope: Scope) -> list[Outcome]:
    """Every passage as one chunk in so many tokens; where it is refused, or too long, words are dropped."""
    count = load_tokenizer(TOKENIZER).count
    scope.score([Document(row["text"]) for row in rows], [scope.segment(Document(row["text"])) for row in rows], None)
    pieces = [Piece(row["text"], count(row["text"])) for row in rows]
    outcomes = []
    for row, target, made in zip(rows, targets, scope.shorten(pieces, targets, None), strict=True):
        lender = made.lender or LLMLingua2()
        final = compress(made.text or row["text"], method=lender, tokens=target, best_effort=True).text
        outcomes.append(Outcome(row, target, made, final))
    return outcomes


def beside(outcomes: Sequence[Outcome]) -> list[str]:
    """The same texts with words left out by LLMLingua-2, each at the tokens of its rewrite."""
    count = load_tokenizer(TOKENIZER).count
    return [compress(o.row["text"], tokens=count(o.final), best_effort=True).text for o in outcomes]


def kept(outcomes: Sequence[Outcome], scope: Scope) -> dict[str, Any]:
    """Shares of numbers and keywords kept, of rewrites accepted, and why the others were not."""
    accepted = [o for o in outcomes if o.made.text is not None]
    return {
        "chunks": len(outcomes),
        "accepted": round(len(accepted) / len(outcomes), 4),
        "accepted, as": Counter(o.made.reason for o in accepted),
        "accepted in whole": round(sum(" steps" not in o.made.reason for o in accepted) / len(outcomes), 4),
        "refused, because": Counter(o.made.reason.partition(": ")[2] for o in outcomes if o.made.text is None),
        "numbers kept": round(_numbers(accepted), 4),
        "keywords kept": round(_keywords(accepted, scope), 4),
        "new numbers": sum(bool(new_numbers(o.row["text"], o.made.text or "")) for o in accepted),
        "tokens over asked": round(statistics.mean(_length(o) for o in accepted), 3) if accepted else None,
    }


def _numbers(outcomes: Sequence[Outcome]) -> float:
    total = sum(len(numbers(o.row["text"])) for o in outcomes)
    lost = sum(len(lost_numbers(o.row["text"], o.made.text or "")) for o in outcomes)
    return 1 - lost / max(1, total)


def _keywords(outcomes: Sequence[Outcome], scope: Scope) -> float:
    count, rewriter = load_tokenizer(TOKENIZER).count, scope.rewriter(None)
    listed = []
    for o in outcomes:
        request = scope.request(Piece(o.row["text"], count(o.row["text"])), o.tokens)
        listed += [(asked.keywords, o.made.text or "") for _, asked in rewriter.asked(request)]
    total = sum(len(words) for words, _ in listed)
    return 1 - sum(len(missing(words, text)) for words, text in listed) / max(1, total)


def _length(outcome: Outcome) -> float:
    return load_tokenizer(TOKENIZER).count(outcome.made.text or "") / outcome.tokens


def rouge(pairs: Sequence[tuple[str, str]]) -> dict[str, float]:
    """ROUGE-1, -2 and -L (F) of (reference, text) pairs, and the standard deviation of ROUGE-L."""
    from rouge_score.rouge_scorer import RougeScorer

    scorer = RougeScorer(["rouge1", "rouge2", "rougeL"], use_stemmer=True)
    found = [scorer.score(reference, text) for reference, text in pairs]
    values = {name: [100 * score[name].fmeasure for score in found] for name in ("rouge1", "rouge2", "rougeL")}
    means = {name: round(statistics.mean(each), 2) for name, each in values.items()}
    return means | {"rougeL sd": round(statistics.pstdev(values["rougeL"]), 2)}
