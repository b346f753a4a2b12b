"""The seams: what a tokenizer and a compressor have to offer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from ctxzip.text import Document, Span


class Arrangement(Protocol):
    """The spans of one document, able to show what any choice of its content looks like."""

    @property
    def text(self) -> str:
        """The document's text."""

    @property
    def content(self) -> Sequence[Span]:
        """The spans that can be chosen, in order; a choice names them by their place here."""

    def render(self, kept: Sequence[int]) -> str:
        """Return the text that the content `kept` (ascending) leaves, with the structure it needs."""


class Inset(Protocol):
    """A stretch of a document with a form of its own (a table, JSON, code): cut, weighed and shown by its own rules."""

    @property
    def kind(self) -> str:
        """What it is, as reports and `--allow` name it."""

    @property
    def start(self) -> int:
        """Where it begins in the document."""

    @property
    def end(self) -> int:
        """Where it ends."""

    @property
    def content(self) -> Sequence[Span]:
        """The spans that can be chosen, in order."""

    def alone(self) -> list[str]:
        """Return what each content span looks like by itself; a plan guesses sizes from that."""

    def worth(self, scores: Sequence[float]) -> list[float]:
        """Return what each content span is worth per token, in [0, 1], given what the compressor says of its text."""

    def render(self, kept: Sequence[int]) -> str:
        """Return the text that the content `kept` (places in `content`, ascending, not none) leaves."""

    def remark(self, kept: Sequence[int]) -> str:
        """Return what a report should say of `kept`: marks and counts that are no slices of the text; may be empty."""

    def fault(self, made: str) -> str:
        """Return what is wrong with the form of `made`, which `render` returned; empty if nothing is."""


class Tokenizer(Protocol):
    """Counts tokens the way the reader of the result does."""

    @property
    def name(self) -> str:
        """The name that reports show."""

    def count(self, text: str) -> int:
        """Return the number of tokens of `text`, no special tokens added."""

    def count_many(self, texts: Sequence[str]) -> list[int]:
        """Return `count` of every text."""


@runtime_checkable
class Compressor(Protocol):
    """Says what the pieces of a document are and what each is worth; spends nothing."""

    @property
    def name(self) -> str:
        """The name that `--method` takes."""

    @property
    def model(self) -> str:
        """The name of the weights that score."""

    def segment(self, document: Document) -> list[Span]:
        """Return spans that tile the document's text."""

    def score(
        self, documents: Sequence[Document], spans: Sequence[Sequence[Span]], query: str | None
    ) -> list[list[float]]:
        """Return for every document the worth per token, in [0, 1], of each of its content spans."""


class Reading(Protocol):
    """Documents on their way to scores; the model reads them while they are being cut."""

    def read(self) -> None:
        """Let the model read the documents, whatever their pieces will be."""

    def look(self, spans: Sequence[Sequence[Span]]) -> None:
        """Look at the pieces, the content `spans` of each document, as far as that needs no model."""

    def scores(self) -> list[list[float]]:
        """Return what `score` does, of the pieces that were looked at."""


@runtime_checkable
class Reader(Protocol):
    """A compressor whose model needs no pieces, so that reading and cutting are done side by side."""

    def reading(self, documents: Sequence[Document]) -> Reading:
        """Return the documents ready to be read."""


@runtime_checkable
class Calibrated(Protocol):
    """A compressor that knows the score from which its pieces are worth keeping."""

    @property
    def threshold(self) -> float:
        """The score, in [0, 1]."""


@runtime_checkable
class Borrower(Protocol):
    """A compressor of whole pieces; what they leave of a budget goes to words of the next best piece."""

    @property
    def lender(self) -> Compressor:
        """The compressor that says which words of a piece matter."""


@runtime_checkable
class Arranger(Protocol):
    """A compressor whose documents need a structure of their own around what is kept, as headings or code do."""

    def arrange(self, document: Document, spans: Sequence[Span], insets: Sequence[Inset] = ()) -> Arrangement:
        """Return the arrangement of `spans`, which tile the document's text, with `insets` that show themselves."""


@runtime_checkable
class FormKeeper(Protocol):
    """A compressor that answers for the form of what is left on its own: code still parses."""

    def arrange(self, document: Document, spans: Sequence[Span]) -> Arrangement:
        """Return the arrangement of `spans`, which tile the document's text."""

    def groups(self, arrangement: Arrangement, query: str | None) -> Sequence[int] | None:
        """Return what each content span belongs to, for choosing groups before pieces; None to choose pieces."""

    def uncut(self, arrangement: Arrangement, kept: Sequence[int]) -> list[Span]:
        """Return the spans to leave in one piece because cutting them as `kept` does spoils the text's form."""

    def remarks(self, arrangements: Sequence[Arrangement], made: Sequence[Document]) -> list[str]:
        """Return what a report should say about the form of the texts `made`."""


@runtime_checkable
class CloserLook(Protocol):
    """A compressor that judges the pieces of a group more closely once it is known that some of them will go."""

    def closer(
        self,
        documents: Sequence[Document],
        spans: Sequence[Sequence[Span]],
        query: str | None,
        cut: Sequence[tuple[int, int]],
    ) -> list[list[float]] | None:
        """Return what `score` returns, the groups `cut` (document, group) looked at more closely; None if all stays."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece that is to be said in fewer tokens: its text, what it takes now, and what stands before it."""

    text: str
    tokens: int
    verbatim: tuple[str, ...] = ()
    """Parts of the text that have to be there to the letter, whatever happens to the rest."""
    before: str = ""


@dataclass(frozen=True, slots=True)
class Shortened:
    """What a shortener made of a piece: its new text, or None where only words can be dropped, and why."""

    text: str | None
    reason: str
    lender: Compressor | None = None
    """Who says which words to drop, when it is not the shortener's own lender."""


@runtime_checkable
class Shortener(Compressor, Protocol):
    """A compressor that can say a piece in fewer tokens; where it cannot, its lender drops words."""

    @property
    def lender(self) -> Compressor:
        """The compressor that says which words of a piece matter."""

    def check(self) -> None:
        """Raise if there is nobody to write; called before any work is done."""

    def shorten(self, pieces: Sequence[Piece], tokens: Sequence[int], query: str | None) -> list[Shortened]:
        """Return every piece in about so many of the reader's tokens."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What bears on a query, in sentences under the documents that carry them, and remarks for the report."""

    texts: list[str]
    remarks: list[str]


@runtime_checkable
class Summarizer(Compressor, Protocol):
    """A compressor that writes what documents say about a query."""

    @property
    def extractor(self) -> Compressor:
        """The compressor that shortens a summary which is too long, or the documents when nobody writes."""

    def summarize(self, documents: Sequence[Document], query: str, words: int) -> Summary | None:
        """Return the summary of `documents` in about so many words, empty where nothing bears on `query`.

        None when nobody is to write.
        """
