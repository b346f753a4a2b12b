"""The documents of a run with their units: segmented, protected and scored, ready to be shown under any choice."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from operator import attrgetter

from ctxzip.companions import Company
from ctxzip.options import Options
from ctxzip.plan import Allotment, Plan, Unit
from ctxzip.protocols import Borrower, CloserLook, Compressor, Reader, Tokenizer
from ctxzip.structure.shape import Shape
from ctxzip.text import Document, Role, Span
from ctxzip.units import grouped, overlapping, rounded, units_of
from ctxzip.verify import Held, protected

LONG = 1_000_000
"""Characters from which a text is cut before a model reads it: doing both at once holds much in memory."""


def assemble(documents: Iterable[Document]) -> str:
    """Return one text of several documents: each under its id or title if it has one, blank lines between.

    A document without text disappears. A single document without id and title is its text.
    """
    return "\n\n".join(_headed(document) for document in documents if document.text)


def _headed(document: Document) -> str:
    headers = [f"==> {document.id} <=="] if document.id else []
    headers += [document.title] if document.title else []
    return "\n".join([*headers, document.text])


def _counted(tokenizer: Tokenizer, pieces: Sequence[str]) -> list[int]:
    """Return the tokens of every piece; what repeats, as words do, is counted once."""
    distinct = list(dict.fromkeys(pieces))
    sizes = dict(zip(distinct, tokenizer.count_many(distinct), strict=True))
    return [sizes[piece] for piece in pieces]


@dataclass(frozen=True)
class Draft:
    """The documents of a run with their units, ready to be rendered under any choice of units."""

    shapes: Sequence[Shape]
    units: Sequence[Unit]
    tokenizer: Tokenizer
    tight: int | None = None
    """A budget so small that the line break at the end of the text goes before any of its content does."""

    @classmethod
    def of(
        cls,
        documents: Sequence[Document],
        compressor: Compressor,
        tokenizer: Tokenizer,
        options: Options,
        uncut: Sequence[Sequence[Span]] | None = None,
    ) -> Draft:
        """Segment, protect and score `documents`; the spans `uncut` of each stay in one piece."""
        wholes = uncut or [()] * len(documents)

        def cut() -> tuple[list[Shape], list[list[int]]]:
            pairs = zip(documents, wholes, strict=True)
            shapes = [Shape.of(document, compressor, options.protection, own) for document, own in pairs]
            return shapes, [_counted(tokenizer, shape.alone()) for shape in shapes]

        if isinstance(compressor, Reader):
            shapes, sizes, scores = _read_beside(documents, compressor, cut)
        else:
            shapes, sizes = cut()
            scores = compressor.score(documents, [shape.layout.content for shape in shapes], options.query)
        units = [
            unit
            for index, shape in enumerate(shapes)
            for unit in grouped(
                units_of(index, shape, shape.weighed(scores[index]), sizes[index]),
                compressor,
                shape.layout,
                options.query,
            )
        ]
        return cls(shapes, units, tokenizer)

    def closer(self, chosen: Plan, compressor: CloserLook, query: str | None) -> Draft | None:
        """Return a draft with the groups that `chosen` cuts looked at more closely, None if that changes nothing."""
        whole: dict[tuple[int, int], set[bool]] = {}
        for one in chosen.allotments:
            if one.unit.group:
                whole.setdefault(one.unit.group, set()).add(one.kept)
        cut = sorted(group for group, fates in whole.items() if len(fates) == 2)
        if not cut:
            return None
        documents = [shape.document for shape in self.shapes]
        scores = compressor.closer(documents, [shape.layout.content for shape in self.shapes], query, cut)
        if scores is None:
            return None
        seen = [score for shape, own in zip(self.shapes, scores, strict=True) for score in shape.weighed(own)]
        units = [replace(unit, score=rounded(score)) for unit, score in zip(self.units, seen, strict=True)]
        return replace(self, units=units)

    def finer(self, index: int, compressor: Compressor, options: Options) -> tuple[Draft, int]:
        """Return a draft with the unit `index` cut into the pieces of its lender, and the number of those.

        A part is worth its share of what the whole is worth.
        """
        assert isinstance(compressor, Borrower)
        unit = self.units[index]
        at, shape = unit.document, self.shapes[unit.document]
        tiles = list(shape.tiles)
        place = next(i for i, tile in enumerate(tiles) if tile.start == unit.span.start)
        if tiles[place].role is not Role.CONTENT or not shape.divisible(unit.span):
            return self, 1
        text = shape.document.text
        pieces, scores = _cut(unit.span, text, compressor.lender, self.tokenizer, options)
        tiles[place : place + 1] = pieces
        shapes = list(self.shapes)
        shapes[at] = shape.cut(tiles, compressor)
        content = [span for span in shapes[at].layout.content if unit.span.start <= span.start < unit.span.end]
        if len(content) != len(scores):
            return self, 1
        sizes = self.tokenizer.count_many([piece.of(text) for piece in content])
        pinned = overlapping(content, shape.hard) if unit.pinned else set()
        parts = [
            Unit(at, piece, size, rounded(unit.score * score), place in pinned, part=True)
            for place, (piece, size, score) in enumerate(zip(content, sizes, scores, strict=True))
        ]
        units = [*self.units[:index], *parts, *self.units[index + 1 :]]
        return replace(self, shapes=shapes, units=units), len(parts)

    def of_each(self, kept: Sequence[int]) -> list[list[int]]:
        """Return for every document which of its content the units `kept` (indices, ascending) are."""
        chosen, at = [], 0
        for first, shape in zip(self._first_units(), self.shapes, strict=True):
            stop = bisect_left(kept, first + len(shape.layout.content), at)
            chosen.append([index - first for index in kept[at:stop]])
            at = stop
        return chosen

    def render(self, kept: Sequence[int]) -> list[Document]:
        """Return the documents that the units `kept` (indices, ascending) leave."""
        made = [
            replace(shape.document, text=shape.layout.render(ordinals))
            for shape, ordinals in zip(self.shapes, self.of_each(kept), strict=True)
        ]
        if self.tight is not None and self.tokenizer.count(assemble(made)) > self.tight:
            last = max((at for at, document in enumerate(made) if document.text), default=0)
            made[last] = replace(made[last], text=made[last].text.rstrip())
        return made

    def count(self, kept: Sequence[int]) -> int:
        """Return the reader's tokens of the whole text that the units `kept` leave."""
        return self.tokenizer.count(assemble(self.render(kept)))

    def decided(self, chosen: Plan) -> Plan:
        """Return `chosen` with what became of the bound words, which are no choice, among its allotments."""
        along: list[Allotment] = []
        for index, (shape, own) in enumerate(zip(self.shapes, self.of_each(chosen.kept), strict=True)):
            bound = shape.layout.bound(own) if isinstance(shape.layout, Company) else []
            sizes = self.tokenizer.count_many([span.of(shape.document.text) for span, _ in bound])
            along += [
                Allotment(Unit(index, span, size, 0.0), kept, "bound")
                for (span, kept), size in zip(bound, sizes, strict=True)
            ]
        if not along:
            return chosen
        every = sorted([*chosen.allotments, *along], key=attrgetter("unit.document", "unit.span.start"))
        return replace(chosen, allotments=every)

    def held(self, chosen: Plan) -> dict[str, Held]:
        """Return what each kind of protection holds of a plan."""
        return protected(self.shapes, self.of_each(chosen.kept), self.tokenizer)

    def _first_units(self) -> list[int]:
        firsts, at = [], 0
        for shape in self.shapes:
            firsts.append(at)
            at += len(shape.layout.content)
        return firsts


