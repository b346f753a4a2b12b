"""The steps of a run, the same for every compressor: protect, segment, score, plan, render, report."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from ctxzip.layout import Layout
from ctxzip.options import DEFAULT_BUDGET, Options
from ctxzip.plan import Allotment, Plan, Unit, above, best, extend, heaviest, plan, ranked
from ctxzip.protect import hard_spans
from ctxzip.protocols import (
    Arrangement,
    Arranger,
    Borrower,
    Calibrated,
    Compressor,
    FormKeeper,
    Shortener,
    Summarizer,
    Tokenizer,
)
from ctxzip.result import Compression
from ctxzip.segment import fuse
from ctxzip.text import Document, Role, Span
from ctxzip.units import SCORE_DIGITS, grouped, units_of

SPARE = 0.08
"""Share of a budget that words of a shortened piece may take instead of lesser whole pieces."""
USED_UP = 0.97
"""Share of a budget from which nothing more is shortened to fill it."""
FULL_FROM = 100
"""Tokens of budget from which it has to be used up to that share."""
FEWEST_WORDS = 4
"""Words that a shortened piece must have left where the budget need not be used up."""
DEFAULT_THRESHOLD = 0.5
"""Score from which pieces are kept when the compressor has no mark of its own."""
CANDIDATES = 6
"""Pieces that are tried for shortening, best first."""
ROUNDS = 4
"""Plans made before a document whose form every cut spoils is kept or dropped whole."""

WORTH_A_REMARK = 16
"""Tokens from which a piece that did not fit is mentioned."""


def assemble(documents: Iterable[Document]) -> str:
    """Return one text of several documents: each under its id or title if it has one, blank lines between.

    A document without text disappears. A single document without id and title is its text.
    """
    return "\n\n".join(_headed(document) for document in documents if document.text)


def _headed(document: Document) -> str:
    headers = [f"==> {document.id} <=="] if document.id else []
    headers += [document.title] if document.title else []
    return "\n".join([*headers, document.text])


@dataclass(frozen=True)
class Draft:
    """The documents of a run with their units, ready to be rendered under any choice of units."""

    documents: Sequence[Document]
    layouts: Sequence[Arrangement]
    units: Sequence[Unit]
    tokenizer: Tokenizer
    spans: Sequence[Sequence[Span]]
    """What tiles each document: the content, and the structure around it."""

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
        tiles: list[list[Span]] = []
        hard: list[list[Span]] = []
        for document, whole in zip(documents, uncut or [()] * len(documents), strict=True):
            guards = options.protection.guards(document.text, asked_only=isinstance(compressor, FormKeeper))
            hard.append(hard_spans(guards))
            pieces = fuse(compressor.segment(document), [*whole, *(guard.span for guard in guards)], heads=True)
            tiles.append(fuse(pieces, hard[-1]))
        layouts = [_arranged(compressor, d, own) for d, own in zip(documents, tiles, strict=True)]
        scores = compressor.score(documents, [layout.content for layout in layouts], options.query)
        units = [
            unit
            for index, layout in enumerate(layouts)
            for unit in grouped(
                units_of(index, layout, scores[index], hard[index], tokenizer), compressor, layout, options.query
            )
        ]
        return cls(documents, layouts, units, tokenizer, tiles)

    def finer(self, index: int, compressor: Compressor, options: Options) -> tuple[Draft, int]:
        """Return a draft with the unit `index` cut into the pieces of its lender, and the number of those.

        A part is worth its share of what the whole is worth.
        """
        assert isinstance(compressor, Borrower)
        unit = self.units[index]
        at, document = unit.document, self.documents[unit.document]
        tiles = list(self.spans)
        place = next(i for i, tile in enumerate(tiles[at]) if tile.start == unit.span.start)
        if tiles[at][place].role is not Role.CONTENT:
            return self, 1
        pieces, scores = _cut(unit.span, document.text, compressor.lender, self.tokenizer, options)
        tiles[at] = [*tiles[at][:place], *pieces, *tiles[at][place + 1 :]]
        layouts = list(self.layouts)
        layouts[at] = _arranged(compressor, document, tiles[at])
        content = [piece for piece in pieces if piece.role is Role.CONTENT]
        sizes = self.tokenizer.count_many([piece.of(document.text) for piece in content])
        parts = [
            Unit(at, piece, size, round(unit.score * score, SCORE_DIGITS), part=True)
            for piece, size, score in zip(content, sizes, scores, strict=True)
        ]
        units = [*self.units[:index], *parts, *self.units[index + 1 :]]
        return Draft(self.documents, layouts, units, self.tokenizer, tiles), len(parts)

    def of_each(self, kept: Sequence[int]) -> list[list[int]]:
        """Return for every document which of its content the units `kept` (indices, ascending) are."""
        chosen: list[list[int]] = [[] for _ in self.documents]
        first = self._first_units()
        for index in kept:
            document = self.units[index].document
            chosen[document].append(index - first[document])
        return chosen

    def render(self, kept: Sequence[int]) -> list[Document]:
        """Return the documents that the units `kept` (indices, ascending) leave."""
        return [
            replace(document, text=layout.render(ordinals))
            for document, layout, ordinals in zip(self.documents, self.layouts, self.of_each(kept), strict=True)
        ]

    def count(self, kept: Sequence[int]) -> int:
        """Return the reader's tokens of the whole text that the units `kept` leave."""
        return self.tokenizer.count(assemble(self.render(kept)))

    def _first_units(self) -> list[int]:
        firsts, at = [], 0
        for layout in self.layouts:
            firsts.append(at)
            at += len(layout.content)
        return firsts


