"""`ctxzip doctor`: what is installed, which methods work now, and what the others need."""

from __future__ import annotations

import json as jsonlib
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from ctxzip import __version__
from ctxzip.cli.options import Debug
from ctxzip.errors import CtxzipError

SCHEMA = 1
DEFAULTS = ("llmlingua2", "exit", "longcodezip")
"""The methods that `auto` takes: they have to work."""
WRITES = {"scope": "rewrite", "recomp-abstractive": "summarize"}
"""What the bundled adapter of each method that writes was trained for."""
EXTRAS = {
    "code": "code in other languages than Python",
    "torch": "checkpoints that are not in ONNX form, and causal language models",
    "gemma": "the same with a small Gemma from the package index",
    "openvino": "faster encoders on processors that multiply bfloat16 (CTXZIP_RUNTIME=openvino)",
}
SAMPLE = "The pump in hall three failed at nine because nobody had filled the tank. It was repaired before noon."
CODE = "def area(side):\n    return side * side\n\n\ndef edge(side):\n    return 4 * side\n"
_NEED = re.compile(r"(?P<name>[\w.-]+)(?:\[(?P<extras>[\w,-]+)\])?[^;]*(?:;.*extra *== *[\"'](?P<extra>[\w-]+)[\"'])?")


def doctor(
    json: Annotated[bool, typer.Option("--json", help="Print the whole report as JSON.")] = False,
    debug: Debug = False,
) -> None:
    """Say what is installed, which methods work now and what each missing one needs.

    Exit code 1 when a method that is chosen by default does not work.
    """
    report = examined()
    typer.echo(jsonlib.dumps(report, ensure_ascii=False) if json else "\n".join(_page(report)))
    if not report["ok"]:
        raise typer.Exit(1)


def examined() -> dict[str, Any]:
    """Return everything that is found, as the `--json` report."""
    with _without_network():
        methods = _methods()
        weights = _weights()
        tokenizer = _tokenizer()
    works = all(methods[name]["works"] for name in DEFAULTS)
    return {
        "schema": SCHEMA,
        "ok": works and tokenizer["works"] and not any(weights["files"][f] != "ok" for f in weights["files"]),
        "ctxzip": __version__,
        "python": ".".join(map(str, sys.version_info[:3])),
        "executable": sys.executable,
        "packages": _packages(""),
        "extras": {extra: _extra(extra) for extra in EXTRAS},
        "weights": weights,
        "methods": methods,
        "tokenizer": tokenizer,
        "offline": _offline(),
        "cache": _cache(),
        "config": _config(),
    }


@contextmanager
def _without_network() -> Iterator[None]:
    """Forbid downloads while things are tried out."""
    before = os.environ.get("CTXZIP_OFFLINE")
    os.environ["CTXZIP_OFFLINE"] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["CTXZIP_OFFLINE"]
        else:
            os.environ["CTXZIP_OFFLINE"] = before


def _packages(extra: str) -> dict[str, str | None]:
    """Return the packages that ctxzip needs, or that `extra` brings, with their versions; None is not installed."""
    from importlib import metadata

    found: dict[str, str | None] = {}
    for line in metadata.requires("ctxzip") or []:
        need = _NEED.match(line)
        if not need or (need["extra"] or "") != extra:
            continue
        if need["name"] == "ctxzip":
            for other in (need["extras"] or "").split(","):
                found |= _packages(other)
            continue
        try:
            found[need["name"]] = metadata.version(need["name"])
        except metadata.PackageNotFoundError:
            found[need["name"]] = None
    return found


def _extra(extra: str) -> dict[str, Any]:
    packages = _packages(extra)
    complete = bool(packages) and all(packages.values())
    return {"for": EXTRAS[extra], "installed": complete, "packages": packages, "get": _get(extra, complete)}


def _get(extra: str, complete: bool) -> str:
    return "" if complete else f"pip install 'ctxzip[{extra}]'"


def _weights() -> dict[str, Any]:
    """Return what has become of the files of the bundled encoder: ok, missing or changed."""
    from ctxzip.models.store import BUNDLED, bundled

    try:
        directory = bundled("encoder")
        manifest = jsonlib.loads((directory / "manifest.json").read_text(encoding="utf-8"))
    except (CtxzipError, OSError, ValueError) as error:
        return {"name": BUNDLED, "directory": "", "files": {"manifest.json": str(error)}}
    files = {name: _state(directory / name, digest) for name, digest in manifest["files"].items()}
    return {"name": BUNDLED, "version": manifest["version"], "directory": str(directory), "files": files}


