"""Files and standard input become documents; what cannot be read is one clear error."""

from __future__ import annotations

import codecs
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ctxzip.cli.options import Inputs
from ctxzip.cli.walk import STDIN, Choice, expanded
from ctxzip.errors import InputError, UsageError
from ctxzip.text import Document

MARKS = {
    "utf-8": ((codecs.BOM_UTF8, "utf-8"),),
    "utf-8-sig": ((codecs.BOM_UTF8, "utf-8"),),
    "utf-16": ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")),
    "utf-32": ((codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be")),
}
"""The byte order marks that an encoding may begin with, and the exact encoding each stands for."""


@dataclass(frozen=True, slots=True)
class Form:
    """How a text is put into bytes: its exact encoding, and the mark before it, if any."""

    encoding: str = "utf-8"
    mark: bytes = b""

    def encode(self, text: str) -> bytes:
        """Return the bytes of `text`; raises `InputError` for a character that the encoding has not."""
        try:
            return self.mark + text.encode(self.encoding)
        except UnicodeEncodeError as error:
            character = text[error.start]
            raise InputError(
                f"the result cannot be written as {self.encoding}: it has no {character!r}",
                hint="convert the input to UTF-8 first",
            ) from None


@dataclass(frozen=True, slots=True)
class Input:
    """What was read from the file `name`: its text without mark, and the form to write it in again."""

    name: str
    text: str
    form: Form
    filename: str | None
    """The name that tells the type of the text, None when nothing does."""


def read_inputs(inputs: Inputs, *, texts_first: bool = False) -> list[Input]:
    """Return everything that the options `inputs` name, in order; no file means standard input.

    Raises `InputError` for what cannot be read and `UsageError` for an encoding nobody knows.
    """
    return [read_input(name, inputs) for name in named(inputs, texts_first=texts_first)]


def named(inputs: Inputs, *, texts_first: bool = False) -> list[str]:
    """Return the names of the files that the options `inputs` stand for; no file means standard input."""
    if not inputs.files:
        return [STDIN]
    choice = Choice(tuple(inputs.include or ()), tuple(inputs.exclude or ()), inputs.force_exclude, texts_first)
    return expanded(inputs.files, choice)


def read_input(name: str, inputs: Inputs) -> Input:
    """Return what the file `name` holds, or standard input for `-`; line ends stay as they are."""
    where = "standard input" if name == STDIN else name
    data = read_bytes(name)
    form = _form(data, inputs.encoding)
    text = _decoded(data[len(form.mark) :], form.encoding, where)
    return Input(name, text, form, inputs.stdin_filename if name == STDIN else name)


def documents_of(inputs: Sequence[Input], *, lists: bool = False) -> list[Document]:
    """Return one document per input, its name as id when there are several.

    With `lists`, an input that is a JSON list of passages is as many documents.
    """
    from ctxzip.passages import passages_from_json

    several = len(inputs) > 1
    documents: list[Document] = []
    for given in inputs:
        if lists and given.text.lstrip()[:1] == "[" and (listed := passages_from_json(given.text)):
            documents.extend(listed)
        else:
            documents.append(Document(given.text, id=given.name if several else None, path=given.filename))
    return documents


def read_query(value: str | None) -> str | None:
    """Return the query that `--query` stands for: its text, or with `@` the text of a file."""
    if value is None or not value.startswith("@"):
        return value
    return read_input(value[1:], Inputs()).text.strip()


def read_bytes(name: str) -> bytes:
    """Return the bytes of the file `name`, or of standard input for `-`."""
    if name == STDIN:
        return sys.stdin.buffer.read()
    path = Path(name)
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise InputError(f"no such file: {path}", hint="check the spelling and the working directory") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}", hint="check its permissions") from error


def _form(data: bytes, encoding: str) -> Form:
    """Return the form of `data`, said to be in `encoding`."""
    try:
        name = codecs.lookup(encoding).name
    except LookupError:
        raise UsageError(f"unknown encoding {encoding!r}", hint="for example --encoding latin-1") from None
    found = next(((mark, exact) for mark, exact in MARKS.get(name, ()) if data.startswith(mark)), None)
    return Form(found[1], found[0]) if found else Form("utf-8" if name == "utf-8-sig" else name)


def _decoded(data: bytes, encoding: str, where: str) -> str:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        marked = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        raise InputError(
            f"{where} is not {encoding}: byte 0x{data[error.start]:02x} at offset {error.start}",
            hint=f"convert it, or name its encoding, for example --encoding {'utf-16' if marked else 'latin-1'}",
        ) from None
    except (LookupError, UnicodeError) as error:
        raise UsageError(f"{encoding} does not decode text: {error}", hint="for example --encoding latin-1") from None
    if "\0" in text:
        raise InputError(f"{where} looks binary: byte 0x00 at offset {data.index(0)}", hint="ctxzip reads text")
    return text
