"""The command line as a person or a pipeline meets it: streams, exit codes, one line for every mistake."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from laws import Cli

from ctxzip.cli.app import exit_code
from ctxzip.protect import KINDS

TEXT = "The quick brown fox jumps over the lazy dog, and then it sleeps for several hours in the warm sun.\n" * 8


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "doc.txt"
    path.write_text(TEXT)
    return path


def test_help_names_the_commands(cli: Cli) -> None:
    out = cli("--help")
    assert out.code == 0
    assert all(name in out.out for name in ("compress", "plan", "count", "check", "methods"))


def test_help_names_every_kind_of_protection(cli: Cli) -> None:
    said = set(cli("compress", "--help").out.replace(",", " ").replace(".", " ").split())
    assert said >= KINDS | {"all"}


def test_count_prints_only_the_number(cli: Cli, file: Path) -> None:
    assert cli("count", file).out.strip().isdigit()
    assert cli("count", "--tokenizer", "words", stdin=b"one two three").out == "3\n"


def test_count_of_several_files_names_them_and_the_total(cli: Cli, file: Path) -> None:
    lines = cli("count", "--tokenizer", "words", file, file).out.splitlines()
    assert lines == [f"160\t{file}", f"160\t{file}", "320\ttotal"]


def test_check_fails_only_over_the_limit(cli: Cli, file: Path) -> None:
    assert cli("check", "--max-tokens", "1000", file).code == 0
    over = cli("check", "--max-tokens", "10", file)
    assert over.code == 1
    assert str(file) in over.out


def test_check_without_a_limit_is_a_usage_error(cli: Cli, file: Path) -> None:
    assert cli("check", file).code == 2


def test_only_the_result_is_on_standard_output(cli: Cli, file: Path) -> None:
    done = cli("compress", file, "--ratio", "2", "--stats")
    assert done.code == 0
    assert 0 < len(done.out) < len(TEXT)
    assert "ratio" in done.err
    assert "ratio" not in done.out


def test_standard_input_is_read_when_piped_or_named(cli: Cli) -> None:
    piped = cli("compress", "--tokens", "12", stdin=TEXT.encode())
    named = cli("compress", "-", "--tokens", "12", stdin=TEXT.encode())
    assert piped.out == named.out != ""


def test_the_output_file_gets_the_result(cli: Cli, file: Path, tmp_path: Path) -> None:
    target = tmp_path / "short.txt"
    done = cli("compress", file, "-r", "3", "-o", target)
    assert done.out == ""
    assert target.read_text() == cli("compress", file, "-r", "3").out


def test_json_is_the_whole_report(cli: Cli, file: Path) -> None:
    report = json.loads(cli("compress", file, "--keep", "50%", "--json").out)
    assert report["schema"] == 1
    assert report["method"] == "llmlingua2"
    assert report["tokens_after"] <= report["limit"] == report["tokens_before"] // 2


def test_several_files_share_the_budget_under_their_paths(cli: Cli, file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.txt"
    other.write_text("Completely different words about budgets, committees and procedures in the parliament.\n")
    done = cli("compress", file, other, "--tokens", "90", "--json")
    report = json.loads(done.out)
    assert report["tokens_after"] <= 90
    assert f"==> {file} <==" in report["text"]


def test_plan_marks_what_would_be_dropped(cli: Cli, file: Path) -> None:
    done = cli("plan", file, "--ratio", "2")
    assert "[-" in done.out
    assert done.out.replace("[-", "").replace("-]", "") == TEXT


def test_line_ends_and_marks_survive(cli: Cli) -> None:
    data = "\ufeffone two\r\nthree four\r\n".encode()
    assert cli("compress", "--tokens", "50", stdin=data).out.encode() == data
    assert "\r\n" in cli("compress", "--tokens", "8", stdin=data * 9).out


def test_empty_input_is_empty_output(cli: Cli) -> None:
    done = cli("compress", "--ratio", "4")
    assert (done.code, done.out) == (0, "")


def test_an_encoding_can_be_named(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "latin.txt"
    path.write_bytes("café".encode("latin-1"))
    assert cli("compress", path, "--tokens", "9", "--encoding", "latin-1").code == 0


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["compress", "missing.txt"], 2, "no such file: missing.txt"),
        (["compress", "EMPTY"], 2, "no source or text files"),
        (["compress", "BINARY"], 2, "offset 2"),
        (["compress", "LATIN"], 2, "offset 3"),
        (["compress", "FILE", "--ratio", "1"], 2, "would not make anything shorter"),
        (["compress", "FILE", "--ratio", "four"], 2, "is not a number"),
        (["compress", "FILE", "--ratio", "2", "--tokens", "9"], 2, "exclude each other"),
        (["compress", "FILE", "--threshold", "2"], 2, "not between 0 and 1"),
        (["compress", "FILE", "--threshold", "x"], 2, "--threshold"),
        (["compress", "FILE", "--method", "gzip"], 2, "unknown method 'gzip'"),
        (["compress", "FILE", "--model", "nowhere"], 2, "unknown model 'nowhere'"),
        (["compress", "FILE", "--model", "~nobody-here/x"], 2, "unknown model '~nobody-here/x'"),
        (["compress", "FILE", "--model", "owner/model"], 3, "CTXZIP_OFFLINE"),
        (["compress", "FILE", "--tokenizer", "gpt9"], 2, "unknown tokenizer 'gpt9'"),
        (["compress", "FILE", "--tokenizer", "owner/model"], 3, "CTXZIP_OFFLINE"),
        (["compress", "FILE", "--keep-pattern", "["], 2, "not a regular expression"),
        (["compress", "FILE", "--allow", "all things"], 2, "unknown kind of protection"),
        (["compress", "FILE", "--encoding", "utf-99"], 2, "unknown encoding"),
        (["compress", "FILE", "--tokens", "3", "--keep-pattern", "quick brown fox"], 1, "the budget is 3"),
        (["compress", "FILE", "-o", "no/such/dir/out.txt"], 2, "cannot be written"),
        (["compress", "-", "-"], 2, "only once"),
        (["compress", "FILE", "--no-such-option"], 2, "No such option"),
        (["frobnicate"], 2, "frobnicate"),
        (["count", "missing.txt"], 2, "no such file"),
    ],
)
def test_a_mistake_is_one_line_and_one_hint(
    cli: Cli, file: Path, tmp_path: Path, arguments: list[str], code: int, message: str
) -> None:
    (tmp_path / "bin").write_bytes(b"ab\0\1")
    (tmp_path / "latin").write_bytes("caf\u00e9!".encode("latin-1"))
    (tmp_path / "empty").mkdir()
    stand_ins = {
        "FILE": str(file),
        "BINARY": str(tmp_path / "bin"),
        "LATIN": str(tmp_path / "latin"),
        "EMPTY": str(tmp_path / "empty"),
    }
    done = cli(*[stand_ins.get(argument, argument) for argument in arguments])
    assert done.code == code
    assert done.out == ""
    lines = done.err.splitlines()
    assert len(lines) == 2, done.err
    assert lines[0].startswith("error: ")
    assert message in lines[0]
    assert lines[1].startswith("hint: ")


def test_debug_shows_the_traceback(cli: Cli) -> None:
    assert "Traceback" in cli("compress", "missing.txt", "--debug").err


def test_a_fault_of_ours_is_one_line_too(capsys: pytest.CaptureFixture[str]) -> None:
    def broken() -> None:
        raise ZeroDivisionError("oops")

    assert exit_code(broken) == 2
    assert capsys.readouterr().err.startswith("error: ZeroDivisionError: oops")


def test_an_interrupt_has_its_own_code(capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    assert exit_code(interrupted) == 130


def test_a_closed_pipe_is_quiet(file: Path) -> None:
    command = [sys.executable, "-m", "ctxzip", "plan", str(file), "--tokens", "20"]
    big = file.with_name("big.txt")
    big.write_text(TEXT * 200)
    command[4] = str(big)
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        assert b"Traceback" not in process.stderr.read()
        assert process.wait() == 0
