"""What the `ctxzip models` commands do: one library call each, and its rendering."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import typer

from ctxzip.errors import UsageError
from ctxzip.models.catalog import KNOWN, find
from ctxzip.models.manifest import MANIFEST, read_json
from ctxzip.models.store import BUNDLED, bundled, cached, path_of


def show(*, as_json: bool) -> None:
    """Print what is bundled, cached and known."""
    here = {
        "bundled": [_bundled()],
        "cached": [_cached(name, path, size) for name, path, size in cached()],
        "known": [asdict(known) for known in KNOWN],
    }
    if as_json:
        typer.echo(json.dumps(here, ensure_ascii=False))
        return
    for heading, rows in here.items():
        typer.echo(heading)
        for row in rows:
            typer.echo(f"  {row['id']}\n    {_line(row)}")
        if not rows:
            typer.echo("  nothing")


def _bundled() -> dict[str, object]:
    directory = bundled("encoder")
    manifest = read_json(directory / MANIFEST) or {}
    size = sum(file.stat().st_size for file in directory.iterdir())
    return {
        "id": BUNDLED,
        "method": "llmlingua2, exit, recomp, longcodezip",
        "megabytes": round(size / 1e6),
        "licence": manifest.get("licence", ""),
        "languages": "English",
        "purpose": "the default of every method",
        "needs": "nothing",
        "path": str(directory),
    }


def _cached(name: str, path: Path, size: int) -> dict[str, object]:
    known = find(name)
    return {**(asdict(known) if known else {}), "id": name, "megabytes": round(size / 1e6), "path": str(path)}


def _line(row: Mapping[str, object]) -> str:
    parts = [row.get("method"), f"{row['megabytes']} MB", row.get("licence"), row.get("languages"), row.get("purpose")]
    said = "; ".join(str(part) for part in parts if part)
    return f"{said}; needs {row['needs']}" if row.get("needs") else said


def export(source: str, out: str, asked: Mapping[str, bool], opset: int | None, *, quiet: bool) -> None:
    """Export a checkpoint, each step told on standard error."""
    from ctxzip.models.export import Precision, Recipe
    from ctxzip.models.export import export as exported
    from ctxzip.models.trace import DEFAULT_OPSET

    chosen = [name for name, given in asked.items() if given]
    if len(chosen) > 1:
        raise UsageError(f"--{chosen[0]} and --{chosen[1]} exclude each other", hint="name one precision")
    recipe = Recipe(Precision(chosen[0] if chosen else "fp32"), DEFAULT_OPSET if opset is None else opset)
    target = path_of(out)
    manifest = exported(source, target, recipe, lambda line: None if quiet else typer.echo(line, err=True))
    if not quiet:
        size = sum(file.stat().st_size for file in target.iterdir())
        typer.echo(
            f"{target}: {size / 1e6:.1f} MB, {manifest.precision}, opset {manifest.opset}; "
            f"use it with --method {manifest.kind.method} --model {target}",
            err=True,
        )


def check(name: str, *, as_json: bool) -> bool:
    """Print what an exported model is and what is wrong with it; return whether nothing is."""
    from ctxzip.models.inspection import inspect

    found = inspect(bundled("encoder") if name == BUNDLED else path_of(name))
    if as_json:
        typer.echo(json.dumps({**found.facts, "faults": found.faults}, ensure_ascii=False))
    else:
        for fact, value in found.facts.items():
            typer.echo(f"{fact.replace('_', ' ')}: {_value(value)}")
        typer.echo("nothing is wrong" if not found.faults else "")
    for fault in found.faults:
        typer.echo(f"error: {fault}", err=True)
    if found.faults:
        typer.echo("hint: export it again: ctxzip models export SOURCE OUT", err=True)
    return not found.faults


def _value(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {part}" for name, part in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
