"""What has to be true of a shortened text, looked at from outside: nothing here uses the code that it checks."""

from __future__ import annotations

import ast
import json
import re
import tomllib
import warnings
from collections.abc import Callable, Iterator
from xml.etree import ElementTree

Check = Callable[[str, str, str], Iterator[str]]
"""Takes the text before, the text after and the file's name; yields what is wrong."""

_PLACEHOLDER = re.compile(
    r"\{\{.+?\}\}\}?|\{%.+?%\}|\{#.+?#\}|\$\{[^{}\n]+\}|<%.+?%>|<\|[^|\s]+\|>|(?<![{$])\{[a-z_.]+(?:![rsa])?(?::[^{}\n]+)?\}(?!\})"
)
_FENCE = re.compile(r"^[^\S\n]*(?:(?:[-*+>]|\d+[.)])[^\S\n]+)*(`{3,}|~{3,})([^\n`]*)$", re.MULTILINE)
_URL = re.compile(r"https?://[^\s<>\"'`)\]]+")
_ID = re.compile(
    r"\b[A-Z]{2,}-[\d-]+\d\b|\b[\w.]+@[\w-]+\.[\w.-]*\w|\bv\d+\.\d+\.\d+(?:[\w.-]*\w)?|\b[0-9a-f]{16,}\b|\b\d{4}-\d\d-\d\d(?:T[\d:]+Z)?"
)
_TAG = re.compile(r"<(/?)([A-Za-z_][\w:.-]*)((?:\s+[\w:-]+=(?:\"[^\"]*\"|'[^']*'))*)\s*(/?)>")
_VOID = frozenset("br img hr meta link input wbr".split())
_RULE = re.compile(r"^[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$")
_BOUND = re.compile(r"\b(never|not|without|only|must|unless|at least|no more than)\s+([A-Za-z]\w+)")
_COUNT = re.compile(r" \(… \d+ more like this\)")


def blocks(text: str) -> list[tuple[str, str, bool]]:
    """Return the word after the fence, the body and whether it is closed, of every fenced block."""
    found, opening = [], None
    for fence in _FENCE.finditer(text):
        if opening is None:
            opening = fence
        elif fence[1].startswith(opening[1]) and not fence[2].strip():
            found.append((opening[2].strip().lower(), text[opening.end() + 1 : fence.start()], True))
            opening = None
    if opening is not None:
        found.append((opening[2].strip().lower(), text[opening.end() + 1 :], False))
    return found


def outside(text: str) -> str:
    """Return `text` without what stands between fences."""
    kept, at, opening = [], 0, None
    for fence in _FENCE.finditer(text):
        if opening is None:
            opening = fence
            kept.append(text[at : fence.start()])
        elif fence[1].startswith(opening[1]) and not fence[2].strip():
            opening, at = None, fence.end()
    return "".join([*kept, text[at:] if opening is None else ""])


def is_code(name: str) -> bool:
    """Tell whether the file is source code or data in which braces and angles are no template."""
    return name.startswith(("code-whole", "code-unnamed", "json-", "data-", "markup-page"))


def placeholders(before: str, after: str, name: str) -> Iterator[str]:
    """All of them, in order."""
    if is_code(name) or not is_template(before):
        return
    had, has = _PLACEHOLDER.findall(outside(before)), _PLACEHOLDER.findall(outside(after))
    if had != has:
        yield f"placeholders {len(has)} of {len(had)}"


def is_template(text: str) -> bool:
    """Tell whether a text is a template by a mark that can be nothing else, or a mark alone on its line."""
    sure = re.search(r"\{\{|\{%|<%|\$\{|<\||^[\w ]*:?\s*\{[a-z_]+\}$", text, re.MULTILINE)
    return sure is not None


def urls(before: str, after: str, name: str) -> Iterator[str]:
    """Whole or gone."""
    yield from (f"cut {url}" for url in set(_URL.findall(after)) - set(_URL.findall(before)))


def identifiers(before: str, after: str, name: str) -> Iterator[str]:
    """Whole or gone: numbers of orders, addresses, versions, hashes, dates."""
    yield from (f"cut {found}" for found in set(_ID.findall(after)) - set(_ID.findall(before)))


def fences(before: str, after: str, name: str) -> Iterator[str]:
    """As many as before, the same ones, and closed where they were."""
    had, has = [(b[0], b[2]) for b in blocks(before)], [(b[0], b[2]) for b in blocks(after)]
    if had != has:
        yield f"fences {has} instead of {had}"


