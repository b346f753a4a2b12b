"""Texts of one thing a million times over: twice as much is twice the work, and no pattern looks back for ages."""

from __future__ import annotations

import json
import random
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import given, settings
from laws import ByLength, is_subsequence, texts
from test_structure import TORTURE, sound

from ctxzip import Document, compress
from ctxzip.companions import in_company
from ctxzip.guards import hard, whole
from ctxzip.protect import Protection
from ctxzip.segment import words
from ctxzip.structure import code, data, json_values, markup, tables, tiling
from ctxzip.structure.shape import Shape
from ctxzip.structure.tree import Node
from ctxzip.text import Role, Span, tiles
from ctxzip.verify import broken

UNITS = [
    "not ", "not,", "No, ", "No, x ", "not x ", "no more than ", "must not. ", "x ", "word ", "1 ", "1,", "3.5 kg ",
    "https://a.b/c ", "https://", "snake_case ", "a.b", '"a" ', '"', "[1] ", "[", "[a](", "(", "{", "{{", "{{x}}",
    "{{x}} ", "${x}\n", "<a>", "<a></a>\n", "<!--", "<pre>", "<!-- ctxzip: off ", " ", "\n", "\t", "- ", "> ", "a:\n",
    "a: {{x}}\n", "a = 1\n", "| a | b |\n|---|---|\n", "|-", "x\n", "User: a\nAssistant: b\n", "```\n{{x}}\n```\n",
    "会议。", "2026-01-01 10:00:00 INFO {{x}}\n", "    x = {{x}}\n\n",
]  # fmt: skip
NAMES = ["x.txt", "x.yaml", "x.html", "x.log"]


def work(text: str, name: str) -> int:
    """Return how many functions are called until a text is cut, shown whole and verified."""
    calls = 0

    def called(frame: object, event: str, what: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    document = Document(text, path=name)
    sys.setprofile(called)
    try:
        shape = Shape.of(document, ByLength(), Protection())
        every = list(range(len(shape.layout.content)))
        shape.weighed([0.5] * len(every))
        broken(shape, every, shape.layout.render(every))
    finally:
        sys.setprofile(None)
    return calls


@pytest.mark.parametrize("unit", UNITS)
def test_twice_the_text_is_twice_the_work(unit: str) -> None:
    name = random.Random(unit).choice(NAMES)
    for path in {"x.txt", name}:
        once, twice = work(unit * 250, path), work(unit * 500, path)
        assert twice <= 2.2 * once + 500, path


@contextmanager
def without_end(seconds: int = 20) -> Iterator[None]:
    """Fail what would take minutes of processor time, or more time than there is."""

    def hung(*_: Any) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGVTALRM, hung)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def test_no_pattern_looks_back_for_ages() -> None:
    blank = " " * 300_000
    with without_end():
        assert whole._VERSION.fullmatch("1.2.3" + "a" * 60 + "/x") is None
        assert markup.TAG.match("<p " + "and so it goes " * 40 + "<") is None
        assert whole.NUMBER.search("1," * 300_000) is None
        assert tables._DELIMITER.search(f"{blank}x\n-|{blank}x") is None
        assert data._KEY.match(f"a:{blank}x") is None
        assert data._SECTION.match(f"[a]{blank}x") is None
        assert len(code._LOOKS_LIKE.findall("x" + "\n" * 300_000 + "x")) == 0
        assert list(hard.pragmas("<!-- ctxzip: off " * 30_000)) == []
        assert markup.density("<!--" * 300_000) == 0
        assert markup.tree("<pre>" * 150 + "x" * 3_000_000, Span(0, 3_000_750)) is None
        assert list(markup.find("<p>text\n" * 100_000 + "</b>")) == []


def test_a_key_of_a_hundred_thousand_parts_is_not_read() -> None:
    with without_end():
        assert not data._is_toml("a.b" * 300_000)
        assert not data._is_toml('"a"."b".' * 300_000)
    assert not data._LONG_KEY.search('a.b.c = 1\n[x."y z".w]\ntext = "one. two. three."\n' * 60)


