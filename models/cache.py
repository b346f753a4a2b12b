"""The one on-disk cache: scores and converted weights, named by what they were made of.

An entry is written beside its place and renamed into it, so that readers never see half of one and two runs that
make the same entry at once both succeed. A directory that cannot be written is a cache that keeps nothing.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path


def fingerprint(parts: Iterable[str | bytes]) -> str:
    """Return a name for content: the same for the same `parts`, in hexadecimal."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "little"))
        digest.update(data)
    return digest.hexdigest()[:40]


def file_state(path: Path) -> str:
    """Return what tells a file from another or an older one without reading it: place, size and time."""
    stat = path.stat()
    return f"{path.resolve()}:{stat.st_size}:{stat.st_mtime_ns}"


class Cache:
    """Entries under one directory: small JSON values, and directories of files."""

    def __init__(self, root: Path) -> None:
        """Keep entries under `root`, which is made when the first one is written."""
        self.root = root

    def read(self, kind: str, key: str) -> object | None:
        """Return the JSON value of an entry, or None when there is none that can be read."""
        try:
            value: object = json.loads(self._place(kind, key).with_suffix(".json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return value

    def write(self, kind: str, key: str, value: object) -> None:
        """Keep a JSON value; nothing happens where nothing can be written."""
        place = self._place(kind, key).with_suffix(".json")
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile("w", dir=place.parent, delete=False, encoding="utf-8") as file:
                json.dump(value, file)
            Path(file.name).replace(place)
        except OSError:
            return

    def directory(self, kind: str, key: str, make: Callable[[Path], None]) -> Path:
        """Return the directory of an entry, filled by `make` the first time.

        `make` works in a directory of its own; the first run to finish wins, the others use what it made.
        Raises `OSError` when the cache cannot be written.
        """
        place = self._place(kind, key)
        if place.is_dir():
            return place
        place.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(dir=place.parent, prefix=".making-"))
        try:
            make(made)
            made.rename(place)
        except OSError:
            if not place.is_dir():
                raise
        finally:
            shutil.rmtree(made, ignore_errors=True)
        return place

    def clear(self) -> int:
        """Delete every entry and return the bytes that were freed."""
        freed = sum(file.stat().st_size for file in self.root.rglob("*") if file.is_file())
        shutil.rmtree(self.root, ignore_errors=True)
        return freed

    def _place(self, kind: str, key: str) -> Path:
        return self.root / kind / key[:2] / key


class NoCache(Cache):
    """A cache that remembers nothing from run to run."""

    def __init__(self) -> None:
        """Keep nothing."""
        super().__init__(Path(os.devnull))

    def read(self, kind: str, key: str) -> object | None:
        """Return None."""
        return None

    def write(self, kind: str, key: str, value: object) -> None:
        """Forget the value."""


def default_cache() -> Cache:
    """Return the user's cache: `$CTXZIP_CACHE`, or the directory where the system keeps caches."""
    from platformdirs import user_cache_path

    named = os.environ.get("CTXZIP_CACHE")
    return Cache(Path(named).expanduser() if named else user_cache_path("ctxzip"))
