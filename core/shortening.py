"""The plan of a run whose pieces can be said in fewer tokens: who gets how many, and what is done when it does not fit.

Shares come from the worth of the pieces; the least worthy are shortened first, until the measured text fits. What
the shortener leaves too long loses words, what it leaves unused brings originals back. The budget is exact in the end
because every step counts the rendered text, and words can always be dropped one by one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from ctxzip.budget import Budget
from ctxzip.errors import BudgetError
from ctxzip.options import Options
from ctxzip.outline import Outline
from ctxzip.plan import Allotment, Plan, Unit
from ctxzip.protect import hard_spans
from ctxzip.protocols import Piece, Shortener, Tokenizer
from ctxzip.segment import fuse
from ctxzip.selection import Selection
from ctxzip.shares import water_fill
from ctxzip.text import Document, Role, Span

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
"""Pieces that are tried for using up the budget, and for each step of getting under it."""

Count = Callable[[Sequence[Document]], int]


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
class Draft:
    """The documents of a run with their parts, ready to be rendered with whatever text the parts have."""

    documents: Sequence[Document]
    spans: Sequence[Sequence[Span]]
    parts: list[Part]
    tokenizer: Tokenizer
    total: Count
    made: list[Document] = field(default_factory=list)

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
    return Outline("".join(pieces), moved).render(kept)


def _fitted(part: Part) -> str:
    """Return the new text with the white space that the original began with."""
    start = len(part.original) - len(part.original.lstrip())
    return part.original[:start] + part.text.strip()


def drafted(
    documents: Sequence[Document], compressor: Shortener, tokenizer: Tokenizer, options: Options, total: Count
) -> Draft:
    """Return the pieces of `documents` with their worth, all of them whole."""
    tiles: list[list[Span]] = []
    hard: list[list[Span]] = []
    for document in documents:
        guards = options.protection.guards(document.text)
        hard.append(hard_spans(guards))
        pieces = fuse(compressor.segment(document), [guard.span for guard in guards], heads=True)
        tiles.append(fuse(pieces, hard[-1], heads=False))
    arranged = [Outline(d.text, own) for d, own in zip(documents, tiles, strict=True)]
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
    return Draft(documents, tiles, parts, tokenizer, total)


def _settled(spans: Sequence[Span], content: set[Span]) -> list[Span]:
    """Return `spans` with heads that introduce nothing as the content that the outline takes them for."""
    return [replace(s, role=Role.CONTENT) if replace(s, role=Role.CONTENT) in content else s for s in spans]


class Shortening:
    """One run: the draft, the shortener, and the budget that it has to meet."""

    def __init__(self, draft: Draft, compressor: Shortener, options: Options, limit: int) -> None:
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
                self.draft.put(part, self._extract(part.original, target), answer.reason)
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
                if not kept_whole(part, shorter):
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

    def _extract(self, text: str, tokens: int) -> str:
        """Return `text` in at most `tokens` tokens by leaving words out, the numbers last."""
        from ctxzip.pipeline import run

        options = replace(
            self.options, budget=Budget.exactly(max(1, tokens)), selection=Selection(), query=None, best_effort=True
        )
        lender, source = self.compressor.lender, [Document(text.strip())]
        with_numbers = replace(options, protection=replace(options.protection, keep_numbers=True))
        found = run(source, lender, self.draft.tokenizer, with_numbers)
        return (found if found.tokens_after <= tokens else run(source, lender, self.draft.tokenizer, options)).text


def smallest(part: Part) -> str:
    """Return the least that can be left of a part: what has to be there to the letter."""
    return " ".join(dict.fromkeys(part.verbatim))


def kept_whole(part: Part, text: str) -> bool:
    """Tell whether `text` has everything of a part that has to be there to the letter."""
    needed = Counter(part.verbatim)
    return all(text.count(piece) >= min(number, part.original.count(piece)) for piece, number in needed.items())


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
