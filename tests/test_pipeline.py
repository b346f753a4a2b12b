"""The laws of a whole run, on a compressor whose scores are easy to foresee and on real counters."""

from __future__ import annotations

import gc
import json

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from laws import ByLength, is_subsequence, texts

from ctxzip import Compression, Document, compress
from ctxzip.compressors.llmlingua2 import KeepReading
from ctxzip.draft import assemble
from ctxzip.errors import BudgetError, UnknownName, UsageError
from ctxzip.models.tokenizers import load_tokenizer

COUNTERS = st.sampled_from(["o200k_base", "cl100k_base", "words", "chars"])


def made(source: object, **options: object) -> Compression:
    return compress(source, method=ByLength(), **options)  # type: ignore[arg-type]


@given(texts(), st.integers(1, 80), COUNTERS)
def test_never_over_budget_and_the_count_is_true(text: str, tokens: int, counter: str) -> None:
    try:
        result = made(text, tokens=tokens, tokenizer=counter)
    except BudgetError as error:
        assert error.needed > tokens
        return
    assert load_tokenizer(counter).count(result.text) == result.tokens_after <= tokens
    assert result.tokens_after <= result.tokens_before == load_tokenizer(counter).count(text)


@given(texts(), st.integers(1, 80))
def test_the_result_is_a_subsequence_and_its_spans_say_which(text: str, tokens: int) -> None:
    result = made(text, tokens=tokens, allow=["placeholder", "fence", "tag"])
    assert is_subsequence(result.text, text)
    at = 0
    for span in result.spans:
        assert at <= span.start < span.end <= len(text)
        at = span.end
        if span.kept and result.tokens_after:
            assert text[span.start : span.end].strip() in result.text


@given(texts(), st.integers(1, 80))
def test_compressing_the_result_again_changes_nothing(text: str, tokens: int) -> None:
    once = made(text, tokens=tokens, allow=["placeholder", "fence", "tag"])
    assert made(once.text, tokens=tokens).text == once.text


@given(texts(), st.integers(1, 80))
def test_the_same_input_gives_the_same_result(text: str, tokens: int) -> None:
    results = [made(text, tokens=tokens, allow=["all"]) for _ in range(2)]
    assert results[0].text == results[1].text


@given(st.lists(texts(), min_size=2, max_size=4), st.integers(2, 60))
def test_several_inputs_share_one_budget(inputs: list[str], tokens: int) -> None:
    documents = [Document(text, id=f"d{i}", title="T" if i == 1 else None) for i, text in enumerate(inputs)]
    result = made(documents, tokens=tokens, allow=["all"])
    assert load_tokenizer("o200k_base").count(result.text) == result.tokens_after <= tokens
    assert [d.id for d in result.documents] == [d.id for d in documents]
    assert result.text == assemble(result.documents)
    for document, original in zip(result.documents, documents, strict=True):
        assert is_subsequence(document.text, original.text)


@given(texts(), st.integers(1, 60))
def test_what_must_be_kept_is_kept_byte_for_byte(text: str, tokens: int) -> None:
    text = f"Dear {{{{name}}}}, {text} ends ${{HERE}}"
    try:
        result = made(text, tokens=tokens, keep_pattern=r"snake_case_name")
    except BudgetError:
        return
    for needle in ("{{name}}", "${HERE}"):
        assert result.text.count(needle) == text.count(needle)
    assert result.text.count("snake_case_name") == text.count("snake_case_name")


LONG = "\n\n".join(
    f"## Part {n}\n\nThe committee met on day {n} and discussed item {n * 7} at considerable length. "
    f"It decided, after a break, to postpone everything that member {n + 2} had proposed before."
    for n in range(40)
)


@pytest.mark.parametrize("ratio", [1.5, 2, 4, 8, 10])
def test_the_budget_is_used_up(ratio: float) -> None:
    result = made(LONG, ratio=ratio)
    assert result.limit is not None
    assert 0.97 * result.limit <= result.tokens_after <= result.limit


