"""Rewrites of chunks by a generator: asked for step by step, judged, asked for again, mended, or given up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ctxzip.compressors.rewriting.judge import LENGTH_FAULTS, Asked, Verdict, judge
from ctxzip.compressors.rewriting.keywords import MOST, KeywordFinder, missing
from ctxzip.compressors.rewriting.mending import mended
from ctxzip.compressors.rewriting.steps import Notes, Step, joined, steps
from ctxzip.models.lexical import terms
from ctxzip.models.prompts import Rewriting, answer_of, rewrite_prompt
from ctxzip.models.protocols import Generator
from ctxzip.protocols import Shortened

SLACK, EXTRA = 1.25, 12
"""How many times the tokens asked for a generator may write, and how many more."""
FEWEST, MOST_LEFT = 5, 0.85
"""Words asked for below which a step is left to its notes, and the share of its words from which it is."""
ENOUGH = 0.5
"""Share of the words asked for that good rewrites must make up for a chunk to count as rewritten."""
TOKENS_PER_WORD = 1.35


@dataclass(frozen=True, slots=True)
class Request:
    """A chunk to be rewritten in so many words; parts of it stay to the letter, and something stands before it."""

    text: str
    words: int
    verbatim: tuple[str, ...]
    before: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a step: its text, None if it has to lose words, the reason, and what the generator said of it."""

    text: str | None
    reason: str
    said: tuple[str, ...] = ()


class Rewriter:
    """Asks a generator and takes nothing on trust; what it cannot get right loses words instead."""

    def __init__(self, generator: Generator, finder: KeywordFinder, notes: Notes, query: str | None) -> None:
        """List the keywords that `finder` finds; `notes` say what matters, and stand in for a rewrite that fails."""
        self._generator = generator
        self._finder = finder
        self._notes = notes
        self._query = query

    def rewrite(self, requests: Sequence[Request]) -> list[Shortened]:
        """Return every chunk rewritten, or None with the reason why it was not."""
        parts = [self.asked(request) for request in requests]
        flat = [(asked, request.before) for request, own in zip(requests, parts, strict=True) for _, asked in own]
        made = iter(self._answers([asked for asked, _ in flat], [before for _, before in flat]))
        return [
            self._composed(request, [(step, asked, next(made)) for step, asked in own])
            for request, own in zip(requests, parts, strict=True)
        ]

    def asked(self, request: Request) -> list[tuple[Step, Asked]]:
        """Return the steps of a chunk with what is asked of each: its part of the words, and its own keywords."""
        whole = Asked(request.text, request.words, (), request.verbatim)
        return self._parts(whole, steps(request.text, self._generator.style))

    def _parts(self, whole: Asked, own: Sequence[Step]) -> list[tuple[Step, Asked]]:
        shares = self._notes.shares(whole, own)
        return [(step, self._part(whole, step.text, words)) for step, words in zip(own, shares, strict=True)]

    def _part(self, whole: Asked, text: str, words: int) -> Asked:
        """Return what is asked of a step: facts, words of the query, and those phrases that its notes have too."""
        verbatim = tuple(piece for piece in whole.verbatim if piece in text)
        notes = self._notes.of(text, words, verbatim)
        found = self._finder.of(text, int(words * TOKENS_PER_WORD), self._query)
        unnoted, queried = set(missing(found, notes)), set(terms(self._query or ""))
        keywords = tuple(k for k in found if k not in unnoted or set(terms(k)) & queried)
        return Asked(text, words, keywords, verbatim, notes)

    def _answers(self, asked: Sequence[Asked], before: Sequence[str]) -> list[Answer]:
        """Return for every step the best that two tries give."""
        result = [Answer(each.notes, "noted") for each in asked]
        open_ = [at for at, each in enumerate(asked) if _worth_asking(each)]
        first = self._verdicts([asked[at] for at in open_], [before[at] for at in open_])
        for at, verdict in zip(open_, first, strict=True):
            result[at] = Answer(verdict.text, "rewritten", (verdict.text,))
        again = [(at, verdict) for at, verdict in zip(open_, first, strict=True) if not verdict.good]
        second = self._again([asked[at] for at, _ in again], [v for _, v in again], [before[at] for at, _ in again])
        for (at, verdict), other in zip(again, second, strict=True):
            result[at] = _settled(asked[at], verdict, judge(asked[at], other))
        return result

    def _again(self, asked: Sequence[Asked], failed: Sequence[Verdict], before: Sequence[str]) -> list[str]:
        """Return a second try: sentence by sentence where there are several, else with what was lost named first."""
        finer = [steps(each.text, self._generator.style, words=1) for each in asked]
        parts = [
            self._parts(each, own) if len(own) > 1 else [(own[0], _insisting(each, verdict))]
            for each, own, verdict in zip(asked, finer, failed, strict=True)
        ]
        flat = [
            (part, previous)
            for own, previous in zip(parts, before, strict=True)
            for _, part in own
            if _worth_asking(part)
        ]
        made = iter(self._verdicts([part for part, _ in flat], [previous for _, previous in flat]))
        texts = [
            [(step, next(made).text if _worth_asking(part) else part.notes) for step, part in own] for own in parts
        ]
        return [joined(own) for own in texts]

    def _verdicts(self, asked: Sequence[Asked], before: Sequence[str]) -> list[Verdict]:
        """Let the generator write, and judge what it wrote."""
        prompts, limits = [], []
        for each, previous, size in zip(asked, before, self._generator.count([a.text for a in asked]), strict=True):
            wanted = Rewriting(each.text, each.words, each.keywords, self._query, previous, each.notes)
            prompts.append(rewrite_prompt(wanted, self._generator.style))
            limits.append(int(SLACK * size * each.words / max(1, len(each.text.split()))) + EXTRA)
        answers = self._generator.generate(prompts, limits) if prompts else []
        return [judge(each, answer_of(answer)) for each, answer in zip(asked, answers, strict=True)]

    def _composed(self, request: Request, made: Sequence[tuple[Step, Asked, Answer]]) -> Shortened:
        """Return a chunk put together from its steps; those that failed lose words."""
        good = sum(asked.words for _, asked, answer in made if answer.reason.startswith("rewritten"))
        failed = [answer.reason for _, _, answer in made if answer.text is None]
        if not good or good < ENOUGH * sum(asked.words for _, asked, _ in made):
            return self._refused(made, failed[0] if failed else "leaves nothing to rewrite")
        text = joined([(step, self._said(asked, answer)) for step, asked, answer in made])
        whole = judge(Asked(request.text, request.words, (), request.verbatim), text)
        faults = [fault for fault in whole.faults if fault not in LENGTH_FAULTS]
        if faults:
            return self._refused(made, faults[0])
        return Shortened(text, _reason([answer.reason for _, _, answer in made], len(failed)))

    def _said(self, asked: Asked, answer: Answer) -> str:
        """Return the rewrite of a step, or notes that listen to the refused ones."""
        if answer.text is not None:
            return answer.text
        return self._notes.of(asked.text, asked.words, asked.verbatim, answer.said)

    def _refused(self, made: Sequence[tuple[Step, Asked, Answer]], fault: str) -> Shortened:
        """Return that a chunk has to lose words, and whose they should be."""
        heard = _in_all([answer for _, _, answer in made])
        lender = self._notes.listening(heard) if heard else None
        return Shortened(None, f"words dropped: the rewrite {fault}", lender)