def _state(path: Path, digest: str) -> str:
    from ctxzip.sidecar import sha256

    if not path.is_file():
        return "missing"
    return "ok" if sha256(path.read_bytes()) == digest else "changed: its SHA-256 is another one"


def _methods() -> dict[str, dict[str, Any]]:
    """Return for every method whether it shortens a small text now, or what it says it needs."""
    from ctxzip.compressors import QUERY_FREE, WRITING, names

    question = "When was the pump repaired?"
    return {
        name: _writing(name) if name in WRITING else _tried(name, None if name in QUERY_FREE else question)
        for name in names()
    }


def _writing(name: str) -> dict[str, Any]:
    """Return whether all is here that a method writes with by default; writing something would take too long."""
    from ctxzip.choice import ModelChoice
    from ctxzip.models.generators import WAYS, generator_name
    from ctxzip.models.store import bundled

    task = WRITES[name]
    missing = [package for package, version in _packages("gemma").items() if not version]
    problem = f"nothing to write with, missing {', '.join(missing)}" if missing else ""
    try:
        bundled(task)
    except CtxzipError as error:
        problem = error.message
    model = generator_name(ModelChoice(), task)
    return {"works": not problem, "model": model, "problem": problem, "needs": WAYS if problem else ""}


def _tried(name: str, query: str | None) -> dict[str, Any]:
    from ctxzip.api import compress
    from ctxzip.text import Document

    document = Document(CODE, path="sample.py") if name == "longcodezip" else Document(SAMPLE)
    try:
        made = compress(document, ratio=2, method=name, query=query, cache=False, best_effort=True)
    except CtxzipError as error:
        return {"works": False, "model": None, "problem": error.message, "needs": error.hint}
    except Exception as error:
        problem = f"{type(error).__name__}: {error}".splitlines()[0]
        return {"works": False, "model": None, "problem": problem, "needs": "reinstall ctxzip"}
    return {"works": True, "model": made.model, "problem": "", "needs": ""}


def _tokenizer() -> dict[str, Any]:
    from ctxzip.cli.settings import nearest, settled
    from ctxzip.models.tokenizers import load_tokenizer

    setting = settled({}, nearest(Path.cwd()))["tokenizer"]
    try:
        load_tokenizer(setting.value).count(SAMPLE)
    except CtxzipError as error:
        return {"name": setting.value, "from": setting.source, "works": False, "problem": error.message}
    return {"name": setting.value, "from": setting.source, "works": True, "problem": ""}


def _offline() -> bool:
    from ctxzip.models.store import offline

    return offline()


def _cache() -> dict[str, Any]:
    from ctxzip.models.cache import default_cache

    root = default_cache().root
    size = sum(file.stat().st_size for file in root.rglob("*") if file.is_file())
    return {"directory": str(root), "bytes": size}


def _config() -> str | None:
    from ctxzip.cli.settings import nearest

    path = nearest(Path.cwd()).path
    return str(path) if path else None


def _page(report: dict[str, Any]) -> Iterator[str]:
    """Yield the report as lines for people."""
    yield f"ctxzip {report['ctxzip']} on Python {report['python']} ({report['executable']})"
    packages = report["packages"].items()
    yield "  " + ", ".join(f"{name} {version or 'MISSING'}" for name, version in packages)
    yield "\nmethods"
    for name, state in report["methods"].items():
        told = f"with {state['model']}" if state["works"] else f"{state['problem']}: {state['needs']}"
        yield f"  {_mark(state['works'])} {name:<18} {told}"
    yield "\nextras"
    for name, state in report["extras"].items():
        missing = ", ".join(package for package, version in state["packages"].items() if not version)
        told = f" – {state['get']} (missing: {missing})" if state["get"] else ""
        yield f"  {_mark(state['installed'])} {name:<18} {state['for']}{told}"
    yield f"\nweights in {report['weights']['directory']}"
    for name, state in report["weights"]["files"].items():
        yield f"  {_mark(state == 'ok')} {name:<18} {state}"
    tokenizer = report["tokenizer"]
    yield f"\n{'tokenizer':<12}{tokenizer['name']} ({tokenizer['problem'] or 'works'}; from {tokenizer['from']})"
    network = "forbidden" if report["offline"] else "only for what you name; CTXZIP_OFFLINE=1 forbids it"
    yield f"{'network':<12}{network}"
    yield f"{'cache':<12}{report['cache']['directory']} ({report['cache']['bytes'] / 1e6:.1f} MB)"
    yield f"{'settings':<12}{report['config'] or 'no configuration file'}"


def _mark(good: bool) -> str:
    return "✓" if good else "✗"
