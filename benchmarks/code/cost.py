"""What shortening a file costs a causal model: ours next to the released algorithm, tokens and seconds.

    python benchmarks/code/cost.py [MODULE …] [--model gemma] [--rate 0.5] [--count]

MODULEs are those of the standard library in `QUESTIONS`, by default all. Both sides run the same model; ours counts
every token that goes through it by a hook. `same functions` is what our reading of lines costs on the very functions
that the released way segments: without that difference in what is looked at. With `--count` the released side's
tokens are counted without making its forwards, and only ours is timed.
"""

from __future__ import annotations

import argparse
import importlib.util
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from released import Released, chunks

from ctxzip import Document, compress
from ctxzip.compressors.longcodezip import LongCodeZip
from ctxzip.models import causal_code
from ctxzip.models.causal_losses import BREAK, CausalReader
from ctxzip.models.line_perplexity import line_bits

QUESTIONS = {
    "json.decoder": "where is an unterminated string reported?",
    "textwrap": "how are words broken that are longer than a line?",
    "configparser": "how are references to other options resolved?",
    "http.client": "how is a response in chunks read?",
    "argparse": "where is the usage line wrapped when it is too long?",
}
"""Files of 350 to 2,600 lines and what is asked about each."""
WARM = "def one(value):\n    return value + 1\n\n\ndef two(value):\n    return value + 2\n"


@dataclass
class Meter:
    """Tokens and forwards of a model, by stage."""

    stage: str = "coarse"
    tokens: dict[str, int] = field(default_factory=dict)
    forwards: int = 0

    @contextmanager
    def counting(self, model: Any) -> Iterator[None]:
        """Count what goes through the decoder of `model`."""

        def note(_: Any, args: Any, kwargs: dict[str, Any]) -> None:
            mask, ids = kwargs.get("attention_mask"), kwargs.get("input_ids", args[0] if args else None)
            size = int(mask.sum()) if mask is not None and mask.dim() == 2 else int(ids.numel())
            self.tokens[self.stage] = self.tokens.get(self.stage, 0) + size
            self.forwards += 1

        handle = model.get_decoder().register_forward_pre_hook(note, with_kwargs=True)
        try:
            yield
        finally:
            handle.remove()


def ours(model: Any, compressor: LongCodeZip, document: Document, query: str, rate: float) -> tuple[Meter, float, int]:
    """Return what shortening a document takes of the model, the seconds, and the tokens of the result."""
    meter = Meter()

    def staged(reader: CausalReader, text: str, before: str = "") -> list[float]:
        meter.stage = "blocks" if before else "segmentation"
        return line_bits(reader, text, before)

    causal_code.line_bits = staged
    started = time.perf_counter()
    with meter.counting(model):
        result = compress(document, keep=rate, method=compressor, query=query)
    seconds = time.perf_counter() - started
    causal_code.line_bits = line_bits
    return meter, seconds, result.tokens_after


def on_the_same(model: Any, reader: CausalReader, texts: list[str], query: str) -> dict[str, int]:
    """Return the tokens that reading the lines of `texts` takes of the model, alone and after the question."""
    meter = Meter()
    with meter.counting(model):
        for stage, before in (("segmentation", ""), ("blocks", query + BREAK)):
            meter.stage = stage
            for text in texts:
                line_bits(reader, text, before)
    return meter.tokens


def compared(name: str, path: Path, model: Any, reader: CausalReader, asked: argparse.Namespace) -> None:
    """Print what both sides take for one module."""
    document, query = Document(path.read_text(encoding="utf-8"), path=path.name), QUESTIONS[name]
    compressor = LongCodeZip(asked.model, cache=False)
    compress(Document(WARM, path="warm.py"), keep=0.6, method=compressor, query=query)
    size = len(reader.ids(document.text))
    print(
        f"{name}: {size} tokens, {len(chunks(document.text))} chunks of the released way, rate {asked.rate}", flush=True
    )
    mine, seconds, kept = ours(model, compressor, document, query, asked.rate)
    print(f"  ours      {mine.tokens} tokens, {mine.forwards} forwards, {seconds:.1f} s, kept {kept}", flush=True)
    theirs = Released(model, reader, run=not asked.count)
    started = time.perf_counter()
    theirs.shorten(document.text, query, asked.rate)
    longer = time.perf_counter() - started
    took = "" if asked.count else f", {longer:.1f} s"
    print(
        f"  released  {theirs.tokens} tokens, {theirs.forwards} forwards{took}, {len(theirs.cut)} functions segmented"
    )
    same = on_the_same(model, reader, theirs.cut, query)
    for label, found in (("as it runs", mine.tokens), ("same functions", same)):
        segmented, blocks = found.get("segmentation", 0), found.get("blocks", 0)
        print(
            f"  {label:<15} segmentation {theirs.tokens['segmentation'] / max(1, segmented):.1f}x, "
            f"fine stage {_fine(theirs.tokens) / max(1, segmented + blocks):.1f}x fewer tokens"
        )
    all_of_it = sum(theirs.tokens.values()) / sum(mine.tokens.values())
    print(
        f"  whole job       {all_of_it:.1f}x fewer tokens"
        + ("" if asked.count else f", {longer / seconds:.1f}x less time")
    )


def _fine(tokens: dict[str, int]) -> int:
    return tokens["segmentation"] + tokens["blocks"]


def main() -> None:
    """Print the comparison of every module asked for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("modules", nargs="*", default=list(QUESTIONS), help=", ".join(QUESTIONS))
    parser.add_argument("--model", default="gemma")
    parser.add_argument("--rate", type=float, default=0.5)
    parser.add_argument("--count", action="store_true")
    asked = parser.parse_args()
    scorer = causal_code.load_causal_scorer(asked.model, compat=False, kept=False)
    for name in asked.modules:
        found = importlib.util.find_spec(name) if name in QUESTIONS else None
        if found is None or found.origin is None:
            raise SystemExit(f"error: no question about {name}; there is one about each of {', '.join(QUESTIONS)}")
        compared(name, Path(found.origin), scorer.reader._model, scorer.reader, asked)


if __name__ == "__main__":
    main()
