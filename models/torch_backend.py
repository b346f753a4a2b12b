"""Encoders over torch and transformers, for checkpoints that have not been exported."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ctxzip.models.manifest import Kind
from ctxzip.models.torch_loading import device, model_of, tokenizer_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CLASSES = {
    Kind.TOKENS: ("AutoModelForTokenClassification", "token classifier"),
    Kind.PAIRS: ("AutoModelForSequenceClassification", "cross-encoder"),
    Kind.TEXTS: ("AutoModel", "text encoder"),
}


class TorchEncoder:
    """A checkpoint in fp32, on a GPU if there is one."""

    workers = 1
    """Batches that are worth running at a time; torch uses all cores for one."""

    def __init__(self, directory: Path, kind: Kind) -> None:
        """Load the safetensors checkpoint in `directory` as what `kind` says.

        Raises `MissingExtra` without torch, `InputError` for weights that are absent or do not fit.
        """
        self.model: Any = model_of(directory, *CLASSES[kind])
        self.outputs = [kind.output]
        self.typed = kind is Kind.PAIRS and _typed(self.model, directory)
        """Whether the model is told which text of a pair a token is of."""

    def expect(self, rows: int, length: int) -> None:
        """Do nothing: no shape is quicker than others."""

    def run(
        self,
        names: Sequence[str],
        ids: NDArray[np.int64],
        mask: NDArray[np.int64],
        types: NDArray[np.int64] | None = None,
    ) -> list[NDArray[np.float32]]:
        """Return the outputs `names` for a batch; `types` says which text of a pair a token is of."""
        import torch

        feed = {"input_ids": ids, "attention_mask": mask}
        if types is not None and self.typed:
            feed["token_type_ids"] = types
        with torch.inference_mode():
            made = self.model(**{name: torch.from_numpy(value).to(device()) for name, value in feed.items()})
        return [getattr(made, name).float().cpu().numpy() for name in names]


def _typed(model: Any, directory: Path) -> bool:
    """Tell whether a checkpoint was trained with the numbers of texts: its tokenizer gives them, its model has two."""
    several = int(getattr(model.config, "type_vocab_size", 0) or 0) > 1
    return several and "token_type_ids" in tokenizer_of(directory).model_input_names
