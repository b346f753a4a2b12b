"""What is kept whole or dropped whole: addresses, names, figures, quotations."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache

from ctxzip.text import Span

INLINE_CODE = re.compile(r"(?<!`)(`{1,2})(?!`)([^`\n]{1,200})\1(?!`)")
LINK = re.compile(r"!?\[[^\[\]\n]{0,200}\](?:\([^()\s]{1,500}\)|\[[^\[\]\n]{0,80}\])")
EMPHASIS = re.compile(r"(\*\*|__)(?=\S)[^*_\n]{1,80}?(?<=\S)\1")
QUOTE = re.compile(r"(?<!\w)(?:\"[^\s\"][^\n\"]{0,40}\"|“[^\n“”]{1,40}”)")
URL = re.compile(r"(?:https?|ftp|file)://[^\s<>\"'`]+")
_MONTH = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?"
    r"|Nov(?:ember)?|Dec(?:ember)?)\.?"
)
DATE = re.compile(
    rf"\b\d{{1,2}}(?:st|nd|rd|th)?\.? {_MONTH}(?:,? \d{{4}})?\b|\b{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?\b(?:,? \d{{4}}\b)?"
    r"|\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?"
)
_UNIT = (
    r"%|percent\b|per cent\b|°[CF]?|[kMGT]i?[Bb]\b|[kcmµn]?m\b|km/h\b|mph\b|[kmµ]?g\b|lbs?\b|oz\b|m?[lL]\b"
    r"|[kMG]?Hz\b|[kM]?Wh?\b|[mk]?V\b|m?s\b"
    r"|h\b|min(?:ute)?s?\b|hours?\b|days?\b|weeks?\b|months?\b|years?\b|seconds?\b|ms\b|USD\b|EUR\b|GBP\b|CHF\b|dollars?\b"
    r"|euros?\b|pounds?\b|cents?\b|million\b|billion\b|trillion\b|thousand\b|tokens?\b|bytes?\b|px\b|dpi\b|ppm\b|€|£|¥"
)
NUMBER = re.compile(
    rf"[$€£¥]?(?<![\w.])\d[\d.,:/]{{0,60}}+(?:\s?[-–]\s?\d[\d.,]{{0,60}}+)?[^\S\n]?(?:{_UNIT})(?:[^\S\n](?:million|billion)\b)?"
)
CITATION = re.compile(
    r"\[(?:\^?[A-Za-z]{0,12}[-:#]?\d{1,5}(?:\s?[,–-]\s?\d{1,5}){0,50}|@[\w:-]{1,40}|doc\d+)\]"
    r"|\b(?:RFC|CVE|ISO|DOI:?|arXiv:?|PMID:?|ISBN:?)[- ]?\d[\w./:-]*"
)
_EDGES = ".,;:!?…\"'“”‘’()[]<>*`、，。"
_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")
_HASH = re.compile(
    r"(?:sha\d{1,3}:)?(?=[0-9a-f-]*\d)(?=[0-9a-f-]*[a-f])[0-9a-f]{7,64}(?:-[0-9a-f]{4,12}){0,4}", re.IGNORECASE
)
_VERSION = re.compile(r"[vV]?\d+\.\d+(?:\.\d+)+\w*(?:[-+.]\w+)*|[vV]\d+(?:\.\d+)*|[<>=~^]=?\d+(?:\.\d+)+")
_PATH = re.compile(
    r"(?:~|\.{1,2}|[A-Za-z]:)?[/\\][\w.@~+/\\-]{2,}|[\w.-]+(?:/[\w.-]+){1,}/?|[\w-]+\.(?:py|js|ts|md|txt|json|ya?ml|toml|csv|log|sh|c|h|cpp|rs|go|java|html?|cfg|ini|conf)"
)
_FIGURES = re.compile(r"[$€£¥+-]?\d[\d.,:'’/-]*%?")
_NAME = re.compile(
    r"[$@#]?\w*(?:_\w|[a-z]\d|\d[A-Za-z]|[a-z][A-Z]|[A-Z]{2,}-?\d|-\d)[\w.-]*(?:\(\))?|[\w-]+(?:\.[\w-]+)*(?:::?\w+)+|[A-Z][A-Z0-9]*(?:[-_][A-Z0-9]+)+"
)
LONGEST_NAME = 300
"""Characters beyond which a run without spaces is no name."""

_BY_PATTERN: dict[str, tuple[re.Pattern[str], tuple[str, ...]]] = {
    "inline-code": (INLINE_CODE, ("`",)),
    "link": (LINK, ("](", "][")),
    "url": (URL, ("://",)),
    "emphasis": (EMPHASIS, ("**", "__")),
    "quote": (QUOTE, ('"', "“")),
    "date": (DATE, ()),
    "number": (NUMBER, ()),
    "citation": (CITATION, ()),
}
_BY_WORD = {
    "email": _EMAIL,
    "hash": _HASH,
    "version": _VERSION,
    "number": _FIGURES,
    "path": _PATH,
    "identifier": _NAME,
}
KINDS = frozenset([*_BY_PATTERN, *_BY_WORD])
PRECIOUS = KINDS - {"inline-code", "link", "emphasis", "quote"}
"""Kinds that are facts of their own: worth somewhat more to the plan."""


def find(text: str, wanted: Callable[[str], bool]) -> Iterator[tuple[str, Span]]:
    """Yield what stays in one piece, with its kind; only the kinds `wanted`."""
    for kind, (pattern, signs) in _BY_PATTERN.items():
        if wanted(kind) and (not signs or any(sign in text for sign in signs)):
            for match in pattern.finditer(text):
                yield kind, Span(*match.span())
    for start, word in _unusual(text):
        kind = _kind_of(word)
        if kind and wanted(kind):
            yield kind, Span(start, start + len(word))


_UNUSUAL = re.compile(rf"(?<!\S)(?![{re.escape(_EDGES)}]*+[A-Za-z]?+[a-z]*+[{re.escape(_EDGES)}]*+(?!\S))\S+")
"""A run without spaces that is not just a plain word in ASCII, with marks around it."""


@lru_cache(maxsize=4096)
def _kind_of(word: str) -> str:
    """Return which kind of its own `word` is, nothing for a plain one."""
    return next((kind for kind, pattern in _BY_WORD.items() if pattern.fullmatch(word)), "")


def _unusual(text: str) -> Iterator[tuple[int, str]]:
    """Yield the words that are no plain ones, without the marks around them, and where they begin."""
    for match in _UNUSUAL.finditer(text):
        word = match.group()
        bare = word.strip(_EDGES)
        if not bare or len(bare) > LONGEST_NAME or (bare.isalpha() and (bare.islower() or bare.istitle())):
            continue
        if word[0] == "[" and CITATION.match(word):  # its number is no figure beside it
            continue
        yield match.start() + word.find(bare), bare
