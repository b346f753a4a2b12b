"""Rewrites of chunks by a generator: asked for step by step, judged, asked for again, mended, or given up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ctxzip.compressors.rewriting.judge import LENGTH_FAULTS, Asked, Verdict, judge, mended
from ctxzip.compressors.rewriting.keywords import MOST, KeywordFinder
from ctxzip.compressors.rewriting.steps import Step, joined, steps
from ctxzip.models.prompts import Rewriting, Style, answer_of, rewrite_prompt
from ctxzip.models.protocols import Generator
from ctxzip.protocols import Shortened

SLACK, EXTRA = 1.25, 12
"""How many times the tokens asked for a generator may write, and how many more."""
TERSE = 0.8
"""Share of the words wanted that our own adapter is asked for: it writes a quarter more than it is asked for."""
FEWEST = 8
"""Words of a step below which it stays as it is."""
ENOUGH = 0.5
"""Share of a chunk's words whose rewrite must be good for the chunk to count as rewritten."""
TOKENS_PER_WORD = 1.35


@dataclass(frozen=True, slots=True)
class Request:
    """A chunk to be rewritten in so many words; parts of it stay to the letter, and something stands before it."""

    text: str
    words: int
    verbatim: tuple[str, ...]
    before: str


class Rewriter:
    """Asks a generator and takes nothing on trust; what it cannot get right loses words instead."""

    def __init__(
        self, generator: Generator, finder: KeywordFinder, fewer: Callable[[Asked], str], query: str | None
    ) -> None:
        """List the keywords that `finder` finds; `fewer` gives a text in fewer words by leaving some out."""
        self._generator = generator
        self._finder = finder
        self._fewer = fewer
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
        share = whole.words / max(1, len(whole.text.split()))
        found = []
        for step in own:
            words = max(3, round(share * len(step.text.split())))
            keywords = self._finder.of(step.text, int(words * TOKENS_PER_WORD), self._query)
            verbatim = tuple(piece for piece in whole.verbatim if piece in step.text)
            found.append((step, Asked(step.text, words, tuple(keywords), verbatim)))
        return found

    def _answers(self, asked: Sequence[Asked], before: Sequence[str]) -> list[Shortened]:
        """Return for every step the best that two tries give."""
        result = [Shortened(each.text, "kept") for each in asked]
        open_ = [at for at, each in enumerate(asked) if len(each.text.split()) >= FEWEST]
        first = self._verdicts([asked[at] for at in open_], [before[at] for at in open_])
        for at, verdict in zip(open_, first, strict=True):
            result[at] = Shortened(verdict.text, "rewritten")
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
            if len(part.text.split()) >= FEWEST
        ]
        made = iter(self._verdicts([part for part, _ in flat], [previous for _, previous in flat]))
        texts = [
            [(step, next(made).text if len(part.text.split()) >= FEWEST else part.text) for step, part in own]
            for own in parts
        ]
        return [joined(own) for own in texts]

    def _verdicts(self, asked: Sequence[Asked], before: Sequence[str]) -> list[Verdict]:
        """Let the generator write, and judge what it wrote."""
        prompts, limits = [], []
        for each, previous, size in zip(asked, before, self._generator.count([a.text for a in asked]), strict=True):
            words = round(each.words * (TERSE if self._generator.style is Style.TRAINED else 1))
            wanted = Rewriting(each.text, words, each.keywords, self._query, previous)
            prompts.append(rewrite_prompt(wanted, self._generator.style))
            limits.append(int(SLACK * size * each.words / max(1, len(each.text.split()))) + EXTRA)
        answers = self._generator.generate(prompts, limits) if prompts else []
        return [judge(each, answer_of(answer)) for each, answer in zip(asked, answers, strict=True)]

    def _composed(self, request: Request, made: Sequence[tuple[Step, Asked, Shortened]]) -> Shortened:
        """Return a chunk put together from its steps; those that failed lose words."""
        good = sum(len(step.text.split()) for step, _, answer in made if answer.reason.startswith("rewritten"))
        failed = [answer.reason for _, _, answer in made if answer.text is None]
        if good < ENOUGH * len(request.text.split()):
            fault = failed[0] if failed else "leaves nothing to rewrite"
            return Shortened(None, f"words dropped: the rewrite {fault}")
        parts = [(s, a.text if a.text is not None else self._fewer(asked)) for s, asked, a in made]
        text = joined(parts)
        whole = judge(Asked(request.text, request.words, (), request.verbatim), text)
        faults = [fault for fault in whole.faults if fault not in LENGTH_FAULTS]
        if faults:
            return Shortened(None, f"words dropped: the rewrite {faults[0]}")
        return Shortened(text, _reason([answer.reason for _, _, answer in made], len(failed)))


def _reason(reasons: Sequence[str], failed: int) -> str:
    """Return in a few words how a chunk came about."""
    told = ["rewritten"]
    told += ["at the second try"] if "rewritten again" in reasons else []
    told += ["with lost words added"] if "rewritten, mended" in reasons else []
    return " ".join(told) + (f", words dropped in {failed} of {len(reasons)} steps" if failed else "")


def _insisting(asked: Asked, verdict: Verdict) -> Asked:
    """Return the second request: what was lost stands first among the keywords."""
    return replace(asked, keywords=tuple(list(dict.fromkeys([*verdict.lost, *asked.keywords]))[:MOST]))


def _settled(asked: Asked, first: Verdict, second: Verdict) -> Shortened:
    """Return the second try, or one of both with what it lost added, or the reason why neither will do."""
    if second.good:
        return Shortened(second.text, "rewritten again")
    for verdict in (second, first):
        better = mended(asked, verdict)
        if better and judge(asked, better).good:
            return Shortened(better, "rewritten, mended")
    return Shortened(None, min((second, first), key=lambda verdict: len(verdict.faults)).faults[0])
