"""Where settings come from: command line over environment over file over default, and nothing unknown."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
from laws import Cli

from ctxzip.cli import settings
from ctxzip.cli.options import GROUPS

TEXT = "The quick brown fox jumps over the lazy dog, and then it sleeps for hours in the warm sun.\n" * 6


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory two levels below a project's root."""
    place = tmp_path / "project" / "inner"
    place.mkdir(parents=True)
    monkeypatch.chdir(place)
    (place / "a.md").write_text(TEXT, encoding="utf-8")
    return place


def asked(cli: Cli, *arguments: str) -> str:
    done = cli("compress", "a.md", "--json", *arguments)
    assert done.code == 0, done.err
    return str(json.loads(done.out)["asked"])


def pyproject(here: Path, text: str) -> Path:
    path = here.parent / "pyproject.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_command_line_over_environment_over_file_over_default(
    here: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert asked(cli) == "ratio 2"
    pyproject(here, "[tool.ctxzip]\nratio = 3\n")
    assert asked(cli) == "ratio 3"
    monkeypatch.setenv("CTXZIP_RATIO", "4")
    assert asked(cli) == "ratio 4"
    assert asked(cli, "-r", "5") == "ratio 5"


def test_a_stronger_budget_puts_the_weaker_one_aside(here: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    pyproject(here, "[tool.ctxzip]\nratio = 3\n")
    assert asked(cli, "--tokens", "30") == "30 tokens"
    monkeypatch.setenv("CTXZIP_KEEP", "20%")
    assert asked(cli) == "keep 20%"
    assert asked(cli, "--threshold", "0.9") == "threshold 0.9"


def test_the_nearest_file_holds_and_the_own_file_before_pyproject(here: Path, cli: Cli) -> None:
    pyproject(here, "[tool.ctxzip]\nratio = 3\n")
    (here / "pyproject.toml").write_text("[tool.other]\n", encoding="utf-8")
    assert asked(cli) == "ratio 3"
    (here.parent / "ctxzip.toml").write_text("ratio = 4", encoding="utf-8")
    assert asked(cli) == "ratio 4"
    (here / "pyproject.toml").write_text("[tool.ctxzip]\nratio = 5\n", encoding="utf-8")
    assert asked(cli) == "ratio 5"


def test_the_place_of_the_files_counts(here: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "ctxzip.toml").write_text("ratio = 4", encoding="utf-8")
    monkeypatch.chdir(here.parent.parent)
    done = cli("compress", "project/inner/a.md", "--json")
    assert json.loads(done.out)["asked"] == "ratio 4"
    piped = cli("compress", "--stdin-filename", "project/inner/x.md", "--json", stdin=TEXT.encode())
    assert json.loads(piped.out)["asked"] == "ratio 4"


def test_a_file_can_be_named_or_refused(here: Path, cli: Cli) -> None:
    pyproject(here, "[tool.ctxzip]\nratio = 3\n")
    (here / "other.toml").write_text("ratio = 6", encoding="utf-8")
    assert asked(cli, "--config", "other.toml") == "ratio 6"
    assert asked(cli, "--isolated") == asked(cli, "--no-config") == "ratio 2"


@pytest.mark.parametrize(
    ("written", "message", "hint"),
    [
        ("ration = 3", "unknown setting in", "did you mean ratio?"),
        ("keep_paterns = []", "unknown setting in", "did you mean keep-pattern?"),
        ("output = 'x'", "unknown setting in", "known: "),
        ('top-k = "five"', "top-k = 'five' is not a whole number", "top-k = 5"),
        ("keep-numbers = 1", "keep-numbers = 1 is not true or false", "keep-numbers = true"),
        ("allow = 'quote'", "allow = 'quote' is not a list of texts", '["one", "two"]'),
        ("method = true", "method = true is not text", 'method = "text"'),
        ("ratio = 'four'", "--ratio 'four' is not a number", "--ratio 4"),
        ('[max-tokens]\n"*.md" = "many"', "\"*.md\" = 'many' is not a number of tokens", '"prompts/*.md" = 800'),
        ("max-tokens = 0", "max-tokens = 0 is not a number of tokens", "800"),
        ("ratio = ", "is not TOML", "--isolated"),
    ],
)
def test_a_mistake_in_a_file_is_one_line_and_one_hint(
    here: Path, cli: Cli, written: str, message: str, hint: str
) -> None:
    (here / "ctxzip.toml").write_text(written, encoding="utf-8")
    done = cli("compress", "a.md")
    assert (done.code, done.out) == (2, "")
    error, told = done.err.splitlines()
    assert error.startswith("error: ")
    assert message in error
    assert told.startswith("hint: ")
    assert hint in told


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("CTXZIP_TOP_K", "five", "CTXZIP_TOP_K=five is not a whole number"),
        ("CTXZIP_KEEP_NUMBERS", "perhaps", "CTXZIP_KEEP_NUMBERS=perhaps is not true or false"),
        ("CTXZIP_COLOR", "blue", "unknown value of --color 'blue'"),
    ],
)
def test_a_mistake_in_the_environment_too(
    here: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch, name: str, value: str, message: str
) -> None:
    monkeypatch.setenv(name, value)
    done = cli("compress", "a.md")
    assert done.code == 2
    assert message in done.err.splitlines()[0]


