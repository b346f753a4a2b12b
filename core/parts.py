"""The pieces of a run that can be said in fewer tokens, each with the text that it has by now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ctxzip.options import Options
from ctxzip.outline import outlined
from ctxzip.protect import hard_spans
from ctxzip.protocols import Shortener, Tokenizer
from ctxzip.segment import fuse
from ctxzip.structure.regions import standing
from ctxzip.text import Document, Role, Span

Count = Callable[[Sequence[Document]], int]
"""Gives the reader's tokens of documents, put together as the result will be."""


@dataclass
class Part:
    """A piece of a document and what has become of it so far."""

    document: int
    ordinal: int
    span: Span
    original: str
    tokens: int
    worth: float
    verbatim: tuple[str, ...]
    text: str = ""
    """What stands there now; empty when it is dropped."""
    reason: str = "whole"
    share: float = 1.0
    size: int = 0
    """Tokens of `text`."""


@dataclass
class Manuscript:
    """The documents of a run with their parts, ready to be rendered with whatever text the parts have."""

    documents: Sequence[Document]
    spans: Sequence[Sequence[Span]]
    parts: list[Part]
    tokenizer: Tokenizer
    total: Count

    def render(self) -> list[Document]:
        """Return the documents as they are now."""
        own: list[list[Part]] = [[] for _ in self.documents]
        for part in self.parts:
            own[part.document].append(part)
        rendered = zip(self.documents, self.spans, own, strict=True)
        return [replace(document, text=_rendered(document.text, s, p)) for document, s, p in rendered]

    def count(self) -> int:
        """Return the reader's tokens of the whole text as it is now."""
        return self.total(self.render())

    def put(self, part: Part, text: str, reason: str) -> None:
        """Let `part` have another text."""
        part.text, part.reason, part.size = text, reason, self.tokenizer.count(text)


def _rendered(text: str, spans: Sequence[Span], parts: Sequence[Part]) -> str:
    """Return the text in which every part stands as it is now, with the structure that those left need."""
    pieces: list[str] = []
    moved: list[Span] = []
    kept: list[int] = []
    at = ordinal = 0
    for span in spans:
        body = span.of(text)
        if span.role is Role.CONTENT:
            part = parts[ordinal]
            if part.text:
                kept.append(ordinal)
                body = part.text if part.text == part.original else _fitted(part)
            ordinal += 1
        pieces.append(body)
        moved.append(Span(at, at + len(body), span.role))
        at += len(body)
    return outlined("".join(pieces), moved).render(kept)


def _fitted(part: Part) -> str:
    """Return the new text with the white space that the original began with."""
    start = len(part.original) - len(part.original.lstrip())
    return part.original[:start] + part.text.strip()


def drafted(
    documents: Sequence[Document], compressor: Shortener, tokenizer: Tokenizer, options: Options, total: Count
) -> Manuscript:
    """Return the pieces of `documents` with their worth, all of them whole."""
    tiles: list[list[Span]] = []
    hard: list[list[Span]] = []
    for document in documents:
        guards = options.protection.guards(document.text, document.path)
        hard.append(hard_spans(guards))
        whole = [guard.span for guard in guards if not guard.bound] + standing(document, options.protection.allow)
        pieces = fuse(compressor.segment(document), whole, heads=True)
        tiles.append(fuse(pieces, hard[-1], heads=False))
    arranged = [outlined(d.text, own) for d, own in zip(documents, tiles, strict=True)]
    content = [outline.content for outline in arranged]
    tiles = [_settled(own, set(spans)) for own, spans in zip(tiles, content, strict=True)]
    scores = compressor.score(documents, content, options.query)
    parts = []
    for index, (document, own, worth) in enumerate(zip(documents, content, scores, strict=True)):
        for ordinal, (span, value) in enumerate(zip(own, worth, strict=True)):
            text = span.of(document.text)
            verbatim = tuple(h.of(document.text) for h in hard[index] if h.overlaps(span))
            size = tokenizer.count(text)
            parts.append(Part(index, ordinal, span, text, size, round(value, 6), verbatim, text, size=size))
    return Manuscript(documents, tiles, parts, tokenizer, total)


def _settled(spans: Sequence[Span], content: set[Span]) -> list[Span]:
    """Return `spans` with heads that introduce nothing as the content that the outline takes them for."""
    return [s.taken_as(Role.CONTENT) if s.taken_as(Role.CONTENT) in content else s for s in spans]


def smallest(part: Part) -> str:
    """Return the least that can be left of a part: what has to be there to the letter."""
    return " ".join(dict.fromkeys(part.verbatim))


def kept_whole(part: Part, text: str) -> bool:
    """Tell whether `text` has everything of a part that has to be there to the letter."""
    needed = Counter(part.verbatim)
    return all(text.count(piece) >= min(number, part.original.count(piece)) for piece, number in needed.items())
