"""The encoder in the wheel: its graph, its tokenizer and its manifest, loaded once for every head."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from ctxzip.models.cache import default_cache
from ctxzip.models.manifest import MANIFEST, verify
from ctxzip.models.onnx_backend import OnnxEncoder
from ctxzip.models.store import bundled
from ctxzip.models.tokenizers import read_tokenizer
from ctxzip.models.windows import Frame

if TYPE_CHECKING:
    import tokenizers


MODEL = "model.onnx"


@dataclass(frozen=True)
class Encoder:
    """One graph with the outputs `keep_logits`, `hidden` and `relevance`, and what feeds it."""

    directory: Path
    graph: OnnxEncoder
    """Uses one thread a call: windows run side by side, which beats one window on several cores."""
    tokenizer: tokenizers.Tokenizer
    frame: Frame
    max_length: int
    """Tokens of a training window, special ones included."""


@lru_cache(maxsize=1)
def encoder() -> Encoder:
    """Return the bundled encoder, loaded when it is first asked for."""
    directory = bundled("encoder")
    manifest = json.loads((directory / MANIFEST).read_text(encoding="utf-8"))
    verify(directory, manifest["files"], default_cache())
    tokenizer = read_tokenizer(directory)
    graph = OnnxEncoder(directory / MODEL, threads=1)
    return Encoder(directory, graph, tokenizer, Frame.of(tokenizer, 0), int(manifest["max_length"]))
