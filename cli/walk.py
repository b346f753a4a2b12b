"""Which files are meant: those that are named, those of directories and globs, less those that are left out.

A directory stands for what git tracks or would track in it, else for what no `.gitignore` excludes; of that, for its
source files if it has any, else for its texts.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from ctxzip.code.languages import by_suffix
from ctxzip.errors import InputError

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

STDIN = "-"
LARGEST = 1_000_000
"""Bytes above which a file of a directory is taken for data."""
TEXTS = frozenset(
    ".md .markdown .mdx .txt .text .rst .adoc .org .prompt .prompty .j2 .jinja .jinja2 .mustache .hbs".split()
)
"""Endings of files that are written to be read."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which files of a directory, and which of all: globs as in a `.gitignore`, relative to the working directory."""

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    force_exclude: bool = False
    texts_first: bool = False
    """Directories stand for their texts, not for their source files: they are to be rewritten."""


def matcher(globs: tuple[str, ...], base: Path) -> Callable[[str], bool]:
    """Return what tells whether one of `globs`, relative to `base`, matches a path."""
    return _matcher(globs, base.absolute())


@cache
def _matcher(globs: tuple[str, ...], base: Path) -> Callable[[str], bool]:
    if not globs:
        return lambda _: False
    from pathspec import GitIgnoreSpec

    rules = GitIgnoreSpec.from_lines(globs)

    def matches(name: str) -> bool:
        path = Path(os.path.abspath(name))  # noqa: PTH100 - links stay as they are named
        return rules.match_file(path.relative_to(base) if path.is_relative_to(base) else path.name)

    return matches


def expanded(names: Sequence[str], choice: Choice) -> list[str]:
    """Return the files that `names` stand for, in order; what a directory or a glob repeats is left out.

    Raises `InputError` for a directory or a glob that stands for nothing.
    """
    if names.count(STDIN) > 1:
        raise InputError("standard input (-) can be read only once", hint="name it once")
    excluded = matcher(choice.exclude, Path())
    found: list[str] = []
    for name in names:
        if name != STDIN and Path(name).is_dir():
            files = _of_directory(Path(name), choice)
        elif _is_glob(name):
            files = _of_glob(name)
        else:
            left_out = choice.force_exclude and name != STDIN and excluded(name)
            found += [] if left_out else [name]
            continue
        found += [file for file in files if file not in found and not excluded(file)]
    return found


def _is_glob(name: str) -> bool:
    return any(mark in name for mark in "*?[") and not Path(name).exists()


def _of_glob(name: str) -> list[str]:
    fixed = list(Path(name).parts)
    depth = next(index for index, part in enumerate(fixed) if any(mark in part for mark in "*?["))
    top = Path(*fixed[:depth]) if depth else Path()
    wanted = matcher(("/" + "/".join(fixed[depth:]),), top)
    found = [str(path) for path in _files(top) if wanted(str(path))] if top.is_dir() else []
    if not found:
        raise InputError(f"no file matches {name}", hint="check the pattern and the working directory")
    return found


def _of_directory(directory: Path, choice: Choice) -> list[str]:
    found = [path for path in _files(directory) if path.stat().st_size <= LARGEST]
    if choice.include:
        wanted = matcher(choice.include, Path())
        meant = [path for path in found if wanted(str(path))]
    else:
        texts = [path for path in found if path.suffix.lower() in TEXTS]
        source = [path for path in found if by_suffix(path.name)]
        meant = texts if choice.texts_first else source or texts
    if not meant:
        hint = f"name files, for example {directory}/*.md, or say which with --include"
        raise InputError(f"no {'' if choice.include else 'source or text '}files in {directory}", hint=hint)
    return [str(path) for path in meant]


def _files(directory: Path) -> list[Path]:
    """Return the files under `directory` that git would not ignore, hidden ones left out, sorted by path."""
    listed = _of_git(directory)
    paths = _walk(directory, []) if listed is None else listed
    return sorted(path for path in paths if not _hidden(path.relative_to(directory)) and path.is_file())


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _of_git(directory: Path) -> list[Path] | None:
    """Return the files that git would not ignore, None outside a repository or without git."""
    import subprocess

    command = ["git", "-C", str(directory), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    return [directory / os.fsdecode(name) for name in sorted(set(listed.split(b"\0"))) if name]


def _walk(directory: Path, rules: list[tuple[Path, GitIgnoreSpec]]) -> Iterator[Path]:
    """Yield files, hidden ones, links and those that a `.gitignore` names left out."""
    from pathspec import GitIgnoreSpec

    ignore = directory / ".gitignore"
    if ignore.is_file():
        lines = ignore.read_text(encoding="utf-8", errors="replace").splitlines()
        rules = [*rules, (directory, GitIgnoreSpec.from_lines(lines))]
    for entry in sorted(directory.iterdir()):
        if entry.name.startswith(".") or entry.is_symlink() or _ignored(entry, rules):
            continue
        if entry.is_dir():
            yield from _walk(entry, rules)
        else:
            yield entry


def _ignored(path: Path, rules: list[tuple[Path, GitIgnoreSpec]]) -> bool:
    """Tell whether the last rule about `path`, the nearest file's first, excludes it."""
    for base, spec in reversed(rules):
        inside = path.relative_to(base).as_posix() + ("/" if path.is_dir() else "")
        said = spec.check_file(inside).include
        if said is not None:
            return said
    return False