def _worth_asking(asked: Asked) -> bool:
    """Tell whether there is something to be gained by writing instead of noting."""
    return FEWEST <= asked.words <= MOST_LEFT * len(asked.text.split())


def _reason(reasons: Sequence[str], failed: int) -> str:
    """Return in a few words how a chunk came about."""
    told = ["rewritten"]
    told += ["at the second try"] if "rewritten again" in reasons else []
    told += ["with lost words added"] if "rewritten, mended" in reasons else []
    return " ".join(told) + (f", words dropped in {failed} of {len(reasons)} steps" if failed else "")


def _insisting(asked: Asked, verdict: Verdict) -> Asked:
    """Return the second request: what was lost stands first among the keywords."""
    return replace(asked, keywords=tuple(list(dict.fromkeys([*verdict.lost, *asked.keywords]))[:MOST]))


def _settled(asked: Asked, first: Verdict, second: Verdict) -> Answer:
    """Return the second try, or one of both with what it lost added, or the reason why neither will do."""
    said = (first.text, second.text)
    if second.good:
        return Answer(second.text, "rewritten again", said)
    for verdict in (second, first):
        better = mended(asked, verdict)
        if better and judge(asked, better).good:
            return Answer(better, "rewritten, mended", said)
    return Answer(None, min((second, first), key=lambda verdict: len(verdict.faults)).faults[0], said)


def _in_all(answers: Sequence[Answer]) -> list[str]:
    """Return what was said of a chunk, once with the first and once with the last try at every step."""
    said = [answer.said for answer in answers if answer.said]
    return list(dict.fromkeys(" ".join(each) for each in zip(*[(tries[0], tries[-1]) for tries in said], strict=True)))
