"""The steps of a run, the same for every compressor: protect, segment, score, plan, render, report."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from ctxzip.layout import Layout
from ctxzip.options import DEFAULT_BUDGET, Options
from ctxzip.plan import Allotment, Plan, Unit, above, plan
from ctxzip.protect import hard_spans
from ctxzip.protocols import Arrangement, Arranger, Compressor, Tokenizer
from ctxzip.result import Compression
from ctxzip.segment import fuse
from ctxzip.text import Document, Role, Span

SCORE_DIGITS = 6
"""Scores are rounded so that float noise of a batch's shape cannot reorder them."""

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

    @classmethod
    def of(cls, documents: Sequence[Document], compressor: Compressor, tokenizer: Tokenizer, options: Options) -> Draft:
        """Segment, protect and score `documents`."""
        layouts: list[Arrangement] = []
        hard: list[list[Span]] = []
        for document in documents:
            guards = options.protection.guards(document.text)
            spans = fuse(compressor.segment(document), [guard.span for guard in guards])
            layouts.append(_arranged(compressor, document, spans))
            hard.append(hard_spans(guards))
        scores = compressor.score(documents, [layout.content for layout in layouts], options.query)
        units = [
            unit
            for index, layout in enumerate(layouts)
            for unit in _units(index, layout, scores[index], hard[index], tokenizer)
        ]
        return cls(documents, layouts, units, tokenizer)

    def render(self, kept: Sequence[int]) -> list[Document]:
        """Return the documents that the units `kept` (indices, ascending) leave."""
        chosen: list[list[int]] = [[] for _ in self.documents]
        first = self._first_units()
        for index in kept:
            document = self.units[index].document
            chosen[document].append(index - first[document])
        return [
            replace(document, text=layout.render(ordinals))
            for document, layout, ordinals in zip(self.documents, self.layouts, chosen, strict=True)
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


def _units(
    document: int, layout: Arrangement, scores: Sequence[float], hard: Sequence[Span], tokenizer: Tokenizer
) -> list[Unit]:
    """Return one unit per content span, pinned where it overlaps a hard span."""
    sizes = tokenizer.count_many([span.of(layout.text) for span in layout.content])
    pinned = _overlapping(layout.content, hard)
    return [
        Unit(document, span, size, round(float(score), SCORE_DIGITS), index in pinned)
        for index, (span, size, score) in enumerate(zip(layout.content, sizes, scores, strict=True))
    ]


def _overlapping(spans: Sequence[Span], others: Sequence[Span]) -> set[int]:
    """Return the indices of the ordered `spans` that overlap any of `others`."""
    found: set[int] = set()
    index = 0
    for other in sorted(others, key=lambda span: span.start):
        while index < len(spans) and spans[index].end <= other.start:
            index += 1
        at = index
        while at < len(spans) and spans[at].start < other.end:
            found.add(at)
            at += 1
    return found


def run(documents: Sequence[Document], compressor: Compressor, tokenizer: Tokenizer, options: Options) -> Compression:
    """Compress `documents` within their shared budget and report what became of every piece.

    Raises `BudgetError` when what must be kept exceeds the budget, unless the options say best effort.
    """
    started = time.perf_counter()
    before = tokenizer.count(assemble(documents))
    budget = options.budget or (DEFAULT_BUDGET if options.threshold is None else None)
    limit = budget.resolve(before) if budget else None
    notes = [] if options.budget or options.threshold is not None else ["no budget given: keeping half (ratio 2)"]
    if limit is not None and before <= limit:
        made, chosen = list(documents), _everything(documents, tokenizer)
        notes.append("already within the budget: unchanged")
    else:
        draft = Draft.of(documents, compressor, tokenizer, options)
        chosen = _choose(draft, limit, options)
        made = draft.render(chosen.kept)
        if chosen.tokens > before:
            made, chosen = list(documents), _everything(documents, tokenizer)
        notes.extend(_remarks(chosen, limit))
    return Compression(
        text=assemble(made),
        documents=made,
        tokens_before=before,
        tokens_after=chosen.tokens,
        method=compressor.name,
        model=compressor.model,
        tokenizer=tokenizer.name,
        limit=limit,
        asked=budget.asked if budget else f"threshold {options.threshold}",
        milliseconds=1000 * (time.perf_counter() - started),
        notes=notes,
        allotments=chosen.allotments,
    )


def _choose(draft: Draft, limit: int | None, options: Options) -> Plan:
    if limit is not None:
        return plan(draft.units, limit, draft.count, best_effort=options.best_effort)
    assert options.threshold is not None
    return above(draft.units, options.threshold, draft.count)


def _everything(documents: Sequence[Document], tokenizer: Tokenizer) -> Plan:
    """Return the plan that keeps every document whole."""
    units = [
        Unit(index, Span(0, len(document.text), Role.CONTENT), tokenizer.count(document.text), 1.0)
        for index, document in enumerate(documents)
        if document.text
    ]
    return Plan([Allotment(unit, True, "unchanged") for unit in units], tokenizer.count(assemble(documents)))


def _remarks(chosen: Plan, limit: int | None) -> list[str]:
    """Return what a reader of the report should know about a plan."""
    remarks = []
    if limit is not None and chosen.tokens > limit:
        remarks.append(f"best effort: what must be kept takes {chosen.tokens} tokens, the budget is {limit}")
    if chosen.skipped is not None and chosen.skipped.tokens >= WORTH_A_REMARK:
        unit = chosen.skipped
        where = f"{unit.span.start}-{unit.span.end} of document {unit.document}"
        remarks.append(f"the best piece left out did not fit: {unit.tokens} tokens at {where}")
    return remarks
