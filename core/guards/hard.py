"""What is always there, byte for byte: the marks of templates, the tags of prompts, what a pragma shields."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import PurePath

from ctxzip.text import Span

MARKS = re.compile(
    r"\{\{(?!\{\{)[^\n]{1,300}?\}\}\}?|\{%(?!\{%)[^\n]{1,300}?%\}|\{#(?!\{#)[^\n]{1,300}?#\}"
    r"|\$\{[^{}\n]{1,120}\}|<%(?!<%)[^\n]{1,300}?%>"
    r"|<\|[^|\s]{1,40}\|>|%\([A-Za-z_]\w{0,40}\)[sdrf]"
)
_BRACES = re.compile(r"(?<![{$\\])\{(?:[A-Za-z_][\w.\[\]'\"]{0,60}|\d{0,2})(?:![rsa])?(?::[^{}\n]{0,20})?\}(?!\})")
_NAME = re.compile(r"\{(\w+)\}")
_STANDS_ALONE = re.compile(
    r"^[^\S\n]*+(?:[\w' -]{1,60}[:=][^\S\n]*|>[^\S\n]*)?[\"'`]{0,3}\{[A-Za-z_]\w{0,60}\}[\"'`]{0,3}[^\S\n]*$"
    r"|>\{[A-Za-z_]\w{0,60}\}<",
    re.MULTILINE,
)
"""A line that is nothing but a mark, perhaps with a label, or a mark between tags: so only templates are written."""
OFTEN = 4
"""Times that a template names one thing at most; a transcript has its `{laughs}` over and over."""
TEMPLATES = frozenset(
    ".prompt .prompty .j2 .jinja .jinja2 .tmpl .tpl .template .mustache .hbs .handlebars .liquid .erb .ejs".split()
)
"""Endings of files that are templates."""
_TAG = re.compile(r"<(?P<close>/?)(?P<name>[A-Za-z_][\w:.-]{0,60})(?P<rest>[^<>\n]{0,300})>")
_INLINE = frozenset(
    "a abbr b bdi bdo br cite code del dfn em font i img input ins kbd mark q s samp small span strike strong sub sup"
    " tt u var wbr hr".split()
)
SHORT_ELEMENT = 100
"""Characters up to which an element of running text is whole instead of having hard tags."""
_PRAGMA = re.compile(
    r"<!--[^\S\n]*ctxzip:[^\S\n]*(?P<a>off|on)\b(?:(?!<!--|-->)[^\n])*+-->|^[^\S\n]*(?:\#|//|--|;|%|\{\#)[^\S\n]*ctxzip:[^\S\n]*(?P<b>off|on)\b[^\n]*$",
    re.MULTILINE,
)


def _is_template(text: str, path: str | None) -> bool:
    """Tell whether `text` is a template without other marks: by its name, or by a mark that stands alone."""
    if path and any(suffix.lower() in TEMPLATES for suffix in PurePath(path).suffixes):
        return True
    alone = {name for match in _STANDS_ALONE.finditer(text) for name in _NAME.findall(match.group())}
    if not alone:
        return False
    times = Counter(_NAME.findall(text))
    return any(times[name] <= OFTEN for name in alone)


def placeholders(text: str, path: str | None = None) -> Iterator[Span]:
    """Yield the marks of templates; `{name}` counts only in templates."""
    if "{" not in text and "<" not in text and "%(" not in text:
        return
    marked = False
    for match in MARKS.finditer(text):
        marked = True
        yield Span(*match.span())
    if "{" in text and (marked or _is_template(text, path)):
        for match in _BRACES.finditer(text):
            yield Span(*match.span())


def pragmas(text: str) -> Iterator[Span]:
    """Yield what stands between `ctxzip: off` and `ctxzip: on`, those included; to the end if never on again."""
    if "ctxzip:" not in text:
        return
    start = -1
    for match in _PRAGMA.finditer(text):
        off = (match["a"] or match["b"]) == "off"
        if off and start < 0:
            start = match.start()
        elif not off and start >= 0:
            yield Span(start, match.end())
            start = -1
    if start >= 0:
        yield Span(start, len(text.rstrip()))


def tags(text: str) -> tuple[list[Span], list[Span]]:
    """Return the tags that open and close something, and what of the rest is a tag or a short element.

    The former are hard: what they enclose is cut, they are not.
    """
    if "<" not in text or ">" not in text:
        return [], []
    hard: list[Span] = []
    whole: list[Span] = []
    opened: dict[str, list[re.Match[str]]] = {}
    for match in _TAG.finditer(text):
        name = match["name"].lower()
        before = opened.get(name)
        if not match["close"]:
            if match["rest"].endswith("/") or name in ("br", "img", "hr", "wbr", "input"):
                whole.append(Span(*match.span()))
            else:
                opened.setdefault(name, []).append(match)
        elif before:
            first = before.pop()
            element = Span(first.start(), match.end())
            short = element.end - element.start <= SHORT_ELEMENT and "\n" not in element.of(text)
            if name in _INLINE and short:
                whole.append(element)
            else:
                hard += [Span(*first.span()), Span(*match.span())]
    whole += [Span(*match.span()) for left in opened.values() for match in left]
    return hard, whole
