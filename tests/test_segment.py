from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from laws import is_subsequence, texts

from ctxzip.layout import Layout
from ctxzip.segment import fuse, words
from ctxzip.text import Role, Span, tiles


@given(texts())
def test_words_tile_the_text(text: str) -> None:
    assert tiles(words(text), text)


@given(st.text())
def test_words_tile_any_text(text: str) -> None:
    assert tiles(words(text), text)


@given(texts(), st.data())
def test_fused_spans_tile_the_text_and_hold_what_was_fused(text: str, data: st.DataObject) -> None:
    place = st.integers(0, len(text))
    pairs = data.draw(st.lists(st.tuples(place, place), max_size=5))
    wholes = [Span(min(p), max(p)) for p in pairs if p[0] != p[1]]
    fused = fuse(words(text), wholes)
    assert tiles(fused, text)
    for whole in wholes:
        assert any(span.start <= whole.start and whole.end <= span.end for span in fused)


@given(texts(), st.data())
def test_any_choice_renders_a_subsequence_with_the_chosen_text_in_it(text: str, data: st.DataObject) -> None:
    layout = Layout(text, words(text))
    kept = [i for i in range(len(layout.content)) if data.draw(st.booleans())]
    rendered = layout.render(kept)
    assert is_subsequence(rendered, text)
    at = 0
    for i in kept:
        piece = layout.content[i].of(text).strip()
        at = rendered.index(piece, at) + len(piece)


@given(texts())
def test_keeping_everything_gives_the_text_back(text: str) -> None:
    layout = Layout(text, words(text))
    rendered = layout.render(range(len(layout.content)))
    assert rendered == text.lstrip() or rendered.split() == text.split()


def kinds(text: str) -> list[tuple[str, str]]:
    return [(span.of(text), span.role.name) for span in words(text) if span.role is not Role.CONTENT]


@pytest.mark.parametrize(
    ("text", "structure"),
    [
        ("- one\n- two\n", [("- ", "LEAD"), ("\n", "BREAK"), ("- ", "LEAD"), ("\n", "BREAK")]),
        ("## Title\n\n\nText", [("## ", "LEAD"), ("\n\n\n", "BREAK")]),
        ("He left. She stayed", [(".", "END")]),
        ("e.g. this and Dr. Who", []),
        ("It cost 3.50 dollars!", [("!", "END")]),
        ("“Stop!” he said", []),
        ("  indented\r\nline", [("  ", "LEAD"), ("\r\n", "BREAK")]),
        ("会议。开始", [("。", "END")]),
        ("1. first\n2) second", [("1. ", "LEAD"), ("\n", "BREAK"), ("2) ", "LEAD")]),
        (" \n\n ", [(" \n\n ", "BREAK")]),
    ],
)
def test_structure_is_told_from_words(text: str, structure: list[tuple[str, str]]) -> None:
    assert kinds(text) == structure


def shown(text: str, *dropped: str) -> str:
    layout = Layout(text, words(text))
    kept = [i for i, span in enumerate(layout.content) if span.of(text).strip() not in dropped]
    return layout.render(kept)


@pytest.mark.parametrize(
    ("text", "dropped", "expected"),
    [
        ("a b c", ["b"], "a c"),
        ("a b c", ["a"], "b c"),
        ("- one two\n- three\n", ["three"], "- one two\n"),
        ("one\n\ntwo\n\nthree", ["two"], "one\n\nthree"),
        ("# T\n\npara\n- x\n- y", ["x"], "# T\n\npara\n- y"),
        ("one\ntwo\n\nthree", ["two"], "one\n\nthree"),
        ("We met and ate today. Then", ["today"], "We met and ate. Then"),
        ("We ate today. Then", ["We", "today"], "ate Then"),
        ("keep 会议 now", ["会"], "keep 议 now"),
        ("gone", ["gone"], ""),
    ],
)
def test_structure_follows_what_is_kept(text: str, dropped: list[str], expected: str) -> None:
    assert shown(text, *dropped) == expected


def test_no_space_moves_behind_a_mark() -> None:
    text = "We came and saw 东!西"
    layout = Layout(text, words(text))
    kept = [i for i, span in enumerate(layout.content) if span.of(text).strip() != "东"]
    assert is_subsequence(layout.render(kept), text)
