"""XML and HTML as files or blocks: text inside tags that stay balanced."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ctxzip.protocols import Inset
from ctxzip.structure.code import body_of
from ctxzip.structure.inset import Whole, alarming
from ctxzip.structure.kinds import Region
from ctxzip.structure.tree import Node, pieces, shown
from ctxzip.text import Span

ONE_PIECE = 160
"""Characters up to which an element is kept or dropped as one."""
DEEPEST = 200
TAG = re.compile(
    r"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?[^>]*\?>|<![A-Za-z][^<>]*>"
    r"|<(?P<close>/?)(?P<name>[A-Za-z_][\w:.-]*)(?P<rest>(?:\s+[^\s<>\"'=/]+(?:\s*=\s*(?:\"[^\"<]*\"|'[^'<]*'|[^\s\"'<>]+))?){0,500})"
    r"\s*(?P<empty>/?)>",
    re.DOTALL,
)
_VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())
_VERBATIM = {name: re.compile(rf"</{name}\s*>", re.IGNORECASE) for name in ("script", "style", "pre", "textarea")}
"""Elements whose text may hold what looks like tags, each with what ends it."""
_CLOSED_BY = {"<!--": "-->", "<![CDATA[": "]]>", "<?": ">"}
_SENTENCE = re.compile(r"(?:[^.!?\n]++|[.!?]++(?!\s)){0,2000}(?:[.!?]+(?=\s)|\n|\Z|)\s*")
DENSE = 0.2
"""Share of the characters that tags take from which a block of them is markup and not a prompt with tags."""
_OPENS = re.compile(r"^<(?:\?xml|!doctype|[A-Za-z_][\w:.-]*[\s>/])", re.MULTILINE | re.IGNORECASE)
LEAST = 120


def find(text: str) -> Iterator[Region]:
    """Yield the elements that begin and end a line and consist to a good part of tags."""
    if "</" not in text:
        return
    after = 0
    for start, end in sorted(_elements(text)):
        if start < after or end - start < LEAST or _OPENS.match(text, start) is None:
            continue
        after = end
        line = text.find("\n", end)
        if not text[end : line if line >= 0 else len(text)].strip() and density(text[start:end]) >= DENSE:
            yield Region("markup", start, end, start, end)


def density(text: str) -> float:
    """Return the share of `text` that tags take."""
    return sum(match.end() - match.start() for match in _tags(text, 0, len(text))) / max(1, len(text))


def _tags(text: str, start: int, end: int) -> Iterator[re.Match[str]]:
    """Yield the tags, comments and instructions between `start` and `end`; what nothing closes is looked for once."""
    endless: set[str] = set()
    at = text.find("<", start, end)
    while at >= 0:
        opening = next((mark for mark in _CLOSED_BY if text.startswith(mark, at)), "")
        if opening and opening not in endless and text.find(_CLOSED_BY[opening], at, end) < 0:
            endless.add(opening)
        tag = None if opening in endless else TAG.match(text, at, end)
        if tag:
            yield tag
        at = text.find("<", tag.end() if tag else at + 1, end)


def _elements(text: str) -> Iterator[tuple[int, int]]:
    """Yield the balanced elements that begin a line, each as it ends; what stands before a root belongs to it."""
    opened: list[tuple[str, int]] = []
    prolog = -1
    for tag in _tags(text, 0, len(text)):
        name = (tag["name"] or "").lower()
        if not name or tag["empty"] or (name in _VOID and not tag["close"]):
            if not name and not opened and prolog < 0 and _OPENS.match(text, tag.start()):
                prolog = tag.start()
            continue
        if not tag["close"]:
            opened.append((name, tag.start()))
        elif not opened or opened[-1][0] != name:
            opened.clear()
            prolog = -1
        else:
            start = opened.pop()[1]
            if not opened and prolog >= 0:
                start, prolog = prolog, -1
            if not start or text[start - 1] == "\n":
                yield start, tag.end()


def inset(text: str, region: Region) -> Inset:
    """Return the elements of `region`; one piece if its tags are not balanced."""
    span = body_of(text, region)
    nodes = tree(text, span)
    if nodes is None or not any(node.inside for node in nodes):
        return Whole(text, span, "markup")
    return Markup(text, span, nodes, whole=region.whole)


def tree(text: str, span: Span) -> list[Node] | None:
    """Return the elements and texts of `span`, None if its tags are not balanced."""
    root = Node(span)
    stack: list[tuple[str, Node]] = [("", root)]
    at = span.start
    endless: set[str] = set()
    for tag in _tags(text, span.start, span.end):
        if tag.start() < at:
            continue
        stack[-1][1].inside.extend(_texts(text, at, tag.start()))
        at = tag.end()
        name = (tag["name"] or "").lower()
        verbatim = _verbatim(text, tag, span.end, endless)
        at = verbatim or at
        if verbatim or not name or tag["empty"] or (name in _VOID and not tag["close"]):
            stack[-1][1].inside.append(Node(Span(tag.start(), at)))
        elif tag["close"]:
            if stack[-1][0] != name:
                return None
            _closed(stack.pop()[1], Span(tag.start(), at))
        elif len(stack) > DEEPEST:
            return None
        else:
            node = Node(Span(tag.start(), at))
            stack[-1][1].inside.append(node)
            stack.append((name, node))
    root.inside.extend(_texts(text, at, span.end))
    return root.inside if len(stack) == 1 else None


def _verbatim(text: str, tag: re.Match[str], end: int, endless: set[str]) -> int:
    """Return the end of the element that `tag` opens if its text is verbatim, else 0; `endless`: those never closed."""
    name = (tag["name"] or "").lower()
    if name not in _VERBATIM or name in endless or tag["close"]:
        return 0
    closing = _VERBATIM[name].search(text, tag.end(), end)
    if closing is None:
        endless.add(name)
    return closing.end() if closing else 0


def _closed(node: Node, closing: Span) -> None:
    node.closing = closing
    if closing.end - node.opening.start <= ONE_PIECE:
        node.inside = []


def _texts(text: str, start: int, end: int) -> Iterator[Node]:
    """Yield the sentences between two tags; white space alone goes with what precedes it."""
    if not text[start:end].strip():
        if end > start:
            yield Node(Span(start, end))
        return
    for match in _SENTENCE.finditer(text, start, end):
        if match.end() > match.start():
            yield Node(Span(*match.span()))


class Markup:
    """Elements; the tags around whatever is kept stand, so that they stay balanced."""

    kind = "markup"

    def __init__(self, text: str, span: Span, nodes: Sequence[Node], *, whole: bool = False) -> None:
        """Take `nodes` for what `span` of `text` holds; of a `whole` file the root element always stands."""
        self.text = text
        self.start, self.end = span.start, span.end
        self._nodes = nodes
        self._whole = whole
        every = list(pieces(nodes))
        self._chosen = [at for at, piece in enumerate(every) if piece.of(text).strip()]
        self._blank = {at for at, piece in enumerate(every) if not piece.of(text).strip()}
        self.content: list[Span] = [every[at] for at in self._chosen]

    def alone(self) -> list[str]:
        """Return the slices themselves."""
        return [span.of(self.text) for span in self.content]

    def worth(self, scores: Sequence[float]) -> list[float]:
        """Return `scores`, elements that speak of failures first, comments last."""
        result = []
        for score, piece in zip(scores, self.content, strict=True):
            slice_ = piece.of(self.text)
            if slice_.startswith("<!--"):
                result.append(0.3 * score)
            else:
                result.append(0.4 + 0.6 * score if alarming(slice_) else score)
        return result

    def render(self, kept: Sequence[int]) -> str:
        """Return the elements `kept` inside the tags around them."""
        wanted = {self._chosen[at] for at in kept}
        near = {at for at in self._blank if at - 1 in wanted}
        return "".join(shown(self.text, self._nodes, wanted | near)).strip()

    def remark(self, kept: Sequence[int]) -> str:
        """Return nothing: elements are dropped as prose is."""
        return ""

    def fault(self, made: str) -> str:
        """Return whether the tags of `made` are out of balance."""
        return "" if tree(made, Span(0, len(made))) is not None else "tags out of balance"