def parses_json(text: str) -> bool:
    """Tell whether `text` is JSON."""
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def parses_python(text: str) -> bool:
    """Tell whether `text` is Python."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            ast.parse(text)
        except (SyntaxError, ValueError):
            return False
    return True


def parses_yaml(text: str) -> bool:
    """Tell whether `text` is YAML."""
    import yaml

    try:
        list(yaml.safe_load_all(text))
    except yaml.YAMLError:
        return False
    return True


def parses_toml(text: str) -> bool:
    """Tell whether `text` is TOML."""
    try:
        tomllib.loads(text)
    except ValueError:
        return False
    return True


def parses_xml(text: str) -> bool:
    """Tell whether `text` is XML."""
    try:
        ElementTree.fromstring(text)
    except ElementTree.ParseError:
        return False
    return True


def _kept_valid(language: str, parser: Callable[[str], bool], suffixes: tuple[str, ...]) -> Check:
    def check(before: str, after: str, name: str) -> Iterator[str]:
        if name.endswith(suffixes) and parser(before) and not parser(after):
            yield f"{language} does not parse"
        words = {suffix.lstrip(".") for suffix in suffixes} | {language.lower()}
        pairs = zip(blocks(before), blocks(after), strict=False)
        for (word, body, _), (_, left, _) in pairs:
            if word in words and parser(body) and left.strip() and not parser(left):
                yield f"{language} in a fence does not parse"

    return check


def json_among_text(before: str, after: str, name: str) -> Iterator[str]:
    """A line of JSON in a text is still JSON."""
    had = sum(parses_json(line) for line in before.splitlines() if line.startswith(("{", "[")))
    if had and not name.endswith(".json"):
        for line in after.splitlines():
            if line.startswith(('{"', "[{")) and not parses_json(line) and "```" not in before:
                yield f"JSON broken: {line[:40]}"


def tags(before: str, after: str, name: str) -> Iterator[str]:
    """Balanced, if they were."""
    if name.endswith((".py", ".js", ".go")):
        return
    if balanced(before) and not balanced(after):
        yield "tags out of balance"


def balanced(text: str) -> bool:
    """Tell whether every tag is closed in its turn."""
    text = re.sub(r"<(script|style)\b.*?</\1>|<!--.*?-->", "", text, flags=re.DOTALL)
    stack: list[str] = []
    for close, tag, _, empty in _TAG.findall(text):
        if empty or tag.lower() in _VOID:
            continue
        if not close:
            stack.append(tag)
        elif not stack or stack.pop() != tag:
            return False
    return not stack


def tables(before: str, after: str, name: str) -> Iterator[str]:
    """Every row of a table stands under its own header, all columns there."""
    if name.endswith(".csv") and after and before.splitlines()[0] != after.splitlines()[0]:
        yield "table without its header"
    heads = table_heads(before)
    for row, head in heads.items():
        lines = after.splitlines()
        for at, line in enumerate(lines):
            if line == row and head not in ("\n".join(lines[max(0, at - 60) : at])):
                yield "row without its header"
                return


def table_heads(text: str) -> dict[str, str]:
    """Return the two lines of the header over every row that occurs once."""
    lines = text.splitlines()
    heads: dict[str, str] = {}
    for at, line in enumerate(lines):
        if "|" not in line or not _RULE.match(line) or not at or "|" not in lines[at - 1]:
            continue
        for row in lines[at + 1 :]:
            if "|" not in row:
                break
            heads[row] = f"{lines[at - 1]}\n{line}"
    return {row: head for row, head in heads.items() if lines.count(row) == 1}


def bound(before: str, after: str, name: str) -> Iterator[str]:
    """No governed word without its governor: where the word after a bound one is kept, so is the bound one."""
    if is_code(name) or name.startswith("log-"):
        return
    before, after = outside(before), outside(after)
    words = re.findall(r"\w+", before)
    for governor, word in _BOUND.findall(before):
        if words.count(word) == 1 and re.search(rf"\b{word}\b", after):
            close = rf"\b{governor}\b(?:\W+[\w'’]+){{0,7}}?\W+{word}\b"
            if not re.search(close, after):
                yield f"{word!r} without {governor!r}"


def logs(before: str, after: str, name: str) -> Iterator[str]:
    """Lines are whole, and counts say how many were folded."""
    if not name.endswith(".log"):
        return
    had = set(before.splitlines())
    yield from (f"line altered: {line[:50]}" for line in after.splitlines() if _COUNT.sub("", line) not in had)
    if any(" ERROR " in line for line in had) and after and "ERROR" not in after:
        yield "no line of error left"


def chats(before: str, after: str, name: str) -> Iterator[str]:
    """Roles in the same order, each message whole in its form."""
    if name.startswith("json-messages"):
        had, has = (_messages(text) for text in (before, after))
        roles = iter(message["role"] for message in had)
        if not all(any(message.get("role") == role for role in roles) for message in has):
            yield "roles out of order"
    elif name.startswith("chat-roles"):
        said = {line.partition(":")[2].strip(): line.partition(":")[0] for line in before.splitlines()}
        for line in after.splitlines():
            label, _, rest = line.partition(":")
            first = rest.split()[0] if rest.split() else ""
            if label not in said.values() or not any(first in text for text, who in said.items() if who == label):
                yield f"turn without its role: {line[:40]}"


def _messages(text: str) -> list[dict[str, str]]:
    value = json.loads(text)
    found = value["messages"] if isinstance(value, dict) and "messages" in value else value
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def pragmas(before: str, after: str, name: str) -> Iterator[str]:
    """What they shield is there byte for byte."""
    for match in re.finditer(r"<!-- ctxzip: off -->.*?<!-- ctxzip: on -->", before, re.DOTALL):
        if match.group() not in after:
            yield "a pragma was not obeyed"


CHECKS: dict[str, Check] = {
    "placeholders": placeholders,
    "URL": urls,
    "ids": identifiers,
    "fences": fences,
    "JSON": _kept_valid("JSON", parses_json, (".json",)),
    "JSON in text": json_among_text,
    "Python": _kept_valid("Python", parses_python, (".py",)),
    "YAML": _kept_valid("YAML", parses_yaml, (".yaml", ".yml")),
    "TOML": _kept_valid("TOML", parses_toml, (".toml",)),
    "XML": _kept_valid("XML", parses_xml, (".xml",)),
    "tags": tags,
    "table": tables,
    "bound": bound,
    "log": logs,
    "chat": chats,
    "pragma": pragmas,
}


def failures(before: str, after: str, name: str) -> dict[str, list[str]]:
    """Return what is wrong by the name of the check; empty when nothing is."""
    found = {check: list(run(before, after, name)) for check, run in CHECKS.items()}
    return {check: wrong for check, wrong in found.items() if wrong}
