"""What was left out of a text, kept beside the result, so that both together are the original again, byte for byte.

A sidecar tells an original as a list of pieces: two numbers are characters of the result, a string is text that was
left out. Both texts are known by their SHA-256, so that a sidecar is never applied to a text it was not made for.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ctxzip.errors import InputError, UnknownName
from ctxzip.result import Compression
from ctxzip.text import Document

SCHEMA = 1
SLACK = 400
"""Characters that a result may have added before a kept piece, as a comment on what was left out, and be matched."""
FEW = 8
"""Characters of marks and space that may be left between two kept pieces and be matched one by one."""

Piece = str | tuple[int, int]


@dataclass(frozen=True, slots=True)
class Original:
    """One original: what it was called, how its bytes were made, their SHA-256, and what it consists of."""

    name: str
    encoding: str
    sha256: str
    pieces: tuple[Piece, ...]

    def text(self, result: str) -> str:
        """Return the original's text, given the result's."""
        return "".join(piece if isinstance(piece, str) else result[slice(*piece)] for piece in self.pieces)

    def survivors(self) -> list[tuple[int, int]]:
        """Return where in the original the characters are that the result still has."""
        found, at = [], 0
        for piece in self.pieces:
            length = len(piece) if isinstance(piece, str) else piece[1] - piece[0]
            if not isinstance(piece, str):
                found.append((at, at + length))
            at += length
        return found


@dataclass(frozen=True, slots=True)
class Sidecar:
    """The originals of one result, and the encoding and SHA-256 of its bytes."""

    encoding: str
    sha256: str
    originals: tuple[Original, ...]

    @classmethod
    def of(
        cls,
        documents: Sequence[Document],
        made: Compression,
        *,
        encodings: Sequence[str] = (),
        marks: Sequence[str] = (),
    ) -> Sidecar:
        """Return the sidecar of the result `made` from `documents`.

        `encodings` (UTF-8 by default) say how each document's bytes were made, `marks` what stood before its text;
        a single document's result is written in the same way.
        """
        encodings = encodings or ["utf-8"] * len(documents)
        marks = marks or [""] * len(documents)
        lone = len(documents) == 1
        result = (marks[0] if lone else "") + made.text
        originals = []
        at = 0
        for index, (document, encoding, mark) in enumerate(zip(documents, encodings, marks, strict=True)):
            at = max(at, result.find(made.documents[index].text, at))
            end = at + len(made.documents[index].text)
            kept = [(s.start, s.end) for s in made.spans if s.document == index and s.kept]
            pieces = _pieces(document.text, kept, result, at, end)
            own = [(0, len(mark))] if lone and mark else [mark] if mark else []
            name = document.path or document.id or str(index)
            original = Original(name, encoding, sha256((mark + document.text).encode(encoding)), (*own, *pieces))
            if original.text(result) != mark + document.text:
                original = Original(name, encoding, original.sha256, (mark + document.text,))
            originals.append(original)
            at = end
        encoding = encodings[0] if lone else "utf-8"
        return cls(encoding, sha256(result.encode(encoding)), tuple(originals))

    def to_json(self) -> str:
        """Return the sidecar as a JSON text."""
        return json.dumps({"ctxzip": "sidecar", "schema": SCHEMA, **asdict(self)}, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Sidecar:
        """Read `to_json` back; raises `InputError` for anything else."""
        try:
            data = json.loads(text)
            if data["ctxzip"] != "sidecar" or data["schema"] != SCHEMA:
                raise KeyError("schema")
            return cls(data["encoding"], data["sha256"], tuple(_original(item) for item in data["originals"]))
        except (ValueError, KeyError, TypeError, RecursionError):
            raise InputError(
                "this is not a sidecar, or one of another version", hint="write one with ctxzip compress --sidecar FILE"
            ) from None

    def restore(self, result: bytes, name: str | None = None) -> bytes:
        """Return the bytes of the original `name`, or of the only one, given the bytes of the result.

        Raises `InputError` when `result` is not what this sidecar was made with, or does not give the original.
        """
        if sha256(result) != self.sha256:
            raise InputError(
                "the sidecar was not made for this text: its SHA-256 is another one",
                hint="restore needs the result exactly as ctxzip wrote it",
            )
        original = self._named(name)
        try:
            data = original.text(result.decode(self.encoding)).encode(original.encoding)
        except (UnicodeError, LookupError, TypeError):
            data = b""
        if sha256(data) != original.sha256:
            raise InputError("the sidecar is damaged: it does not give the original", hint="there is no way to mend it")
        return data

    def _named(self, name: str | None) -> Original:
        names = [original.name for original in self.originals]
        if name is None and len(names) == 1:
            return self.originals[0]
        if name is None:
            raise InputError(
                f"the result was made of {len(names)} texts", hint=f"say which with --name: {', '.join(names)}"
            )
        if name not in names:
            raise UnknownName("original", name, names)
        return self.originals[names.index(name)]


def sha256(data: bytes) -> str:
    """Return the SHA-256 of `data` in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def _original(item: dict[str, Any]) -> Original:
    pieces = tuple(piece if isinstance(piece, str) else (int(piece[0]), int(piece[1])) for piece in item["pieces"])
    return Original(str(item["name"]), str(item["encoding"]), str(item["sha256"]), pieces)


