"""One page that shows what was kept, what was dropped and why; it needs nothing but itself.

Everything that came from outside is escaped, and the page's own policy lets no other style or script run.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Iterator, Sequence
from html import escape
from itertools import groupby
from pathlib import Path

from ctxzip.cli.removed import by_document, stretches
from ctxzip.result import Compression, Decision
from ctxzip.sidecar import Sidecar
from ctxzip.text import Document

View = tuple[Sequence[Document], Compression]
CHUNK = 4000
"""Characters after which, at a line's end, a new stretch of the page begins, drawn only when it is looked at."""
HEATS = 10
REASONS = {
    "score": "",
    "pinned": "must be kept",
    "shortened": "a part of a piece that did not fit whole",
    "did not fit": "the best piece that did not fit",
    "unchanged": "already within the budget",
    "bound": "goes with what it governs",
}
"""What the plan's reasons are called; the usual one goes without saying."""
_VISIBLE = {code: 0x2400 + code for code in range(32) if chr(code) not in "\t\n\r"} | {127: 0x2421}
"""Pictures of the control characters, which a page cannot show."""


def page(views: Sequence[View]) -> str:
    """Return the page for results, each with the documents it was made from."""
    template = Path(__file__).with_name("page.html").read_text(encoding="utf-8")
    names = [document.id or document.path for documents, _ in views for document in documents]
    title = "ctxzip: " + (f"{len(names)} texts" if names[1:] else (names or [""])[0] or "one text")
    style, script = (_between(template, f"<{tag}>", f"</{tag}>") for tag in ("style", "script"))
    top, bottom = template.split("@@BODY@@")
    top = top.replace("@@STYLE@@", _digest(style)).replace("@@SCRIPT@@", _digest(script))
    top = top.replace("@@TITLE@@", _text(title))
    return "".join([top, *(part for view in views for part in _view(view)), bottom])


def _between(template: str, start: str, end: str) -> str:
    return template.split(start, 1)[1].split(end, 1)[0]


def _digest(text: str) -> str:
    return b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _text(text: str) -> str:
    """Return `text` for an element or an attribute of the page."""
    return escape(text.translate(_VISIBLE))


def _view(view: View) -> Iterator[str]:
    """Yield the parts of the page that show one result."""
    documents, result = view
    yield _totals(result)
    decided = by_document(result, len(documents))
    originals = Sidecar.of(documents, result).originals
    for index, (document, decisions) in enumerate(zip(documents, decided, strict=True)):
        name = document.title or document.id or document.path or (f"Text {index + 1}" if len(documents) > 1 else "Text")
        yield f'<h2>{_text(name)}</h2>\n<div class="text" tabindex="0" role="group" aria-label="{_text(name)}">'
        yield from _chunks(_pieces(document, decisions, originals[index].survivors()))
        yield "</div>\n"


def _totals(result: Compression) -> str:
    kept = sum(allotment.kept for allotment in result.allotments)
    share = result.tokens_after / result.tokens_before if result.tokens_before else 1
    rows = {
        "tokens before": f"{result.tokens_before:,}",
        "tokens after": f"{result.tokens_after:,}",
        "ratio": f"{result.ratio:.2f}",
        "pieces kept": f"{kept:,} of {len(result.allotments):,}",
        "asked": result.asked + (f", at most {result.limit:,}" if result.limit is not None else ""),
        "method": f"{result.method}, weights {result.model}",
        "tokenizer": result.tokenizer,
    }
    shown = "".join(f"<div><dt>{name}</dt><dd>{_text(value)}</dd></div>" for name, value in rows.items() if value)
    label = f"{share:.0%} of the tokens are left"
    return f'<dl>{shown}</dl>\n<meter value="{share:.4f}" aria-label="{label}" title="{label}"></meter>\n'


def _pieces(
    document: Document, decisions: Sequence[Decision], survivors: Sequence[tuple[int, int]]
) -> Iterator[tuple[str, str]]:
    """Yield the text of a document in pieces, each with the element that shows it."""
    left = bytearray(len(document.text))
    for start, end in survivors:
        left[start:end] = b"\1" * (end - start)
    at = 0
    for text, decision in stretches(document, decisions):
        if decision is not None:
            yield text, _decided(text, decision)
        else:
            shown = left[at : at + len(text)]
            for kept, run in groupby(zip(shown, text, strict=True), key=lambda pair: pair[0]):
                piece = "".join(character for _, character in run)
                yield piece, f"<i{'' if kept else ' class=d'}>{_text(piece)}</i>"
        at += len(text)


def _decided(text: str, decision: Decision) -> str:
    tag = "b" if decision.kept else "s"
    heat = min(int(decision.score * HEATS), HEATS - 1)
    reason = REASONS.get(decision.reason, decision.reason)
    told = f' data-r="{_text(reason)}"' if reason else ""
    word = text.lstrip(" ")
    space = text[: len(text) - len(word)]
    before = space if decision.kept or not space else f"<i class=d>{space}</i>"
    return f"{before}<{tag} class=h{heat} data-s={decision.score:.3f}{told}>{_text(word)}</{tag}>"


def _chunks(pieces: Iterator[tuple[str, str]]) -> Iterator[str]:
    """Yield the elements in stretches of whole lines, so that the browser draws only those in sight."""
    length = 0
    yield "<div class=c>"
    for text, element in pieces:
        yield element
        length += len(text)
        if length >= CHUNK and text.endswith("\n"):
            yield "</div><div class=c>"
            length = 0
    yield "</div>"
