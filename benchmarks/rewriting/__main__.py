"""`python -m benchmarks.rewriting DATA`: every figure of docs/rewriting.md, as JSON."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.rewriting.chunks import TOKENIZER, Outcome, kept, passages, rewritten, rouge
from benchmarks.rewriting.meetings import compared
from benchmarks.rewriting.speed import speed
from ctxzip import compress
from ctxzip.choice import ModelChoice
from ctxzip.compressors.recomp_abstractive import RecompAbstractive
from ctxzip.compressors.rewriting.rewriter import Rewriter
from ctxzip.compressors.rewriting.steps import joined
from ctxzip.compressors.scope import Scope
from ctxzip.models.cache import default_cache
from ctxzip.models.gemma import gemma_directory
from ctxzip.models.generators import Remembering
from ctxzip.models.protocols import Generator
from ctxzip.models.tokenizers import load_tokenizer
from ctxzip.models.torch_generator import CausalGenerator
from ctxzip.protocols import Piece

RATIOS = (2, 3, 5)


def facts(data: Path, number: int) -> dict[str, Any]:
    """What is kept at each ratio."""
    rows = passages(data, number)
    count = load_tokenizer(TOKENIZER).count
    scope = Scope(ModelChoice())
    found = {}
    for ratio in RATIOS:
        outcomes = rewritten(rows, [count(row["text"]) // ratio for row in rows], scope)
        found[str(ratio)] = kept(outcomes, scope) | {"rougeL": _spread(outcomes)}
    return found


def _spread(outcomes: Sequence[Outcome]) -> dict[str, float]:
    return rouge([(o.row["rewrite"], o.final) for o in outcomes if o.row.get("rewrite")])


def against(data: Path, number: int) -> dict[str, Any]:
    """ROUGE against annotated rewrites, every system at the tokens of the annotation."""
    rows = [row for row in passages(data, 10**6) if row.get("rewrite")][:number]
    count = load_tokenizer(TOKENIZER).count
    sizes = [count(row["rewrite"]) for row in rows]
    found: dict[str, Any] = {"rows": len(rows)}
    scope = Scope(ModelChoice())
    outcomes = rewritten(rows, sizes, scope)
    found["scope"] = _spread(outcomes)
    found["LLMLingua-2"] = rouge(
        [(r["rewrite"], compress(r["text"], tokens=n).text) for r, n in zip(rows, sizes, strict=True)]
    )
    adapted = scope._generator
    assert adapted is not None
    base = Remembering(CausalGenerator.load(gemma_directory(), "base"), default_cache())
    for name, generator in (("adapter, unchecked", adapted), ("base, few-shot, unchecked", base)):
        texts = _raw(generator, rows, scope, sizes)
        found[name] = rouge([(r["rewrite"], _cut(text, n)) for r, text, n in zip(rows, texts, sizes, strict=True)])
    return found


def _raw(generator: Generator, rows: Sequence[dict[str, Any]], scope: Scope, sizes: Sequence[int]) -> list[str]:
    """What a generator writes for the same requests, step by step, whether or not it would be accepted."""
    count = load_tokenizer(TOKENIZER).count
    rewriter = Rewriter(generator, scope._finder, lambda asked: asked.text, None)
    pieces = [Piece(row["text"], count(row["text"])) for row in rows]
    parts = [rewriter.asked(scope.request(piece, size)) for piece, size in zip(pieces, sizes, strict=True)]
    flat = [asked for own in parts for _, asked in own]
    made = iter(rewriter._verdicts(flat, [""] * len(flat)))
    return [joined([(step, next(made).text) for step, _ in own]) for own in parts]


def _cut(text: str, tokens: int) -> str:
    """At most so many tokens of a text, whole words."""
    count, words = load_tokenizer(TOKENIZER).count, text.split()
    while words and count(" ".join(words)) > tokens:
        words.pop()
    return " ".join(words)


def main() -> None:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rewriting", description=__doc__)
    parser.add_argument("data", type=Path, help="folder of the development data")
    parser.add_argument("--chunks", type=int, default=200)
    parser.add_argument("--rewrites", type=int, default=78)
    parser.add_argument("--queries", type=int, default=60)
    parser.add_argument("--only", choices=("facts", "against", "meetings", "speed"))
    parser.add_argument("--out", type=Path, help="JSON file that the figures are added to")
    given = parser.parse_args()
    parts: dict[str, Callable[[], dict[str, Any]]] = {
        "speed": lambda: speed([row["text"] for row in passages(given.data, 100)]),
        "against": lambda: against(given.data, given.rewrites),
        "facts": lambda: facts(given.data, given.chunks),
        "meetings": lambda: compared(given.data, given.queries, RecompAbstractive(ModelChoice())),
    }
    found = json.loads(given.out.read_text(encoding="utf-8")) if given.out and given.out.exists() else {}
    for name, measure in parts.items():
        if given.only in (None, name):
            found[name] = measure()
            print(json.dumps({name: found[name]}, indent=2, ensure_ascii=False), flush=True)
            if given.out:
                given.out.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