def test_a_block_opened_and_never_closed_hides_nothing() -> None:
    element = "<table>\n" + "<tr><td>one</td><td>two</td></tr>\n" * 6 + "</table>"
    found = list(markup.find(f"<p>open\n\n<!-- ends nowhere\n\n{element}\n\nafter"))
    assert [(region.start, region.end - region.start) for region in found] == [(28, len(element))]


def test_yaml_deeper_than_anybody_writes_is_cut_where_it_still_can_be() -> None:
    text = "".join(f"{' ' * depth}k{depth}:\n" for depth in range(1500)) + "last: 1\n"
    result = compress(Document(text, path="x.yaml"), ratio=4, method=ByLength())
    assert is_subsequence(result.text, text)
    nodes = data._nested(text, [Span(0, 4), Span(4, 9)])
    assert all(isinstance(node, Node) for node in nodes)


def test_an_answer_governs_what_follows_up_to_the_next_one() -> None:
    text = "No, they left early, no, they stayed"
    spans = [Span(s.start, s.end, Role.BOUND if s.of(text).strip().lower() == "no," else s.role) for s in words(text)]
    layout = in_company(text, spans)
    shown = [layout.render([at]) for at in range(len(layout.content))]
    assert [line.split()[0] for line in shown] == ["No,"] * 3 + ["no,"] * 2


@settings(max_examples=60, deadline=None)
@given(texts())
def test_a_very_long_text_is_cut_coarser_and_keeps_the_laws(text: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tiling, "MOST", 8)
        shape = Shape.of(Document(text), ByLength(), Protection())
        result = compress(text, ratio=2, method=ByLength(), allow=["placeholder", "fence", "tag"])
    assert not text or tiles(shape.tiles, text)
    assert result.tokens_after <= max(result.limit or 0, 0)
    assert is_subsequence(result.text, text)


@pytest.mark.parametrize("name", random.Random(5).sample(sorted(TORTURE), 16))
def test_what_is_cut_coarser_breaks_nothing(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiling, "MOST", 40)
    for ratio in (2, 4):
        sound(TORTURE[name], name, ratio=ratio, method=ByLength())


def test_a_very_long_text_uses_its_budget_and_says_that_it_was_cut_coarser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiling, "MOST", 300)
    text = "It is not so that words are short, and considerable sentences follow.\n" * 100
    result = compress(text, ratio=2, method=ByLength())
    assert 0.97 * (result.limit or 0) <= result.tokens_after <= (result.limit or 0)
    assert len(result.spans) < 800
    assert any("neighbouring words" in note for note in result.notes)


def test_very_many_numbers_are_kept_a_few_at_a_time_and_counted_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_values, "MOST", 100)
    values = [*range(500), *(f"word {n}" for n in range(200)), [1, 2], None]
    text = json.dumps(values)
    result = compress(Document(text, path="x.json"), ratio=4, method=ByLength())
    made = json.loads(result.text)
    kept = [value for value in made if value in values]
    assert len(result.spans) < 60
    assert [value for value in values if value in kept] == kept
    assert made[-1] == f"… {len(values) - len(kept)} more"


@pytest.mark.parametrize("most", [20, 100, 180, 250])
@pytest.mark.parametrize(
    "sentence",
    [
        "Do not open the old iron gate today. ",
        "Do not open\nthe old iron gate today.\n",
        "You must never leave the old iron key here. ",
    ],
)
def test_each_piece_of_a_very_long_text_brings_the_bound_word_that_governs_it(
    most: int, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tiling, "MOST", most)
    layout = Shape.of(Document(sentence * 40), ByLength(), Protection()).layout
    word = "not" if "not" in sentence else "never"
    for at in range(len(layout.content)):
        for said in layout.render([at]).split("."):
            ruled = {"open", "leave", "old", "iron", "gate", "key"} & set(said.split())
            assert not ruled or word in said.split(), said
