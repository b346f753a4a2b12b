"""Questions as people put them: in full, as keywords, as instructions."""

from __future__ import annotations

import random
import re

STOP = frozenset(
    """
    a an the of in on at to for from by with and or is are was were be been do does did has have
    had what which who whom whose when where why how that this these those it its as if then than
    there can could would should will shall may might must i you he she we they me my your his her
    our their
    """.split()
)
FRAMES = (
    "Find {}",
    "Find out {}",
    "Tell me {}",
    "I need to know {}",
    "Look up {}",
    "Answer this: {}",
    "Which parts say {}",
    "Summarise what the text says about: {}",
)


def keywords(text: str) -> str:
    """The words that carry meaning, without the question mark."""
    kept = [word for word in re.findall(r"[\w'-]+", text) if word.lower() not in STOP]
    return " ".join(kept) or text


def variant(text: str, chance: random.Random) -> str:
    """The question itself most of the time, else keywords or an instruction."""
    draw = chance.random()
    if draw < 0.15:
        return keywords(text)
    if draw < 0.25:
        return chance.choice(FRAMES).format(text.rstrip("?"))
    return text.rstrip("?") if draw < 0.35 else text
