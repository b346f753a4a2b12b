"""What shortening a file costs a causal model: ours next to the released algorithm, tokens and seconds.

    python benchmarks/code/cost.py FILE --query TEXT [--model gemma] [--rate 0.5] [--skip-released]

Both sides run the same model on the same chunks of the file; a hook on the model counts every token that goes
through it. The released side does what that code does: one text a forward with all logits, the coarse ranking,
then for every chosen function a forward per line on all before it, and a forward per block with the question.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from ctxzip import Document, compress
from ctxzip.code.chunks import chunks_of
from ctxzip.code.spikes import pseudo_lines, spikes, threshold
from ctxzip.compressors.longcodezip import LongCodeZip, outline_of
from ctxzip.models import causal_code
from ctxzip.models.causal_losses import BREAK, CausalReader

FEWEST = 5
"""Lines, and blocks, of a function below which the released code keeps it whole."""
SPARE = 100
"""Tokens that the released code adds to its coarse budget."""


@dataclass
class Meter:
    """Tokens and forwards of a model, by stage."""

    stage: str = ""
    tokens: dict[str, int] = field(default_factory=dict)
    forwards: dict[str, int] = field(default_factory=dict)

    @contextmanager
    def counting(self, model: Any) -> Iterator[None]:
        """Count what goes through the decoder of `model`."""

        def note(_: Any, args: Any, kwargs: dict[str, Any]) -> None:
            mask, ids = kwargs.get("attention_mask"), kwargs.get("input_ids", args[0] if args else None)
            size = int(mask.sum()) if mask is not None and mask.dim() == 2 else int(ids.numel())
            self.tokens[self.stage] = self.tokens.get(self.stage, 0) + size
            self.forwards[self.stage] = self.forwards.get(self.stage, 0) + 1

        handle = model.get_decoder().register_forward_pre_hook(note, with_kwargs=True)
        try:
            yield
        finally:
            handle.remove()


class Released:
    """The released algorithm's forwards, written anew: one text at a time, all logits."""

    def __init__(self, model: Any, reader: CausalReader, meter: Meter) -> None:
        self.model, self.reader, self.meter = model, reader, meter

    def perplexity(self, text: str, before: int) -> float:
        """Return the perplexity of the tokens of `text` after the first `before`."""
        import torch

        ids = self.reader.ids(text)
        with torch.inference_mode():
            logits = self.model(input_ids=torch.tensor([ids])).logits[0].float()
        losses = torch.nn.functional.cross_entropy(logits[:-1], torch.tensor(ids[1:]), reduction="none")
        own = losses[max(0, before - 1) :]
        return float(own.mean().exp()) if len(own) else 1.0

    def run(self, texts: list[str], query: str, rate: float) -> int:
        """Rank, choose, segment and score `texts`; return how many blocks there were."""
        self.meter.stage = "coarse"
        sizes = [len(self.reader.ids(text)) for text in texts]
        base = self.perplexity(query, 0)
        gains = [base - self.perplexity(t + BREAK + query, len(self.reader.ids(t + BREAK))) for t in texts]
        room, chosen = int(rate * sum(sizes)) + SPARE, []
        for index in sorted(range(len(texts)), key=lambda i: -gains[i]):
            room -= sizes[index]
            chosen.append(index)
            if room < 0:
                break
        return sum(self._function(texts[index], query) for index in chosen)

    def _function(self, text: str, query: str) -> int:
        lines = pseudo_lines(text)
        if len(lines) < FEWEST:
            return 0
        self.meter.stage = "segmentation"
        values, prefix = [], ""
        for line in lines:
            cost = self.perplexity(prefix + line, len(self.reader.ids(prefix)) if prefix else 0) if line else 1.0
            values.append(float(np.log2(cost)))
            prefix += line + "\n"
        ends = [*(at + 1 for at in spikes(values, threshold(values))), len(lines)]
        blocks = ["\n".join(lines[a:b]) for a, b in pairwise([0, *ends]) if "".join(lines[a:b]).strip()]
        if len(blocks) < FEWEST:
            return len(blocks)
        self.meter.stage = "blocks"
        self.perplexity(query, 0)
        for block in blocks:
            self.perplexity(block + BREAK + query, len(self.reader.ids(block + BREAK)))
        return len(blocks)


def main() -> None:
    """Print tokens, forwards and seconds of both sides."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--query", required=True)
    parser.add_argument("--model", default="gemma")
    parser.add_argument("--rate", type=float, default=0.5)
    parser.add_argument("--skip-released", action="store_true")
    asked = parser.parse_args()
    scorer = causal_code.load_causal_scorer(asked.model, compat=False, kept=False)
    model = scorer.reader._model
    document = Document(asked.file.read_text(encoding="utf-8"), path=str(asked.file))
    outline = outline_of(document)
    texts = [chunk.text(outline) for chunk in chunks_of(outline)]
    print(f"{asked.file}: {len(scorer.reader.ids(document.text))} tokens, {len(texts)} chunks, rate {asked.rate}")
    ours = Meter()
    ours_lines = causal_code.line_bits

    def staged(reader: CausalReader, text: str, before: str = "") -> list[float]:
        ours.stage = "blocks" if before else "segmentation"
        return ours_lines(reader, text, before)

    causal_code.line_bits = staged
    ours.stage = "coarse"
    started = time.perf_counter()
    with ours.counting(model):
        result = compress(document, keep=asked.rate, method=LongCodeZip(asked.model, cache=False), query=asked.query)
    seconds = time.perf_counter() - started
    causal_code.line_bits = ours_lines
    print(f"ours      {ours.tokens} tokens, {ours.forwards} forwards, {seconds:.1f} s, kept {result.tokens_after}")
    if asked.skip_released:
        return
    theirs = Meter()
    started = time.perf_counter()
    with theirs.counting(model):
        blocks = Released(model, scorer.reader, theirs).run(texts, asked.query, asked.rate)
    longer = time.perf_counter() - started
    print(f"released  {theirs.tokens} tokens, {theirs.forwards} forwards, {longer:.1f} s, {blocks} blocks")
    fine = [sum(meter.tokens.get(stage, 0) for stage in ("segmentation", "blocks")) for meter in (theirs, ours)]
    print(
        f"ratio: segmentation {theirs.tokens['segmentation'] / max(1, ours.tokens.get('segmentation', 0)):.1f}x, "
        f"fine stage {fine[0] / max(1, fine[1]):.1f}x, time {longer / seconds:.1f}x"
    )


if __name__ == "__main__":
    main()
