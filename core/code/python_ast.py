"""Python's own parser as the source of the block tree: exact, and there in every installation."""

from __future__ import annotations

import ast
import re
import warnings
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from ctxzip.code.tree import Block, Candidate, Kind, Source, close_gaps, comment_blocks, doc_block, leaf, runs

LEAST_ELEMENTS = 3
"""Elements a literal needs on lines of their own before they can be dropped one by one."""

_Node = ast.stmt | ast.expr | ast.ExceptHandler | ast.match_case


def parse(text: str) -> ast.Module | None:
    """Return the syntax tree of `text`, None if it is not Python that this interpreter reads."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


def build(source: Source) -> Block | None:
    """Return the block tree of a Python file, None if it does not parse."""
    if "\r" in source.text.replace("\r\n", "\n") or "\f" in source.text:
        return None
    module = parse(source.text.removeprefix("\ufeff"))
    if module is None:
        return None
    root = Block(0, len(source.lines), Kind.FILE)
    root.bodies = runs(source, _statements(source, module.body, documented=True), 0, "#")
    if root.bodies:
        end = root.bodies[-1][-1].last
        tail = [line for line in range(end, root.last) if source.lines[line].strip()]
        if tail:
            root.bodies[-1][-1].last = tail[0]
            root.bodies[-1] += comment_blocks(source, tail[0], root.last)
    return close_gaps(source, root)


def _statements(source: Source, nodes: Sequence[ast.stmt], *, documented: bool = False) -> list[Candidate]:
    found = []
    for index, node in enumerate(nodes):
        row = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))]) - 1
        column = 0 if row < node.lineno - 1 else node.col_offset
        end = (node.end_lineno or node.lineno) - 1
        docstring = documented and index == 0 and _is_docstring(node)
        found.append(Candidate(row, column, end, node.end_col_offset or 0, _Maker(source, node, docstring)))
    return found


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


class _Maker:
    """Makes the block of one statement once its lines are settled."""

    def __init__(self, source: Source, node: ast.stmt, docstring: bool) -> None:
        self.source = source
        self.node = node
        self.docstring = docstring

    def __call__(self, first: int, last: int) -> Block:
        node = self.node
        if self.docstring:
            return doc_block(self.source, first, last, Kind.DOC)
        block = Block(first, last, _kind(node), getattr(node, "name", "") or _assigned(node))
        documented = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        suites = list(_suites(node))
        least = first + 1
        for suite in suites:
            made = runs(self.source, _statements(self.source, suite, documented=documented), least, "#")
            block.bodies += made
            least = (suite[-1].end_lineno or least) + 1
        if not suites:
            block.bodies = _elements(self.source, node)
        return block


def _kind(node: ast.stmt) -> Kind:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return Kind.FUNCTION
    if isinstance(node, ast.ClassDef):
        return Kind.CLASS
    return Kind.IMPORT if isinstance(node, ast.Import | ast.ImportFrom) else Kind.STATEMENT


def _assigned(node: ast.stmt) -> str:
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return next((target.id for target in targets if isinstance(target, ast.Name)), "")


def _suites(node: _Node) -> Iterator[list[ast.stmt]]:
    """Yield the lists of statements that `node` has, `elif` and handlers followed into."""
    for name in ("body", "handlers", "cases", "orelse", "finalbody"):
        value = getattr(node, name, None)
        if not isinstance(value, list) or not value:
            continue
        if isinstance(value[0], ast.ExceptHandler | ast.match_case):
            for part in value:
                yield from _suites(part)
        elif name == "orelse" and _is_elif(node, value):
            yield from _suites(value[0])
        else:
            yield value


def _is_elif(node: _Node, orelse: Sequence[ast.stmt]) -> bool:
    """Tell whether `orelse` is an `elif`: an `if` that begins in the column of the `if` it belongs to."""
    first = orelse[0]
    return isinstance(node, ast.If) and isinstance(first, ast.If) and first.col_offset == node.col_offset


def _elements(source: Source, node: ast.stmt) -> list[list[Block]]:
    """Return the elements of the largest literal in a statement that stand on lines of their own."""
    literals = [
        inner
        for inner in ast.walk(node)
        if isinstance(inner, ast.Dict | ast.List | ast.Set) and (inner.end_lineno or 0) - inner.lineno >= LEAST_ELEMENTS
    ]
    if not literals:
        return []
    widest = max(literals, key=lambda inner: (inner.end_lineno or 0) - inner.lineno)
    candidates = [
        Candidate(first.lineno - 1, first.col_offset, *_past_closing(source, last), _DATA)
        for first, last in _pairs(widest)
    ]
    found = runs(source, candidates, widest.lineno, "#")
    return found if sum(map(len, found)) >= LEAST_ELEMENTS else []


_DATA = leaf(Kind.DATA)
_CLOSING = re.compile(r"(?:\s|#[^\n]*\n)*\)")


def _past_closing(source: Source, node: ast.expr) -> tuple[int, int]:
    """Return where an element ends, with the parentheses that close around it, which are no part of its node."""
    row, column = (node.end_lineno or 1) - 1, node.end_col_offset or 0
    at = source.starts[row] + len(source.lines[row].encode()[:column].decode(errors="ignore"))
    while closing := _CLOSING.match(source.text, at):
        at = closing.end()
        row = bisect_right(source.starts, at - 1) - 1
        column = len(source.text[source.starts[row] : at].encode())
    return row, column


def _pairs(literal: ast.Dict | ast.List | ast.Set) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Yield where each element of a literal begins and ends."""
    if isinstance(literal, ast.Dict):
        yield from ((key, value) for key, value in zip(literal.keys, literal.values, strict=True) if key is not None)
    else:
        yield from ((element, element) for element in literal.elts)
