"""What every option is set to, and by what: command line, then `CTXZIP_*`, then a configuration file, then defaults.

The file is the nearest `ctxzip.toml`, or `pyproject.toml` with a table `[tool.ctxzip]`, at or above the place of
the files at hand. Of options that exclude each other only those of the strongest source count.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

from ctxzip.cli.limits import LimitTable
from ctxzip.cli.options import GROUPS
from ctxzip.errors import InputError, UnknownName, UsageError

PREFIX = "CTXZIP_"
OTHER_VARIABLES = {
    "CTXZIP_CACHE": "where results and converted weights are kept",
    "CTXZIP_RUNTIME": "what runs exported encoders: onnxruntime or openvino",
    "CTXZIP_API_KEY": "the key of the endpoint that writes",
    "CTXZIP_TIMEOUT": "seconds that a request to the endpoint may take",
}
"""Variables that belong to no option."""
EXCLUSIVE = ("ratio", "keep", "tokens", "threshold", "top_p", "top_k", "max_tokens")
"""Ways to say how much is kept."""
PATHS = ("model", "adapter", "tokenizer")
"""Options that may name a file or directory, which in a configuration file is looked for beside it."""
KIND_NAMES = {str: "text", int: "a whole number", float: "a number", bool: "true or false", list: "a list of texts"}


@dataclass(frozen=True, slots=True)
class Setting:
    """What an option is set to, and where that was said."""

    value: Any
    source: str = "default"


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """A configuration file and the values it sets, by option name."""

    path: Path | None = None
    values: Mapping[str, Any] = field(default_factory=dict)


@cache
def kinds() -> dict[str, type]:
    """Return the options that can be set outside the command line, each with the type of its value."""
    found: dict[str, type] = {}
    for group in GROUPS:
        hints = get_type_hints(group)
        found |= {f.name: _kind(hints[f.name]) for f in fields(group) if _settable(group, f.name)}
    return found


@cache
def defaults() -> dict[str, Any]:
    """Return what every option is when nobody says anything."""
    return {f.name: f.default for group in GROUPS for f in fields(group)}


def _settable(group: type, name: str) -> bool:
    return name != "table" and name not in group.PER_CALL  # type: ignore[attr-defined]


def _kind(hint: Any) -> type:
    if isinstance(hint, UnionType):
        hint = next(part for part in get_args(hint) if part is not NoneType)
    kind: type = get_origin(hint) or hint
    return kind


def variable(name: str) -> str:
    """Return the environment variable of an option."""
    return PREFIX + name.upper()


def flag(name: str) -> str:
    """Return an option's name as configuration files and help spell it."""
    return name.replace("_", "-")


def settled(given: Mapping[str, Any], file: ConfigFile) -> dict[str, Setting]:
    """Return every option's setting: `given` on the command line, else from environment, file or its default."""
    layers = [
        {name: Setting(value, "command line") for name, value in given.items()},
        {name: Setting(value, variable(name)) for name, value in from_environment().items()},
        {name: Setting(value, str(file.path)) for name, value in file.values.items()},
        {name: Setting(value) for name, value in defaults().items()},
    ]
    strongest = next((layer for layer in layers[:-1] if any(name in layer for name in EXCLUSIVE)), {})
    for layer in layers[:-1]:
        for name in EXCLUSIVE if layer is not strongest else ():
            layer.pop(name, None)
    merged: dict[str, Setting] = {}
    for layer in reversed(layers):
        merged |= layer
    return merged


def from_environment() -> dict[str, Any]:
    """Return the options that variables set; an empty variable sets nothing."""
    found = {}
    for name, kind in kinds().items():
        text = os.environ.get(variable(name), "")
        if text:
            found[name] = _from_text(text, kind, variable(name))
    if "max_tokens" in found:
        found["max_tokens"] = _everywhere(found["max_tokens"])
    return found


def unknown_variables() -> list[str]:
    """Return the variables that look like ours and mean nothing."""
    known = {*map(variable, kinds()), *OTHER_VARIABLES}
    return sorted(name for name in os.environ if name.startswith(PREFIX) and name not in known)