def test_every_option_but_those_of_one_call_can_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    samples = {str: "x", int: "3", float: "0.5", bool: "yes", list: "one two"}
    values = {str: "x", int: 3, float: 0.5, bool: True, list: ["one", "two"]}
    for name, kind in settings.kinds().items():
        monkeypatch.setenv(settings.variable(name), samples[kind])
    found = settings.from_environment()
    limits = found.pop("max_tokens")
    assert limits.of("any/where.md") == 3
    assert found == {name: values[kind] for name, kind in settings.kinds().items() if name != "max_tokens"}
    per_call = {name for group in GROUPS for name in group.PER_CALL}
    assert not per_call & set(settings.kinds())


def test_paths_in_a_file_are_beside_it(here: Path, cli: Cli) -> None:
    (here.parent / "weights").mkdir()
    path = pyproject(here, '[tool.ctxzip]\nmodel = "weights"\n')
    assert settings.read(path).values["model"] == str(here.parent / "weights")


def test_show_prints_what_holds_and_where_it_is_from(here: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    path = pyproject(here, '[tool.ctxzip]\nkeep-pattern = ["A-\\\\d+"]\n[tool.ctxzip.max-tokens]\n"*.md" = 9\n')
    monkeypatch.setenv("CTXZIP_TOKENIZER", "words")
    monkeypatch.setenv("CTXZIP_RATOI", "4")
    done = cli("config", "show")
    assert done.code == 0
    assert f'keep-pattern = ["A-\\\\d+"]  # {path}' in done.out
    assert 'tokenizer = "words"  # CTXZIP_TOKENIZER' in done.out
    assert 'method = "auto"  # default' in done.out
    assert "# query is not set" in done.out
    assert "did you mean CTXZIP_RATIO?" in done.err
    (here / "ctxzip.toml").write_text(done.out, encoding="utf-8")
    assert tomllib.loads(done.out)["max-tokens"] == {"*.md": 9}
    assert cli("config", "show").code == 0


# Limits


def test_limits_by_glob_the_last_match_wins(here: Path, cli: Cli) -> None:
    (here / "prompts").mkdir()
    (here / "prompts" / "b.md").write_text(TEXT, encoding="utf-8")
    (here / "ctxzip.toml").write_text('[max-tokens]\n"*.md" = 5000\n"prompts/*.md" = 50\n', encoding="utf-8")
    done = cli("check", "a.md", "prompts/b.md", "ctxzip.toml")
    assert done.code == 1
    assert done.out.startswith("prompts/b.md: ")
    assert "over the limit of 50" in done.out
    assert "1 file without a max-tokens limit" in done.err
    assert cli("check", "a.md", "prompts/b.md", "--max-tokens", "5000").code == 0


def test_over_its_limit_a_file_is_brought_to_it_once(here: Path, cli: Cli) -> None:
    (here / "ctxzip.toml").write_text('[max-tokens]\n"a.md" = 50\n', encoding="utf-8")
    (here / "b.md").write_text(TEXT, encoding="utf-8")
    first = cli("compress", "-i", "--over-limit", "a.md", "b.md")
    assert first.code == 0
    assert "(limit 50)" in first.err
    assert "no max-tokens limit, left alone: b.md" in first.err
    made = (here / "a.md").read_bytes()
    assert cli("check", "a.md").code == 0
    again = cli("compress", "-i", "--over-limit", "a.md", "b.md")
    assert "0 files shortened, 2 files left alone" in again.err
    assert (here / "a.md").read_bytes() == made
    assert (here / "b.md").read_text(encoding="utf-8") == TEXT


def test_limits_beat_a_budget_of_the_file_and_a_budget_on_the_line_beats_limits(here: Path, cli: Cli) -> None:
    (here / "ctxzip.toml").write_text('ratio = 4\n[max-tokens]\n"a.md" = 5000\n', encoding="utf-8")
    assert cli("compress", "--check", "a.md").code == 0
    assert cli("compress", "--check", "-r", "2", "a.md").code == 1
    assert asked(cli) == "ratio 4"


def test_no_limit_anywhere(here: Path, cli: Cli) -> None:
    assert cli("check", "a.md").code == 2
    done = cli("compress", "-i", "--over-limit", "a.md")
    assert done.code == 0
    assert "left alone: a.md" in done.err
    assert (here / "a.md").read_text(encoding="utf-8") == TEXT
    both = cli("compress", "-i", "--max-tokens", "9", "-r", "2", "a.md")
    assert both.code == 2
    assert "exclude each other" in both.err


def test_offline_forbids_the_network(here: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CTXZIP_OFFLINE", "0")
    done = cli("compress", "a.md", "--model", "owner/model", "--offline")
    assert done.code == 3
    assert "forbids downloads" in done.err
