"""The released LongCodeZip's forwards, written anew for comparison: regex chunks, one text a forward, all logits."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

import numpy as np

from ctxzip.code.spikes import pseudo_lines, spikes, threshold
from ctxzip.models.causal_losses import BREAK, CausalReader
from ctxzip.models.line_perplexity import line_bits

FEWEST = 5
"""Lines, and blocks, of a function below which the released code keeps it whole."""
SPARE = 100
"""Tokens that the released code adds to its coarse budget."""
_PYTHON = re.compile(r"(?:^|\n)\s*(?:def|class)\s+[^\n]*(?:\n(?!\s*(?:def|class)\s)[^\n]*)*")


def chunks(code: str) -> list[str]:
    """Return the pieces that the released code cuts a Python file into; together they are the file."""
    starts = [match.start() for match in _PYTHON.finditer(code)]
    return [code[a:b] for a, b in pairwise(sorted({0, *starts, len(code)})) if code[a:b].strip()]


class Released:
    """Ranks, chooses and segments as the released code does, and counts the tokens that it reads by stage.

    With `run` every forward is made, one text at a time with the logits of all its tokens. Without, the same values
    come from batched forwards (tests/test_causal_code.py shows that they are the same) and the tokens are counted.
    """

    def __init__(self, model: Any, reader: CausalReader, *, run: bool) -> None:
        """Read with `model`, whose tokens `reader` knows."""
        self.model, self.reader, self.run = model, reader, run
        self.tokens = {"coarse": 0, "segmentation": 0, "blocks": 0}
        self.forwards = 0
        self.cut: list[str] = []
        """The functions that were segmented."""

    def shorten(self, code: str, query: str, rate: float) -> None:
        """Rank the chunks of `code`, choose among them, segment those chosen and score their blocks."""
        texts = chunks(code)
        sizes = [len(self.reader.ids(text)) for text in texts]
        gains = self._ranked(texts, query)
        room = int(rate * sum(sizes)) + SPARE
        for index in sorted(range(len(texts)), key=lambda i: -gains[i]):
            room -= sizes[index]
            self._function(texts[index], query)
            if room < 0:
                break

    def _ranked(self, texts: list[str], query: str) -> list[float]:
        if self.run:
            base = self._perplexity("coarse", query, 0)
            return [
                base - self._perplexity("coarse", t + BREAK + query, len(self.reader.ids(t + BREAK))) for t in texts
            ]
        self._count("coarse", [query, *(text + BREAK + query for text in texts)])
        base_losses, *losses = self.reader.question_losses(query, ["", *texts])
        return [float(np.exp(base_losses.mean()) - np.exp(each[1:].mean())) for each in losses]

    def _function(self, text: str, query: str) -> None:
        lines = pseudo_lines(text)
        if len(lines) < FEWEST:
            return
        self.cut.append(text)
        values = self._line_values(text, lines)
        ends = [*(at + 1 for at in spikes(values, threshold(values))), len(lines)]
        blocks = ["\n".join(lines[a:b]) for a, b in pairwise([0, *ends]) if "".join(lines[a:b]).strip()]
        if len(blocks) < FEWEST:
            return
        for asked, before in [(query, ""), *((block + BREAK + query, block + BREAK) for block in blocks)]:
            if self.run:
                self._perplexity("blocks", asked, len(self.reader.ids(before)) if before else 0)
            else:
                self._count("blocks", [asked])

    def _line_values(self, text: str, lines: list[str]) -> list[float]:
        prefixes = ["".join(f"{line}\n" for line in lines[:at]) for at in range(len(lines))]
        if not self.run:
            self._count("segmentation", [before + line for before, line in zip(prefixes, lines, strict=True) if line])
            return line_bits(self.reader, text)
        values = []
        for before, line in zip(prefixes, lines, strict=True):
            start = len(self.reader.ids(before)) if before else 0
            values.append(float(np.log2(self._perplexity("segmentation", before + line, start))) if line else 0.0)
        return values

    def _count(self, stage: str, texts: list[str]) -> None:
        self.tokens[stage] += sum(len(ids) for ids in self.reader.ids_of(texts))
        self.forwards += len(texts)

    def _perplexity(self, stage: str, text: str, before: int) -> float:
        """Return the perplexity of the tokens of `text` after the first `before`, by one forward."""
        import torch

        ids = self.reader.ids(text)
        self.tokens[stage] += len(ids)
        self.forwards += 1
        with torch.inference_mode():
            logits = self.model(input_ids=torch.tensor([ids])).logits[0].float()
        losses = torch.nn.functional.cross_entropy(logits[:-1], torch.tensor(ids[1:]), reduction="none")
        own = losses[max(0, before - 1) :]
        return float(own.mean().exp()) if len(own) else 1.0
