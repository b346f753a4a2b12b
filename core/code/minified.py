"""Where code without line breaks can be cut: before its statements and members."""

from __future__ import annotations

from itertools import accumulate, pairwise

from ctxzip.code.languages import Language
from ctxzip.code.treesitter import LISTS, syntax_tree

LONG_LINE = 500
"""Characters from which a line is cut where its statements begin."""
SHORT_LIST = 40
"""Bytes up to which a list on an overlong line stays whole."""


def breaks(text: str, language: Language) -> list[int]:
    """Return where the statements and members on overlong lines of `text` begin; none where its lines are ordinary."""
    long = [len(line) > LONG_LINE for line in text.split("\n")]
    tree = syntax_tree(text, language) if any(long) else None
    if tree is None:
        return []
    found: set[int] = set()
    stack = [tree.root_node]
    while stack:
        node = stack.pop()
        stack.extend(node.children)
        if node.type in LISTS and node.end_byte - node.start_byte > SHORT_LIST:
            places = [child for child in (*node.named_children, *node.children[-1:]) if long[child.start_point[0]]]
            found.update(child.start_byte for child in places)
    data = text.encode("utf-8", "surrogatepass")
    ordered = sorted(found)
    sizes = (len(data[a:b].decode("utf-8", "surrogatepass")) for a, b in pairwise([0, *ordered]))
    return [place for place in accumulate(sizes) if 0 < place < len(text)]
