"""Is the next line of code likelier after a shortened context than after a cut one of the same length?

    python benchmarks/code/completion.py DATA [--limit 40] [--tokens 512] [--reader gemma] [--tuned]

DATA holds `completion.jsonl.gz`: code up to a line, and that line. What stands before the function being written is
shortened with that function as the query; the loss of the next line is that of the causal model `--reader`, in nats
per token. All contexts take the same number of `o200k_base` tokens or fewer. `--tuned` takes the files that constants
were chosen on, otherwise they are left out.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
from pathlib import Path

import numpy as np

from ctxzip import Document, compress
from ctxzip.models.causal_code import load_causal_scorer
from ctxzip.models.causal_losses import CausalReader
from ctxzip.models.tokenizers import load_tokenizer

WRITTEN = 40
"""Lines before the next one that are the function being written, at most."""
TUNED_ON = 101
"""Rows, in the order they are taken here, that the constants of `ctxzip.code.continuation` were chosen on."""
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


def contexts(background: Document, written: str, tokens: int) -> dict[str, str]:
    """Return what may stand before the function being written, each in at most `tokens`."""
    text = background.text
    made = compress(background, tokens=tokens, method="longcodezip", query=written, best_effort=True).text
    return {
        "shortened": made if made.endswith("\n") else made + "\n",
        "last lines": tail(text, tokens),
        "first lines": text[: len(text) - len(tail(text, COUNTER.count(text) - tokens))],
        "nothing": "",
    }


def rows(directory: Path, tuned: bool) -> list[dict[str, str]]:
    """Return the rows that constants were chosen on, or the others, in a seeded order."""
    with gzip.open(directory / "completion.jsonl.gz", "rt", encoding="utf-8") as file:
        found = [json.loads(line) for line in file]
    random.Random(2).shuffle(found)
    return found[:TUNED_ON] if tuned else found[TUNED_ON:]


def main() -> None:
    """Print the mean losses and how often each context is the better one."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--limit", type=int, default=40)
    parser.add_argument("--tokens", type=int, default=512)
    parser.add_argument("--reader", default="gemma")
    parser.add_argument("--tuned", action="store_true")
    asked = parser.parse_args()
    reader = load_causal_scorer(asked.reader).reader
    found: list[list[float]] = []
    for row in rows(asked.data, asked.tuned):
        background, written = parted(row["code"])
        if COUNTER.count(background) < 2 * asked.tokens or len(found) == asked.limit:
            continue
        end = written if written.endswith("\n") else written + "\n"
        made = contexts(Document(background, path=row["path"]), written, asked.tokens)
        answer = row["answer"].rstrip("\n") + "\n"
        found.append([loss(reader, context + end, answer) for context in made.values()])
    losses = dict(zip(made, np.array(found).T, strict=True))
    cut = losses["last lines"]
    print(f"{len(found)} files, {asked.tokens} tokens of context, nats per token of the next line")
    for name, ours in losses.items():
        gain, error = (cut - ours).mean(), float((cut - ours).std() / np.sqrt(len(found)))
        print(f"  {name:<12} {ours.mean():.3f}   gain {gain:+.3f} +- {error:.3f}, better in {np.mean(ours < cut):.0%}")


if __name__ == "__main__":
    main()