def _arranged(compressor: Compressor, document: Document, spans: Sequence[Span]) -> Arrangement:
    if isinstance(compressor, Arranger):
        return compressor.arrange(document, spans)
    return Layout(document.text, spans)


def _cut(
    span: Span, text: str, lender: Compressor, tokenizer: Tokenizer, options: Options
) -> tuple[list[Span], list[float]]:
    """Return the pieces that `lender` sees in `span`, which they tile, and the score of each content piece."""
    piece = span.of(text)
    start = span.start + len(piece) - len(piece.lstrip())
    inner = Draft.of([Document(piece.strip())], lender, tokenizer, options)
    pieces: list[Span] = []
    for tile in inner.spans[0]:
        moved = Span(start + tile.start, start + tile.end, tile.role)
        if tile.role is Role.END and pieces and pieces[-1].role is Role.CONTENT:
            moved = Span(pieces.pop().start, moved.end)
        pieces.append(moved)
    first = next((i for i, tile in enumerate(pieces) if tile.role is Role.CONTENT), None)
    if first is None:
        return [span], [1.0]
    pieces[: first + 1] = [Span(span.start, pieces[first].end)]
    pieces[-1] = Span(pieces[-1].start, span.end, pieces[-1].role)
    return pieces, [unit.score for unit in inner.units]


def run(documents: Sequence[Document], compressor: Compressor, tokenizer: Tokenizer, options: Options) -> Compression:
    """Compress `documents` within their shared budget and report what became of every piece.

    Raises `BudgetError` when what must be kept exceeds the budget, unless the options say best effort.
    """
    started = time.perf_counter()
    before = tokenizer.count(assemble(documents))
    budget = options.budget or (None if options.selection.given else DEFAULT_BUDGET)
    limit = budget.resolve(before) if budget else None
    notes = [] if options.budget or options.selection.given else ["no budget given: keeping half (ratio 2)"]
    if limit is not None and before <= limit and not options.selection.min_relevance:
        made, chosen = list(documents), _everything(documents, tokenizer)
        notes.append("already within the budget: unchanged")
    else:
        made, chosen, form = _made(documents, compressor, tokenizer, options, limit)
        if chosen.tokens > before:
            made, chosen = list(documents), _everything(documents, tokenizer)
        notes.extend([*_remarks(chosen, limit, options), *form])
    return Compression(
        text=assemble(made),
        documents=made,
        tokens_before=before,
        tokens_after=chosen.tokens,
        method=compressor.name,
        model=compressor.model,
        tokenizer=tokenizer.name,
        limit=limit,
        asked=budget.asked if budget else options.selection.asked,
        milliseconds=1000 * (time.perf_counter() - started),
        notes=notes,
        allotments=chosen.allotments,
    )


def _made(
    documents: Sequence[Document], compressor: Compressor, tokenizer: Tokenizer, options: Options, limit: int | None
) -> tuple[list[Document], Plan, list[str]]:
    """Return the documents that are left, the plan, and remarks: chosen among pieces, or written."""
    if isinstance(compressor, Shortener | Summarizer):
        from ctxzip.written import written

        return written(documents, compressor, tokenizer, options, limit)
    draft, chosen, form = _settled(documents, compressor, tokenizer, options, limit)
    return draft.render(chosen.kept), chosen, form


