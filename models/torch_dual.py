"""Dual encoders over torch: RECOMP's, contriever's and sentence-transformers' checkpoints."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ctxzip.models.torch_loading import device, model_of, tokenizer_of
from ctxzip.progress import report

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BATCH = 32
LONGEST = 512


class TorchDualEncoder:
    """One encoder for queries and sentences: the mean of the last states over the mask, as RECOMP published.

    A sentence-transformers checkpoint that says otherwise (first token, unit length) is obeyed.
    """

    def __init__(self, directory: Path, name: str) -> None:
        """Load the checkpoint in `directory`, shown in reports as `name`."""
        self.name = name
        self._tokenizer = tokenizer_of(directory)
        self._model = model_of(directory, "AutoModel", "text encoder")
        self._first_token = _read(directory / "1_Pooling" / "config.json").get("pooling_mode_cls_token", False)
        self._unit = any("Normalize" in str(m.get("type")) for m in _rows(directory / "modules.json"))

    def vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one vector per text, [texts, width]; batches hold texts of about equal length."""
        import numpy as np

        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        found: list[Any] = [None] * len(texts)
        for start in range(0, len(order), BATCH):
            batch = order[start : start + BATCH]
            for index, vector in zip(batch, self._run([texts[i] for i in batch]), strict=True):
                found[index] = vector
            report(start + len(batch), len(order))
        return np.array(found, dtype=np.float32)

    def _run(self, texts: Sequence[str]) -> Any:
        import torch

        limit = min(int(self._tokenizer.model_max_length or LONGEST), LONGEST)
        fed = self._tokenizer(list(texts), padding=True, truncation=True, max_length=limit, return_tensors="pt").to(
            device()
        )
        with torch.inference_mode():
            states = self._model(**fed).last_hidden_state.float()
        mask = fed["attention_mask"][..., None].to(states.dtype)
        pooled = states[:, 0] if self._first_token else (states * mask).sum(1) / mask.sum(1)
        if self._unit:
            pooled = torch.nn.functional.normalize(pooled, dim=-1)
        return pooled.cpu().numpy()


def _read(file: Path) -> dict[str, Any]:
    value = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    return value if isinstance(value, dict) else {}


def _rows(file: Path) -> list[dict[str, Any]]:
    value = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else []
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []
