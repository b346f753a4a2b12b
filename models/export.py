"""Checkpoints become directories that run without torch: graph, tokenizer, manifest; nothing that differs gets out."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ctxzip.errors import CtxzipError, InputError, MissingExtra, UsageError
from ctxzip.models.encoders import Encoder, checkpoint_config, open_checkpoint
from ctxzip.models.manifest import Kind, Manifest, hashes
from ctxzip.models.onnx_backend import OnnxEncoder
from ctxzip.models.runtimes import GRAPH
from ctxzip.models.store import locate
from ctxzip.models.trace import DEFAULT_OPSET, OPSETS, trace

if TYPE_CHECKING:
    from ctxzip.models.parity import Parity

COPIED = ("config.json",)
LARGE = 1024
"""Bytes from which a weight is kept beside the graph."""
LARGEST_DIFFERENCE = 1e-3
"""Share of the largest output by which an fp32 graph may differ from torch."""


class Precision(StrEnum):
    """How the weights are kept."""

    FP32 = "fp32"
    FP16 = "fp16"
    INT8 = "int8"

    @property
    def agreement(self) -> float:
        """Return the share of decisions that must come out as torch's do."""
        return {Precision.FP32: 0.999, Precision.FP16: 0.995, Precision.INT8: 0.98}[self]


class NoParity(CtxzipError):
    """An export that decides otherwise than its checkpoint; nothing was written."""

    exit_code = 1


@dataclass(frozen=True)
class Recipe:
    """How to export."""

    precision: Precision = Precision.FP32
    opset: int = DEFAULT_OPSET

    def __post_init__(self) -> None:
        """Refuse a version of the operator set that cannot be written."""
        if self.opset not in OPSETS:
            raise UsageError(
                f"--opset {self.opset} cannot be exported", hint=f"from {OPSETS[0]} to {OPSETS[-1]}; the default fits"
            )


def export(source: str, out: Path, recipe: Recipe, say: Callable[[str], None] = lambda _: None) -> Manifest:
    """Export the checkpoint `source`, a directory or hub id, to the new directory `out`; tell `say` of every step.

    Raises `NoParity` when ONNX Runtime decides otherwise than torch, `InputError` for what is no encoder or cannot
    be exported, `MissingExtra` without torch. `out` appears complete or not at all.
    """
    _require_onnx()
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(f"{out} is already there", hint="name a directory that does not exist yet")
    directory = locate(source)
    kind = kind_of(directory, source)
    encoder = open_checkpoint(directory, kind, source)
    say(f"{source}: {kind}, {encoder.max_length} tokens")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name}-"))
    except OSError as error:
        raise InputError(f"{out} cannot be written: {error.strerror}", hint="check the path") from error
    try:
        parity = _graph(encoder, kind, folder, recipe, say)
        manifest = _described(directory, encoder, kind, folder, recipe, parity)
        manifest.write(folder)
        folder.chmod(0o755)
        folder.rename(out)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return manifest


def kind_of(directory: Path, name: str) -> Kind:
    """Return what kind of encoder a checkpoint says it is. Raises `InputError` for anything else."""
    config = checkpoint_config(directory)
    said = " ".join(config.get("architectures") or [])
    if "pruning_config" in config or "Provence" in said:
        raise InputError(f"{name} is a pruner with a head of its own", hint="use it as it is: --method exit --model")
    if "TokenClassification" in said:
        return Kind.TOKENS
    if "SequenceClassification" in said:
        return Kind.PAIRS
    encoder_only = not config.get("is_encoder_decoder") and not config.get("is_decoder")
    if encoder_only and said and all(part.endswith(("Model", "ForMaskedLM", "Contriever")) for part in said.split()):
        return Kind.TEXTS
    raise InputError(
        f"{name} is a {said or 'model of an unknown kind'}, no encoder that scores",
        hint="token classifiers, cross-encoders and text encoders can be exported",
    )


def _require_onnx() -> None:
    try:
        import onnx  # noqa: F401
        import torch  # noqa: F401
    except ImportError as error:
        raise MissingExtra("exporting a model", "torch") from error


def _graph(encoder: Encoder, kind: Kind, folder: Path, recipe: Recipe, say: Callable[[str], None]) -> Parity:
    """Write the graph in the precision asked for and return how well it agrees; raises `NoParity` when it does not."""
    from ctxzip.models.parity import compare

    if isinstance(encoder.backend, OnnxEncoder):
        raise InputError(f"{encoder.name} is an ONNX model already", hint="ctxzip models check DIR tries it")
    with tempfile.TemporaryDirectory(dir=folder) as place:
        plain = Path(place) / GRAPH
        trace(encoder.backend, kind, plain, recipe.opset)  # type: ignore[arg-type]
        parity = compare(encoder, kind, encoder.backend, OnnxEncoder(plain))
        say(f"fp32: {parity}")
        if parity.agreement < Precision.FP32.agreement or parity.relative > LARGEST_DIFFERENCE:
            raise NoParity(f"ONNX Runtime does not follow torch: {parity}", hint="please report the checkpoint")
        if recipe.precision is Precision.FP32:
            _weights_beside(plain, folder / GRAPH)
            return parity
        for exact in _choices(plain, recipe.precision):
            _reduce(plain, folder / GRAPH, recipe.precision, exact)
            parity = compare(encoder, kind, encoder.backend, OnnxEncoder(folder / GRAPH))
            kept = f", {len(exact)} products left in fp32" if exact else ""
            say(f"{recipe.precision}: {parity}{kept}")
            if parity.agreement >= recipe.precision.agreement:
                _weights_beside(folder / GRAPH, folder / GRAPH)
                return parity
    raise NoParity(f"{recipe.precision} decides otherwise: {parity}", hint="keep more bits: --fp16 or --fp32")


def _choices(plain: Path, precision: Precision) -> list[list[str]]:
    """Return which products to leave alone, to be tried in turn."""
    from ctxzip.models.precision import attempts, products

    return list(attempts(products(plain))) if precision is Precision.INT8 else [[]]


def _reduce(plain: Path, target: Path, precision: Precision, exact: list[str]) -> None:
    from ctxzip.models.precision import halve, quantise

    if precision is Precision.INT8:
        quantise(plain, target, exact)
    else:
        halve(plain, target)


def _weights_beside(graph: Path, target: Path) -> None:
    """Write the model in `graph` to `target`, its weights to a file beside it, which is mapped instead of copied."""
    import onnx

    model = onnx.load(graph)
    weights = target.with_name(f"{target.name}_data")
    onnx.save(model, target, save_as_external_data=True, location=weights.name, size_threshold=LARGE)
    if weights.exists():
        weights.chmod(target.stat().st_mode)


def _described(directory: Path, encoder: Encoder, kind: Kind, folder: Path, recipe: Recipe, parity: Parity) -> Manifest:
    """Put tokenizer and configuration beside the graph and return the manifest of all of it."""
    encoder.tokenizer.no_truncation()
    encoder.tokenizer.no_padding()
    encoder.tokenizer.save(str(folder / "tokenizer.json"))
    for name in COPIED:
        shutil.copy(directory / name, folder / name)
    config = checkpoint_config(directory)
    return Manifest(
        kind=kind,
        family=str(config.get("model_type", "")),
        source=_revision(encoder.name, directory),
        licence=licence(encoder.name, directory),
        precision=recipe.precision,
        opset=recipe.opset,
        max_length=encoder.max_length,
        pad=encoder.pad,
        labels=_labels(config, kind, encoder),
        pooling=encoder.pooling,
        unit=encoder.unit,
        parity={"largest_difference": parity.difference, "agreement": parity.agreement, "decisions": parity.decisions},
        files=hashes(folder),
    )


def _labels(config: dict[str, Any], kind: Kind, encoder: Encoder) -> tuple[str, ...]:
    if kind is Kind.TEXTS:
        return ()
    names = encoder.backend.model.config.id2label  # type: ignore[attr-defined]
    return tuple(str(names[index]) for index in sorted(names))


def _revision(name: str, directory: Path) -> str:
    """Return the source as the user named it, with the commit where it came from the hub."""
    return f"{name}@{directory.name}" if directory.parent.name == "snapshots" else name


def licence(name: str, directory: Path) -> str:
    """Return the licence that a checkpoint's card or our catalogue names; empty when neither does."""
    from ctxzip.models.catalog import find

    card = directory / "README.md"
    if card.is_file():
        for line in card.read_text(encoding="utf-8", errors="replace").splitlines()[:60]:
            if line.startswith(("license:", "licence:")):
                return line.partition(":")[2].strip().strip("\"'")
    known = find(name)
    return known.licence if known else ""
