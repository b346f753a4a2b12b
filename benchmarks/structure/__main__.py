"""`python -m benchmarks.structure`: every torture text at every ratio with every extractive method, as two tables."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from pathlib import Path

from benchmarks.structure.checks import CHECKS, failures
from ctxzip import Document, compress
from ctxzip.errors import BudgetError
from ctxzip.models.tokenizers import load_tokenizer

TEXTS = Path(__file__).parents[2] / "tests" / "torture"
RATIOS = (1.5, 2.0, 4.0, 8.0)
QUERY = "What must not be done, and where does it say so?"
METHODS = {"llmlingua2": None, "exit": QUERY, "recomp": QUERY, "longcodezip": None}


def texts(method: str) -> dict[str, str]:
    """Return the torture texts by name; for the compressor of code its files only."""
    found = {path.name: path.read_bytes().decode() for path in sorted(TEXTS.iterdir())}
    return {name: text for name, text in found.items() if method != "longcodezip" or name.startswith("code-whole")}


def run(method: str, ratio: float, name: str, text: str) -> tuple[str, dict[str, list[str]], float]:
    """Return what became of one text (`kept`, `impossible`), what is wrong with it, and the share of the limit used."""
    try:
        result = compress(Document(text, path=name), ratio=ratio, method=method, query=METHODS[method])
    except BudgetError:
        return "impossible", {}, 0.0
    wrong = failures(text, result.text, name)
    counted = load_tokenizer("o200k_base").count(result.text)
    if result.limit is None or counted > result.limit:
        wrong["budget"] = [f"{counted} tokens, {result.limit} allowed"]
    return "kept", wrong, counted / result.limit if result.limit else 1.0


def main() -> int:
    """Print a row per method and ratio, and every failure; return 1 if there is one."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.structure", description=__doc__)
    parser.add_argument("--method", choices=METHODS, action="append")
    parser.add_argument("--only", default="", help="texts whose name holds this")
    asked = parser.parse_args()
    names = [*CHECKS, "budget"]
    print("| method | ratio | texts | exit 1 | " + " | ".join(names) + " | s |")
    print("|---|---|---|---|" + "---|" * (len(names) + 1))
    broken = []
    for method in asked.method or METHODS:
        chosen = {name: text for name, text in texts(method).items() if asked.only in name}
        for ratio in RATIOS:
            started, wrong, impossible = time.perf_counter(), Counter[str](), 0
            for name, text in chosen.items():
                state, found, _ = run(method, ratio, name, text)
                impossible += state == "impossible"
                wrong.update(found.keys())
                broken += [f"{method} {ratio:g} {name}: {check}: {'; '.join(why)}" for check, why in found.items()]
            cells = ["ok" if not wrong[name] else str(wrong[name]) for name in names]
            row = [method, f"{ratio:g}", str(len(chosen)), str(impossible), *cells]
            print(f"| {' | '.join(row)} | {time.perf_counter() - started:.1f} |", flush=True)
    print(*broken, sep="\n", file=sys.stderr)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
