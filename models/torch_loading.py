"""Loading of torch checkpoints: quiet, from local files, with errors that say what to do."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path
from typing import Any, TypeVar

from ctxzip.errors import InputError, MissingExtra
from ctxzip.models.store import PICKLES_HINT

T = TypeVar("T")


def transformers_for(purpose: str, extra: str = "torch") -> Any:
    """Return the transformers module; raises `MissingExtra` naming `purpose` when torch or it is absent."""
    try:
        import torch  # noqa: F401
        import transformers
    except ImportError as error:
        raise MissingExtra(purpose, extra) from error
    return transformers


def device() -> str:
    """Return where models run: a GPU if there is one."""
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def quietly(load: Callable[[], T], directory: Path, wanted: str) -> T:
    """Return what `load` gives, without transformers' bars and warnings.

    Raises `InputError` when `directory` does not hold the `wanted` kind of checkpoint.
    """
    with quiet(), redirect_stderr(StringIO()):
        try:
            return load()
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise InputError(
                f"{directory} holds no {wanted} that can be loaded: {reason}",
                hint="it needs config.json, a tokenizer and model.safetensors",
            ) from error


def refuse_pickles(directory: Path) -> None:
    """Raise `InputError` for weights that exist as pickles only: reading one can run any code."""
    pickled = [file.name for pattern in ("*.bin", "*.pt", "*.pth", "*.ckpt") for file in directory.glob(pattern)]
    if pickled and not any(directory.glob("*.safetensors")):
        raise InputError(
            f"{directory} has its weights as a pickle only ({pickled[0]})",
            hint=PICKLES_HINT.format(name=directory.name),
        )


def tokenizer_of(directory: Path) -> Any:
    """Return the checkpoint's own tokenizer."""
    transformers = transformers_for(f"reading the checkpoint {directory.name}")
    return quietly(
        lambda: transformers.AutoTokenizer.from_pretrained(directory, local_files_only=True), directory, "tokenizer"
    )


def model_of(directory: Path, kind: str, wanted: str, **options: Any) -> Any:
    """Return the checkpoint as transformers' `kind` of model, ready to run in evaluation mode.

    Raises `InputError` when it lacks weights that this kind of model has.
    """
    transformers = transformers_for(f"running the checkpoint {directory.name}")
    refuse_pickles(directory)
    factory = getattr(transformers, kind)
    model, report = quietly(
        lambda: factory.from_pretrained(
            directory, local_files_only=True, use_safetensors=True, output_loading_info=True, **options
        ),
        directory,
        wanted,
    )
    missing = [name for name in report["missing_keys"] if "position_ids" not in name and "pooler" not in name]
    if missing:
        raise InputError(
            f"{directory} lacks weights of a {wanted}: {', '.join(sorted(missing)[:3])}",
            hint="use a checkpoint that was trained for this",
        )
    return model.eval().to(device())


def fast_precision() -> Any:
    """Return the type that generation is quickest in: bfloat16 where the processor multiplies it, else float32."""
    import torch

    half = device() == "cuda" or torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return torch.bfloat16 if half else torch.float32


def adapted(model: Any, adapter: Path) -> Any:
    """Return `model` with the PEFT adapter merged into its weights."""
    try:
        from peft import PeftModel
    except ImportError as error:
        raise MissingExtra("putting an adapter on a model", "torch") from error
    refuse_pickles(adapter)
    return quietly(
        lambda: PeftModel.from_pretrained(model, str(adapter)).merge_and_unload().eval(), adapter, "PEFT adapter"
    )


class quiet:
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
