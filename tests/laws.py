"""The texts that the laws are tried on, and what the laws say of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hypothesis import strategies as st

from ctxzip import Document, segment
from ctxzip.text import Span

FRAGMENTS = (
    "The cat sat on the mat.",
    "It did not move",
    "never",
    "3.50 dollars",
    "e.g. this",
    "Dr. Smith said: “No!”",
    "don't",
    "https://example.com/a?b=1",
    "`code here`",
    "[a link](https://x.org)",
    "会议定于星期五。",
    "ありがとう、世界！",
    "한국어 문장.",
    "naïve café",
    "😀🚀",
    "{{name}}",
    "{name}",
    "${VAR}",
    "snake_case_name",
    "x = 2 * y",
    "a—b",
    "…",
    "I.D. 4711",
    "<b>bold</b>",
)
JOINTS = (
    " ",
    " ",
    " ",
    "\n",
    "\n\n",
    "\n- ",
    "\n  * ",
    "\n# ",
    "\r\n",
    "\t",
    "  ",
    "\n> ",
    "\n1. ",
    "\n```\n",
    "\u00a0",
    "",
)


@st.composite
def texts(draw: st.DrawFn) -> str:
    """Texts with the structure that real ones have: fragments of many kinds, joined in many ways."""
    pieces = st.one_of(st.sampled_from(FRAGMENTS), st.text(max_size=12))
    parts = draw(st.lists(st.tuples(st.sampled_from(JOINTS), pieces), max_size=40))
    return "".join(joint + piece for joint, piece in parts).replace("\0", "")


def is_subsequence(short: str, long: str) -> bool:
    """Tell whether `short` is `long` with characters left out."""
    rest = iter(long)
    return all(character in rest for character in short)


class ByLength:
    """A compressor whose plan is easy to foresee: words, the longer the better."""

    name = "by-length"
    model = "none"

    def segment(self, document: Document) -> list[Span]:
        return segment.words(document.text)

    def score(
        self, documents: Sequence[Document], spans: Sequence[Sequence[Span]], query: str | None
    ) -> list[list[float]]:
        pairs = zip(documents, spans, strict=True)
        return [[min(1.0, len(span.of(document.text).strip()) / 20) for span in own] for document, own in pairs]


@dataclass
class Outcome:
    """What a run of the command line left behind."""

    code: int
    out: str
    err: str


Cli = Callable[..., Outcome]
