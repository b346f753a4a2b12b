"""The facts that a rewrite may neither lose nor invent: numbers, names, and what is said not to be so."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ctxzip.models.lexical import terms

_NUMBER = re.compile(r"\d+(?:[.,:/]\d+)*")
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_ITEM = re.compile(r"^[^\S\n]*\d{1,3}[.)][^\S\n]+", re.MULTILINE)
_WORD = re.compile(r"[^\W_]+(?:['’.&-][^\W_]+)*")
_SENTENCE_START = re.compile(r"(?:\A|[.!?:;…\n]|[-*•–—])[\"'”’)\]*_]*\s*[\"'“‘(\[*_#>-]*\Z")
_NEGATION = re.compile(
    r"\b(?:not|never|cannot|no|nor|neither|without|none|nobody|nothing|unless|except|\w+n[’']t)\b", re.IGNORECASE
)
_CLAUSE_END = re.compile(r"[.!?;:,\n]")
REACH = 3
"""Words of meaning after a negation that it is taken to govern."""

_UNITS = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
SPOKEN = {word: str(value) for value, word in enumerate([*_UNITS.split(), "seventeen", "eighteen", "nineteen"])} | {
    word: str(10 * value)
    for value, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety hundred".split(), start=2)
}
"""The words for numbers, which a rewrite may put in digits and the other way round."""


def numbers(text: str) -> list[str]:
    """Return the numbers of `text` in order, each once, thousands without commas; numerals of lists do not count."""
    found = (match.group() for match in _NUMBER.finditer(_ITEM.sub("", text)))
    return list(dict.fromkeys(n.replace(",", "") if _THOUSANDS.fullmatch(n) else n for n in found))


def spoken(text: str) -> set[str]:
    """Return in digits the numbers that `text` has in words."""
    return {SPOKEN[word] for word in re.findall(r"[a-z]+", text.lower()) if word in SPOKEN}


def lost_numbers(source: str, rewrite: str) -> list[str]:
    """Return the numbers of `source` that `rewrite` has neither in digits nor in words."""
    there = {*numbers(rewrite), *spoken(rewrite)}
    return [number for number in numbers(source) if number not in there]


def new_numbers(source: str, rewrite: str) -> list[str]:
    """Return the numbers of `rewrite` that `source` does not have."""
    there = {*numbers(source), *spoken(source)}
    return [number for number in numbers(rewrite) if number not in there]


def new_names(source: str, rewrite: str) -> list[str]:
    """Return capitalised words of `rewrite` that `source` has in no case: names that somebody made up.

    A capital at the start of a sentence means nothing by itself, only before another one.
    """
    there = set(_lower_words(source))
    words = list(_WORD.finditer(rewrite))
    found = []
    for at, match in enumerate(words):
        word = match.group()
        if not word[0].isupper() or len(word) < 2 or set(_lower_words(word)) <= there:
            continue
        opens = _SENTENCE_START.search(rewrite[: match.start()])
        following = words[at + 1] if at + 1 < len(words) else None
        beside = following and following.group()[0].isupper() and rewrite[match.end() : following.start()] == " "
        plain = word[1:].islower()
        if not opens or not plain or (beside and following and following.group().lower() not in there):
            found.append(word)
    return list(dict.fromkeys(found))


def _lower_words(text: str) -> Iterator[str]:
    """Yield the words of `text` in lower case, those joined by a mark also apart."""
    for match in _WORD.finditer(text):
        word = match.group().lower()
        yield word.removesuffix("'s").removesuffix("’s")
        if not word.isalnum():
            yield from re.findall(r"[^\W_]+", word)


def negations(text: str) -> int:
    """Return how many negations `text` has."""
    return len(_NEGATION.findall(text))


def turned(source: str, rewrite: str) -> list[str]:
    """Return the words that are denied in one of the texts and affirmed, never denied, in the other.

    A negation may go together with what it governs; what stays must stay denied.
    """
    source_denied, source_said = _polarity(source)
    denied, said = _polarity(rewrite)
    lost = (source_denied - source_said) & (said - denied)
    invented = (denied - said) & (source_said - source_denied)
    return sorted(lost | invented)


def _polarity(text: str) -> tuple[set[str], set[str]]:
    """Return the stems that negations govern, and the stems of the clauses in which nothing is denied."""
    denied: set[str] = set()
    said: set[str] = set()
    for clause in _CLAUSE_END.split(text):
        found = list(_NEGATION.finditer(clause))
        if not found:
            said.update(terms(clause))
        for match in found:
            denied.update(terms(clause[match.end() :])[:REACH])
    return denied, said
