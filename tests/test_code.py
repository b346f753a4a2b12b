"""Source code: chunks tile, whatever is dropped the rest parses, budgets hold, what the query names survives."""

from __future__ import annotations

import random
import sysconfig
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from laws import Cli

from ctxzip import Document, compress
from ctxzip.code import lines
from ctxzip.code.check import culprits, parses
from ctxzip.code.chunks import LONGEST, chunks_of
from ctxzip.code.languages import LANGUAGES, TEXT, Language, language_of
from ctxzip.code.layout import CodeLayout, Outline
from ctxzip.code.parse import faults, tree_of
from ctxzip.code.tree import Source
from ctxzip.compressors.code_judgement import query_names
from ctxzip.compressors.longcodezip import LongCodeZip
from ctxzip.models.tokenizers import load_tokenizer
from ctxzip.text import tiles

SNIPPETS = Path(__file__).parent / "snippets"
NAMES = {path.suffix: path for path in sorted(SNIPPETS.iterdir())}
COUNTER = load_tokenizer("o200k_base")


def outline(text: str, path: str | None = None, language: Language | None = None) -> Outline:
    language = language or language_of(text, path)
    return Outline(*tree_of(text, language), language)


def layout(text: str, path: str | None = None) -> CodeLayout:
    made = outline(text, path)
    return CodeLayout(made, made.spans())


def installed(count: int) -> list[Path]:
    """A seeded sample of real Python files."""
    root = Path(sysconfig.get_paths()["stdlib"])
    found = [p for p in sorted(root.rglob("*.py")) if 1_000 < p.stat().st_size < 40_000 and "bad" not in p.name]
    found = [p for p in found if "lib2to3/tests/data" not in p.as_posix()]
    return random.Random(7).sample(found, count)


lines_of_code = st.lists(
    st.sampled_from(
        ["def f(x):", "    return x", "    if x:", "        y = 1", "    else:", "class A:", "    def g(self): pass",
         "",
         "# note", "@wraps", '    """Doc."""', "x = [", "    1,", "]", "    # why", "}", "{",
         "é = 'ü'", "\t\tz", "a; b"]
    ),
    max_size=25,
)  # fmt: skip


@given(lines_of_code, st.sampled_from(["\n", "\r\n"]), st.sampled_from([".py", ".js", ".c", ".go", ".rs", ".txt"]))
def test_elements_tile_any_text_and_belong_to_one_chunk_each(rows: list[str], end: str, suffix: str) -> None:
    text = end.join(rows)
    made = outline(text, "file" + suffix)
    assert not text or tiles(made.spans(), text)
    owned = [element for chunk in chunks_of(made) for element in chunk.elements]
    assert sorted(owned) == list(range(len(made.elements)))
    everything = layout(text, "file" + suffix)
    assert everything.render(range(len(everything.content))) == text


@pytest.mark.parametrize("path", NAMES.values(), ids=lambda path: path.name)
@given(seed=st.integers(0, 10_000), share=st.sampled_from([0.05, 0.2, 0.5, 0.8]))
@settings(max_examples=25)
def test_whatever_is_dropped_the_rest_parses(path: Path, seed: int, share: float) -> None:
    text = path.read_text(encoding="utf-8")
    made = layout(text, path.name)
    chance = random.Random(seed)
    kept = [i for i in range(len(made.content)) if chance.random() < share]
    assert faults(text, made.outline.language) == 0
    assert parses(made, made.render(kept))
    assert culprits(made, kept) == []


@pytest.mark.parametrize("path", installed(12), ids=lambda path: path.name)
def test_real_python_files_parse_at_every_ratio(path: Path) -> None:
    text = path.read_text(encoding="utf-8", errors="replace")
    assert not faults(text, language_of(text, path.name))
    for ratio in (2, 4, 8):
        result = compress(Document(text, path=path.name), ratio=ratio, method="longcodezip")
        assert "syntax: ok" in result.notes
        compile(result.text, path.name, "exec", flags=0x400, dont_inherit=True)
        assert result.limit is not None
        assert result.tokens_after == COUNTER.count(result.text) <= result.limit
        assert result.limit < 100 or result.tokens_after >= 0.97 * result.limit or result.tokens_after > 0


