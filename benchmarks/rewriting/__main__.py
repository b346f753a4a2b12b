"""`python -m benchmarks.rewriting DATA`: every figure of docs/rewriting.md, as JSON."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.rewriting.chunks import TOKENIZER, beside, kept, passages, rewritten, rouge
from benchmarks.rewriting.meetings import compared
from benchmarks.rewriting.speed import speed
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


def facts(data: Path, numbers: Sequence[int]) -> dict[str, Any]:
    """What is kept at each ratio, on so many chunks of each."""
    count = load_tokenizer(TOKENIZER).count
    scope = Scope(ModelChoice())
    found = {}
    for ratio, number in zip(RATIOS, numbers, strict=True):
        began = time.perf_counter()
        rows = passages(data, number)
        outcomes = rewritten(rows, [count(row["text"]) // ratio for row in rows], scope)
        seconds = round((time.perf_counter() - began) / len(rows), 2)
        annotated = [outcome for outcome in outcomes if outcome.row.get("rewrite")]
        references = [outcome.row["rewrite"] for outcome in annotated]
        compared = {"scope": [outcome.final for outcome in annotated], "LLMLingua-2": beside(annotated)}
        scores = {name: rouge(list(zip(references, texts, strict=True))) for name, texts in compared.items()}
        found[str(ratio)] = kept(outcomes, scope) | {"rouge": scores, "seconds a chunk": seconds}
    return found


def against(data: Path, number: int, asked_of_base: int) -> dict[str, Any]:
    """ROUGE against annotated rewrites, at the tokens that each of ours has; the base model on the first rows."""
    rows = [row for row in passages(data, 10**6) if row.get("rewrite")][:number]
    count = load_tokenizer(TOKENIZER).count
    scope = Scope(ModelChoice())
    outcomes = rewritten(rows, [count(row["rewrite"]) for row in rows], scope)
    sizes = [count(outcome.final) for outcome in outcomes]
    adapted = scope._generator
    assert adapted is not None
    texts = {
        "scope": [outcome.final for outcome in outcomes],
        "LLMLingua-2": beside(outcomes),
        "adapter, unchecked": _raw(adapted, rows, scope, sizes),
    }
    references = [str(row["rewrite"]) for row in rows]
    found: dict[str, Any] = {"rows": len(rows), "accepted": sum(o.made.text is not None for o in outcomes)}
    found |= {name: rouge(list(zip(references, each, strict=True))) for name, each in texts.items()}
    if asked_of_base:
        base = Remembering(CausalGenerator.load(gemma_directory(), "base"), default_cache())
        texts["base, few-shot, unchecked"] = _raw(base, rows[:asked_of_base], scope, sizes)
        found[f"first {asked_of_base} rows"] = {
            name: rouge(list(zip(references, each[:asked_of_base], strict=False))) for name, each in texts.items()
        }
    return found


def _raw(generator: Generator, rows: Sequence[dict[str, Any]], scope: Scope, sizes: Sequence[int]) -> list[str]:
    """What a generator writes for the same requests, step by step, cut to size, whether or not it would be accepted."""
    count = load_tokenizer(TOKENIZER).count
    rewriter = Rewriter(generator, scope._finder, scope._notes, None)
    pieces = [Piece(row["text"], count(row["text"])) for row in rows]
    parts = [rewriter.asked(scope.request(piece, size)) for piece, size in zip(pieces, sizes, strict=False)]
    flat = [asked for own in parts for _, asked in own]
    made = iter(rewriter._verdicts(flat, [""] * len(flat)))
    texts = [joined([(step, next(made).text) for step, _ in own]) for own in parts]
    return [_cut(text, size) for text, size in zip(texts, sizes, strict=False)]


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
    parser.add_argument("--chunks", type=int, nargs=3, default=(200, 60, 60), help="chunks at 2x, 3x and 5x")
    parser.add_argument("--rewrites", type=int, default=78)
    parser.add_argument("--base", type=int, default=24, help="rewrites that the base model is asked for, too")
    parser.add_argument("--queries", type=int, default=60)
    parser.add_argument("--only", choices=("facts", "against", "meetings", "speed"))
    parser.add_argument("--out", type=Path, help="JSON file that the figures are added to")
    given = parser.parse_args()
    parts: dict[str, Callable[[], dict[str, Any]]] = {
        "speed": lambda: speed([row["text"] for row in passages(given.data, 100)]),
        "against": lambda: against(given.data, given.rewrites, given.base),
        "facts": lambda: facts(given.data, given.chunks),
        "meetings": lambda: compared(given.data, given.queries, RecompAbstractive(ModelChoice())),
    }
    found = json.loads(given.out.read_text(encoding="utf-8")) if given.out and given.out.exists() else {}
    for name, measure in parts.items():
        if given.only in (None, name):
            began = time.perf_counter()
            found[name] = measure() | {"seconds": round(time.perf_counter() - began)}
            print(json.dumps({name: found[name]}, indent=2, ensure_ascii=False), flush=True)
            if given.out:
                given.out.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
