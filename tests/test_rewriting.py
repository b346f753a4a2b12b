"""What a rewriter goes by: facts, keywords, chunks, worth, and the judge of rewrites."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from laws import texts

from ctxzip.compressors.llmlingua2 import LLMLingua2
from ctxzip.compressors.rewriting.alignment import bare, shared
from ctxzip.compressors.rewriting.chunks import MOST, Run, cuts
from ctxzip.compressors.rewriting.facts import (
    lost_numbers,
    new_names,
    new_numbers,
    numbers,
    recalled,
    strange,
    swapped,
    turned,
)
from ctxzip.compressors.rewriting.judge import Asked, Verdict, judge, whole_sentences
from ctxzip.compressors.rewriting.keywords import MOST as MOST_KEYWORDS
from ctxzip.compressors.rewriting.keywords import KeywordFinder, missing
from ctxzip.compressors.rewriting.listener import Listener
from ctxzip.compressors.rewriting.mending import mended
from ctxzip.compressors.rewriting.steps import Notes, steps
from ctxzip.compressors.rewriting.worth import centrality, worth
from ctxzip.compressors.scope import Scope, is_prose
from ctxzip.models.prompts import Style
from ctxzip.text import Document, Role, tiles

SOURCE = (
    "The outage began at 02:14, when a certificate renewal failed silently. Monitoring did not raise an alarm. By "
    "02:50 about 38 % of card payments were rejected, and 1,204 customers called. Rahul Mehta found the cause at nine."
)


def test_numbers_are_compared_by_value() -> None:
    assert numbers("1. First\n2. Then 1,204 of 3.50 at 02:14") == ["1204", "3.50", "02:14"]
    assert lost_numbers("It took 9 days and 1,204 people.", "1204 people, nine days") == []
    assert new_numbers("It took nine days.", "9 days, 12 people") == ["12"]


@pytest.mark.parametrize(
    ("rewrite", "invented"),
    [
        ("Payments failed. Customers called Rahul.", []),
        ("However, monitoring was silent.", []),
        ("Payments failed, said Napoleon.", ["Napoleon"]),
        ("Anna Keller found it.", ["Anna", "Keller"]),
        ("The DNS failed.", ["DNS"]),
        ("RAHUL MEHTA called.", []),
    ],
)
def test_made_up_names_are_noticed(rewrite: str, invented: list[str]) -> None:
    assert new_names(SOURCE, rewrite) == invented


@pytest.mark.parametrize(
    ("rewrite", "words"),
    [
        ("Monitoring raised no alarm.", []),
        ("No alarm was raised; payments were rejected.", []),
        ("Payments were rejected.", []),
        ("Monitoring raised an alarm.", ["alarm", "rais"]),
        ("Payments were not rejected.", ["reject"]),
    ],
)
def test_a_turned_negation_is_noticed(rewrite: str, words: list[str]) -> None:
    assert turned(SOURCE, rewrite) == words


def test_words_that_the_source_has_in_no_form_are_strange() -> None:
    assert strange(SOURCE, "Certificates that were renewed failed, and 12 alarms rang") == ["rang"]
    assert recalled("outage certificate renewal", "The outage: certificates were not renewed.") == 1
    assert recalled("outage, alarm", "An alarm was raised.") == 0.5
    assert recalled("", "Anything.") == 1


@pytest.mark.parametrize(
    ("rewrite", "words"),
    [
        ("Alan Jones hired Mary Brown.", []),
        ("Mary Brown was hired by Alan Jones.", []),
        ("Mary Brown hired Alan Jones.", ["marybrown", "hir", "alanjon"]),
    ],
)
def test_who_does_what_to_whom_is_noticed(rewrite: str, words: list[str]) -> None:
    assert swapped("In May, Alan Jones hired Mary Brown for the harbour.", rewrite) == words


def test_notes_are_the_words_that_matter_and_tell_how_many_fall_to_a_step() -> None:
    notes = Notes(LLMLingua2())
    own = steps(SOURCE, Style.TRAINED, words=1)
    assert [SOURCE[step.start :].startswith(step.text) for step in own] == [True] * len(own)
    shares = notes.shares(Asked(SOURCE, 20, ()), own)
    assert 18 <= sum(shares) <= 20
    noted = notes.of(SOURCE, 20)
    assert len(noted.split()) <= 20
    assert set(numbers(noted)) == set(numbers(SOURCE))
    assert notes.of(SOURCE, 0) == ""
    assert notes.shares(Asked(SOURCE, 500, ()), own) == [len(step.text.split()) for step in own]


def test_keywords_are_facts_first_and_few() -> None:
    finder = KeywordFinder(SOURCE.split(". "))
    found = finder.of(SOURCE, 80, "who found the cause?")
    assert {"02:14", "02:50", "1,204", "Rahul Mehta", "cause"} <= set(found)
    assert len(found) <= MOST_KEYWORDS
    assert found == sorted(found, key=SOURCE.find)
    assert missing(found, SOURCE) == []
    assert missing(["card payments", "1,204"], "Payment by cards; 1,205 calls") == ["1,204"]


@settings(max_examples=25)
@given(texts(), st.integers(1, 200))
def test_keywords_stand_in_the_text(text: str, tokens: int) -> None:
    found = KeywordFinder([text]).of(text, tokens)
    assert len(found) <= MOST_KEYWORDS
    assert all(keyword in text for keyword in found)


@given(st.lists(st.tuples(st.integers(1, 120), st.booleans()), min_size=1, max_size=60), st.integers(0, 5))
def test_chunks_hold_every_sentence_once_and_are_not_too_long(rows: list[tuple[int, bool]], seed: int) -> None:
    vectors = np.random.default_rng(seed).normal(size=(len(rows), 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    sizes = [size for size, _ in rows]
    found = cuts(Run(vectors, sizes, [end for _, end in rows]))
    assert [start for start, _ in found] == [0, *(end for _, end in found[:-1])]
    assert found[-1][1] == len(rows)
    assert all(sum(sizes[a:b]) <= MOST or b == a + 1 for a, b in found)


def test_a_change_of_topic_is_where_a_chunk_ends() -> None:
    one, other = np.eye(2, 8, dtype=np.float32)
    vectors = np.stack([one] * 5 + [other] * 5)
    assert cuts(Run(vectors, [30] * 10, [False] * 10)) == [(0, 5), (5, 10)]


@settings(max_examples=20)
@given(texts())
def test_chunks_tile_the_text(text: str) -> None:
    assert tiles(Scope().segment(Document(text)), text)


def test_headings_are_apart_and_code_is_no_prose() -> None:
    text = f"# Outage\n\n{SOURCE}\n\n```\nx = 1\n```\n\n{SOURCE.lower()}\n"
    spans = Scope().segment(Document(text))
    assert [s.of(text) for s in spans if s.role is Role.HEAD] == ["# Outage"]
    chunks = [s.of(text).strip() for s in spans if s.role is Role.CONTENT]
    assert all(not (chunk.startswith("```") and SOURCE in chunk) for chunk in chunks)
    assert is_prose(SOURCE)
    assert not is_prose("| a | b |\n|---|---|")
    assert not is_prose('{"a": [1, 2, 3], "b": {"c": 4}}')


def test_the_central_and_the_asked_for_are_worth_most() -> None:
    near = np.array([[1, 0, 0], [0.9, 0.4, 0], [0.9, -0.4, 0], [0, 0, 1]], np.float32)
    near /= np.linalg.norm(near, axis=1, keepdims=True)
    assert int(centrality(near).argmax()) == 0
    assert int(centrality(near).argmin()) == 3
    texts_ = ["cats sleep all day"] * 3 + ["boats leave at noon"]
    values = worth(texts_, near, ("when do boats leave", near[3]))
    assert int(np.argmax(values)) == 3
    assert max(values) == 1
    assert worth([], near[:0], None) == []


NOTES = "certificate renewal silently; Rahul Mehta found cause, customers called"
ASKED = Asked(SOURCE, 30, ("02:14", "certificate renewal", "card payments"), notes=NOTES)
GOOD = (
    "Outage from 02:14: certificate renewal failed silently, monitoring raised no alarm. By 02:50 38 % of card "
    "payments were rejected; 1,204 customers called. Rahul Mehta found it at nine."
)


def test_a_good_rewrite_is_accepted() -> None:
    assert judge(ASKED, GOOD).faults == ()


@pytest.mark.parametrize(
    ("rewrite", "fault"),
    [
        ("", "says nothing"),
        (SOURCE + " Indeed.", "is no shorter"),
        (GOOD.replace("1,204", "many"), "loses a number"),
        (GOOD.replace("1,204", "1,240"), "adds a number"),
        (GOOD.replace("Mehta", "Smith"), "adds a name"),
        (GOOD.replace("raised no alarm", "raised an alarm"), "turns a negation"),
        (GOOD.replace("certificate renewal", "something"), "loses a keyword"),
        ("Outage from 02:14", "is cut off"),
        (GOOD.replace("monitoring raised no alarm", "engineers blamed cheap hardware suppliers"), "adds words"),
        ("The outage began at 02:14. By 02:50 38 % of card payments were rejected, 1,204.", "leaves out what matters"),
    ],
)
def test_a_bad_rewrite_is_refused_for_what_is_wrong(rewrite: str, fault: str) -> None:
    assert fault in judge(ASKED, rewrite).faults


def test_what_was_lost_comes_back_where_it_stood() -> None:
    notes = "certificate renewal failed silently. 02:50 38 % rejected 1,204 customers called. Rahul Mehta found cause."
    asked = replace(ASKED, notes=notes)
    verdict = judge(asked, GOOD.replace("; 1,204 customers called", ""))
    assert set(verdict.faults) <= {"loses a number"}
    better = mended(asked, verdict)
    assert better == GOOD.replace("rejected; 1,204 customers called.", "rejected, 1,204 customers called.")
    assert mended(asked, judge(asked, GOOD)) is None
    assert mended(asked, judge(asked, GOOD.replace("Mehta", "Smith"))) is None


def test_a_name_of_which_half_is_there_comes_back_once() -> None:
    asked = Asked("a " * 60, 60, (), notes="Gateway rejected card payments until noon.")
    made = mended(asked, Verdict("Gateway rejected card until noon.", ("loses a keyword",), ("card payments",)))
    assert made == "Gateway rejected card payments until noon."


def test_what_the_notes_do_not_have_is_added_at_the_end() -> None:
    verdict = judge(ASKED, GOOD.replace("1,204 customers", "customers"))
    assert verdict.faults == ("loses a number",)
    better = mended(ASKED, verdict)
    assert better is not None
    assert better.endswith("(also: 1204).")


WORDS = st.lists(st.sampled_from("a bridge Closed for 14 days, because. nobody paid!".split()), max_size=12)


@given(WORDS, WORDS)
def test_shared_words_are_alike_and_in_order_in_both(one: list[str], other: list[str]) -> None:
    pairs = shared(one, other)
    assert list(pairs) == sorted(pairs)
    assert list(pairs.values()) == sorted(set(pairs.values()))
    assert all(one[a].strip(",.!").lower() == other[b].strip(",.!").lower() for a, b in pairs.items())
    assert len(shared(one, one)) == len(one)


@given(WORDS, WORDS, st.data())
def test_mending_keeps_every_word_in_order(notes: list[str], words: list[str], data: st.DataObject) -> None:
    asked = Asked("a " * 60, 60, (), notes=" ".join(notes))
    lost = tuple(data.draw(st.lists(st.sampled_from(notes), max_size=3))) if notes else ()
    better = mended(asked, Verdict(" ".join(words), ("loses a keyword",), lost))
    assert (better is None) == (not lost)
    made = [bare(word) for word in (better or "").split()]
    rest = iter(made)
    assert not lost or all(bare(word) in rest for word in words)
    assert all(bare(item) in made for item in lost)


def test_words_of_a_refused_rewrite_are_worth_more() -> None:
    document, lender = Document(SOURCE), LLMLingua2()
    listener = Listener(lender, ["Monitoring raised no alarm.", "Customers called; monitoring raised nothing."])
    spans = listener.segment(document)
    scores = zip(spans, lender.score([document], [spans])[0], listener.score([document], [spans])[0], strict=True)
    gains = {span.of(SOURCE).strip(): raised - plain for span, plain, raised in scores if span.role is Role.CONTENT}
    assert all(gain >= -1e-9 for gain in gains.values())
    assert gains["alarm"] > 0
    assert gains["Monitoring"] > 0
    assert gains["failed"] == pytest.approx(0, abs=1e-6)
    heard = Notes(lender).of(SOURCE, 20, (), ("Monitoring raised no alarm.",))
    assert {"monitoring", "alarm"} <= {bare(word) for word in heard.split()}
    assert set(numbers(heard)) == set(numbers(SOURCE))


def test_an_answer_ends_with_a_sentence() -> None:
    assert whole_sentences("One is done. Two is done. And thr", "A text.") == "One is done. Two is done."
    assert whole_sentences("no marks at all", "a list without marks") == "no marks at all"
