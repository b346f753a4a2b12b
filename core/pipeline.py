"""The steps of a run, the same for every compressor: protect, segment, score, plan, render, report."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace

from ctxzip.collector import put_off
from ctxzip.draft import LONG, Draft, assemble
from ctxzip.errors import BudgetError
from ctxzip.options import DEFAULT_BUDGET, Options
from ctxzip.plan import Allotment, Plan, Unit, above, best, extend, heaviest, pinned_units, plan, ranked
from ctxzip.protocols import (
    Borrower,
    Calibrated,
    CloserLook,
    Compressor,
    FormKeeper,
    Reader,
    Shortener,
    Summarizer,
    Tokenizer,
)
from ctxzip.result import Compression
from ctxzip.text import Document, Role, Span
from ctxzip.verify import Held, broken, checks, hard_tokens, remarks

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


@dataclass(frozen=True)
class Made:
    """What became of the documents of a run, and what there is to say about it."""

    documents: list[Document]
    plan: Plan
    remarks: Sequence[str] = ()
    checks: dict[str, int] = field(default_factory=dict)
    protected: dict[str, Held] = field(default_factory=dict)


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
        made = Made(list(documents), _everything(documents, tokenizer))
        notes.append("already within the budget: unchanged")
    else:
        made = _made(documents, compressor, tokenizer, options, limit)
        if made.plan.tokens > before:
            made = replace(made, documents=list(documents), plan=_everything(documents, tokenizer))
        notes.extend([*_remarks(made.plan, limit, options), *made.remarks])
    return Compression(
        text=assemble(made.documents),
        documents=made.documents,
        tokens_before=before,
        tokens_after=made.plan.tokens,
        method=compressor.name,
        model=compressor.model,
        tokenizer=tokenizer.name,
        limit=limit,
        asked=budget.asked if budget else options.selection.asked,
        milliseconds=1000 * (time.perf_counter() - started),
        notes=notes,
        allotments=made.plan.allotments,
        checks=made.checks,
        protected=made.protected,
    )


def _made(
    documents: Sequence[Document], compressor: Compressor, tokenizer: Tokenizer, options: Options, limit: int | None
) -> Made:
    """Return what becomes of the documents: chosen among their pieces, or written."""
    if isinstance(compressor, Shortener | Summarizer):
        from ctxzip.written import written

        return Made(*written(documents, compressor, tokenizer, options, limit))
    quick = isinstance(compressor, Reader) and sum(len(document.text) for document in documents) < LONG
    with put_off() if quick else nullcontext():
        return _chosen(documents, compressor, tokenizer, options, limit)


def _chosen(
    documents: Sequence[Document], compressor: Compressor, tokenizer: Tokenizer, options: Options, limit: int | None
) -> Made:
    """Return what is left of the documents by the worth of their pieces."""
    draft, chosen = _settled(documents, compressor, tokenizer, options, limit)
    kept = draft.of_each(chosen.kept)
    form = _form(draft, chosen, compressor)
    made, held = draft.render(chosen.kept), draft.held(chosen)
    return Made(made, draft.decided(chosen), form, checks(draft.shapes, kept), held)


def _settled(
    documents: Sequence[Document], compressor: Compressor, tokenizer: Tokenizer, options: Options, limit: int | None
) -> tuple[Draft, Plan]:
    """Return the draft and the plan.

    Where a cut spoils the form of a text, what has to stay in one piece for its sake does, and all is planned
    again; after `ROUNDS` the documents concerned are kept or dropped whole.
    """
    uncut: list[list[Span]] = [[] for _ in documents]
    for attempt in range(ROUNDS + 1):
        draft = Draft.of(documents, compressor, tokenizer, options, uncut)
        if limit is not None and limit < FULL_FROM:
            draft = replace(draft, tight=limit)
        try:
            draft, chosen = _choose(draft, limit, compressor, options)
            if isinstance(compressor, CloserLook) and (closer := draft.closer(chosen, compressor, options.query)):
                draft, chosen = _choose(closer, limit, compressor, options)
        except BudgetError as error:
            raise BudgetError(error.needed, error.limit, hard_tokens(draft.shapes, tokenizer)) from None
        spoilt = _spoilt(draft, chosen, compressor)
        if not any(spoilt):
            break
        for index, found in enumerate(spoilt):
            last = found and attempt + 1 >= ROUNDS
            uncut[index].extend([Span(0, len(documents[index].text))] if last else found)
    return draft, chosen


def _spoilt(draft: Draft, chosen: Plan, compressor: Compressor) -> list[list[Span]]:
    """Return for every document the spans to leave in one piece, since a plan spoils their form."""
    kept = draft.of_each(chosen.kept)
    if isinstance(compressor, FormKeeper):
        return [compressor.uncut(shape.layout, own) for shape, own in zip(draft.shapes, kept, strict=True)]
    return [
        [span for span, _ in broken(shape, own, shape.layout.render(own))] if own else []
        for shape, own in zip(draft.shapes, kept, strict=True)
    ]


def _form(draft: Draft, chosen: Plan, compressor: Compressor) -> list[str]:
    """Return remarks on the form of the texts that a plan leaves."""
    if isinstance(compressor, FormKeeper):
        return compressor.remarks([shape.layout for shape in draft.shapes], draft.render(chosen.kept))
    return remarks(draft.shapes, draft.of_each(chosen.kept))


def _choose(draft: Draft, limit: int | None, compressor: Compressor, options: Options) -> tuple[Draft, Plan]:
    """Return the plan, and the draft whose units it is about."""
    asked, units, count = options.selection, draft.units, draft.count
    floor = asked.min_relevance
    if limit is not None:
        spare = int(SPARE * limit) if isinstance(compressor, Borrower) else 0
        if isinstance(compressor, Borrower) and count(pinned_units(units)) > limit:
            draft = _pared(draft, compressor, options)
        chosen = plan(draft.units, limit, draft.count, best_effort=options.best_effort, floor=floor, spare=spare)
        return _filled(draft, chosen, limit, compressor, options)
    if asked.top_k is not None:
        return draft, best(units, asked.top_k, count, floor=floor)
    if asked.top_p is not None:
        return draft, heaviest(units, asked.top_p, count, floor=floor)
    return draft, above(units, max(_threshold(compressor, options), floor), count)


def _pared(draft: Draft, compressor: Compressor, options: Options) -> Draft:
    """Return `draft` with every piece that must stay cut into words, so that only those of them stay that must."""
    for index in reversed(pinned_units(draft.units)):
        draft, _ = draft.finer(index, compressor, options)
    return draft


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
