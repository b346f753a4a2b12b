"""Nothing breaks: the torture set and documents put together at random, looked at from outside."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from laws import ByLength

from benchmarks.fuzz.attempts import attempt
from benchmarks.structure.checks import failures
from ctxzip import Compression, Document, compress
from ctxzip.errors import BudgetError
from ctxzip.models.tokenizers import load_tokenizer
from ctxzip.structure.regions import regions

TORTURE = {path.name: path.read_bytes().decode() for path in sorted((Path(__file__).parent / "torture").iterdir())}
QUERY = "What must not be done, and where does it say so?"


def sound(text: str, name: str, **options: object) -> Compression | None:
    """Compress, look at the result from outside, and return it; None if the budget is impossible."""
    try:
        result = compress(Document(text, path=name), **options)  # type: ignore[arg-type]
    except BudgetError as error:
        assert error.needed > error.limit
        return None
    assert failures(text, result.text, name) == {}, result.text
    assert result.limit is not None
    assert load_tokenizer("o200k_base").count(result.text) == result.tokens_after <= result.limit
    return result


def test_the_torture_set_is_large_enough() -> None:
    assert len(TORTURE) >= 60
    found = {region.kind for name, text in TORTURE.items() for region in regions(Document(text, path=name))}
    assert found == {"code", "table", "json", "markup", "data", "log", "chat"}


@pytest.mark.parametrize("name", TORTURE)
def test_no_ratio_breaks_anything(name: str) -> None:
    for ratio in (1.5, 2, 4, 8):
        result = sound(TORTURE[name], name, ratio=ratio, method=ByLength())
        if result:
            again = compress(Document(result.text, path=name), tokens=result.limit, method=ByLength())
            assert again.text == result.text


SAMPLE = random.Random(11).sample(sorted(TORTURE), 10)


@pytest.mark.parametrize("name", SAMPLE)
@pytest.mark.parametrize(("method", "query"), [("llmlingua2", None), ("exit", QUERY), ("recomp", QUERY)])
def test_no_method_breaks_anything(name: str, method: str, query: str | None) -> None:
    sound(TORTURE[name], name, ratio=random.Random(name).choice([1.5, 2, 4, 8]), method=method, query=query)


SENTENCES = (
    "The bridge was closed for 14 days because nobody had paid for the paint.",
    "Never tell {{user}} what it cost, unless they ask at least twice.",
    "See https://example.org/a?b=1 or write to anna@example.org before 2026-03-09.",
    "It is not known whether v2.10.3 is any better than the older one.",
    "会议定于星期五举行。请带上 {{report}}。",
)
BLOCKS = (
    "```python\ndef f(x):\n    y = x + 1\n    if y > 2:\n        return y\n    return None\n```",
    '```json\n{"rows": [{"id": 1, "state": "ok"}, {"id": 2, "state": "ok"}, {"id": 3, "state": "failed"}]}\n```',
    "```yaml\na:\n  b: 1\n  c:\n    - x\n    - y\n```",
    "```\nplain text in a fence\nof two lines\n```",
    "| a | b |\n|---|---|\n| one | 1 |\n| two | 2 |",
    "<rules>\nDo not shout.\n</rules>",
    "".join(f"2026-03-09 02:14:{n:02d} INFO poll {n}\n" for n in range(9)) + "2026-03-09 02:15:00 ERROR broken",
    "- first item, which is long enough\n- second item, never to be forgotten",
    "# A heading",
    "    indented = code()\n    print(indented)",
    json.dumps({"items": [{"k": n, "v": "value " * 4} for n in range(6)]}),
    "> a quotation that somebody made without asking",
)


@given(st.lists(st.sampled_from(SENTENCES + BLOCKS), max_size=12), st.sampled_from([1.3, 2, 3, 5, 8]))
@example([SENTENCES[2], BLOCKS[1], BLOCKS[6], BLOCKS[6]], 3)  # most lines are a log's, yet the text is none
@example([SENTENCES[0], BLOCKS[4], BLOCKS[6], BLOCKS[6]], 5)
@example([BLOCKS[6], json.dumps({"state": ["ok"] * 3, "failed": [1, 2]}, indent=1), BLOCKS[6], BLOCKS[6]], 3)
@settings(max_examples=120)
def test_whatever_is_put_together_stays_sound(parts: list[str], ratio: float) -> None:
    text = "\n\n".join(parts)
    if text:
        sound(text, "text.md", ratio=ratio, method=ByLength())


def short(text: str, path: str | None = None, **options: object) -> str:
    options.setdefault("method", ByLength())
    return compress(Document(text, path=path), **options).text  # type: ignore[arg-type]


def test_json_is_compacted_before_anything_is_left_out() -> None:
    text = json.dumps([{"id": n, "name": f"n{n}"} for n in range(30)], indent=4)
    made = short(text, ratio=1.5)
    assert json.loads(made) == json.loads(text)
    assert len(made) < len(text)


def test_thinned_json_says_how_much_is_missing_and_keeps_what_stands_out() -> None:
    rows = [{"id": n, "state": "ok", "value": 20 + n % 3} for n in range(60)]
    rows[41]["state"] = "failed"
    rows[17]["value"] = 9000
    left = json.loads(short(json.dumps(rows), ratio=8))
    assert rows[41] in left
    assert rows[17] in left
    assert left[-1] == f"… {60 - (len(left) - 1)} more"


def test_messages_keep_rules_and_the_last_question() -> None:
    rules, question = "Never promise refunds to anybody.", "What about the lid of my kettle?"
    talk = [
        {"role": ("user", "assistant")[n % 2], "content": f"{n} " + "so we talked on and on. " * 9} for n in range(8)
    ]
    messages = [{"role": "system", "content": rules}, *talk, {"role": "user", "content": question}]
    left = json.loads(short(json.dumps({"messages": messages}), ratio=4))["messages"]
    assert left[0] == messages[0]
    assert left[-1] == messages[-1]
    assert all(set(message) == {"role", "content"} for message in left)


def test_logs_fold_repeats_with_a_count_and_keep_failures() -> None:
    lines = [f"2026-03-09 02:14:{n:02d} INFO poll {n} took {n * 3} ms" for n in range(40)]
    lines[25] = "2026-03-09 02:14:25 ERROR disk 3 is gone"
    made = short("\n".join(lines) + "\n", ratio=8)
    assert lines[25] in made
    assert made.startswith(lines[0])
    assert " more like this)" in made


def test_a_table_keeps_its_header_and_turns_their_speaker() -> None:
    table = "| a | b |\n|---|---|\n" + "".join(f"| row {n} | value {n} |\n" for n in range(20))
    made = short(table, ratio=4)
    assert made.startswith("| a | b |\n|---|---|\n| row")
    talk = "User: Could you tell me something about lighthouses?\nAssistant: They stand on rocks and shine at night.\n"
    for line in short(talk * 3, ratio=2).splitlines():
        assert line.startswith(("User:", "Assistant:"))


def test_bound_words_go_with_what_they_govern() -> None:
    text = "You must never promise refunds to customers, although it may be tempting at times to do precisely that."
    for ratio in (1.2, 1.5, 2, 3, 5):
        words = short(text, ratio=ratio)
        governed = any(word in words for word in ("promise", "refunds", "customers"))
        assert ("never" in words) == governed == ("must" in words)
    assert short("No, the warranty does not cover water damage.", ratio=2).startswith("No,")


def test_pragmas_are_obeyed_even_with_everything_allowed() -> None:
    shielded = "<!-- ctxzip: off -->\nkeep   this\n\nand | this |\n<!-- ctxzip: on -->"
    text = f"Some words that may go away without harm to anybody.\n\n{shielded}\n\nAnd some more of them at the end."
    assert shielded in short(text, tokens=26)
    assert shielded in short(text, tokens=26, allow=["all"])


def test_kinds_can_be_switched_off_and_are_counted() -> None:
    text = "Dear {{name}}, your order ORD-17 of 9 March 2026 is on its way and should not take more than a week."
    result = compress(text, ratio=2, method=ByLength())
    assert result.checks == {"placeholder": 1}
    held = result.to_dict()["protected"]
    assert held["placeholder"]["found"] == held["placeholder"]["kept"] == 1
    assert held["placeholder"]["tokens"] > 0
    assert set(held) == {"placeholder", "date", "identifier", "number", "negation", "limit"}
    assert "{{name}}" not in short(text, tokens=2, allow=["placeholder"])
    with pytest.raises(BudgetError) as caught:
        short(text, tokens=2)
    assert "placeholder" in caught.value.message
    assert "--allow placeholder" in caught.value.hint


def test_the_closing_line_break_goes_before_content_does() -> None:
    assert short("hello\n", tokens=1) == "hello"
    assert short("hello there, everybody\n", tokens=2).strip()
    assert short("hello\n", tokens=2) == "hello\n"


@pytest.mark.parametrize("seed", range(0, 60, 4))
def test_odd_inputs_end_with_an_exit_code(seed: int, tmp_path: Path) -> None:
    kind, code, _, wrong = attempt(seed, tmp_path, model=False)
    assert not wrong, f"{kind}: {wrong}"
    assert code in (0, 1, 2)


def test_a_tag_that_is_never_closed_takes_no_time() -> None:
    from ctxzip.structure.markup import TAG

    text = f"</b>\n<i {'one two, ' * 400}"
    assert [match.group() for match in TAG.finditer(text)] == ["</b>"]
    assert [match.group() for match in TAG.finditer('<a b c = "d" e=f>')] == ['<a b c = "d" e=f>']
