"""What a rewrite may neither lose nor invent: numbers, names, what is said not to be so, and who does what to whom."""

from __future__ import annotations

import re
from collections import Counter
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
_FULL_NAME = re.compile(r"\b[A-Z]\w+(?: [A-Z]\w+)+")
REACH = 3
"""Words of meaning after a negation that it is taken to govern."""
STEM = 5
"""Letters that two words must share at their beginning to count as forms of one."""
_JOINT = re.compile(
    r"[.!?,;:()\[\]\"“”–—\n]|\b(?:by|of|from|to|for|in|on|at|with|and|or|is|are|was|were|be|been|being)\b", re.I
)

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


def strange(source: str, rewrite: str) -> list[str]:
    """Return the stems of `rewrite` of which `source` has no form; numbers are compared by value elsewhere."""
    stems = set(terms(source))
    beginnings = {stem[:STEM] for stem in stems}
    return [
        stem
        for stem in dict.fromkeys(terms(rewrite))
        if stem not in stems and not stem.isdigit() and (len(stem) < STEM or stem[:STEM] not in beginnings)
    ]


def foreign(source: str, rewrite: str) -> list[str]:
    """Return the clauses of `rewrite` that `source` does not bear out: most of their words are strange to it."""
    found = []
    for clause in _CLAUSE_END.split(rewrite):
        new, all_ = strange(source, clause), {stem for stem in terms(clause) if not stem.isdigit()}
        if len(new) >= 2 and len(new) > len(all_) / 2:
            found.append(clause.strip())
    return found


def recalled(wanted: str, rewrite: str) -> float:
    """Return the share of the words of meaning of `wanted` of which `rewrite` has a form."""
    stems = set(terms(wanted))
    return 1 - len(set(strange(rewrite, wanted)) & stems) / len(stems) if stems else 1.0


def swapped(source: str, rewrite: str) -> list[str]:
    """Return three words in a row of `rewrite` that `source` has in a row the other way round: the dog bit the man.

    A full name is one word. Each may occur only once, and nothing that turns a clause round, such as "by", may part
    them: what is said in the passive is no fault.
    """
    theirs = set(_threes(source))
    found = next((three for three in _threes(rewrite) if three[::-1] in theirs), None)
    return list(found) if found else []


def _threes(text: str) -> Iterator[tuple[str, str, str]]:
    """Yield stems in a row that no mark and no preposition parts, each the only one of its kind."""
    joined = _FULL_NAME.sub(lambda match: match.group().replace(" ", "").lower(), text)
    counts = Counter(terms(joined))
    for clause in _JOINT.split(joined):
        stems = terms(clause)
        for a, b, c in zip(stems, stems[1:], stems[2:], strict=False):
            if counts[a] == counts[b] == counts[c] == 1:
                yield a, b, c
