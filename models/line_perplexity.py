"""The released implementation's line values, from one forward over a function instead of one per line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ctxzip.code.spikes import pseudo_lines

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ctxzip.models.causal_code import CausalScorer


def line_bits(scorer: CausalScorer, text: str) -> list[float]:
    """Return the mean bits per token of every pseudo-line of `text` given all lines before it.

    The tokens of a line are those of prefix and line together, as the released implementation cuts them. Where all
    but the last are also the tokens of the whole text, the rows of one forward over that serve; the few other lines
    are run in one more batch. An empty line is 0, a single token without context infinite.
    """
    lines = pseudo_lines(text)
    whole = scorer.ids("\n".join(lines))
    rows, starts = [], []
    prefix = ""
    for line in lines:
        ids = scorer.ids(prefix + line) if line else []
        rows.append(ids)
        starts.append(max(1, len(scorer.ids(prefix)) if prefix else 0))
        prefix += line + "\n"
    shared = [i for i, ids in enumerate(rows) if ids and ids[:-1] == whole[: len(ids) - 1]]
    strays = [i for i, ids in enumerate(rows) if ids and i not in set(shared)]
    values = [0.0] * len(lines)
    losses = scorer.losses_at(whole, [(starts[i] - 1, rows[i][starts[i] :]) for i in shared])
    losses += scorer.losses([rows[i] for i in strays], [min(starts[i], len(rows[i])) for i in strays])
    for index, own in zip([*shared, *strays], losses, strict=True):
        values[index] = _bits(own)
    return values


def _bits(losses: NDArray[np.float64]) -> float:
    return float(losses.mean() / np.log(2)) if len(losses) else float("inf")
