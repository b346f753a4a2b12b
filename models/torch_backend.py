"""Encoders over torch and transformers, for checkpoints that have not been exported."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ctxzip.errors import InputError, MissingExtra

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
        try:
            from transformers import AutoModelForTokenClassification
        except ImportError as error:
            raise MissingExtra(f"the checkpoint {directory.name} is not in ONNX form: running it", "torch") from error
        with _quiet():
            try:
                loaded: Any = AutoModelForTokenClassification.from_pretrained(
                    directory, use_safetensors=True, local_files_only=True, output_loading_info=True
                )
            except (OSError, ValueError) as error:
                raise InputError(
                    f"{directory} holds no token classifier that can be loaded: {str(error).splitlines()[0]}",
                    hint="it needs config.json and model.safetensors",
                ) from error
        self._model, report = loaded
        if report["missing_keys"]:
            raise InputError(
                f"{directory} lacks weights of a token classifier: {', '.join(sorted(report['missing_keys'])[:3])}",
                hint="use a checkpoint trained for token classification",
            )
        self._model.eval()

    def run(self, names: Sequence[str], ids: NDArray[np.int64], mask: NDArray[np.int64]) -> list[NDArray[np.float32]]:
        """Return the logits of a batch, [batch, length, labels], once per name asked for."""
        import torch

        with torch.inference_mode():
            logits = self._model(input_ids=torch.from_numpy(ids), attention_mask=torch.from_numpy(mask)).logits
        return [logits.float().numpy() for _ in names]


class _quiet:
    """Keeps transformers' loading bars and warnings off the terminal."""

    def __enter__(self) -> None:
        from transformers.utils import logging

        self._level = logging.get_verbosity()
        self._bars = logging.is_progress_bar_enabled()
        logging.set_verbosity_error()
        logging.disable_progress_bar()

    def __exit__(self, *_: object) -> None:
        from transformers.utils import logging

        logging.set_verbosity(self._level)
        if self._bars:
            logging.enable_progress_bar()