@pytest.mark.parametrize("path", NAMES.values(), ids=lambda path: path.name)
def test_every_language_within_budget_with_a_query(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    result = compress(
        Document(text, path=path.name), ratio=3, method=LongCodeZip("bundled"), query="where is the area computed?"
    )
    assert result.limit is not None
    assert result.tokens_after <= result.limit
    assert "syntax: ok" in result.notes
    assert "area" in result.text.lower()


def test_what_the_query_names_survives() -> None:
    path = NAMES[".py"]
    text = path.read_text(encoding="utf-8")
    for name in ("perimeter", "Shape", "load_shapes"):
        query = f"what does `{name}` do?"
        assert name in query_names(query, chunks_of(outline(text, path.name)))
        result = compress(Document(text, path=path.name), ratio=4, method=LongCodeZip("bundled"), query=query)
        assert f"def {name}(" in result.text or f"class {name}" in result.text


def test_without_a_query_the_skeleton_comes_first() -> None:
    path = NAMES[".py"]
    result = compress(Document(path.read_text(encoding="utf-8"), path=path.name), ratio=2.5, method="longcodezip")
    assert "class Shape" in result.text
    assert "def perimeter(self)" in result.text
    assert result.model == "structure"


def test_a_body_that_was_dropped_is_an_ellipsis_and_a_dropped_run_a_comment() -> None:
    text = "def f(x):\n    '''Doc.'''\n"
    text += "    first = compute(x, 1, 2, 3)\n    second = compute(x, 4, 5, 6)\n    return first\n"
    made = layout(text, "a.py")
    assert made.render([0]) == "def f(x): ...\n"
    assert made.render([0, 1]) == "def f(x):\n    '''Doc.'''\n    # ...\n"
    assert made.render([4]) == "def f(x):\n    # ...\n    return first\n"
    short = layout("def f():\n    a()\n    b()\n", "a.py")
    assert short.render([2]) == "def f():\n    b()\n", "a comment longer than what it replaces is not written"


def test_decorators_and_comments_belong_to_what_follows() -> None:
    text = "import a\n\n# About f.\n@wraps\ndef f():\n    return 1\n\n\n# Alone.\n\nX = 1\n"
    chunks = {chunk.name: chunk.text(outline(text, "a.py")) for chunk in chunks_of(outline(text, "a.py"))}
    assert chunks["f"].startswith("# About f.\n@wraps\ndef f():")
    assert "Alone" not in chunks["f"]


def test_python_needs_no_grammar_and_other_languages_fall_back_to_indentation() -> None:
    text = "function f() {\n  a();\n  b();\n}\n\nfunction g() {\n  c();\n}\n"
    root = lines.build(Source(text), TEXT)
    assert [(item.first, item.last) for item in root.items()] == [(0, 5), (5, 8)]
    assert language_of("import os\n\ndef f():\n    pass\n").name == "python"
    assert {language.name for language in LANGUAGES} >= {"python", "javascript", "typescript", "java", "c", "cpp", "go"}


@pytest.mark.parametrize("ratio", [2, 4])
def test_code_without_line_breaks_is_cut_where_statements_begin(ratio: int) -> None:
    function = "function f%d(a,b){var c=a+b*%d;if(c>9){return{sum:c,next:f%d(b,c)}}for(;c<9;){c+=a}return c}"
    text = "(()=>{'use strict';" + "".join(function % (i, i, i) for i in range(20)) + "})();"
    document = Document(text, path="made.min.js")
    made = layout(text, "made.min.js")
    assert tiles(made.outline.spans(), text)
    assert made.render(range(len(made.content))) == text
    result = compress(document, ratio=ratio, method="longcodezip")
    assert result.limit is not None
    assert 0.9 * result.limit <= result.tokens_after <= result.limit
    assert result.text.count("function") >= 20 / ratio - 2
    assert faults(result.text, made.outline.language) == 0
    assert "syntax: ok" in result.notes


def test_nothing_but_a_note_where_nothing_fits() -> None:
    result = compress(Document("x = '" + "word " * 300 + "'\n", path="a.py"), ratio=4, method="longcodezip")
    assert result.text == ""
    assert any(note.startswith("nothing fits") for note in result.notes)


def test_the_code_of_a_chunk_is_its_text_without_docstring_and_comments_above() -> None:
    text = (
        '# Told above.\ndef f(x):\n    """Told.\n\n    At length.\n    """\n'
        "    # Told inside.\n    return x\n\n\n# A remark.\n"
    )
    made = outline(text, "a.py")
    function = next(chunk for chunk in chunks_of(made) if chunk.name == "f")
    assert function.code(made).strip() == "def f(x):\n    # Told inside.\n    return x"
    remark = next(chunk for chunk in chunks_of(made) if "A remark" in chunk.text(made))
    assert "A remark" in remark.code(made)


def test_a_long_function_is_several_chunks_cut_between_statements() -> None:
    steps = "".join(
        f"    if value > {i}:\n        value = first(value, {i}) + second(value, {i})\n" for i in range(120)
    )
    text = f"def long(value):\n{steps}    return value\n\n\ndef short(value):\n    return value\n"
    made = outline(text, "a.py")
    parts = [chunk.text(made) for chunk in chunks_of(made) if chunk.name == "long"]
    assert len(parts) >= 2
    assert "".join(parts) == text[: text.index("def short")]
    assert all(part.startswith("    if ") for part in parts[1:])
    assert all(made.size(chunk.elements) <= LONGEST for chunk in chunks_of(made))


def test_a_function_inside_a_function_is_part_of_it_unless_that_is_long() -> None:
    inner = "    def inner(x):\n" + "".join(f"        x += {i}\n" for i in range(10)) + "        return x\n"
    names = [chunk.name for chunk in chunks_of(outline("def outer():\n" + inner + "    return inner\n", "a.py"))]
    assert names == ["outer"]
    filler = "".join(f"    step(one, two, three, {i})\n" for i in range(200))
    names = [chunk.name for chunk in chunks_of(outline("def outer():\n" + inner + filler, "a.py"))]
    assert "outer.inner" in names and "outer" in names


def test_several_files_share_one_budget_under_their_paths(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("made/\n*.gen.py\n")
    (tmp_path / "made").mkdir()
    for name in ("a.py", "b.py", "made/c.py", "d.gen.py"):
        (tmp_path / name).write_text(NAMES[".py"].read_text(encoding="utf-8"))
    done = cli("compress", tmp_path, "--ratio", "3", "--method", "longcodezip")
    assert done.code == 0
    assert f"==> {tmp_path / 'a.py'} <==" in done.out
    assert f"==> {tmp_path / 'b.py'} <==" in done.out
    assert "c.py" not in done.out and "gen" not in done.out
    nothing = tmp_path / "empty"
    nothing.mkdir()
    refused = cli("compress", nothing)
    assert refused.code == 2
    assert "no source or text files" in refused.err


def test_broken_input_is_compressed_all_the_same() -> None:
    text = "def f(:\n    pass\n\n\n" * 30 + "def good(x):\n    return x\n"
    result = compress(Document(text, path="a.py"), ratio=4, method="longcodezip")
    assert result.limit is not None
    assert result.tokens_after <= result.limit


def test_code_files_are_told_by_their_name() -> None:
    text = NAMES[".py"].read_text(encoding="utf-8")
    assert compress(Document(text, path="shapes.py"), ratio=2).method == "longcodezip"
    assert compress(Document(text, path="shapes.md"), ratio=2).method == "llmlingua2"
