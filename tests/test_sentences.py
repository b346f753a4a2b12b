"""Sentences, headings and passages: the laws on any text, and what a reader expects of real ones."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from laws import is_subsequence, texts

from ctxzip import Document
from ctxzip.errors import InputError
from ctxzip.outline import outlined
from ctxzip.passages import blocks, passages, passages_from_json
from ctxzip.sentences import sentences
from ctxzip.text import Role, Span, tiles


def contents(text: str) -> list[str]:
    return [span.of(text).strip() for span in sentences(text) if span.role is Role.CONTENT]


def heads(text: str) -> list[str]:
    return [span.of(text) for span in sentences(text) if span.role is Role.HEAD]


@given(texts())
def test_sentences_tile_any_text(text: str) -> None:
    assert tiles(sentences(text), text)


@given(texts(), st.data())
def test_any_choice_under_its_headings_is_a_subsequence(text: str, data: st.DataObject) -> None:
    outline = outlined(text, sentences(text))
    kept = sorted(data.draw(st.sets(st.integers(0, max(0, len(outline.content) - 1)), max_size=len(outline.content))))
    kept = [ordinal for ordinal in kept if ordinal < len(outline.content)]
    shown = outline.render(kept)
    assert is_subsequence(shown, text)
    assert all(outline.content[ordinal].of(text).strip() in shown for ordinal in kept)


@given(texts())
def test_everything_kept_is_the_text_but_for_its_outer_space(text: str) -> None:
    outline = outlined(text, sentences(text))
    assert "".join(outline.render(range(len(outline.content))).split()) == "".join(text.split())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Dr. J. K. Smith met Mr. Jones. They spoke.", ["Dr. J. K. Smith met Mr. Jones.", "They spoke."]),
        ("It costs $3.50 vs. $4.20. Cheap!", ["It costs $3.50 vs. $4.20.", "Cheap!"]),
        ("We met at 5 p.m. The room was cold.", ["We met at 5 p.m.", "The room was cold."]),
        ("The U.S. Senate sat. It voted.", ["The U.S. Senate sat.", "It voted."]),
        ('"Really?" he asked. "Yes!" It was so.', ['"Really?" he asked.', '"Yes!"', "It was so."]),
        ("See Fig. 3 and p. 12. It helps.", ["See Fig. 3 and p. 12.", "It helps."]),
        ("He works at Acme Inc. The firm is old.", ["He works at Acme Inc.", "The firm is old."]),
        ("Well... maybe. I was... thinking.", ["Well... maybe.", "I was... thinking."]),
        ("Vitamin C. The best one.", ["Vitamin C.", "The best one."]),
        ("Apples (e.g. Boskoop) are sour. Yes.", ["Apples (e.g. Boskoop) are sour.", "Yes."]),
        ("会议定于星期五。我们走吧！好的。", ["会议定于星期五。", "我们走吧！", "好的。"]),
        ("- eggs. Many.\n- milk", ["eggs.", "Many.", "milk"]),
        (
            "yes. i think so. we go. they came. right.",
            ["yes.", "i think so.", "we go.", "they came.", "right."],
        ),
        ("Version 2.0.1 is out. Get it.", ["Version 2.0.1 is out.", "Get it."]),
        ("The claim is true.[12] The next is not.", ["The claim is true.[12]", "The next is not."]),
    ],
)
def test_where_sentences_end(text: str, expected: list[str]) -> None:
    assert contents(text) == expected


def test_a_wrapped_paragraph_is_not_cut_at_its_line_breaks() -> None:
    text = "This sentence is long enough to be wrapped by an editor at some\ncolumn. The next one is short."
    assert contents(text) == [
        "This sentence is long enough to be wrapped by an editor at some\ncolumn.",
        "The next one is short.",
    ]


DOCUMENT = """# Report

Opening words stand here.

## Costs

They rose by 4 percent. Nobody knew why.

| item | price |
|------|-------|
| nail | 2 |
| saw | 19 |

Things to buy:
- eggs
- milk

Project Manager: Yes. I think so.
"""


def rendered(text: str, *wanted: str) -> str:
    outline = outlined(text, sentences(text))
    places = [i for i, span in enumerate(outline.content) if any(word in span.of(text) for word in wanted)]
    assert places
    return outline.render(places)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("why", "# Report\n\n## Costs\n\nNobody knew why.\n"),
        ("19", "# Report\n\n## Costs\n\n| item | price |\n|------|-------|\n| saw | 19 |\n"),
        ("milk", "# Report\n\n## Costs\n\nThings to buy:\n- milk\n"),
        ("think", "# Report\n\n## Costs\n\nProject Manager: I think so.\n"),
        ("Opening", "# Report\n\nOpening words stand here.\n"),
    ],
)
def test_what_is_kept_brings_what_introduces_it(wanted: str, expected: str) -> None:
    assert rendered(DOCUMENT, wanted) == expected


def test_a_title_over_its_passage_is_a_heading() -> None:
    text = "Act of Congress (group)\nAct of Congress is a group based in Birmingham. They play acoustic instruments."
    assert heads(text) == ["Act of Congress (group)"]


def test_headings_alone_can_be_kept() -> None:
    text = "# One\n\n# Two\n\n# Three\n"
    assert len(outlined(text, sentences(text)).content) == 3


def test_passages_are_cut_at_markers_or_at_blank_lines() -> None:
    marked = "==> a.txt <==\nThe first text.\n\nIts second part.\n\n==> b.txt <==\nThe other text."
    assert [title for _, _, title in blocks(marked)] == ["a.txt", "b.txt"]
    long = " ".join(["Some words that make a passage long enough to stand alone."] * 4)
    assert len(blocks(f"{long}\n\n{long}\n\n{long}")) == 3
    assert len(blocks("Short.\n\nAlso short.\n\nShort too.")) == 1


@given(texts())
def test_every_piece_is_in_one_passage(text: str) -> None:
    pieces = outlined(text, sentences(text)).content
    found = passages([Document(text)], [pieces])
    own = [(p, s) for passage in found for p in passage for s in p.sentences]
    assert [s.of(p.text) for p, s in own] == [piece.of(text) for piece in pieces]


def test_one_of_several_documents_is_its_own_passage() -> None:
    documents = [Document("One. Two.", title="T"), Document("Three.")]
    cut = passages(documents, [[Span(0, 4), Span(4, 9)], [Span(0, 6)]])
    assert [(p.title, len(p.sentences)) for own in cut for p in own] == [("T", 2), ("", 1)]


def test_a_json_list_is_documents() -> None:
    found = passages_from_json('[{"text": "a", "title": "t", "id": 7}, "b"]')
    assert found == [Document("a", "7", "t"), Document("b")]
    assert passages_from_json("[1, 2]") is passages_from_json("[not json") is None
    with pytest.raises(InputError, match="item 1"):
        passages_from_json('[{"text": "a"}, {"title": "t"}]')