def _from_text(text: str, kind: type, where: str) -> Any:
    """Return the value that a variable's text stands for; white space separates the items of a list."""
    if kind is list:
        return text.split()
    if kind is bool:
        words = {
            "1": True,
            "true": True,
            "yes": True,
            "on": True,
            "0": False,
            "false": False,
            "no": False,
            "off": False,
        }
        if text.lower() in words:
            return words[text.lower()]
    else:
        try:
            return kind(text)
        except ValueError:
            pass
    meant = KIND_NAMES[kind]
    raise UsageError(f"{where}={text} is not {meant}", hint=f"unset {where}, or set it to {meant}")


def nearest(place: Path) -> ConfigFile:
    """Return the configuration file that holds at the directory `place`, an empty one when there is none."""
    for directory in (place, *place.parents):
        own = directory / "ctxzip.toml"
        if own.is_file():
            return read(own)
        shared = directory / "pyproject.toml"
        if shared.is_file() and "ctxzip" in _tables(shared).get("tool", {}):
            return read(shared)
    return ConfigFile()


def read(path: Path) -> ConfigFile:
    """Return what a configuration file sets, checked.

    Raises `InputError` for a file that is not TOML and `UsageError` for keys and values that make no sense.
    """
    tables = _tables(path)
    if path.name == "pyproject.toml":
        tables = tables.get("tool", {}).get("ctxzip", {})
    if not isinstance(tables, dict):
        raise UsageError(f"{path}: tool.ctxzip is not a table", hint="write [tool.ctxzip]")
    known = {flag(name): name for name in kinds()}
    values = {}
    for key, value in tables.items():
        if key.replace("_", "-") not in known:
            raise UnknownName(f"setting in {path}:", key, known)
        name = known[key.replace("_", "-")]
        values[name] = _from_file(value, name, path)
    return ConfigFile(path, values)


def _tables(path: Path) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise InputError(f"no such file: {path}", hint="check what --config names") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read: {error}", hint="check its permissions and its encoding") from None
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path} is not TOML: {error}", hint="mend it, or use --isolated to do without") from None


def _from_file(value: Any, name: str, path: Path) -> Any:
    kind = kinds()[name]
    if name == "max_tokens":
        return _limits(value, path)
    fits = {
        str: isinstance(value, str | int | float) and not isinstance(value, bool),
        int: isinstance(value, int) and not isinstance(value, bool),
        float: isinstance(value, int | float) and not isinstance(value, bool),
        bool: isinstance(value, bool),
        list: isinstance(value, list) and all(isinstance(item, str) for item in value),
    }
    if not fits[kind]:
        raise UsageError(f"{path}: {flag(name)} = {_toml(value)} is not {KIND_NAMES[kind]}", hint=_example(name, kind))
    if name in PATHS and isinstance(value, str) and (path.parent / value).exists():
        return str(path.parent / value)
    return kind(value)


def _everywhere(limit: int) -> LimitTable:
    return LimitTable(Path(Path.cwd().anchor), (("*", limit),))


def _limits(value: Any, path: Path) -> LimitTable:
    """Return the limits of a table by glob; a number is the limit of every file."""

    def limit(number: Any, key: str) -> int:
        if isinstance(number, bool) or not isinstance(number, int) or number < 1:
            shown = f"{path}: {key} = {_toml(number)}"
            raise UsageError(f"{shown} is not a number of tokens", hint='for example "prompts/*.md" = 800')
        return number

    if isinstance(value, dict):
        return LimitTable(path.parent, tuple((glob, limit(number, f'"{glob}"')) for glob, number in value.items()))
    return _everywhere(limit(value, "max-tokens"))


def _toml(value: Any) -> str:
    return {True: "true", False: "false"}.get(value, repr(value)) if isinstance(value, bool) else repr(value)


def _example(name: str, kind: type) -> str:
    samples = {str: '"text"', int: "5", float: "0.5", bool: "true", list: '["one", "two"]'}
    return f"for example {flag(name)} = {samples[kind]}"


def place_of(files: Sequence[str] | None, stdin_filename: str | None) -> Path:
    """Return the directory at which settings are looked for: what the files have in common, else where we are."""
    named = [*(files or []), *([stdin_filename] if stdin_filename else [])]
    paths = [Path(name).absolute() for name in named if name != "-"]
    there = [path if path.is_dir() else path.parent for path in paths]
    here = Path.cwd()
    try:
        place = Path(os.path.commonpath(there)) if there else here
    except ValueError:
        return here
    return next((up for up in (place, *place.parents) if up.is_dir()), here)
