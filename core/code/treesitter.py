"""Block trees from tree-sitter grammars, and the count of what a grammar cannot read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ctxzip.code.languages import Language
from ctxzip.code.tree import Block, Candidate, Kind, Source, close_gaps, doc_block, runs

if TYPE_CHECKING:
    from tree_sitter import Node, Parser, Tree

LISTS = frozenset(
    # statements and members
    "module block program statement_block class_body switch_body switch_case switch_default interface_body object_type "
    "enum_body enum_body_declarations constructor_body switch_block switch_block_statement_group module_body "
    "annotation_type_body translation_unit compound_statement field_declaration_list declaration_list preproc_if "
    "preproc_ifdef preproc_else preproc_elif case_statement enumerator_list source_file match_block "
    "enum_variant_list const_declaration var_declaration var_spec_list type_declaration interface_type "
    "import_spec_list expression_switch_statement type_switch_statement select_statement expression_case type_case "
    "default_case communication_case "
    # elements of literals
    "dictionary list set object array array_initializer initializer_list array_expression field_initializer_list "
    "literal_value".split()
)
"""Nodes whose children can be dropped one by one."""
_LITERALS = frozenset(
    [
        "dictionary",
        "list",
        "set",
        "object",
        "array",
        "array_initializer",
        "initializer_list",
        "array_expression",
        "field_initializer_list",
        "literal_value",
        "enum_body",
        "enumerator_list",
        "enum_variant_list",
    ]
)
_OPAQUE = frozenset(
    [
        "string",
        "template_string",
        "string_literal",
        "raw_string_literal",
        "interpreted_string_literal",
        "concatenated_string",
        "preproc_def",
        "preproc_function_def",
        "macro_definition",
        "formal_parameters",
        "parameters",
        "parameter_list",
    ]
)
_FIXED = frozenset({"preproc_call", "package_clause", "package_declaration", "ERROR"})
_IMPORTS = frozenset(
    [
        "import_statement",
        "import_from_statement",
        "future_import_statement",
        "import_declaration",
        "preproc_include",
        "use_declaration",
        "extern_crate_declaration",
        "import_spec",
    ]
)
_COMMENTS = frozenset({"comment", "line_comment", "block_comment"})
_LEADS = frozenset({"attribute_item", "decorator"})
"""Siblings that belong to the declaration after them."""
_WRAPPERS = frozenset(
    [
        "export_statement",
        "ambient_declaration",
        "decorated_definition",
        "template_declaration",
        "expression_statement",
        "lexical_declaration",
        "variable_declaration",
        "variable_declarator",
        "assignment_expression",
        "pair",
        "field_definition",
        "public_field_definition",
        "type_declaration",
        "linkage_specification",
        "internal_module",
    ]
)
"""Nodes around a declaration that do not change what it is."""


@lru_cache(maxsize=16)
def parser(language: Language) -> Parser | None:
    """Return the parser of `language`, None when its grammar is not installed (`ctxzip[code]`)."""
    if language.grammar is None:
        return None
    module, function = language.grammar
    try:
        from tree_sitter import Language as Grammar
        from tree_sitter import Parser

        return Parser(Grammar(getattr(import_module(module), function)()))
    except ImportError:
        return None


def syntax_tree(text: str, language: Language) -> Tree | None:
    """Return the tree of `text`, None when the grammar is not installed."""
    found = parser(language)
    return found.parse(text.encode("utf-8", "surrogatepass")) if found else None


def faults(text: str, language: Language) -> int | None:
    """Return how many ERROR and MISSING nodes the grammar finds in `text`; None without a grammar."""
    tree = syntax_tree(text, language)
    if tree is None:
        return None
    count, stack = 0, [tree.root_node]
    while stack:
        node = stack.pop()
        if not node.has_error:
            continue
        count += node.is_error or node.is_missing
        stack.extend(node.children)
    return count


def build(source: Source, language: Language) -> Block | None:
    """Return the block tree of a file in `language`, None when its grammar is not installed."""
    tree = syntax_tree(source.laid_out, language)
    if tree is None:
        return None
    root = Block(0, len(source.lines), Kind.FILE)
    root.bodies = _Builder(source, language).bodies([tree.root_node], 0)
    return close_gaps(source, root)


class _Builder:
    """Turns the nodes of one file into blocks."""

    def __init__(self, source: Source, language: Language) -> None:
        self.source = source
        self.language = language

    def bodies(self, lists: Sequence[Node], least: int) -> list[list[Block]]:
        """Return the runs of droppable children of `lists`, which follow one another.

        A list whose children all share a line with something else gives way to the lists inside it.
        """
        found: list[list[Block]] = []
        for node in lists:
            made = runs(self.source, list(self._candidates(node)), least, "")
            found += made or self.bodies([inner for child in node.children for inner in _lists(child)], least)
        return found

    def _candidates(self, node: Node) -> Iterator[Candidate]:
        """Yield the children of a list; attributes and decorators go with what follows them."""
        lead: Node | None = None
        ended = -1
        for child in _children(node):
            if child.type in _COMMENTS and child.start_point[0] == ended == child.end_point[0]:
                continue
            ended = child.end_point[0]
            if child.type in _LEADS:
                lead = lead or child
                continue
            start = lead or child
            if lead and child.type in _COMMENTS:
                continue
            lead = None
            row, column = _end(child, self.source)
            maker = self._maker(child, node)
            yield Candidate(start.start_point[0], start.start_point[1], row, column, maker, _must_stand(child, node))

    def _maker(self, node: Node, parent: Node) -> Any:
        return lambda first, last: self._block(node, parent, first, last)

    def _block(self, node: Node, parent: Node, first: int, last: int) -> Block:
        if node.type in _COMMENTS:
            return doc_block(self.source, first, last, Kind.COMMENT)
        if node.type in _IMPORTS:
            return Block(first, last, Kind.IMPORT)
        if self._is_docstring(node, parent):
            return doc_block(self.source, first, last, Kind.DOC)
        kind, name = self._what(node)
        if kind is Kind.STATEMENT and parent.type in _LITERALS:
            kind = Kind.DATA
        return Block(first, last, kind, name, self.bodies(list(_lists(node)), first + 1))

    def _is_docstring(self, node: Node, parent: Node) -> bool:
        if self.language.name != "python" or node.type != "expression_statement":
            return False
        return bool(node.named_children) and node.named_children[0].type == "string" and parent.children[0] == node

    def _what(self, node: Node) -> tuple[Kind, str]:
        """Return what a node declares, and its name."""
        inner: Node | None = node
        for _ in range(6):
            if inner is None:
                break
            if inner.type in self.language.functions:
                return Kind.FUNCTION, _name(inner) or _name(node)
            if inner.type in self.language.classes:
                return Kind.CLASS, _name(inner)
            inner = _wrapped(inner)
        return Kind.STATEMENT, _name(node)


def _wrapped(node: Node) -> Node | None:
    """Return the declaration or function that a wrapper holds."""
    if node.type not in _WRAPPERS:
        return node.child_by_field_name("type")
    for field in ("declaration", "definition", "value", "right"):
        child = node.child_by_field_name(field)
        if child is not None:
            return child
    return node.named_children[-1] if node.named_children else None


def _name(node: Node) -> str:
    """Return the name that a declaration gives, empty if there is none to be seen."""
    inner: Node | None = node
    for _ in range(8):
        if inner is None:
            return ""
        for field in ("name", "declarator", "left", "key", "property", "trait", "type"):
            child = inner.child_by_field_name(field)
            if child is not None:
                break
        else:
            child = _wrapped(inner) if inner.type in _WRAPPERS else None
        if child is None:
            is_name = inner.child_count == 0 or "identifier" in inner.type
            return inner.text.decode("utf-8", "replace") if is_name and inner.text else ""
        inner = child
    return ""


def _children(node: Node) -> Iterator[Node]:
    """Yield the named children of a list, those of a list of statements in it among them."""
    for child in node.named_children:
        if child.type == "statement_list":
            yield from child.named_children
        else:
            yield child


def _must_stand(child: Node, parent: Node) -> bool:
    """Tell whether dropping a child of a list would change how the rest is read."""
    if child.type in _FIXED or child.is_missing or (child.has_error and not any(_lists(child))):
        return True
    return parent.type in _LITERALS and child.type in _COMMENTS


def _end(node: Node, source: Source) -> tuple[int, int]:
    """Return where a node ends, line feeds that some grammars count in left out."""
    row, column = node.end_point
    while column == 0 and row > node.start_point[0]:
        row -= 1
        column = len(source.lines[row].encode("utf-8", "surrogatepass").rstrip(b"\r\n"))
    return row, column


def _lists(node: Node) -> Iterator[Node]:
    """Yield the outermost lists in `node`, itself included, that have lines of their own."""
    stack = [node]
    while stack:
        inner = stack.pop()
        if inner.end_point[0] - inner.start_point[0] < 1 or inner.type in _OPAQUE:
            continue
        if inner.type in LISTS:
            yield inner
        else:
            stack.extend(reversed(inner.children))