def _pieces(text: str, kept: Sequence[tuple[int, int]], result: str, at: int, end: int) -> list[Piece]:
    """Return `text` as pieces, given where it was kept and that the characters `at` to `end` of `result` are left."""
    merged: list[Piece] = []
    for piece in _matched(text, kept, result, at, end):
        last = merged[-1] if merged else None
        if isinstance(piece, str):
            if isinstance(last, str):
                merged[-1] = last + piece
            elif piece:
                merged.append(piece)
        elif isinstance(last, tuple) and last[1] == piece[0]:
            merged[-1] = (last[0], piece[1])
        elif piece[1] > piece[0]:
            merged.append(piece)
    return merged


def _matched(text: str, kept: Sequence[tuple[int, int]], result: str, at: int, end: int) -> Iterator[Piece]:
    """Yield the pieces between and within the kept spans; a span that is not where it should be counts as left out."""
    done = 0
    for start, stop in kept:
        piece = text[start:stop].strip()
        begin = text.find(piece, start)
        found = result.find(piece, at, min(end, at + begin - done + len(piece) + SLACK)) if piece else -1
        if found < 0:
            continue
        yield from _between(text[done:begin], result, at, found)
        yield (found, found + len(piece))
        done, at = begin + len(piece), found + len(piece)
    yield from _between(text[done:], result, at, end)


def _between(gap: str, result: str, at: int, end: int) -> Iterator[Piece]:
    """Yield the pieces of `gap`, of which `result` may have the beginning and the end from `at` to `end`."""
    left = result[at:end]
    head = _common(gap, left)
    tail = _common(gap[head:][::-1], left[head:][::-1])
    yield (at, at + head)
    yield from _scattered(gap[head : len(gap) - tail], left[head : len(left) - tail], at + head)
    yield (end - tail, end)


def _scattered(gap: str, left: str, at: int) -> Iterator[Piece]:
    """Yield the pieces of `gap`, of which the few characters `left`, from `at` in the result, may be what is left."""
    places: list[int] = []
    for character in left if len(left) <= FEW else "":
        place = gap.find(character, places[-1] + 1 if places else 0)
        if place < 0:
            places = []
            break
        places.append(place)
    done = 0
    for number, place in enumerate(places):
        yield gap[done:place]
        yield (at + number, at + number + 1)
        done = place + 1
    yield gap[done:]


def _common(one: str, other: str) -> int:
    """Return how many characters both begin with."""
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
