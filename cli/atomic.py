"""Files replaced in one step: whoever reads one, and whatever ends the run, it is the old or the new one, never half.

The new content is written beside the file and renamed over it. What a killed run leaves beside a file is removed by
the next run that rewrites files there.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
from collections.abc import Iterable
from pathlib import Path

from ctxzip.errors import InputError

_LEFTOVER = re.compile(r"\..+\.(?P<process>\d+)\.ctxzip-new")


def replace(path: Path, data: bytes, *, was: os.stat_result | None = None) -> None:
    """Give the file `path`, or the file that it links to, the content `data`; mode and owner stay.

    Raises `InputError` when it cannot be written, or is no longer the file whose state `was`.
    """
    try:
        target = path.resolve()
        if target.exists() and not stat.S_ISREG(target.stat().st_mode):
            target.write_bytes(data)
            return
        _refuse_changed(path, was)
        _replace(target, data)
    except OSError as error:
        hint = "check the path and its permissions"
        raise InputError(f"{path} cannot be written: {error.strerror}", hint=hint) from error


def _refuse_changed(path: Path, was: os.stat_result | None) -> None:
    now = path.stat() if was else None
    if was and now and (was.st_mtime_ns, was.st_size, was.st_ino) != (now.st_mtime_ns, now.st_size, now.st_ino):
        raise InputError(f"{path} was changed by somebody else meanwhile", hint="it was left alone; run again")


def _replace(target: Path, data: bytes) -> None:
    before = target.stat() if target.exists() else None
    if before and not os.access(target, os.W_OK):
        raise PermissionError(13, "it is read-only")
    beside = target.with_name(f".{target.name[:200]}.{os.getpid()}.ctxzip-new")
    try:
        with beside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if before:
            _like(beside, before)
        beside.replace(target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    _settle(target.parent)


def _like(path: Path, before: os.stat_result) -> None:
    """Give `path` the owner, where that is allowed, and the mode of another file."""
    if os.name == "posix":
        with contextlib.suppress(PermissionError):
            os.chown(path, before.st_uid, before.st_gid)
    path.chmod(stat.S_IMODE(before.st_mode))


def _settle(directory: Path) -> None:
    """Have the renaming itself on disk, where directories can be told so."""
    with contextlib.suppress(OSError):
        handle = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def sweep(paths: Iterable[Path]) -> None:
    """Remove what runs that no longer exist left beside `paths`."""
    if os.name != "posix":
        return
    for directory in {path.resolve().parent for path in paths}:
        with contextlib.suppress(OSError):
            for entry in directory.iterdir():
                left = _LEFTOVER.fullmatch(entry.name)
                if left and not _alive(int(left["process"])):
                    entry.unlink(missing_ok=True)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True
