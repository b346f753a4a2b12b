"""JSON: compacted without loss, then thinned; what is left is valid JSON and says how much was left out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence

from ctxzip.protocols import Inset
from ctxzip.structure.code import body_of
from ctxzip.structure.inset import Whole
from ctxzip.structure.json_values import Value, compact, loads, parts, values
from ctxzip.structure.json_worth import roles, weights
from ctxzip.structure.kinds import Region
from ctxzip.text import Span

ONE_PIECE = 160
"""Characters of compact JSON up to which an object or array is kept or dropped as one."""
COMES_ALONG = frozenset({'"role"', '"id"', '"name"', '"type"'})
"""Members that stay with whatever is kept of their object."""
LONGEST = 8_000_000
_OPENS = re.compile(r"^[^\S\n]*[\[{]", re.MULTILINE)
LEAST = 40
"""Characters from which JSON among other text is a region."""
TRIES = 200
"""Places among other text that are tried for JSON."""


def find(text: str) -> Iterator[Region]:
    """Yield objects and arrays that begin and end a line."""
    if "{" not in text and "[" not in text:
        return
    decoder, after, tries = json.JSONDecoder(), 0, 0
    for match in _OPENS.finditer(text):
        at = match.end() - 1
        if at < after or tries >= TRIES or text[at + 1 : at + 2] in ("{", "%", "[", "#"):
            continue
        if not re.match(r"[\[{]\s*[\[{\"\]}\d-]", text[at : at + 200]):
            continue
        tries += 1
        try:
            _, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            continue
        line = text.find("\n", end)
        if end - at >= LEAST and not text[end : line if line >= 0 else len(text)].strip():
            yield Region("json", match.start(), end, match.start(), end)
            after = end


def inset(text: str, region: Region) -> Inset:
    """Return the values of `region`; what is no JSON object or array is one piece."""
    span = body_of(text, region)
    start = span.start + len(span.of(text)) - len(span.of(text).lstrip())
    body = text[start : span.end]
    parsed = loads(body) if len(body) <= LONGEST else None
    root = values(text, start, span.end) if parsed is not None else None
    if root is None or not root.items:
        return Whole(text, span, "json")
    return Json(text, span, root, whole=region.whole)


class Json:
    """The values of a JSON text; the smaller containers and the pieces of long strings are what can be chosen."""

    kind = "json"

    def __init__(self, text: str, span: Span, root: Value, *, whole: bool = False) -> None:
        """Cut the value `root` that `span` of `text` holds; if it is the `whole` text its outer bracket is a piece."""
        self.text = text
        self.start, self.end = span.start, span.end
        self._root = root
        self.content: list[Span] = [Span(root.start, root.start + 1)] if whole else []
        self._own = len(self.content)
        self._leaves: list[Value] = []
        self._place: dict[int, range] = {}
        self._chats: set[int] = set()
        self._cut(root)

    def _cut(self, value: Value) -> None:
        strings = parts(self.text, value)
        first = len(self.content)
        if value.items and (value is self._root or not self._small(value)):
            if value.opening == "[" and roles(self.text, value) is not None:
                self._chats.add(id(value))
            chosen = [item for item in value.items if not self._comes_along(value, item)]
            for item in chosen or value.items:
                self._cut(item)
        else:
            pieces = strings or [value.whole]
            if strings and value.key:
                pieces[0] = Span(value.key.start, pieces[0].end)
            self.content.extend(pieces)
            self._leaves.extend([value] * len(pieces))
        self._place[id(value)] = range(first, len(self.content))

    def _small(self, value: Value) -> bool:
        if value.end - value.start <= ONE_PIECE:
            return True
        return value.end - value.start <= 4 * ONE_PIECE and len(compact(self.text, value.start, value.end)) <= ONE_PIECE

    def _comes_along(self, value: Value, item: Value) -> bool:
        return (
            value.opening == "{"
            and item.key is not None
            and item.key.of(self.text) in COMES_ALONG
            and not item.items
            and item.end - item.start < ONE_PIECE
        )

    def alone(self) -> list[str]:
        """Return every piece in compact form."""
        places = {place.start: value for value in self._leaves if len(place := self._place[id(value)]) == 1}
        return [
            f"{compact(self.text, places[at].whole.start, span.end)}," if at in places else span.of(self.text)
            for at, span in enumerate(self.content)
        ]

    def worth(self, scores: Sequence[float]) -> list[float]:
        """Return `scores`, weighed by what stands out: failures, rarities, the first item, rules and questions."""
        own = list(scores[: self._own])
        ranges = self._place
        return own + weights(self.text, self._root, scores[self._own :], ranges, self._own)

    def render(self, kept: Sequence[int]) -> str:
        """Return compact JSON of the values `kept`, with a count where others were left out."""
        wanted = bytearray(len(self.content))
        for at in kept:
            wanted[at] = 1
        return "".join(self._show(self._root, wanted))

    def _any(self, value: Value, wanted: bytearray) -> bool:
        place = self._place.get(id(value))
        return place is not None and wanted.find(1, place.start, place.stop) >= 0

    def _show(self, value: Value, wanted: bytearray) -> Iterator[str]:
        place = self._place.get(id(value))
        if place is None or not value.items or (len(place) == 1 and self._is_leaf(value)):
            yield from self._leaf(value, place, wanted)
            return
        left_out, first = 0, True
        yield value.opening
        for item in value.items:
            if id(item) in self._place and not self._any(item, wanted):
                left_out += item.number
                continue
            yield "" if first else ","
            yield f"{item.key.of(self.text)}:" if item.key else ""
            yield from self._show(item, wanted)
            first = False
        if left_out and id(value) not in self._chats:
            yield "" if first else ","
            yield f'"… {left_out} more"' if value.opening == "[" else f'"…":"{left_out} more"'
        yield "]" if value.opening == "[" else "}"

    def _is_leaf(self, value: Value) -> bool:
        return self._leaves[self._place[id(value)].start - self._own] is value

    def _leaf(self, value: Value, place: range | None, wanted: bytearray) -> Iterator[str]:
        if place is None or len(place) == 1:
            yield compact(self.text, value.start, value.end)
            return
        yield '"'
        for at in place:
            if wanted[at]:
                piece = self.content[at]
                yield self.text[max(piece.start, value.start + 1) : piece.end]
            elif at == place.start or wanted[at - 1]:
                yield "… " if at + 1 < place.stop else "…"
        yield '"'

    def remark(self, kept: Sequence[int]) -> str:
        """Return how many pieces are missing; in a list of messages nothing in the text says so."""
        missing = len(self.content) - len(kept)
        return f"json: {missing} of {len(self.content)} pieces left out, counted in place" if missing else ""

    def fault(self, made: str) -> str:
        """Return whether `made` is no JSON."""
        return "" if loads(made) is not None else "JSON does not parse"
