"""What the lines of a function cost a language model, from one forward instead of one per line, and what follows."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from ctxzip.code.spikes import pseudo_lines, spikes, threshold

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ctxzip.models.causal_losses import CausalReader


def line_bits(reader: CausalReader, text: str, before: str = "") -> list[float]:
    """Return the mean bits per token of every pseudo-line of `text` given all lines before it, and `before`.

    The tokens of a line are those of prefix and line together, as the released implementation cuts them. Where all
    but the last are also the tokens of the whole text, the rows of one forward over that serve; the few other lines
    are run in one more batch. An empty line is 0, a single token without context infinite.
    """
    lines = pseudo_lines(text)
    befores = [before + "".join(f"{line}\n" for line in lines[:at]) for at in range(len(lines))]
    texts = [start + line if line else "" for start, line in zip(befores, lines, strict=True)]
    whole, *tokens = reader.ids_of([before + "\n".join(lines), *texts, *befores])
    rows = [ids if line else [] for ids, line in zip(tokens, lines, strict=False)]
    starts = [max(1, len(ids) if start else 0) for ids, start in zip(tokens[len(lines) :], befores, strict=True)]
    shared = [i for i, ids in enumerate(rows) if ids and ids[:-1] == whole[: len(ids) - 1]]
    strays = [i for i, ids in enumerate(rows) if ids and i not in set(shared)]
    values = [0.0] * len(lines)
    losses = reader.losses_at(whole, [(starts[i] - 1, rows[i][starts[i] :]) for i in shared])
    losses += reader.losses([rows[i] for i in strays], [min(starts[i], len(rows[i])) for i in strays])
    for index, own in zip([*shared, *strays], losses, strict=True):
        values[index] = _bits(own)
    return values


def _bits(losses: NDArray[np.float64]) -> float:
    return float(losses.mean() / np.log(2)) if len(losses) else float("inf")


def blocks(bits: Sequence[float], ends: Sequence[int]) -> list[range]:
    """Cut statements into blocks where the perplexity of lines spikes.

    `bits` are the values of all lines; `ends` says for every statement, in order, how many lines there are up to its
    end. A spike inside a statement cuts after it.
    """
    cuts = {int(np.searchsorted(ends, at, side="right")) + 1 for at in spikes(bits, threshold(bits))}
    bounds = [0, *sorted(cut for cut in cuts if cut < len(ends)), len(ends)]
    return [range(start, end) for start, end in pairwise(bounds) if end > start]


def gains(alone: Sequence[float], given: Sequence[float], ends: Sequence[int]) -> NDArray[np.float64]:
    """Return for every statement the bits per token by which its block is likelier once the question is known.

    `alone` and `given` are the values of all lines without and with the question before them.
    """
    gain = np.array(alone, dtype=np.float64) - np.array(given, dtype=np.float64)
    told = np.isfinite(gain) & (np.array(given) != 0)
    gain = np.where(told, gain, 0.0)
    starts = [0, *ends[:-1]]
    result = np.zeros(len(ends))
    for block in blocks(alone, ends):
        lines = slice(starts[block.start], ends[block.stop - 1])
        result[block.start : block.stop] = gain[lines].sum() / max(1, int(told[lines].sum()))
    return result