def _settled(
    documents: Sequence[Document], compressor: Compressor, tokenizer: Tokenizer, options: Options, limit: int | None
) -> tuple[Draft, Plan, list[str]]:
    """Return the draft, the plan, and remarks on the form of the texts that the plan leaves.

    Where a cut spoils the form of a text the compressor names what to leave in one piece, and all is planned
    again; after `ROUNDS` the documents concerned are kept or dropped whole.
    """
    uncut: list[list[Span]] = [[] for _ in documents]
    for attempt in range(ROUNDS + 1):
        draft = Draft.of(documents, compressor, tokenizer, options, uncut)
        draft, chosen = _choose(draft, limit, compressor, options)
        if not isinstance(compressor, FormKeeper):
            return draft, chosen, []
        choices = zip(draft.layouts, draft.of_each(chosen.kept), strict=True)
        spoilt = [compressor.uncut(layout, kept) for layout, kept in choices]
        if not any(spoilt):
            break
        for index, found in enumerate(spoilt):
            last = found and attempt + 1 >= ROUNDS
            uncut[index].extend([Span(0, len(documents[index].text))] if last else found)
    made = draft.render(chosen.kept)
    return draft, chosen, compressor.remarks(draft.layouts, made) if isinstance(compressor, FormKeeper) else []


def _choose(draft: Draft, limit: int | None, compressor: Compressor, options: Options) -> tuple[Draft, Plan]:
    """Return the plan, and the draft whose units it is about."""
    asked, units, count = options.selection, draft.units, draft.count
    floor = asked.min_relevance
    if limit is not None:
        spare = int(SPARE * limit) if isinstance(compressor, Borrower) else 0
        chosen = plan(units, limit, count, best_effort=options.best_effort, floor=floor, spare=spare)
        return _filled(draft, chosen, limit, compressor, options)
    if asked.top_k is not None:
        return draft, best(units, asked.top_k, count, floor=floor)
    if asked.top_p is not None:
        return draft, heaviest(units, asked.top_p, count, floor=floor)
    return draft, above(units, max(_threshold(compressor, options), floor), count)


def _threshold(compressor: Compressor, options: Options) -> float:
    """Return the score from which pieces are kept: the one asked for, or the scorer's own."""
    asked = options.selection.threshold
    if isinstance(asked, float | int):
        return asked
    return compressor.threshold if isinstance(compressor, Calibrated) else DEFAULT_THRESHOLD


def _filled(draft: Draft, chosen: Plan, limit: int, compressor: Compressor, options: Options) -> tuple[Draft, Plan]:
    """Spend what `chosen` leaves of `limit` on words of the next best piece, if the compressor borrows them."""
    if not isinstance(compressor, Borrower) or chosen.tokens > limit:
        return draft, chosen
    kept = set(chosen.kept)
    floor = options.selection.min_relevance
    rest = [i for i in ranked(draft.units) if i not in kept and draft.units[i].score >= floor]
    enough = USED_UP * limit if limit >= FULL_FROM else limit
    for index in rest[:CANDIDATES]:
        if chosen.tokens >= enough:
            break
        finer, parts = draft.finer(index, compressor, options)
        moved = [i if i < index else i + parts - 1 for i in sorted(kept)]
        longer = extend(finer.units, limit, finer.count, moved)
        words = sum(allotment.kept and allotment.unit.part for allotment in longer.allotments)
        if longer.tokens > chosen.tokens and (limit >= FULL_FROM or words >= FEWEST_WORDS):
            return finer, longer
    return draft, chosen


def _everything(documents: Sequence[Document], tokenizer: Tokenizer) -> Plan:
    """Return the plan that keeps every document whole."""
    units = [
        Unit(index, Span(0, len(document.text), Role.CONTENT), tokenizer.count(document.text), 1.0)
        for index, document in enumerate(documents)
        if document.text
    ]
    return Plan([Allotment(unit, True, "unchanged") for unit in units], tokenizer.count(assemble(documents)))


def _remarks(chosen: Plan, limit: int | None, options: Options) -> list[str]:
    """Return what a reader of the report should know about a plan."""
    remarks = []
    floor = options.selection.min_relevance
    if floor and chosen.allotments and not chosen.tokens:
        top = max(allotment.unit.score for allotment in chosen.allotments)
        remarks.append(f"nothing reaches --min-relevance {floor:g} (the best scores {top:.3f}): empty on purpose")
    if limit is not None and chosen.tokens > limit:
        remarks.append(f"best effort: what must be kept takes {chosen.tokens} tokens, the budget is {limit}")
    if chosen.skipped is not None and chosen.skipped.tokens >= WORTH_A_REMARK:
        unit = chosen.skipped
        where = f"{unit.span.start}-{unit.span.end} of document {unit.document}"
        remarks.append(f"the best piece left out did not fit: {unit.tokens} tokens at {where}")
    return remarks
