"""Is the function that a description asks for kept whole?  Recall of every method at every ratio.

    python benchmarks/code/needles.py DATA [--limit N] [--model bundled] [--ratios 2 4 8] [--language python]

DATA holds `needles.jsonl.gz`, a row per file: code, path, query, needle_function, language. All methods get the
same budget in the reader's tokens. The figures are the share of needles that are in the output line for line: of the
projects that choices were made on, of the others, and of all. Run it again when the bundled encoder changes, after
`python -m training.code_ranking`.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ctxzip import Document, compress
from ctxzip.code.chunks import chunks_of
from ctxzip.compressors.longcodezip import LongCodeZip, outline_of
from ctxzip.models.lexical import Bm25, terms
from ctxzip.models.tokenizers import load_tokenizer

Row = dict[str, Any]
TUNED_ON = frozenset(
    "click datasets golang-github-gorilla-mux-dev golang-github-spf13-cobra-dev huggingface_hub librust-clap-dev"
    " librust-serde-json-dev onnxscript pydantic rtk-ai/rtk sklearn torch yamadashy/repomix".split()
)
"""Projects whose needles were looked at when constants were chosen; every second one by name."""
COUNTER = load_tokenizer("o200k_base")


def rows(directory: Path, limit: int, language: str | None) -> list[Row]:
    """Return a seeded sample of the rows whose needle is in their file."""
    with gzip.open(directory / "needles.jsonl.gz", "rt", encoding="utf-8") as file:
        found = [json.loads(line) for line in file]
    found = [row for row in found if row["needle_function"].strip() in row["code"]]
    found = [row for row in found if language in (None, row["language"])]
    random.Random(1).shuffle(found)
    return found[:limit]


def kept_whole(row: Row, text: str) -> bool:
    """Tell whether every line of the needle is in `text`, in order and with nothing between."""
    return row["needle_function"].strip() in text


def first_fit(row: Row, order: list[int], budget: int) -> str:
    """Return the whole chunks that fit `budget` when taken in `order`."""
    outline = outline_of(Document(row["code"], path=row["path"]))
    texts = [chunk.text(outline) for chunk in chunks_of(outline)]
    chosen = set()
    for index, size in zip(order, COUNTER.count_many([texts[i] for i in order]), strict=True):
        if size <= budget:
            chosen.add(index)
            budget -= size
    return "".join(text for index, text in enumerate(texts) if index in chosen)


def by_bm25(row: Row, budget: int) -> str:
    """Return the chunks with the best BM25 scores."""
    outline = outline_of(Document(row["code"], path=row["path"]))
    scores = Bm25([terms(chunk.text(outline)) for chunk in chunks_of(outline)]).scores(terms(row["query"]))
    return first_fit(row, sorted(range(len(scores)), key=lambda i: -scores[i]), budget)


def by_chance(row: Row, budget: int) -> str:
    """Return chunks in random order."""
    outline = outline_of(Document(row["code"], path=row["path"]))
    order = list(range(len(chunks_of(outline))))
    random.Random(row["id"]).shuffle(order)
    return first_fit(row, order, budget)


def head(row: Row, budget: int) -> str:
    """Return the first lines."""
    lines = row["code"].splitlines(keepends=True)
    low, high = 0, len(lines)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if COUNTER.count("".join(lines[:middle])) <= budget else (low, middle - 1)
    return "".join(lines[:low])


def methods(model: str) -> Iterator[tuple[str, Callable[[Row, int], str]]]:
    """Yield the methods by name."""
    compressor = LongCodeZip(model)

    def ours(row: Row, budget: int) -> str:
        document = Document(row["code"], path=row["path"])
        return compress(document, tokens=budget, method=compressor, query=row["query"]).text

    yield f"ctxzip {model}", ours
    yield "BM25 functions", by_bm25
    yield "head of file", head
    yield "random functions", by_chance


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--limit", type=int, default=600)
    parser.add_argument("--model", default="bundled")
    parser.add_argument("--ratios", type=float, nargs="+", default=[2, 4, 8])
    parser.add_argument("--language")
    parser.add_argument("--only", help="part of the name of the methods to run")
    parser.add_argument("--misses", action="store_true", help="print what was not kept")
    asked = parser.parse_args()
    sample = rows(asked.data, asked.limit, asked.language)
    sizes = [COUNTER.count(row["code"]) for row in sample]
    needles = [COUNTER.count(row["needle_function"]) for row in sample]
    tuned = [row["repo"] in TUNED_ON for row in sample]
    print(f"{len(sample)} files ({sum(tuned)} tuned on), {sum(sizes) // len(sample)} tokens on average")
    for ratio in asked.ratios:
        budgets = [int(size / ratio) for size in sizes]
        fit = [needle <= budget for needle, budget in zip(needles, budgets, strict=True)]
        print(f"ratio {ratio:g}: {_shares(fit, tuned)} not larger than the budget")
        for name, method in methods(asked.model):
            if asked.only and asked.only not in name:
                continue
            started = time.perf_counter()
            hits = [kept_whole(row, method(row, budget)) for row, budget in zip(sample, budgets, strict=True)]
            each = (time.perf_counter() - started) / len(sample)
            print(f"  {name:<20} {_shares(hits, tuned)}   {each:.2f} s a file", flush=True)
            if asked.misses and name.startswith("ctxzip"):
                for row, hit, ok in zip(sample, hits, fit, strict=True):
                    if ok and not hit:
                        print("   ", row["id"], row["needle_name"], COUNTER.count(row["needle_function"]))


def _shares(hits: list[bool], tuned: list[bool]) -> str:
    """Return the share of hits among the projects tuned on, the others and all."""
    halves = [[hit for hit, own in zip(hits, tuned, strict=True) if own is side] for side in (True, False)]
    parts = zip(("tuned on", "others", "all"), (*halves, hits), strict=True)
    return "   ".join(f"{name} {sum(part) / max(1, len(part)):6.1%}" for name, part in parts)


if __name__ == "__main__":
    main()
