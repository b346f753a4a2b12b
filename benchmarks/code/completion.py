"""Is the next line of code likelier after a shortened context than after a cut one of the same length?

    python benchmarks/code/completion.py DATA [--limit 40] [--tokens 512] [--scorer bundled] [--reader gemma]

DATA holds `completion.jsonl.gz`: code up to a line, and that line. What stands before the function being written is
shortened with that function as the question; the loss of the next line is that of the causal model `--reader`, in
nats per token. All contexts take the same number of the reader model's tokens or fewer.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
from pathlib import Path

import numpy as np

from ctxzip import Document, compress
from ctxzip.compressors.longcodezip import LongCodeZip
from ctxzip.models.causal_code import load_causal_scorer
from ctxzip.models.causal_losses import CausalReader
from ctxzip.models.tokenizers import load_tokenizer

WRITTEN = 40
"""Lines before the next one that are the function being written, at most."""
COUNTER = load_tokenizer("o200k_base")


def parted(code: str) -> tuple[str, str]:
    """Return what stands before the last function that begins in `code`, and the rest."""
    lines = code.splitlines(keepends=True)
    least = max(0, len(lines) - WRITTEN)
    words = ("def ", "async def ", "class ", "func ", "fn ", "pub fn ", "function ", "export ")
    starts = [i for i in range(least, len(lines)) if lines[i].lstrip().startswith(words)]
    at = starts[-1] if starts else least
    return "".join(lines[:at]), "".join(lines[at:])


def tail(text: str, tokens: int) -> str:
    """Return the last lines of `text` that take at most `tokens`."""
    lines = text.splitlines(keepends=True)
    low, high = 0, len(lines)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if COUNTER.count("".join(lines[middle:])) <= tokens else (middle + 1, high)
    return "".join(lines[low:])


def loss(reader: CausalReader, context: str, answer: str) -> float:
    """Return the nats per token of `answer` after `context`."""
    before = len(reader.ids(context))
    return float(reader.losses([reader.ids(context + answer)], [before])[0].mean())


def main() -> None:
    """Print the mean losses and how often each context is the better one."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--limit", type=int, default=40)
    parser.add_argument("--tokens", type=int, default=512)
    parser.add_argument("--scorer", default="bundled")
    parser.add_argument("--reader", default="gemma")
    asked = parser.parse_args()
    with gzip.open(asked.data / "completion.jsonl.gz", "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    random.Random(2).shuffle(rows)
    reader = load_causal_scorer(asked.reader).reader
    found: list[tuple[float, float, float]] = []
    for row in rows:
        background, written = parted(row["code"])
        if COUNTER.count(background) < 2 * asked.tokens or len(found) == asked.limit:
            continue
        document = Document(background, path=row["path"])
        made = compress(document, tokens=asked.tokens, method=LongCodeZip(asked.scorer), query=written)
        answer = row["answer"].rstrip("\n") + "\n"
        end = written if written.endswith("\n") else written + "\n"
        contexts = (made.text + "\n" + end, tail(background, made.tokens_after) + "\n" + end, end)
        found.append(tuple(loss(reader, context, answer) for context in contexts))
    ours, cut, none = np.array(found).T
    error = float((cut - ours).std() / np.sqrt(len(found)))
    print(f"{len(found)} files, {asked.tokens} tokens of context, nats per token of the next line")
    print(f"  shortened {ours.mean():.3f}   last lines {cut.mean():.3f}   none {none.mean():.3f}")
    print(f"  gain over last lines {(cut - ours).mean():+.3f} +- {error:.3f}, better in {np.mean(ours < cut):.0%}")


if __name__ == "__main__":
    main()
