"""Encoders over torch and transformers, for checkpoints that have not been exported."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ctxzip.models.torch_loading import model_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class TorchTokenClassifier:
    """A `*ForTokenClassification` checkpoint on the CPU in fp32; its one output is called `logits`."""

    outputs = ("logits",)

    def __init__(self, directory: Path) -> None:
        """Load the safetensors checkpoint in `directory`.

        Raises `MissingExtra` without torch, `InputError` for weights that are absent or do not fit.
        """
        self._model = model_of(directory, "AutoModelForTokenClassification", "token classifier")

    def run(self, names: Sequence[str], ids: NDArray[np.int64], mask: NDArray[np.int64]) -> list[NDArray[np.float32]]:
        """Return the logits of a batch, [batch, length, labels], once per name asked for."""
        import torch

        with torch.inference_mode():
            logits = self._model(input_ids=torch.from_numpy(ids), attention_mask=torch.from_numpy(mask)).logits
        return [logits.float().numpy() for _ in names]
