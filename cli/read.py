"""Files and standard input become documents; what cannot be read is one clear error."""

from __future__ import annotations

import codecs
import sys
from collections.abc import Sequence
from pathlib import Path

from ctxzip.errors import InputError, UsageError
from ctxzip.passages import passages_from_json
from ctxzip.text import Document

STDIN = "-"


def read_documents(files: Sequence[str], encoding: str, *, lists: bool = False) -> list[Document]:
    """Return one document per file, its path as id when there are several; no file means standard input.

    With `lists`, a file that is a JSON list of passages is as many documents.

    Raises `InputError` for what cannot be read and `UsageError` for a terminal where text was expected.
    """
    names = _with_directories(files) or [STDIN]
    if names == [STDIN] and not files and sys.stdin.isatty():
        raise UsageError("nothing to read", hint="name a file, or pipe text in; ctxzip --help shows more")
    if names.count(STDIN) > 1:
        raise UsageError("standard input (-) can be read only once", hint="name it once")
    several = len(names) > 1
    documents: list[Document] = []
    for name in names:
        text = read_text(name, encoding)
        if lists and text.lstrip()[:1] == "[" and (listed := passages_from_json(text)):
            documents.extend(listed)
        else:
            path = None if name == STDIN else name
            documents.append(Document(text, id=name if several else None, path=path))
    return documents


def _with_directories(files: Sequence[str]) -> list[str]:
    """Return `files` with the source files of every directory in its place."""
    names: list[str] = []
    for name in files:
        if name != STDIN and Path(name).is_dir():
            from ctxzip.cli.walk import source_files

            names += [str(path) for path in source_files(Path(name))]
        else:
            names.append(name)
    return names


def read_query(value: object) -> str | None:
    """Return the query that `--query` stands for: its text, or with `@` the text of a file."""
    if not isinstance(value, str):
        return None
    return read_text(value[1:], "utf-8").strip() if value.startswith("@") else value


def read_text(name: str, encoding: str) -> str:
    """Return the text of the file `name`, or of standard input for `-`, byte order mark and line ends kept."""
    return _decode(sys.stdin.buffer.read() if name == STDIN else _bytes(Path(name)), name, encoding)


def _bytes(path: Path) -> bytes:
    if path.is_dir():
        raise InputError(f"{path} is a directory", hint=f"name its files, for example {path}/*.md")
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise InputError(f"no such file: {path}", hint="check the spelling and the working directory") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}", hint="check its permissions") from error


def _decode(data: bytes, name: str, encoding: str) -> str:
    where = "standard input" if name == STDIN else name
    try:
        codecs.lookup(encoding)
    except LookupError:
        raise UsageError(f"unknown encoding {encoding!r}", hint="for example --encoding latin-1") from None
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise InputError(
            f"{where} is not {encoding}: byte 0x{data[error.start]:02x} at offset {error.start}",
            hint="convert it, or name its encoding, for example --encoding latin-1",
        ) from None
    if "\0" in text:
        raise InputError(f"{where} looks binary: byte 0x00 at offset {data.index(0)}", hint="ctxzip reads text")
    return text
