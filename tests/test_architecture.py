"""The rules of the house that can be read off the files."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import ctxzip

ROOT = Path(__file__).parent.parent
PARTS = ("core", "compressors", "models", "cli")
MAY_IMPORT = {
    "core": set(),
    "models": {"core"},
    "compressors": {"core", "models"},
    "cli": {"core", "models", "compressors"},
}
LAZILY = {("core", "models"), ("core", "compressors")}
HEAVY = ("torch", "transformers", "onnxruntime", "nltk", "numpy", "rich", "tokenizers")


def part_of(module: str) -> str:
    """Return the folder that holds a module of ours."""
    second = module.split(".")[1] if "." in module else ""
    return second if second in PARTS else "core"


def imports(tree: ast.Module) -> list[tuple[str, bool]]:
    """Return the modules of ours that a file imports, and whether at its top level."""
    top = set(map(id, tree.body))
    found = []
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.ImportFrom) and node.module:
            deep = [f"{node.module}.{alias.name}" for alias in node.names] if node.module == "ctxzip" else [node.module]
            names = deep
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        found += [(name, id(node) in top) for name in names if name.split(".")[0] == "ctxzip"]
    return found


@pytest.mark.parametrize("part", PARTS)
def test_imports_point_one_way(part: str) -> None:
    for file in (ROOT / part).rglob("*.py"):
        if file.name == "__main__.py":
            continue
        for module, at_top in imports(ast.parse(file.read_text(encoding="utf-8"))):
            target = part_of(module)
            lazily = (part, target) in LAZILY and not at_top
            assert target == part or target in MAY_IMPORT[part] | {"core"} or lazily, f"{file.name} imports {module}"


def test_the_package_tables_name_every_folder() -> None:
    tables = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    folders = {
        file.parent.relative_to(ROOT)
        for part in PARTS
        for file in (ROOT / part).rglob("*.py")
        if "weights" not in file.parts
    }
    expected = {".".join(["ctxzip", *folder.parts]).replace("ctxzip.core", "ctxzip") for folder in folders}
    assert set(tables["packages"]) == expected == set(tables["package-dir"])
    assert not (ROOT / "__init__.py").exists()


def test_the_public_names_are_the_promised_ones() -> None:
    assert set(ctxzip.__all__) == {"Budget", "Compression", "CtxzipError", "Document", "__version__", "compress"}


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["compress", "--help"], ["count", __file__]])
def test_light_commands_import_nothing_heavy(arguments: list[str]) -> None:
    script = (
        "import sys; from ctxzip.cli.app import app, exit_code\n"
        f"code = exit_code(lambda: app({arguments!r}, standalone_mode=False))\n"
        f"print('LOADED', *[name for name in {HEAVY!r} if name in sys.modules]); sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1].strip() == "LOADED"


def public(tree: ast.Module | ast.ClassDef) -> list[ast.ClassDef | ast.FunctionDef]:
    """Return the public definitions of a file and of its public classes."""
    found: list[ast.ClassDef | ast.FunctionDef] = []
    for node in tree.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_"):
            found += [node, *(public(node) if isinstance(node, ast.ClassDef) else [])]
    return found


def test_every_public_name_has_a_docstring() -> None:
    for part in PARTS:
        for file in (ROOT / part).rglob("*.py"):
            tree = ast.parse(file.read_text(encoding="utf-8"))
            assert ast.get_docstring(tree), file
            for node in public(tree):
                assert ast.get_docstring(node), f"{file}: {node.name}"
