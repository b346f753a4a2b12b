"""Pieces of a document, named by where they are in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar, dataclass_transform

from ctxzip.errors import UsageError

T = TypeVar("T")


@dataclass_transform(frozen_default=True)
def value(cls: type[T]) -> type[T]:
    """Make `cls` a dataclass whose fields nobody sets again, for what a text has thousands of.

    The type checker sees to that: a dataclass that is frozen while it runs takes eight times as long to make.
    """
    return dataclass(slots=True, unsafe_hash=True)(cls)


class Role(Enum):
    """What a span is for when some of its neighbours are left out."""

    CONTENT = "content"
    """Text that is worth something and can be dropped on its own."""
    BREAK = "break"
    """White space with at least one line break; one survives between kept lines."""
    LEAD = "lead"
    """Indentation and list, heading or quote marker; kept with the first kept text of its line."""
    END = "end"
    """The mark that closes a sentence; kept when enough of its sentence is."""
    HEAD = "head"
    """A heading, table header, speaker or passage marker; kept with anything kept of what it introduces."""
    BOUND = "bound"
    """A negation, a limit or the like; kept exactly when something of what it governs is."""
    FRAME = "frame"
    """What holds pieces of a structure together: brackets, tags, a table's header; drawn by the structure itself."""


@value
class Span:
    """The characters `start` to `end` (exclusive) of a document's text."""

    start: int
    end: int
    role: Role = Role.CONTENT

    def of(self, text: str) -> str:
        """Return the slice of `text` that this span names."""
        return text[self.start : self.end]

    def taken_as(self, role: Role) -> Span:
        """Return the same characters in another role."""
        return self if self.role is role else Span(self.start, self.end, role)

    def overlaps(self, other: Span) -> bool:
        """Tell whether the two spans share at least one character."""
        return self.start < other.end and other.start < self.end


@dataclass(frozen=True, slots=True)
class Document:
    """One text with what identifies it: a plain string is a document without id and title."""

    text: str
    id: str | None = None
    title: str | None = None
    path: str | None = None
    """The file it came from, which tells its language; shown only where it is also the id."""


Source = str | Document | Sequence[str | Document]


def documents_of(source: Source) -> list[Document]:
    """Return the documents that `source` stands for, in order.

    Raises `UsageError` for anything else than text, and for text that no encoding can write.
    """
    many: Iterable[str | Document] = [source] if isinstance(source, str | Document) else source
    if not isinstance(many, Iterable):
        raise UsageError(f"{type(source).__name__} is no text", hint="give a string, a Document or a list of them")
    return [_document(item) for item in many]


def _document(item: str | Document) -> Document:
    document = Document(item) if isinstance(item, str) else item
    if not isinstance(document, Document):
        raise UsageError(f"{type(item).__name__} is no text", hint="give a string, a Document or a list of them")
    try:
        document.text.encode()
    except UnicodeEncodeError as error:
        raise UsageError(
            f"the text has half a surrogate pair at offset {error.start}", hint="decode it with errors='replace'"
        ) from None
    return document


def tiles(spans: Sequence[Span], text: str) -> bool:
    """Tell whether `spans` cover `text` exactly, in order, without gap or overlap."""
    at = 0
    for span in spans:
        if span.start != at or span.end <= span.start:
            return False
        at = span.end
    return at == len(text)
