"""Generators for tests: a faithful one that drops words, and those that get everything wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from ctxzip.compressors.recomp_abstractive import RecompAbstractive
from ctxzip.compressors.scope import Scope
from ctxzip.models.prompts import Style


class Writer:
    """A generator that answers a prompt by a function of its text, words asked for and prompt."""

    name = identity = "writer"
    style = Style.INSTRUCT
    longest = 600

    def __init__(self, answer: Callable[[str, int], str]) -> None:
        self.answer = answer
        self.prompts: list[str] = []

    def count(self, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) + 1 for text in texts]

    def generate(self, prompts: Sequence[str], max_tokens: Sequence[int]) -> list[str]:
        self.prompts += prompts
        return [self.answer(text_of(prompt), words_of(prompt)) for prompt in prompts]


def text_of(prompt: str) -> str:
    """Return the text that a prompt asks about."""
    found = re.search(r"<text>\n(.*)\n</text>", prompt, re.DOTALL)
    assert found
    return found[1]


def words_of(prompt: str) -> int:
    """Return the length that a prompt asks for."""
    found = re.search(r"about (\d+) words", prompt)
    assert found
    return int(found[1])


def shorter(text: str, words: int) -> str:
    """Return the first words of a text and everything with a digit, as a careless but honest writer would."""
    parts = text.split()
    facts = [w for w in parts[words:] if any(c.isdigit() for c in w)]
    made = " ".join([*parts[:words], *facts])
    return made if made[-1:] in ".!?" else f"{made.rstrip(',;:')}."


WRITERS: dict[str, Callable[[str, int], str]] = {
    "good": shorter,
    "too long": lambda text, words: f"{text} {text}",
    "the same": lambda text, words: text,
    "empty": lambda text, words: "",
    "short": lambda text, words: "Yes.",
    "garbage": lambda text, words: "\x07 ]]> 12345 {{{ ## ## <|im_end|> \ufffd" * 3,
    "foreign": lambda text, words: "这是一个完全不同的文本，没有任何关系。" * max(1, words // 8),
    "inventive": lambda text, words: f"{shorter(text, words)} Napoleon Bonaparte paid 4,711 dollars.",
    "chatty": lambda text, words: f'Sure, here is the text:\n\n"{shorter(text, words)}"',
}


def scope(writer: Writer | None) -> Scope:
    """Return SCOPE with this generator."""
    made = Scope()
    made.__dict__["_generator"] = writer
    return made


def recomp(writer: Writer | None) -> RecompAbstractive:
    """Return RECOMP's abstractive half with this generator."""
    made = RecompAbstractive()
    made.__dict__["_generator"] = writer
    return made
