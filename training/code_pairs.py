"""Questions about code made from code: a documentation comment taken out of a file asks for its function.

Only files of permissively licensed projects that are no source of the development needles are read.
"""

from __future__ import annotations

import ast
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ctxzip import Document
from ctxzip.code.chunks import Chunk, chunks_of
from ctxzip.code.layout import Outline
from ctxzip.code.tree import Kind
from ctxzip.compressors.longcodezip import outline_of

PERMISSIVE = (
    "PIL absl accelerate anyio cloudpickle contourpy cycler dateutil filelock fontTools google joblib kiwisolver"
    " markdown_it matplotlib mpl_toolkits mpmath mypy narwhals networkx numpy onnx onnx_ir packaging pathspec peft"
    " pluggy pyparsing _pytest pygments requests rouge_score safetensors scipy setuptools threadpoolctl tqdm urllib3"
).split()
"""Installed Python packages that may be learnt from, all under BSD, MIT, Apache, PSF or HPND terms."""
FEWEST_WORDS, MOST_WORDS = 7, 70
FEWEST_LINES = 4
FEWEST_FUNCTIONS = 8
"""Functions of a file from which finding one of them is a question."""


@dataclass(frozen=True)
class Pair:
    """A file without the description of one of its functions, the description, and the lines of the function."""

    path: str
    code: str
    query: str
    needle: str


def pairs(files: list[Path], count: int, seed: int) -> Iterator[Pair]:
    """Yield at most `count` pairs, one of each file, from a seeded choice of `files`."""
    chance = random.Random(seed)
    order = sorted(files)
    chance.shuffle(order)
    for path in order:
        if count <= 0:
            return
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            continue
        found = list(_of_python(path, text) if path.suffix == ".py" else _of_comments(path, text))
        if found:
            count -= 1
            yield chance.choice(found)


def _of_python(path: Path, text: str) -> Iterator[Pair]:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    if len(functions) < FEWEST_FUNCTIONS:
        return
    lines = text.splitlines(keepends=True)
    for node in functions:
        doc, first = ast.get_docstring(node), node.body[0]
        if not doc or len(node.body) < 2 or not node.end_lineno or not first.end_lineno:
            continue
        query = _question(doc, node.name)
        left = [*lines[node.lineno - 1 : first.lineno - 1], *lines[first.end_lineno : node.end_lineno]]
        code = "".join([*lines[: first.lineno - 1], *lines[first.end_lineno :]])
        if query and len(left) >= FEWEST_LINES and lines[first.lineno - 1].lstrip().startswith(('"', "'", "r")):
            yield Pair(str(path), code, query, "".join(left).strip())


def _of_comments(path: Path, text: str) -> Iterator[Pair]:
    outline = outline_of(Document(text, path=str(path)))
    functions = [chunk for chunk in chunks_of(outline) if chunk.kind is Kind.FUNCTION]
    if len(functions) < FEWEST_FUNCTIONS:
        return
    for chunk in functions:
        start, end, last = _comment_and_body(outline, chunk)
        name = chunk.name.rpartition(".")[2]
        query = _question(re.sub(r"^[ \t]*(?:///?!?|/\*+|\*+/?)[ \t]?", "", text[start:end], flags=re.M), name)
        needle = text[end:last]
        if query and start < end and needle.count("\n") >= FEWEST_LINES:
            yield Pair(str(path), text[:start] + text[end:], query, needle.strip())


def _comment_and_body(outline: Outline, chunk: Chunk) -> tuple[int, int, int]:
    """Return where the comment above a function begins and ends, and where the function ends."""
    parts = [outline.elements[index] for index in chunk.elements]
    body = next((part for part in parts if part.block.kind is not Kind.COMMENT), parts[-1])
    starts = outline.source.starts
    return starts[parts[0].first], starts[body.first], starts[parts[-1].last]


def _question(doc: str, name: str) -> str:
    """Return the first paragraph of a description without the name of what it describes, empty if it says little."""
    paragraph = re.split(r"\n\s*\n|\n\s*(?:@|:param|Parameters|Args|Returns|#)", doc.strip())[0]
    words = re.sub(rf"\b{re.escape(name)}\b", "this function", " ".join(paragraph.split())).split()
    told = len(words) >= FEWEST_WORDS and len([w for w in words if w[0].isalpha()]) >= FEWEST_WORDS
    return " ".join(words[:MOST_WORDS]) if told else ""
