"""The keywords that a rewrite is asked to keep: facts first, then what is rare elsewhere and frequent here."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence

from ctxzip.compressors.rewriting.facts import numbers, spoken
from ctxzip.models.lexical import terms

MOST = 20
"""Keywords in one instruction."""
TOKENS_PER_KEYWORD = 6
"""Tokens of the rewrite that one listed keyword must leave it, on average."""
TOKENS_PER_PHRASE = 12
"""Tokens of the rewrite for each phrase that is listed for being rare elsewhere."""

_NUMBER = re.compile(r"\d+(?:[.,:/]\d+)*%?")
_ITEM = re.compile(r"^[^\S\n]*\d{1,3}[.)][^\S\n]+", re.MULTILINE)
_IDENTIFIER = re.compile(
    r"https?://[^\s<>\"'`)]+|`[^`\n]{1,80}`|\b[A-Za-z]+(?:_[A-Za-z0-9]+)+\b|\b[a-z]+[A-Z]\w*\b|\b[A-Z][a-z]+[A-Z]\w*\b"
    r"|\b[A-Z]{2,}[0-9]*\b|(?<![\w/])/?(?:[\w.-]+/)+[\w.-]+"
)
_NAME = re.compile(r"\b[A-Z][\w'’-]*[a-z][\w'’-]*(?: (?:of |the |de |von |van )?[A-Z][\w'’-]*[a-z][\w'’-]*)+")
_WORD = re.compile(r"[^\W\d_][\w'’-]*")
_FILLERS = frozenset(
    "um uh uhm hmm hm mm yeah yep okay ok oh ah well like gonna wanna kinda sorta really just actually basically"
    " disfmarker vocalsound gap think know mean thing things something guess right sure one get got go going".split()
)


class KeywordFinder:
    """Lists what one chunk of a text must not lose, rarity measured over all of the text."""

    def __init__(self, sentences: Sequence[str]) -> None:
        """Measure how rare words are over the `sentences` of the whole text."""
        self._spread = Counter(stem for sentence in sentences for stem in set(terms(sentence)))
        self._total = max(1, len(sentences))

    def of(self, text: str, tokens: int, query: str | None = None) -> list[str]:
        """Return at most `MOST` keywords of `text`, in its order, for a rewrite of about `tokens` tokens."""
        found = dict.fromkeys([*_numbers(text), *_found(_IDENTIFIER, text)])
        room = min(MOST, max(3, len(numbers(text)), tokens // TOKENS_PER_KEYWORD))
        asked = set(terms(query or ""))
        found |= dict.fromkeys(word for word in _WORD.findall(text) if asked and set(terms(word)) & asked)
        found |= dict.fromkeys(_found(_NAME, text))
        found |= dict.fromkeys(self._phrases(text, max(3, math.ceil(tokens / TOKENS_PER_PHRASE))))
        chosen: list[str] = []
        for keyword in found:
            if len(chosen) < room and not any(keyword.lower() in other.lower() for other in chosen):
                chosen.append(keyword)
        return sorted(chosen, key=text.find)

    def _phrases(self, text: str, number: int) -> list[str]:
        """Return the runs of one to three words with the highest TF-IDF, none sharing a stem with a better one."""
        words = [(word, terms(word)) for word in _WORD.findall(text)]
        counts = Counter(stem for _, stems in words for stem in stems)
        weight = {stem: count * self._idf(stem) for stem, count in counts.items()}
        scored: dict[str, float] = {}
        for size in (1, 2, 3):
            for at in range(len(words) - size + 1):
                run = words[at : at + size]
                phrase = " ".join(word for word, _ in run)
                if all(stems and word.lower() not in _FILLERS for word, stems in run) and phrase in text:
                    values = [max(weight[stem] for stem in stems) for _, stems in run]
                    scored[phrase] = sum(values) / size * (1 + 0.2 * (size - 1))
        taken: set[str] = set()
        best = []
        for phrase in sorted(scored, key=lambda p: (-scored[p], text.find(p))):
            stems = set(terms(phrase))
            if not stems & taken:
                best.append(phrase)
                taken |= stems
            if len(best) == number:
                break
        return best

    def _idf(self, stem: str) -> float:
        return math.log(1 + self._total / (1 + self._spread.get(stem, 0)))


def _found(pattern: re.Pattern[str], text: str) -> Iterator[str]:
    for match in pattern.finditer(text):
        yield match.group().strip("`").rstrip(".,;:")


def _numbers(text: str) -> Iterator[str]:
    for match in _NUMBER.finditer(_ITEM.sub("", text)):
        yield match.group().rstrip(",:/.")


def missing(keywords: Sequence[str], rewrite: str) -> list[str]:
    """Return the `keywords` that `rewrite` lacks: numbers and identifiers to the letter, words by their stems."""
    stems = set(terms(rewrite))
    lowered = rewrite.lower()
    there = {*numbers(rewrite), *spoken(rewrite)}

    def has(keyword: str) -> bool:
        if keyword.lower() in lowered:
            return True
        if _NUMBER.fullmatch(keyword):
            return set(numbers(keyword)) <= there
        return _plain(keyword) and set(terms(keyword)) <= stems

    return [keyword for keyword in keywords if not has(keyword)]


def _plain(keyword: str) -> bool:
    """Tell whether a keyword is words, whose endings may change."""
    return not any(c.isdigit() or c in "_/:`" for c in keyword) and not re.search(r"[a-z][A-Z]", keyword)
