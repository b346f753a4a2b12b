"""Rewrites that only lost something: it is put back from the notes, where it stood."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ctxzip.compressors.rewriting.alignment import bare, shared
from ctxzip.compressors.rewriting.judge import Asked, Verdict, longest, lost_facts

MENDABLE = frozenset(("loses a number", "loses a keyword"))
"""What adding words can put right."""
_MARK = re.compile(r"[.!?][\"'”’)\]]*\Z")


def mended(asked: Asked, verdict: Verdict) -> str | None:
    """Return the rewrite with the notes around what it lost between the words that stand around them in both.

    What the notes do not have, or what would get too long, comes at the end. None when that would not help, because
    something else is wrong with the rewrite.
    """
    if not verdict.lost or not set(verdict.faults) <= MENDABLE:
        return None
    fuller = _restored(asked.notes.split(), verdict.text.split(), verdict.lost)
    text = fuller if len(fuller.split()) <= longest(asked) else verdict.text
    lost = lost_facts(asked, text)
    longest_ones = [item for item in lost if not any(item != other and item in other for other in lost)]
    return f"{text} (also: {'; '.join(longest_ones)})." if longest_ones else text


def _restored(notes: Sequence[str], words: Sequence[str], lost: Sequence[str]) -> str:
    """Return `words` with the stretches of `notes` that hold what was `lost`, each after the word before it in both."""
    both = shared(notes, words)
    places = [_places(notes, item) for item in lost]
    lacking = [[place for place in own if place not in both] or own for own in places]
    stretches = {_stretch(notes, place, both) for own in lacking for place in own}
    made: list[str] = []
    at = 0
    for first, last in sorted(stretches):
        after = max((b for a, b in both.items() if a < first), default=-1) + 1
        made += words[at:after]
        made = _put_in(made, notes[first:last], opens=first == 0 or bool(_MARK.search(notes[first - 1])))
        at = max(at, after)
    return " ".join([*made, *words[at:]])


def _put_in(words: list[str], stretch: Sequence[str], *, opens: bool) -> list[str]:
    """Return `words` and then `stretch`, which takes over the mark at the end of the sentence that it belongs to."""
    mark = _MARK.search(words[-1]) if words and not opens else None
    if not mark:
        return [*words, *stretch]
    last = stretch[-1] if _MARK.search(stretch[-1]) else stretch[-1].rstrip(",;:") + mark.group()
    return [*words[:-1], words[-1][: mark.start()] + ",", *stretch[:-1], last]


def _places(notes: Sequence[str], item: str) -> range:
    """Return where `item` stands in `notes`, empty if it does not."""
    wanted = [bare(word) for word in item.split()]
    for at in range(len(notes) - len(wanted) + 1):
        if [bare(word) for word in notes[at : at + len(wanted)]] == wanted:
            return range(at, at + len(wanted))
    return range(0)


def _stretch(notes: Sequence[str], place: int, both: dict[int, int]) -> tuple[int, int]:
    """Return the first and last+1 of the words around `place` in its sentence that the rewrite does not have."""
    first, end = place, place + 1
    while first > 0 and first - 1 not in both and not _MARK.search(notes[first - 1]):
        first -= 1
    while end < len(notes) and end not in both and not _MARK.search(notes[end - 1]):
        end += 1
    return first, end
