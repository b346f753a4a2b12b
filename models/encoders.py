"""Encoders by directory: exported ones run without torch, other checkpoints with it; nothing else tells them apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ctxzip.errors import InputError
from ctxzip.models.cache import default_cache
from ctxzip.models.manifest import Kind, Manifest, read_json, verify
from ctxzip.models.protocols import Backend
from ctxzip.models.runtimes import GRAPH, open_graph
from ctxzip.models.tokenizers import read_tokenizer
from ctxzip.progress import report

if TYPE_CHECKING:
    import tokenizers
    from numpy.typing import NDArray

LONGEST = 512
"""Tokens of an input at most: what the published checkpoints were trained with."""
ONNX_FILES = (GRAPH, "onnx/model.onnx")


@dataclass(frozen=True)
class Encoder:
    """An encoder and what feeds it."""

    name: str
    backend: Backend
    tokenizer: tokenizers.Tokenizer
    max_length: int
    """Tokens of an input, special ones included."""
    pad: int
    pooling: str = "mean"
    unit: bool = False

    def each(
        self, rows: Sequence[tokenizers.Encoding], take: Callable[[Any, Any], Any], output: str, size: int
    ) -> list[Any]:
        """Return what `take` makes of the output and mask of each row, in batches of up to `size` similar lengths."""
        order = sorted(range(len(rows)), key=lambda i: len(rows[i].ids))
        batches = [order[start : start + size] for start in range(0, len(order), size)]
        found: list[Any] = [None] * len(rows)

        def forward(batch: Sequence[int]) -> Any:
            ids, mask, types = padded([rows[i] for i in batch], self.pad)
            return take(self.backend.run([output], ids, mask, types)[0], mask)

        with ThreadPoolExecutor(self.backend.workers) as pool:
            for done, (batch, made) in enumerate(zip(batches, pool.map(forward, batches), strict=True)):
                for index, value in zip(batch, made, strict=True):
                    found[index] = value
                report(done + 1, len(batches))
        return found


def padded(rows: Sequence[tokenizers.Encoding], pad: int) -> tuple[NDArray[np.int64], ...]:
    """Return ids, mask and text numbers of a batch, short rows filled up on the right."""
    shape = (len(rows), max(len(row.ids) for row in rows))
    ids, mask, types = np.full(shape, pad, np.int64), np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    for at, row in enumerate(rows):
        ids[at, : len(row.ids)] = row.ids
        mask[at, : len(row.ids)] = 1
        types[at, : len(row.ids)] = row.type_ids
    return ids, mask, types


def open_encoder(directory: Path, kind: Kind, name: str) -> Encoder:
    """Return the encoder in `directory`, shown in reports as `name`: ONNX if it is there, else a torch checkpoint.

    Raises `InputError` for a model of another kind, for files that are not the exported ones and for weights that
    do not fit; `MissingExtra` when torch is needed and absent.
    """
    manifest = Manifest.read(directory)
    if manifest:
        if manifest.kind is not kind:
            raise InputError(
                f"{name} is a {manifest.kind}, --method {kind.method} takes a {kind}",
                hint=f"use it with --method {manifest.kind.method}",
            )
        with ThreadPoolExecutor(2) as pool:
            graph = pool.submit(open_graph, directory / GRAPH)
            tokenizer = pool.submit(read_tokenizer, directory)
            verify(directory, manifest.files, default_cache())
        return Encoder(
            name,
            graph.result(),
            tokenizer.result(),
            manifest.max_length,
            manifest.pad,
            manifest.pooling,
            manifest.unit,
        )
    return open_checkpoint(directory, kind, name)


def open_checkpoint(directory: Path, kind: Kind, name: str) -> Encoder:
    """Return the encoder of a checkpoint as it was published: weights and Hugging Face's configuration files."""
    config = checkpoint_config(directory)
    for file in ONNX_FILES:
        if (directory / file).is_file():
            backend: Backend = open_graph(directory / file)
            break
    else:
        from ctxzip.models.torch_backend import TorchEncoder

        backend = TorchEncoder(directory, kind)
    steps = directory / "modules.json"
    return Encoder(
        name,
        backend,
        checkpoint_tokenizer(directory),
        longest_input(directory, config),
        int(config.get("pad_token_id") or 0),
        pooling_of(directory),
        steps.is_file() and "Normalize" in steps.read_text(encoding="utf-8"),
    )


def checkpoint_config(directory: Path) -> dict[str, Any]:
    """Return a checkpoint's configuration. Raises `InputError` where there is none."""
    config = read_json(directory / "config.json")
    if config is None:
        raise InputError(f"no config.json in {directory}", hint="--model takes a checkpoint's directory")
    return config


def checkpoint_tokenizer(directory: Path) -> tokenizers.Tokenizer:
    """Return the fast tokenizer of a checkpoint, made from its vocabulary by transformers where it was not saved."""
    if (directory / "tokenizer.json").is_file():
        return read_tokenizer(directory)
    from ctxzip.models.torch_loading import tokenizer_of

    fast: tokenizers.Tokenizer | None = getattr(tokenizer_of(directory), "backend_tokenizer", None)
    if fast is None:
        raise InputError(f"{directory} has no fast tokenizer", hint="save its tokenizer.json there")
    fast.no_truncation()
    fast.no_padding()
    return fast


def longest_input(directory: Path, config: dict[str, Any]) -> int:
    """Return the tokens that a checkpoint reads at once: what its positions and its tokenizer allow, at most 512."""
    reserved = 2 if config.get("pad_token_id") == 1 else 0  # RoBERTa counts positions from the padding id on
    positions = int(config.get("max_position_embeddings") or LONGEST) - reserved
    said = (read_json(directory / "tokenizer_config.json") or {}).get("model_max_length") or LONGEST
    return int(min(positions, said, LONGEST))


def pooling_of(directory: Path) -> str:
    """Return how a checkpoint makes one vector of its tokens', as sentence-transformers writes it down."""
    said = read_json(directory / "1_Pooling" / "config.json") or {}
    return "first" if said.get("pooling_mode_cls_token") else "mean"
