"""What differs between programming languages, as data: suffixes, comments, and the node names of their grammars."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePath


@dataclass(frozen=True)
class Language:
    """A language by name; `grammar` is the module and function that give its tree-sitter grammar."""

    name: str
    suffixes: tuple[str, ...]
    comment: str
    grammar: tuple[str, str] | None = None
    functions: frozenset[str] = frozenset()
    classes: frozenset[str] = frozenset()


def _grammar(name: str, function: str = "language") -> tuple[str, str]:
    return f"tree_sitter_{name}", function


_SCRIPT_FUNCTIONS = frozenset(
    [
        "function_declaration",
        "generator_function_declaration",
        "function_expression",
        "generator_function",
        "arrow_function",
        "method_definition",
        "function_signature",
        "method_signature",
        "abstract_method_signature",
    ]
)
_SCRIPT_CLASSES = frozenset(
    [
        "class_declaration",
        "class",
        "abstract_class_declaration",
        "interface_declaration",
        "enum_declaration",
        "internal_module",
        "module",
        "type_alias_declaration",
    ]
)
_C_CLASSES = frozenset(
    ["struct_specifier", "union_specifier", "enum_specifier", "class_specifier", "namespace_definition"]
)

PYTHON = Language(
    "python",
    (".py", ".pyi", ".pyw"),
    "#",
    _grammar("python"),
    frozenset({"function_definition"}),
    frozenset({"class_definition"}),
)
LANGUAGES = (
    PYTHON,
    Language(
        "javascript",
        (".js", ".mjs", ".cjs", ".jsx"),
        "//",
        _grammar("javascript"),
        _SCRIPT_FUNCTIONS,
        _SCRIPT_CLASSES,
    ),
    Language(
        "typescript",
        (".ts", ".mts", ".cts"),
        "//",
        _grammar("typescript", "language_typescript"),
        _SCRIPT_FUNCTIONS,
        _SCRIPT_CLASSES,
    ),
    Language("tsx", (".tsx",), "//", _grammar("typescript", "language_tsx"), _SCRIPT_FUNCTIONS, _SCRIPT_CLASSES),
    Language(
        "java",
        (".java",),
        "//",
        _grammar("java"),
        frozenset({"method_declaration", "constructor_declaration", "compact_constructor_declaration"}),
        frozenset(
            [
                "class_declaration",
                "interface_declaration",
                "enum_declaration",
                "record_declaration",
                "annotation_type_declaration",
            ]
        ),
    ),
    Language("c", (".c", ".h"), "//", _grammar("c"), frozenset({"function_definition"}), _C_CLASSES),
    Language(
        "cpp",
        (".cpp", ".cc", ".cxx", ".hpp", ".hh", ".hxx", ".ipp", ".tcc", ".inl"),
        "//",
        _grammar("cpp"),
        frozenset({"function_definition"}),
        _C_CLASSES,
    ),
    Language(
        "rust",
        (".rs",),
        "//",
        _grammar("rust"),
        frozenset({"function_item", "function_signature_item", "macro_definition"}),
        frozenset(["struct_item", "enum_item", "union_item", "impl_item", "trait_item", "mod_item"]),
    ),
    Language(
        "go",
        (".go",),
        "//",
        _grammar("go"),
        frozenset({"function_declaration", "method_declaration"}),
        frozenset({"type_declaration"}),
    ),
)
"""The languages with a grammar; `ctxzip[code]` installs the grammars, Python needs none."""

_OTHERS = (
    Language("shell", (".sh", ".bash", ".zsh"), "#"),
    Language("ruby", (".rb",), "#"),
    Language("perl", (".pl", ".pm"), "#"),
    Language("r", (".r",), "#"),
    Language("julia", (".jl",), "#"),
    Language("lua", (".lua",), "--"),
    Language("sql", (".sql",), "--"),
    Language("haskell", (".hs",), "--"),
    Language("php", (".php",), "//"),
    Language("csharp", (".cs",), "//"),
    Language("kotlin", (".kt", ".kts"), "//"),
    Language("swift", (".swift",), "//"),
    Language("scala", (".scala",), "//"),
    Language("dart", (".dart",), "//"),
    Language("zig", (".zig",), "//"),
)
TEXT = Language("text", (), "")
"""What nobody recognises: cut by indentation, nothing written where something was dropped."""

_BY_SUFFIX = {suffix: language for language in (*_OTHERS, *LANGUAGES) for suffix in language.suffixes}
_CPP = next(language for language in LANGUAGES if language.name == "cpp")
_CPP_MARKS = re.compile(
    r"^\s*(?:class\s+\w+[^;]*\{?$|namespace\b|template\s*<|public:|private:|using\s+\w)", re.MULTILINE
)
_SIGNS = (
    (".py", re.compile(r"^(?:from\s+[\w.]+\s+import\s|import\s+[\w.]+|(?:async\s+)?def\s+\w+\(|@\w+)", re.MULTILINE)),
    (".go", re.compile(r"^package\s+\w+\s*$", re.MULTILINE)),
    (".rs", re.compile(r"^\s*(?:pub\s+)?(?:fn\s+\w+|impl\b|use\s+[\w:]+(?:::|;))", re.MULTILINE)),
    (
        ".java",
        re.compile(r"^(?:package\s+[\w.]+;|import\s+java|public\s+(?:final\s+)?(?:class|interface))", re.MULTILINE),
    ),
    (".hpp", re.compile(r"^(?:namespace\s+\w+|template\s*<|#include\s+<\w+>)", re.MULTILINE)),
    (".c", re.compile(r"^#\s*(?:include|define|ifndef)\b", re.MULTILINE)),
    (".ts", re.compile(r"^(?:export\s+)?(?:interface|type)\s+\w+|^\s*(?:public|private|readonly)\s", re.MULTILINE)),
    (".js", re.compile(r"^(?:export|const|let|var|function)\b|require\(", re.MULTILINE)),
)
_SIGNS_READ = 20_000
"""Characters of a text that are looked at to tell its language."""


def by_suffix(path: str) -> Language | None:
    """Return the language that the ending of `path` names, None for an ending nobody knows."""
    return _BY_SUFFIX.get(PurePath(path).suffix.lower())


@lru_cache(maxsize=256)
def language_of(text: str, path: str | None = None) -> Language:
    """Return the language of `text`, told by its path's ending, else by what the text itself looks like."""
    found = by_suffix(path) if path else None
    if found is not None:
        if found.name == "c" and path and path.endswith(".h") and _CPP_MARKS.search(text):
            return _CPP
        return found
    head = text[:_SIGNS_READ]
    if head.startswith("#!"):
        first = head.partition("\n")[0]
        return PYTHON if "python" in first else _BY_SUFFIX[".js" if "node" in first else ".sh"]
    return next((_BY_SUFFIX[suffix] for suffix, sign in _SIGNS if sign.search(head)), TEXT)
