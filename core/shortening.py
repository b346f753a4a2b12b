"""The plan of a run whose pieces can be said in fewer tokens: who gets how many, and what is done when it does not fit.

Shares come from the worth of the pieces; the least worthy are shortened first, until the measured text fits. What
the shortener leaves too long loses words, what it leaves unused brings originals back. The budget is exact in the end
because every step counts the rendered text, and words can always be dropped one by one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from ctxzip.budget import Budget
from ctxzip.errors import BudgetError
from ctxzip.options import Options
from ctxzip.parts import Count, Manuscript, Part, drafted, kept_whole, smallest
from ctxzip.plan import Allotment, Plan, Unit
from ctxzip.protocols import Compressor, Piece, Shortener, Tokenizer
from ctxzip.selection import Selection
from ctxzip.shares import water_fill
from ctxzip.text import Document

LEAST = 0.10
"""Share of its tokens that a piece gets if it gets any."""
WHOLE = 0.90
"""Share from which a piece is left as it is: shortening would cost more than it saves."""
PORTION = 8
"""Pieces that are shortened before the text is measured again."""
AGAIN = 0.25
"""Share of the pieces that are tried again with less when all came out too long."""
HARDER = 0.8
"""Share of its tokens that a piece is asked for the second time."""
USED_UP = 0.97
"""Share of the budget from which it counts as used."""
TRIALS = 12
"""Pieces that are tried for using up the budget."""


class Shortening:
    """One run: the draft, the shortener, and the budget that it has to meet."""

    def __init__(self, draft: Manuscript, compressor: Shortener, options: Options, limit: int) -> None:
        """Bring `draft` within `limit` tokens; `smallest` must fit."""
        self.draft = draft
        self.compressor = compressor
        self.options = options
        self.limit = limit
        self.order = sorted(range(len(draft.parts)), key=lambda i: (draft.parts[i].worth, -i))

    def run(self) -> int:
        """Shorten, fit and fill; return the tokens of the text that the draft then has."""
        self._share()
        used = self._shorten()
        if used > self.limit:
            used = self._again(used)
        if used > self.limit:
            used = self._words(used)
        return self._filled(used)

    def rehearse(self) -> int:
        """Give out the shares and say what would be done with them; return the tokens that they come to."""
        self._share()
        fixed = max(0, self.draft.count() - sum(part.size for part in self.draft.parts))
        for part in self.draft.parts:
            if part.text and part.share < WHOLE:
                part.reason = f"to be said in {max(1, int(part.share * part.tokens))} of {part.tokens} tokens"
        return min(self.limit, fixed + int(sum(part.share * part.tokens for part in self.draft.parts)))

    def _share(self) -> None:
        """Give every part its share of the budget; where not even the least shares fit, the least worthy go."""
        parts = self.draft.parts
        fixed = max(0, self.draft.count() - sum(part.tokens for part in parts))
        alive = list(self.order)
        while len(alive) > 1 and LEAST * sum(parts[i].tokens for i in alive) > self.limit - fixed:
            dropped = parts[alive.pop(0)]
            dropped.share = 0.0
            self.draft.put(dropped, smallest(dropped), "dropped")
        sizes, weights = [parts[i].tokens for i in alive], [max(parts[i].worth, 1e-3) for i in alive]
        for i, share in zip(alive, water_fill(sizes, weights, self.limit - fixed, least=LEAST), strict=True):
            parts[i].share = share

    def _shorten(self) -> int:
        """Shorten in order of worth until the text fits, most worthy parts staying as they are."""
        parts = self.draft.parts
        waiting = [i for i in self.order if parts[i].share < WHOLE and parts[i].reason == "whole"]
        used = self.draft.count()
        for start in range(0, len(waiting), PORTION):
            if used <= self.limit:
                break
            some = waiting[start : start + PORTION]
            self._ask(some, [max(1, int(parts[i].share * parts[i].tokens)) for i in some])
            used = self.draft.count()
        return used

    def _ask(self, some: Sequence[int], targets: Sequence[int]) -> None:
        """Let the shortener say the parts `some` in `targets` tokens; words are dropped where it cannot."""
        parts = self.draft.parts
        pieces = [Piece(parts[i].original, parts[i].tokens, parts[i].verbatim, self._before(i)) for i in some]
        answers = self.compressor.shorten(pieces, targets, self.options.query)
        for i, target, answer in zip(some, targets, answers, strict=True):
            part = parts[i]
            if answer.text is None:
                self.draft.put(part, self._extract(part.original, target, answer.lender), answer.reason)
            elif self.draft.tokenizer.count(answer.text) < part.tokens and kept_whole(part, answer.text):
                self.draft.put(part, answer.text, answer.reason)
            else:
                self.draft.put(part, self._extract(part.original, target), "words dropped: the rewrite was no shorter")

    def _before(self, index: int) -> str:
        """Return the original text of the part before a part, in its document."""
        part, previous = self.draft.parts[index], self.draft.parts[index - 1]
        return previous.original if part.ordinal else ""

    def _again(self, used: int) -> int:
        """Ask once more, for less, for the parts that came out longest over their share."""
        parts = self.draft.parts
        over = [i for i in self.order if parts[i].reason.startswith("rewritten") and parts[i].size > self._target(i)]
        worst = sorted(over, key=lambda i: self._target(i) - parts[i].size)[: max(1, int(AGAIN * len(parts)))]
        before = {i: (parts[i].text, parts[i].reason, parts[i].size) for i in worst}
        if worst:
            self._ask(worst, [max(1, int(HARDER * self._target(i))) for i in worst])
            for i in worst:
                text, reason, size = before[i]
                if not parts[i].reason.startswith("rewritten") or parts[i].size >= size:
                    self.draft.put(parts[i], text, reason)
            used = self.draft.count()
        return used

    def _target(self, index: int) -> int:
        part = self.draft.parts[index]
        return int(part.share * part.tokens)

    def _words(self, used: int) -> int:
        """Drop words, from the least worthy part on, until the text fits; at last whole parts."""
        for rest in (LEAST, 0.0):
            for index in self.order:
                part = self.draft.parts[index]
                if used <= self.limit:
                    return used
                floor = int(rest * part.tokens)
                if not part.text or part.size <= floor or part.text == smallest(part):
                    continue
                wanted = max(floor, part.size - (used - self.limit) - 1)
                shorter = self._extract(part.text, wanted) if wanted > 0 else smallest(part)
                too_long = not rest and self.draft.tokenizer.count(shorter) > wanted
                if too_long or not kept_whole(part, shorter):
                    shorter = smallest(part)
                reason = "words dropped to fit" if shorter else "dropped"
                self.draft.put(part, shorter, f"{part.reason}, {reason}" if shorter and rest else reason)
                used = self.draft.count()
        return used

    def _filled(self, used: int) -> int:
        """Bring originals back while they fit, then spend what is left on more words of a part."""
        for index in reversed(self.order):
            if used >= USED_UP * self.limit:
                return used
            part = self.draft.parts[index]
            if part.text != part.original and part.tokens - part.size <= self.limit - used + 2:
                used = self._tried(part, part.original, "whole", used)
        rewritten = [i for i in reversed(self.order) if self.draft.parts[i].text != self.draft.parts[i].original]
        rewritten.sort(key=lambda i: self.draft.parts[i].reason.startswith("rewritten"))
        for index in rewritten[:TRIALS]:
            if used >= USED_UP * self.limit:
                break
            part = self.draft.parts[index]
            for spare in (0, 2, 6):
                room = part.size + self.limit - used - spare
                longer = self._extract(part.original, room) if room > part.size else ""
                after = self._tried(part, longer, "words dropped to use the budget up", used) if longer else used
                if after != used:
                    used = after
                    break
        return used

    def _tried(self, part: Part, text: str, reason: str, used: int) -> int:
        """Let `part` have the longer `text` if all still fits; return the tokens then used."""
        before = (part.text, part.reason, part.size)
        self.draft.put(part, text, reason)
        after = self.draft.count()
        if used < after <= self.limit:
            return after
        part.text, part.reason, part.size = before
        return used

    def _extract(self, text: str, tokens: int, lender: Compressor | None = None) -> str:
        """Return `text` in at most `tokens` tokens by leaving out words that `lender` says, the numbers last."""
        from ctxzip.pipeline import run

        options = replace(
            self.options, budget=Budget.exactly(max(1, tokens)), selection=Selection(), query=None, best_effort=True
        )
        lender, source = lender or self.compressor.lender, [Document(text.strip())]
        with_numbers = replace(options, protection=replace(options.protection, keep_numbers=True))
        found = run(source, lender, self.draft.tokenizer, with_numbers)
        return (found if found.tokens_after <= tokens else run(source, lender, self.draft.tokenizer, options)).text


def shortened(
    documents: Sequence[Document],
    compressor: Shortener,
    tokenizer: Tokenizer,
    options: Options,
    limit: int,
    total: Count,
) -> tuple[list[Document], Plan, list[str]]:
    """Return `documents` within `limit` tokens, the plan, and remarks on what was done.

    Raises `BudgetError` when what must be kept exceeds the budget, unless the options say best effort.
    """
    if not options.rehearsal:
        compressor.check()
    draft = drafted(documents, compressor, tokenizer, options, total)
    saved = [(part.text, part.reason, part.size) for part in draft.parts]
    for part in draft.parts:
        draft.put(part, smallest(part), "dropped")
    used = draft.count()
    if used > limit and not options.best_effort:
        raise BudgetError(used, limit)
    if used <= limit:
        for part, (text, reason, size) in zip(draft.parts, saved, strict=True):
            part.text, part.reason, part.size = text, reason, size
        work = Shortening(draft, compressor, options, limit)
        used = work.rehearse() if options.rehearsal else work.run()
    allotments = [
        Allotment(Unit(p.document, p.span, p.tokens, p.worth, bool(p.verbatim)), bool(p.text), p.reason)
        for p in draft.parts
    ]
    remarks = ["nothing written"] if options.rehearsal else _remarks(draft.parts, compressor.model)
    return draft.render(), Plan(allotments, used), remarks


def _remarks(parts: Sequence[Part], writer: str) -> list[str]:
    """Return how many parts became what."""
    kinds = Counter(_kind(part.reason) for part in parts)
    told = ", ".join(f"{number} {kind}" for kind, number in kinds.most_common())
    faults = Counter(part.reason.partition(": ")[2] for part in parts if part.reason.startswith("words dropped: "))
    why = "; ".join(f"{fault} ({number})" for fault, number in faults.most_common(3))
    return [f"{len(parts)} chunks by {writer}: {told}", *([f"not rewritten because: {why}"] if why else [])]


def _kind(reason: str) -> str:
    return next((kind for kind in ("rewritten", "words dropped") if reason.startswith(kind)), reason)
