"""Code being written as the query: told from questions, near lines stay, and so does what is like the new code."""

from __future__ import annotations

import random
import sysconfig
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctxzip import Document, compress
from ctxzip.code.continuation import NEXT, PASSAGE, alike, continuation, interleaved, is_unfinished, last_names
from ctxzip.compressors.longcodezip import LongCodeZip, outline_of
from ctxzip.models.tokenizers import load_tokenizer

COUNTER = load_tokenizer("o200k_base")
FILLER = "".join(f"def step_{i}(value):\n    return value * {i} + {i * i}\n\n\n" for i in range(60))
FAR = (
    "def refund_order(order, ledger):\n"
    "    receipt = ledger.find_receipt(order.number)\n"
    "    ledger.credit(order.customer, receipt.amount)\n"
    "    notify_customer(order.customer, receipt)\n"
    "    return receipt\n\n\n"
)
WRITTEN = (
    "def refund_subscription(subscription, ledger):\n"
    "    receipt = ledger.find_receipt(subscription.number)\n"
    "    ledger.credit(subscription.customer, receipt.amount)\n"
)


@pytest.mark.parametrize(
    "query",
    [
        WRITTEN,
        "        if path in seen:\n            continue",
        '    the rest of a docstring\n    that was cut\n    """\n    return 1',
        "export async function load(path: string) {\n  const text = await read(path);",
        "pub(crate) fn grow(&mut self) {\n    self.size += 1;",
        "static int total(int a,\n                 int b) {",
    ],
)
def test_lines_of_code_are_code_being_written(query: str) -> None:
    assert is_unfinished(query)


@pytest.mark.parametrize(
    "query",
    [
        "where is the retry back-off computed?",
        "def retry(call, times):",
        "Find the function that reads rows,\nskips broken ones,\nand returns the rest",
        "    Where is the back-off computed?\n    And who calls it?",
        "Fix this function:\n    def retry(call):\n        return call()",
        "type of the result\nand what it means",
        "Traceback (most recent call last):\n  File \"a.py\", line 1, in <module>\nKeyError: 'x'",
        "Return the first row.\n\nRows are counted from 1 (not from 0); class names come first.",
        "",
    ],
)
def test_questions_are_not(query: str) -> None:
    assert not is_unfinished(query)


def shortened(text: str, tokens: int, query: str = WRITTEN) -> str:
    return compress(Document(text, path="shop.py"), tokens=tokens, method=LongCodeZip(), query=query).text


def test_the_last_lines_stay_and_far_ones_that_are_like_the_new_code() -> None:
    text = FAR + FILLER
    made = shortened(text, 320)
    assert FAR.strip() in made
    assert made.rstrip().endswith(FILLER.rstrip().splitlines()[-1])
    steps = [at for at in range(PASSAGE, 60) if f"def step_{at}(value):" in made]
    assert steps == list(range(60 - len(steps), 60))


def test_where_nothing_is_like_the_new_code_the_last_lines_stay() -> None:
    made = shortened(FILLER, 200, "    unheard_of = 1\n    unheard_of += 1\n")
    steps = [at for at in range(60) if f"def step_{at}(value):" in made]
    assert steps == list(range(60 - len(steps), 60))
    assert len(steps) > 5


def test_of_several_files_the_last_one_is_the_nearest() -> None:
    outlines = [outline_of(Document(FILLER, path=f"{name}.py")) for name in "ab"]
    first, second = continuation(outlines, "    unheard_of = 1\n    unheard_of += 1\n")
    assert [*first, *second] == sorted([*first, *second])
    assert max(first) < min(second)
    assert first[0] > 0 and second[-1] <= 1


def test_a_passage_is_as_like_as_the_share_of_names_in_common_and_rare_names_count_more() -> None:
    names = [{"apple"}] * PASSAGE + [{"pear", "plum"}] * PASSAGE + [{"apple", "fig"}] + [{"apple"}] * (PASSAGE - 1)
    found = alike(names, {"pear", "plum"})
    assert found[0] == 0
    assert found[PASSAGE + 1] == pytest.approx(1)
    assert found[2 * PASSAGE : 2 * PASSAGE + NEXT] == [pytest.approx(1)] * NEXT
    assert found[2 * PASSAGE + NEXT + 2] < 1
    assert alike(names, {"apple", "pear"})[0] < alike(names, {"apple", "pear"})[PASSAGE + 1] < 1
    assert alike([], {"pear"}) == []
    assert last_names("first = 1\n" * 3 + "last = 2\n" * 20) == {"last"}


@given(
    st.lists(st.integers(1, 40), min_size=1, max_size=60),
    st.sampled_from([0.0, 0.25, 0.5]),
    st.randoms(use_true_random=False),
)
def test_of_every_beginning_the_second_ranking_gets_its_share(
    sizes: list[int], share: float, chance: random.Random
) -> None:
    first, second = list(range(len(sizes))), list(range(len(sizes)))
    chance.shuffle(second)
    order = interleaved(first, second, sizes, share)
    assert sorted(order) == first
    for end in range(1, len(order)):
        begun, total = set(order[:end]), sum(sizes[at] for at in order[:end])
        led = next(at for at in second if at not in begun)
        own = sum(sizes[at] for at in begun if second.index(at) < second.index(led))
        assert own >= share * total - max(sizes)


def test_real_files_continued_keep_budget_and_syntax() -> None:
    root = Path(sysconfig.get_paths()["stdlib"])
    files = [path for path in sorted(root.glob("*.py")) if 20_000 < path.stat().st_size < 60_000]
    chance = random.Random(5)
    for path in chance.sample(files, 8):
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        at = chance.randrange(len(lines) // 2, len(lines))
        before = "".join(lines[: at - 20])
        query = "    " + "".join(lines[at - 20 : at]).lstrip()
        made = compress(Document(before, path=path.name), tokens=300, method="longcodezip", query=query)
        assert made.model == "nearness and names"
        assert COUNTER.count(made.text) == made.tokens_after <= 300
        assert made.tokens_after >= 0.97 * 300
        assert again(before, path.name, query) == made.text


def again(text: str, name: str, query: str) -> str:
    return compress(Document(text, path=name), tokens=300, method="longcodezip", query=query).text
