"""The exported encoder under ONNX Runtime, as calibration and measurement use it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

from ctxzip.models.relevance import Floats, Ints, Passage, Query, Tokens, unit

BATCH = 4096


@dataclass(frozen=True, slots=True)
class Encoding:
    """All outputs for one text, windows joined; [CLS] and [SEP] have the offset (-1, -1)."""

    offsets: Ints
    keep: Floats
    hidden: Floats
    relevance: Floats

    def embedding(self) -> Floats:
        """The sentence embedding."""
        return unit(self.hidden.sum(axis=0))


class Runner:
    """Encodes texts in batches of about equal length."""

    def __init__(self, folder: Path, *, file: str = "model.onnx", threads: int = 2) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.enable_cpu_mem_arena = False
        options.log_severity_level = 3
        self.session = onnxruntime.InferenceSession(str(folder / file), options)
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.window = 380

    def encode(self, texts: Sequence[str]) -> list[Encoding]:
        """Encode texts; a long one in several windows."""
        pieces: list[tuple[int, Ints, Ints]] = []
        for number, text in enumerate(texts):
            encoding = self.tokenizer.encode(text, add_special_tokens=False)
            ids = np.array(encoding.ids, dtype=np.int64)
            offsets = np.array(encoding.offsets, dtype=np.int64).reshape(-1, 2)
            for start in range(0, max(len(ids), 1), self.window):
                part = slice(start, start + self.window)
                pieces.append((number, ids[part], offsets[part]))
        done = self._forward([ids for _, ids, _ in pieces])
        found: list[list[Encoding]] = [[] for _ in texts]
        edge = np.full((1, 2), -1, dtype=np.int64)
        for (number, _, offsets), arrays in zip(pieces, done, strict=True):
            places = np.concatenate([edge, offsets, edge])
            found[number].append(Encoding(places, *arrays))
        return [_join(parts) for parts in found]

    def passages(
        self,
        texts: Sequence[str],
        spans: Sequence[Sequence[tuple[int, int]]],
        titles: Sequence[str],
    ) -> list[Passage]:
        """Passages for the relevance index, each read with its title before it."""
        headed = [f"{t}\n{x}" if t else x for t, x in zip(titles, texts, strict=True)]
        made = []
        for text, cut, title, got in zip(texts, spans, titles, self.encode(headed), strict=True):
            shift = len(title) + 1 if title else 0
            offsets = np.where(got.offsets >= shift, got.offsets - shift, -1)
            tokens = Tokens(offsets, got.relevance, got.hidden)
            made.append(Passage.of(text, cut, tokens, title=title))
        return made

    def queries(self, texts: Sequence[str]) -> list[Query]:
        """Queries for the relevance index."""
        got = zip(texts, self.encode(texts), strict=True)
        return [Query.of(text, e.relevance, e.hidden) for text, e in got]

    def embed(self, texts: Sequence[str]) -> Floats:
        """Sentence embeddings."""
        return np.stack([encoding.embedding() for encoding in self.encode(texts)])

    def _forward(self, rows: list[Ints]) -> list[list[Floats]]:
        cls, sep = (self.tokenizer.token_to_id(name) for name in ("[CLS]", "[SEP]"))
        done: list[list[Floats]] = [[] for _ in rows]
        order = sorted(range(len(rows)), key=lambda n: len(rows[n]))
        while order:
            width = len(rows[order[0]]) + 2
            size = max(1, BATCH // max(width, 16))
            batch, order = order[:size], order[size:]
            length = max(len(rows[n]) for n in batch) + 2
            ids = np.zeros((len(batch), length), dtype=np.int64)
            mask = np.zeros_like(ids)
            for row, number in enumerate(batch):
                filled = [cls, *rows[number], sep]
                ids[row, : len(filled)] = filled
                mask[row, : len(filled)] = 1
            outputs = self.session.run(None, {"input_ids": ids, "attention_mask": mask})
            for row, number in enumerate(batch):
                end = len(rows[number]) + 2
                done[number] = [np.asarray(output)[row, :end] for output in outputs]
        return done


def _join(parts: list[Encoding]) -> Encoding:
    if len(parts) == 1:
        return parts[0]
    names = ("offsets", "keep", "hidden", "relevance")
    return Encoding(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))
