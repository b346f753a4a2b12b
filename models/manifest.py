"""What stands beside an exported model: what it is, where it came from, and the sha256 of each of its files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from ctxzip.errors import InputError
from ctxzip.models.cache import Cache, file_state, fingerprint

MANIFEST = "manifest.json"


class Kind(StrEnum):
    """What an encoder gives: a value per token, a value per pair of texts, or a vector per text."""

    TOKENS = "token-classifier"
    PAIRS = "cross-encoder"
    TEXTS = "dual-encoder"

    @property
    def output(self) -> str:
        """Return the name of the model's one output."""
        return "last_hidden_state" if self is Kind.TEXTS else "logits"

    @property
    def method(self) -> str:
        """Return the method whose `--model` this is."""
        return {Kind.TOKENS: "llmlingua2", Kind.PAIRS: "exit", Kind.TEXTS: "recomp"}[self]


@dataclass(frozen=True)
class Manifest:
    """An exported model in words and numbers; `files` names every other file of its directory."""

    kind: Kind
    family: str
    source: str
    licence: str
    precision: str
    opset: int
    max_length: int
    """Tokens of an input, special ones included."""
    pad: int
    labels: tuple[str, ...] = ()
    pooling: str = "mean"
    """How a dual encoder makes one vector of its tokens': their `mean`, or the `first` one."""
    unit: bool = False
    """Whether a dual encoder's vectors have length 1."""
    parity: Mapping[str, float] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, directory: Path) -> Manifest | None:
        """Return the manifest of an exported model; None where there is none.

        Raises `InputError` for one that cannot be understood.
        """
        raw = read_json(directory / MANIFEST)
        if raw is None:
            return None
        try:
            known = {name: raw[name] for name in cls.__dataclass_fields__ if name in raw}
            return cls(**{**known, "kind": Kind(raw["kind"]), "labels": tuple(raw.get("labels", ()))})
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(
                f"{directory / MANIFEST} does not describe an exported encoder", hint="export the checkpoint again"
            ) from error

    def write(self, directory: Path) -> None:
        """Put the manifest beside the files that it names."""
        (directory / MANIFEST).write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")


def read_json(file: Path) -> dict[str, Any] | None:
    """Return the object in a JSON file; None when there is no file. Raises `InputError` for anything else."""
    if not file.is_file():
        return None
    try:
        value = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"{file} is not JSON: {error}", hint="download or export the model again") from error
    if not isinstance(value, dict):
        raise InputError(f"{file} holds no JSON object", hint="download or export the model again")
    return value


def sha256(file: Path) -> str:
    """Return the sha256 of a file's content, in hexadecimal."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def hashes(directory: Path) -> dict[str, str]:
    """Return the sha256 of every file in `directory`, the manifest left out."""
    return {file.name: sha256(file) for file in sorted(directory.iterdir()) if file.is_file() and file.name != MANIFEST}


def verify(directory: Path, files: Mapping[str, str], cache: Cache) -> None:
    """Compare files with the sha256 that their manifest gives.

    What was found right is remembered in `cache` until a file's size, time or place changes, so that only the first
    run reads them twice. Raises `InputError` for a file that is missing or not what was exported.
    """
    missing = [name for name in files if not (directory / name).is_file()]
    if missing:
        raise InputError(f"{directory} lacks {', '.join(sorted(missing))}", hint="export or install the model again")
    key = fingerprint([part for name, digest in sorted(files.items()) for part in (digest, _state(directory / name))])
    if cache.read("verified", key) is True:
        return
    wrong = sorted(name for name, digest in files.items() if sha256(directory / name) != digest)
    if wrong:
        raise InputError(
            f"{', '.join(wrong)} in {directory} is not the file that its manifest names (sha256 differs)",
            hint="export or install the model again; ctxzip models check DIR says more",
        )
    cache.write("verified", key, True)


def _state(file: Path) -> str:
    stat = file.stat()
    return f"{file_state(file)}:{stat.st_ino}:{stat.st_ctime_ns}"