def test_text_within_the_budget_comes_back_unchanged() -> None:
    result = made("  a b\r\n\n", tokens=100)
    assert result.text == "  a b\r\n\n"
    assert "unchanged" in result.notes[0]


def test_without_a_budget_half_is_kept_and_the_report_says_so() -> None:
    result = made(LONG)
    assert result.ratio >= 2
    assert "ratio 2" in result.notes[0]
    assert result.asked == "ratio 2"


def test_an_empty_input_gives_an_empty_result() -> None:
    assert (made("").text, made([]).text, made(["", ""]).text) == ("", "", "")
    assert made("").tokens_after == 0


def test_a_threshold_keeps_what_scores_enough() -> None:
    result = made("tiny considerable words", threshold=0.5)
    assert result.text == "considerable"
    assert result.limit is None


def test_numbers_are_kept_when_asked() -> None:
    result = made(LONG, ratio=2.5, keep_numbers=True)
    assert [c for c in result.text if c.isdigit()] == [c for c in LONG if c.isdigit()]


def test_an_impossible_budget_is_refused_or_met_as_well_as_possible() -> None:
    with pytest.raises(BudgetError) as caught:
        made("keep this thing please", tokens=1, keep_pattern="this thing")
    assert caught.value.needed == 2
    result = made("keep this thing please", tokens=1, keep_pattern="this thing", best_effort=True)
    assert result.text == "this thing"
    assert any("best effort" in note for note in result.notes)


def test_fences_stay_and_what_is_between_them_is_whole_or_gone() -> None:
    text = "Some words first.\n\n```sh\nlong_function_name argument\n```\n\nAnd some more words at the end."
    for ratio in (1.2, 1.5, 2, 3):
        short = made(text, ratio=ratio).text
        assert "```sh\nlong_function_name argument\n```" in short or "```sh\n```" in short
    with pytest.raises(BudgetError):
        made(text, tokens=2)
    assert "`" not in made(text, tokens=2, allow=["fence"]).text


def test_the_report_is_plain_data() -> None:
    report = json.loads(json.dumps(made(["one two three", Document("four five", id="b")], tokens=4).to_dict()))
    assert report["schema"] == 1
    assert report["tokens_after"] <= 4
    assert {"document", "start", "end", "kept", "score", "reason"} == set(report["spans"][0])


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"tokenizer": "no-such"}, UnknownName),
        ({"threshold": 1.5}, UsageError),
        ({"threshold": 0.5, "ratio": 2}, UsageError),
        ({"keep_pattern": "("}, UsageError),
        ({"allow": ["everything"]}, UsageError),
    ],
)
def test_arguments_that_make_no_sense_are_refused(options: dict[str, object], error: type[Exception]) -> None:
    with pytest.raises(error):
        made("some text", **options)


@pytest.mark.parametrize("source", [None, 7, [b"bytes"], "half a pair \ud800"])
def test_what_is_no_text_is_refused(source: object) -> None:
    with pytest.raises(UsageError):
        made(source)


def test_an_unknown_method_lists_the_known_ones() -> None:
    with pytest.raises(UnknownName) as caught:
        compress("text", method="llmlingua")
    assert "llmlingua2" in caught.value.hint


@given(texts())
def test_a_run_without_pins_meets_any_budget(text: str) -> None:
    assume(text.strip())
    assert made(text, tokens=1, allow=["all"]).tokens_after <= 1


def test_the_collector_is_as_it_was_before(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bool] = []

    def failing(_: KeepReading) -> None:
        seen.append(gc.isenabled())
        raise ZeroDivisionError

    monkeypatch.setattr(KeepReading, "read", failing)
    for before in (True, False):
        (gc.enable if before else gc.disable)()
        try:
            with pytest.raises(ZeroDivisionError):
                compress("one two three four five six", ratio=2)
            assert gc.isenabled() is before
        finally:
            gc.enable()
    assert seen == [False, False]