def _read_beside(
    documents: Sequence[Document], compressor: Reader, cut: Callable[[], tuple[list[Shape], list[list[int]]]]
) -> tuple[list[Shape], list[list[int]], list[list[float]]]:
    """Return what `cut` does and the scores of the pieces, which the model reads meanwhile."""
    reading = compressor.reading(documents)

    def cut_and_look() -> tuple[list[Shape], list[list[int]]]:
        shapes, sizes = cut()
        reading.look([shape.layout.content for shape in shapes])
        return shapes, sizes

    with ThreadPoolExecutor(1) as pool:
        cutting = pool.submit(cut_and_look)
        if sum(len(document.text) for document in documents) >= LONG:
            wait([cutting])
        reading.read()
        shapes, sizes = cutting.result()
    return shapes, sizes, reading.scores()


def _cut(
    span: Span, text: str, lender: Compressor, tokenizer: Tokenizer, options: Options
) -> tuple[list[Span], list[float]]:
    """Return the pieces that `lender` sees in `span`, which they tile, and the score of each content piece."""
    piece = span.of(text)
    start = span.start + len(piece) - len(piece.lstrip())
    inner = Draft.of([Document(piece.strip())], lender, tokenizer, replace(options, protection=options.protection.flat))
    chosen = {content.start for content in inner.shapes[0].layout.content}
    pieces: list[Span] = []
    for tile in inner.shapes[0].tiles:
        moved = Span(start + tile.start, start + tile.end, Role.CONTENT if tile.start in chosen else tile.role)
        if tile.role is Role.END and pieces and pieces[-1].role is Role.CONTENT:
            moved = Span(pieces.pop().start, moved.end)
        pieces.append(moved)
    first = next((i for i, tile in enumerate(pieces) if tile.role is Role.CONTENT), None)
    if first is None:
        return [span], [1.0]
    pieces[: first + 1] = [Span(span.start, pieces[first].end)]
    pieces[-1] = Span(pieces[-1].start, span.end, pieces[-1].role)
    return pieces, [unit.score for unit in inner.units]
