"""The source files of a directory: what git tracks or would track, else what no `.gitignore` excludes."""

from __future__ import annotations

import fnmatch
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from ctxzip.code.languages import by_suffix
from ctxzip.errors import InputError

LARGEST = 1_000_000
"""Bytes above which a file is taken for data, not for source."""


def source_files(directory: Path) -> list[Path]:
    """Return the source files under `directory`, sorted by path.

    Raises `InputError` when there is none.
    """
    listed = _of_git(directory)
    paths = _walk(directory, []) if listed is None else iter(listed)
    found = sorted(path for path in paths if by_suffix(path.name) and path.is_file() and _small(path))
    if not found:
        raise InputError(f"no source files in {directory}", hint="name files, for example " + str(directory / "*.md"))
    return found


def _small(path: Path) -> bool:
    return path.stat().st_size <= LARGEST


def _of_git(directory: Path) -> list[Path] | None:
    """Return the files that git would not ignore, None outside a repository or without git."""
    command = ["git", "-C", str(directory), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    return [directory / os.fsdecode(name) for name in listed.split(b"\0") if name]


def _walk(directory: Path, rules: list[tuple[Path, str]]) -> Iterator[Path]:
    """Yield files, hidden ones and those that a `.gitignore` names left out."""
    ignore = directory / ".gitignore"
    if ignore.is_file():
        lines = ignore.read_text(encoding="utf-8", errors="replace").splitlines()
        rules = rules + [(directory, line.strip()) for line in lines if line.strip() and not line.startswith("#")]
    for entry in sorted(directory.iterdir()):
        if entry.name.startswith(".") or entry.is_symlink() or _ignored(entry, rules):
            continue
        if entry.is_dir():
            yield from _walk(entry, rules)
        else:
            yield entry


def _ignored(path: Path, rules: list[tuple[Path, str]]) -> bool:
    """Tell whether the last matching rule excludes `path`."""
    excluded = False
    for base, rule in rules:
        pattern = rule.removeprefix("!")
        if pattern.endswith("/") and not path.is_dir():
            continue
        pattern = pattern.rstrip("/")
        inside = path.relative_to(base).as_posix()
        anchored = "/" in pattern
        subject = inside if anchored else path.name
        if fnmatch.fnmatch(subject, pattern.lstrip("/").replace("**/", "*")):
            excluded = not rule.startswith("!")
    return excluded
