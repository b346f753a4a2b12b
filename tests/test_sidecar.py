"""A result and its sidecar are the original again, byte for byte."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from laws import ByLength, Cli, texts

from ctxzip import Document, compress
from ctxzip.errors import CtxzipError
from ctxzip.sidecar import Sidecar

ROOT = Path(__file__).parent.parent
EXAMPLE = (ROOT / "docs" / "example.md").read_text(encoding="utf-8")


@given(st.lists(texts(), min_size=1, max_size=3), st.sampled_from([1.5, 3, 9]))
def test_any_texts_come_back(several: list[str], ratio: float) -> None:
    documents = [Document(text, id=str(index) if several[1:] else None) for index, text in enumerate(several)]
    made = compress(documents, ratio=ratio, method=ByLength(), tokenizer="chars", best_effort=True)
    beside = Sidecar.from_json(Sidecar.of(documents, made).to_json())
    for index, text in enumerate(several):
        assert beside.restore(made.text.encode(), str(index) if several[1:] else None) == text.encode()


@pytest.mark.parametrize(
    "data",
    [
        EXAMPLE.encode(),
        b"\xef\xbb\xbf" + EXAMPLE.replace("\n", "\r\n").encode(),
        EXAMPLE.rstrip().encode(),
        (ROOT / "tests/snippets/shapes.py").read_bytes(),
    ],
    ids=["plain", "marked", "no end", "code"],
)
@pytest.mark.parametrize(
    "arguments", [["-r", "3"], ["-r", "3", "-m", "exit", "--query", "What failed?"], ["-t", "90000"]]
)
def test_the_command_gives_the_file_back(tmp_path: Path, cli: Cli, data: bytes, arguments: list[str]) -> None:
    source, short, beside, back = (tmp_path / name for name in ("a.md", "short.md", "beside.json", "back.md"))
    source.write_bytes(data)
    assert cli("compress", source, *arguments, "-o", short, "--sidecar", beside).code == 0
    assert cli("restore", short, beside, "-o", back).code == 0
    assert back.read_bytes() == data


def test_code_with_comments_on_what_was_left_out_comes_back(tmp_path: Path, cli: Cli) -> None:
    source, beside = ROOT / "tests/snippets/shapes.py", tmp_path / "beside.json"
    made = cli("compress", source, "-r", "3", "--sidecar", beside).out
    assert cli("restore", "-", beside, stdin=made.encode()).out == source.read_text(encoding="utf-8")


def test_what_was_kept_is_not_kept_twice(tmp_path: Path, cli: Cli) -> None:
    beside = tmp_path / "beside.json"
    made = cli("compress", ROOT / "docs/example.md", "-r", "2", "--sidecar", beside).out
    [original] = json.loads(beside.read_text(encoding="utf-8"))["originals"]
    dropped = sum(len(piece) for piece in original["pieces"] if isinstance(piece, str))
    assert dropped + len(made) <= 1.02 * len(EXAMPLE)


def test_in_place_with_a_sidecar_can_be_undone(tmp_path: Path, cli: Cli) -> None:
    source, beside = tmp_path / "a.md", tmp_path / "beside.json"
    source.write_text(EXAMPLE, encoding="utf-8")
    assert cli("compress", "-i", "-r", "3", source, "--sidecar", beside).code == 0
    assert source.read_text(encoding="utf-8") != EXAMPLE
    assert cli("restore", source, beside, "-o", source).code == 0
    assert source.read_text(encoding="utf-8") == EXAMPLE


def test_of_several_the_name_says_which(tmp_path: Path, cli: Cli) -> None:
    one, two, beside = tmp_path / "one.md", tmp_path / "two.md", tmp_path / "beside.json"
    one.write_text(EXAMPLE, encoding="utf-8")
    two.write_bytes(b"\xef\xbb\xbf" + EXAMPLE.upper().encode())
    made = cli("compress", one, two, "-r", "3", "--sidecar", beside).out
    (tmp_path / "made.md").write_text(made, encoding="utf-8")
    done = cli("restore", tmp_path / "made.md", beside, "--name", two)
    assert done.out.encode() == two.read_bytes()
    assert cli("restore", tmp_path / "made.md", beside).err.splitlines()[1].startswith("hint: say which with --name")


@pytest.mark.parametrize(
    ("result", "sidecar", "message"),
    [
        ("other", None, "was not made for this text"),
        (None, '{"schema": 1, "text": "x"}', "not a sidecar"),
        (None, "no json", "not a sidecar"),
        (None, "[" * 5000, "not a sidecar"),
        (None, "DAMAGED", "the sidecar is damaged"),
        (None, "\udcff", "is not a sidecar"),
    ],
)
def test_what_does_not_fit_is_one_error(
    tmp_path: Path, cli: Cli, result: str | None, sidecar: str | None, message: str
) -> None:
    beside = tmp_path / "beside.json"
    made = cli("compress", "-r", "3", "--sidecar", beside, stdin=EXAMPLE.encode()).out
    if sidecar == "DAMAGED":
        sidecar = beside.read_text(encoding="utf-8").replace("thanking", "blaming")
    if sidecar is not None:
        beside.write_bytes(sidecar.encode(errors="surrogateescape"))
    done = cli("restore", "-", beside, stdin=(result or made).encode())
    assert (done.code, done.out) == (2, "")
    assert message in done.err.splitlines()[0]
    assert done.err.splitlines()[1].startswith("hint: ")


def test_a_sidecar_of_another_result_is_refused_in_the_library() -> None:
    made = compress(EXAMPLE, ratio=3)
    with pytest.raises(CtxzipError, match="SHA-256"):
        Sidecar.of([Document(EXAMPLE)], made).restore(b"something else")
