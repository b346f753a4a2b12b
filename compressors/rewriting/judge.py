"""Whether a rewrite may stand for its source, and what can be done when it may not."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ctxzip.compressors.rewriting.embedding import text_vector
from ctxzip.compressors.rewriting.facts import (
    foreign,
    lost_numbers,
    new_names,
    new_numbers,
    recalled,
    strange,
    swapped,
    turned,
)
from ctxzip.compressors.rewriting.keywords import missing
from ctxzip.models.lexical import terms
from ctxzip.sentences import sentences
from ctxzip.text import Role

COVERED = 0.9
"""Share of the listed keywords that a rewrite must have; numbers must be there all."""
NEAR = 0.60
"""Cosine with its source that a rewrite must have."""
LOOSE, SPARE = 1.2, 3
"""How many times the words asked for a rewrite may have, and how many more."""
STRANGE = 0.2
"""Share of its words of meaning of which the source may have no form; one always may be."""
RECALLED = 0.6
"""Share of the words that matter most, as the bundled encoder sees it, that a rewrite must have."""
ENDS = re.compile(r"[.!?…:;。！？][\"'”’)\]*_`]*\Z")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a rewrite was asked for: the source, the words, and what has to be in it.

    `notes` are as many words of the source as were asked for, those that matter most; where there are none, only facts
    are looked at.
    """

    text: str
    words: int
    keywords: tuple[str, ...]
    verbatim: tuple[str, ...] = ()
    notes: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A rewrite as it may be used, what is wrong with it, and what it lost."""

    text: str
    faults: tuple[str, ...]
    lost: tuple[str, ...]

    @property
    def good(self) -> bool:
        """Tell whether nothing is wrong."""
        return not self.faults


def judge(asked: Asked, answer: str) -> Verdict:
    """Return the verdict on `answer`, cut back to whole sentences."""
    text = whole_sentences(answer, asked.text)
    lost = lost_facts(asked, text)
    found = list(_faults(asked, text, lost))
    if not found and len(text) > 40 and _nearness(asked.text, text) < NEAR:
        found.append("speaks of something else")
    return Verdict(text, tuple(found), lost)


def lost_facts(asked: Asked, text: str) -> tuple[str, ...]:
    """Return the numbers of the source and the listed keywords that `text` does not have, each once."""
    return tuple(dict.fromkeys([*lost_numbers(asked.text, text), *missing(asked.keywords, text)]))


def _faults(asked: Asked, text: str, lost: Sequence[str]) -> list[str]:
    """Return what is wrong with a rewrite, as the end of a sentence that begins with it."""
    if not text:
        return ["says nothing"]
    source = asked.text
    words = len(text.split())
    numbers = lost_numbers(source, text)
    absent = [keyword for keyword in lost if keyword not in numbers]
    shorter = words < len(source.split()) and len(text) < len(source)
    checks = {
        "is no shorter": not shorter,
        "is too long": shorter and words > longest(asked),
        "is cut off": bool(ENDS.search(source.strip())) and not ENDS.search(text),
        "loses a number": bool(numbers),
        "loses a keyword": len(absent) > (1 - COVERED) * max(1, len(asked.keywords)),
        "alters what must stay": any(piece not in text for piece in asked.verbatim),
        "adds a number": bool(new_numbers(source, text)),
        "adds a name": bool(new_names(source, text)),
        "turns a negation": bool(turned(source, text)),
        "puts words in another order": bool(swapped(source, text)),
        "adds words": _adds(source, text),
        "leaves out what matters": recalled(asked.notes, text) < RECALLED,
    }
    return [fault for fault, found in checks.items() if found]


def _adds(source: str, text: str) -> bool:
    """Tell whether a clause, or too much of all, is nothing that the source says."""
    return bool(foreign(source, text)) or len(strange(source, text)) > max(1, STRANGE * len(set(terms(text))))


def longest(asked: Asked) -> int:
    """Return how many words a rewrite may have."""
    return int(LOOSE * asked.words) + SPARE


def _nearness(source: str, rewrite: str) -> float:
    return float(text_vector(source) @ text_vector(rewrite))


def whole_sentences(answer: str, source: str) -> str:
    """Return `answer` up to its last whole sentence, if its source is made of sentences and that leaves half of it."""
    text = answer.strip()
    if not text or ENDS.search(text) or not ENDS.search(source.strip()):
        return text
    parts = [span for span in sentences(text) if span.role is Role.CONTENT]
    if len(parts) < 2 or parts[-2].end < 0.5 * len(text):
        return text
    return text[: parts[-2].end].rstrip()


LENGTH_FAULTS = frozenset(("is too long", "is cut off"))
"""What may be said of a part of a text that is good as a whole."""
