"""What people expect of a Unix tool: streams, forms of text, files rewritten in one step, several at a time."""

from __future__ import annotations

import json
import os
import pty
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from laws import Cli, is_subsequence

from ctxzip.cli import atomic
from ctxzip.cli.walk import Choice, expanded

LINE = "The quick brown fox jumps over the lazy dog, and then it sleeps for several hours in the warm sun."
TEXT = (LINE + "\n") * 6
ONCE = [sys.executable, "-m", "ctxzip"]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory with a few files."""
    monkeypatch.chdir(tmp_path)
    for name in ("a.md", "b.txt", "notes/c.md", "notes/deep/d.md", "build/e.md", "src/f.py"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(TEXT if not name.endswith(".py") else "def f(x):\n    return x\n" * 9, encoding="utf-8")
    (tmp_path / ".gitignore").write_text("build/\n", encoding="utf-8")
    return tmp_path


# Streams


def test_a_terminal_without_a_file_gets_help_and_code_2() -> None:
    controller, terminal = pty.openpty()
    done = subprocess.run([*ONCE, "compress"], stdin=terminal, capture_output=True, text=True, check=False)
    os.close(terminal)
    os.close(controller)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Usage: ctxzip compress" in done.stderr


def test_a_dash_as_output_is_standard_output(cli: Cli) -> None:
    assert cli("compress", "-o", "-", "-r", "3", stdin=TEXT.encode()).out


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\n\n"])
@pytest.mark.parametrize("method", [["-m", "llmlingua2"], ["-m", "exit", "--query", "What does the fox do?"]])
def test_the_last_line_ends_as_it_did(cli: Cli, end: str, method: list[str]) -> None:
    text = TEXT.rstrip() + end
    made = cli("compress", "-r", "2", *method, stdin=text.encode()).out
    assert made[len(made.rstrip()) :] == end


@pytest.mark.parametrize(
    ("encoding", "mark"), [("utf-8", b"\xef\xbb\xbf"), ("utf-16", b"\xff\xfe"), ("utf-16", b"\xfe\xff"), ("utf-8", b"")]
)
def test_byte_order_marks_and_mixed_line_ends_survive(here: Path, cli: Cli, encoding: str, mark: bytes) -> None:
    exact = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}.get(mark, "utf-8")
    text = (LINE + "\r\n" + LINE + "\n") * 3
    (here / "a.md").write_bytes(mark + text.encode(exact))
    assert cli("compress", "a.md", "-r", "2", "--encoding", encoding, "-o", "short.md").code == 0
    data = (here / "short.md").read_bytes()
    assert data.startswith(mark)
    made = data[len(mark) :].decode(exact)
    assert is_subsequence(made, text)
    assert "\ufeff" not in made
    assert "\r\n" in made
    assert made.endswith("\n")


def test_utf_16_is_recognised_in_the_hint(here: Path, cli: Cli) -> None:
    (here / "a.md").write_bytes(TEXT.encode("utf-16"))
    done = cli("compress", "a.md")
    assert done.code == 2
    assert "--encoding utf-16" in done.err


def test_the_name_for_standard_input_tells_its_type(cli: Cli) -> None:
    code = b"def area(side):\n    return side * side\n\n\ndef edge(side):\n    return 4 * side\n" * 4
    assert json.loads(cli("compress", "--json", stdin=code).out)["method"] == "llmlingua2"
    named = cli("compress", "--json", "--stdin-filename", "shapes.py", stdin=code)
    assert json.loads(named.out)["method"] == "longcodezip"


@pytest.mark.parametrize("arguments", [["compress", "big.md", "-t", "999999"], ["plan", "big.md", "-t", "999999"]])
def test_a_reader_that_leaves_early_is_no_error(here: Path, arguments: list[str]) -> None:
    (here / "big.md").write_text(TEXT * 600, encoding="utf-8")
    command = " ".join([*ONCE, *arguments, "| head -c 1; echo ${PIPESTATUS[0]}"])
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert done.stdout.endswith("0\n")
    assert "Traceback" not in done.stderr


# Colours


COLOR_RULES: list[tuple[list[str], dict[str, str], bool]] = [
    ([], {}, False),
    (["--color", "always"], {"NO_COLOR": "1"}, True),
    ([], {"FORCE_COLOR": "1"}, True),
    ([], {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
    (["--color", "never"], {"FORCE_COLOR": "1"}, False),
    ([], {"CTXZIP_COLOR": "always"}, True),
]


@pytest.mark.parametrize("rule", COLOR_RULES, ids=str)
@pytest.mark.parametrize("view", ["--diff", "--highlight"])
def test_colours_follow_the_rules(
    here: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch, rule: tuple[list[str], dict[str, str], bool], view: str
) -> None:
    flags, variables, colored = rule
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    done = cli("compress", "a.md", "-r", "2", view, *flags)
    assert done.code == 0
    assert ("\x1b[" in done.out) is colored


def test_highlight_without_colours_marks_what_is_dropped(here: Path, cli: Cli) -> None:
    marked = cli("compress", "a.md", "-r", "2", "--highlight").out
    assert "[-" in marked
    assert marked.replace("[-", "").replace("-]", "") == TEXT


# Files one by one


def test_in_place_each_file_has_its_own_budget(here: Path, cli: Cli) -> None:
    (here / "b.txt").write_text(TEXT * 2, encoding="utf-8")
    alone = [cli("compress", name, "-r", "2").out for name in ("a.md", "b.txt")]
    done = cli("compress", "a.md", "b.txt", "-i", "-r", "2")
    assert (done.code, done.out) == (0, "")
    assert [(here / name).read_text(encoding="utf-8") for name in ("a.md", "b.txt")] == alone
    assert "2 files shortened" in done.err


def test_in_place_keeps_mode_owner_and_links(here: Path, cli: Cli) -> None:
    (here / "a.md").chmod(0o640)
    (here / "link.md").symlink_to("a.md")
    before = (here / "a.md").stat()
    assert cli("compress", "-i", "-r", "2", "link.md").code == 0
    after = (here / "a.md").stat()
    assert (here / "link.md").is_symlink()
    assert stat.S_IMODE(after.st_mode) == 0o640
    assert (after.st_uid, after.st_gid) == (before.st_uid, before.st_gid)
    assert after.st_size < before.st_size


def test_a_file_that_is_small_enough_is_not_touched(here: Path, cli: Cli) -> None:
    before = (here / "a.md").stat()
    done = cli("compress", "-i", "-t", "5000", "a.md")
    assert "0 files shortened, 1 file left alone" in done.err
    assert (here / "a.md").stat().st_mtime_ns == before.st_mtime_ns
    assert (here / "a.md").stat().st_ino == before.st_ino


def test_a_file_that_cannot_be_done_does_not_stop_the_others(here: Path, cli: Cli) -> None:
    (here / "bad.md").write_bytes(b"caf\xe9")
    (here / "tight.md").write_text("{{one}} {{two}} {{three}} " * 30, encoding="utf-8")
    done = cli("compress", "-i", "-t", "40", "bad.md", "tight.md", "missing.md", "a.md")
    assert done.code == 2
    assert [line.split(":")[0] for line in done.err.splitlines()].count("error") == 3
    assert done.err.count("hint: ") == 3
    assert "3 files failed" in done.err
    assert (here / "bad.md").read_bytes() == b"caf\xe9"
    assert len((here / "a.md").read_text(encoding="utf-8")) < len(TEXT)


def test_a_budget_that_cannot_be_met_alone_is_code_1(here: Path, cli: Cli) -> None:
    (here / "tight.md").write_text("{{one}} {{two}} {{three}} " * 30, encoding="utf-8")
    assert cli("compress", "-i", "-t", "5", "tight.md").code == 1


def test_check_says_whether_a_file_would_change_and_writes_nothing(here: Path, cli: Cli) -> None:
    assert cli("compress", "--check", "-i", "-r", "2", "a.md").code == 1
    assert cli("compress", "--check", "-t", "5000", "a.md").code == 0
    assert (here / "a.md").read_text(encoding="utf-8") == TEXT


def test_diff_is_unified_and_writes_nothing(here: Path, cli: Cli) -> None:
    (here / "a.md").write_text(TEXT.rstrip("\n"), encoding="utf-8")
    done = cli("compress", "--diff", "-i", "-r", "2", "a.md")
    assert done.code == 0
    assert done.out.startswith("--- a.md\n+++ a.md\n@@ -1,6 +1,")
    assert f"-{LINE}\n" in done.out
    assert "\\ No newline at end of file" in done.out
    assert cli("compress", "--diff", "--check", "-r", "2", "a.md").code == 1
    assert (here / "a.md").read_text(encoding="utf-8") == TEXT.rstrip("\n")
    subprocess.run(["git", "apply", "-p0"], input=done.out, text=True, check=True)
    made = cli("compress", "-r", "2", stdin=TEXT.rstrip("\n").encode()).out
    assert (here / "a.md").read_text(encoding="utf-8") == made


def test_a_diff_of_standard_input_has_its_name(cli: Cli) -> None:
    done = cli("compress", "--diff", "--stdin-filename", "x.md", "-r", "2", stdin=TEXT.encode())
    assert done.out.startswith("--- x.md\n")


def test_several_at_a_time_give_the_same(here: Path, cli: Cli) -> None:
    names = [f"n{index}.md" for index in range(7)]
    for index, name in enumerate(names):
        (here / name).write_text(TEXT + f"Number {index} is another text about {index * 7} boats.\n", encoding="utf-8")
    one = json.loads(cli("compress", "--check", "--json", "-r", "2", *names).out)
    many = cli("compress", "-i", "--json", "-j", "4", "-r", "2", *names)
    assert json.loads(many.out) == one
    assert [file["file"] for file in one["files"]] == names
    assert all(file["changed"] and file["tokens_after"] <= file["tokens_before"] // 2 for file in one["files"])


def test_standard_input_cannot_be_rewritten(cli: Cli) -> None:
    for arguments in (["-i"], ["-i", "-"], ["-i", "-o", "x"], ["--over-limit"], ["--max-tokens", "9"]):
        done = cli("compress", *arguments, stdin=TEXT.encode())
        assert done.code == 2, arguments
        assert len(done.err.splitlines()) == 2


def test_quiet_and_verbose(here: Path, cli: Cli) -> None:
    assert cli("compress", "-i", "-q", "-r", "2", "a.md").err == ""
    assert cli("compress", "-q", "b.txt").err == ""
    assert "method" in cli("compress", "-v", "b.txt").err


# Which files


@pytest.mark.parametrize("git", [True, False])
def test_directories_and_globs_leave_out_what_git_ignores(here: Path, cli: Cli, git: bool) -> None:
    if git:
        subprocess.run(["git", "init", "--quiet"], check=True)
    listed = {
        ".": "src/f.py",
        "notes": "notes/c.md notes/deep/d.md",
        "**/*.md": "a.md notes/c.md notes/deep/d.md",
        "notes/*.md": "notes/c.md",
        "*.txt": "b.txt",
    }
    for argument, names in listed.items():
        assert expanded([argument], Choice()) == names.split(), argument
    assert expanded(["notes", "notes/c.md", "-"], Choice()) == ["notes/c.md", "notes/deep/d.md", "notes/c.md", "-"]


def test_rewriting_a_directory_means_its_texts(here: Path, cli: Cli) -> None:
    done = json.loads(cli("compress", "--check", "--json", "-r", "2", ".").out)
    assert [file["file"] for file in done["files"]] == ["a.md", "b.txt", "notes/c.md", "notes/deep/d.md"]


def test_include_and_exclude(here: Path, cli: Cli) -> None:
    def files(*arguments: str) -> list[str]:
        done = json.loads(cli("compress", "--check", "--json", "-r", "2", *arguments).out)
        return [file["file"] for file in done["files"]]

    assert files(".", "--include", "*.py", "--include", "b.*") == ["b.txt", "src/f.py"]
    assert files(".", "--exclude", "notes/deep", "--exclude", "*.txt") == ["a.md", "notes/c.md"]
    assert files("a.md", "b.txt", "--exclude", "*.md") == ["a.md", "b.txt"]
    assert files("a.md", "b.txt", "--exclude", "*.md", "--force-exclude") == ["b.txt"]
    assert files("a.md", "--exclude", "*.md", "--force-exclude") == []


def test_a_glob_without_files_is_one_error(here: Path, cli: Cli) -> None:
    done = cli("compress", "*.rst")
    assert (done.code, done.err.splitlines()[0]) == (2, "error: no file matches *.rst")


# Writing in one step


def test_a_file_changed_meanwhile_is_left_alone(here: Path) -> None:
    was = (here / "a.md").stat()
    (here / "a.md").write_text("new", encoding="utf-8")
    with pytest.raises(Exception, match="changed by somebody else"):
        atomic.replace(here / "a.md", b"old", was=was)
    assert (here / "a.md").read_text(encoding="utf-8") == "new"


def test_what_a_killed_run_left_is_swept_and_what_a_living_one_writes_is_not(here: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    dead, alive = here / f".a.md.{ended.pid}.ctxzip-new", here / f".b.txt.{os.getppid()}.ctxzip-new"
    for path in (dead, alive):
        path.write_text("half", encoding="utf-8")
    atomic.sweep([here / "a.md"])
    assert not dead.exists()
    assert alive.exists()


def test_killed_runs_tear_no_file(tmp_path: Path) -> None:
    sys.path.insert(0, str(Path(__file__).parent.parent))
    from benchmarks.kill import measured

    tally = measured(tmp_path, files=5, rounds=2)
    assert (tally.torn, tally.left_at_the_end) == (0, 0)
    assert tally.old + tally.new == 10
