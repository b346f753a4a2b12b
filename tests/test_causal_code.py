"""The fast scoring of code equals the slow one: E1, E2, E3 of the design, and the released formula."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray
from tiny_lm import TEXT, reader, scorer, sliding_reader, tiny

from ctxzip import Document, compress
from ctxzip.code.spikes import pseudo_lines, spikes, threshold
from ctxzip.compressors.code_judgement import FINE_PIECES
from ctxzip.compressors.longcodezip import LongCodeZip
from ctxzip.models.causal_code import (
    PROBE_FEATURES,
    READ,
    SEEN,
    CausalScorer,
    ChunkMemory,
    best_pieces,
    glimpse,
)
from ctxzip.models.causal_losses import CausalReader
from ctxzip.models.code_features import CodePiece
from ctxzip.models.code_ranking import Probe, Ranking
from ctxzip.models.code_scorer import encoder_scorer
from ctxzip.models.line_perplexity import blocks, gains, line_bits
from ctxzip.models.tokenizers import load_tokenizer

QUERY = "how are books found by title?"
CHUNKS = ["def f():\n    return 1\n", TEXT[:120], TEXT, "class A:\n    pass\n" * 9]


def _losses_one_by_one(ids: list[int], start: int, *, begin: bool) -> list[float]:
    """The plain way: one forward, full logits, no padding."""
    import torch

    model, _ = tiny(begin)
    with torch.inference_mode():
        logits = model(input_ids=torch.tensor([ids])).logits[0].double()
    chances = torch.log_softmax(logits, dim=-1)
    return [-float(chances[at - 1, ids[at]]) for at in range(start, len(ids))]


@pytest.mark.parametrize("begin", [False, True])
def test_e1_one_forward_gives_the_line_values_of_one_forward_per_line(begin: bool) -> None:
    lines = pseudo_lines(TEXT)
    fast = line_bits(reader(start=begin), TEXT)
    tool = reader(start=begin)
    prefix = ""
    for line, value in zip(lines, fast, strict=True):
        if line:
            start = max(1, len(tool.ids(prefix)) if prefix else 0)
            slow = _losses_one_by_one(tool.ids(prefix + line), start, begin=begin)
            expected = sum(slow) / len(slow) / math.log(2) if slow else math.inf
            assert value == pytest.approx(expected, abs=1e-4)
        else:
            assert value == 0
        prefix += line + "\n"


def test_e1_reads_every_token_about_once() -> None:
    tool = reader()
    line_bits(tool, TEXT)
    naive = sum(len(tool.ids("\n".join(pseudo_lines(TEXT)[: i + 1]))) for i in range(len(pseudo_lines(TEXT))))
    assert tool.tokens_read < naive / 4


@pytest.mark.parametrize("begin", [False, True])
def test_e2_batches_with_a_sliced_head_equal_single_forwards(begin: bool) -> None:
    tool = reader(start=begin)
    batched = tool.question_losses(QUERY, CHUNKS)
    for chunk, losses in zip(CHUNKS, batched, strict=True):
        ids = tool.ids(chunk + "\n\n" + QUERY)
        start = len(tool.ids(chunk + "\n\n"))
        assert losses == pytest.approx(_losses_one_by_one(ids, start, begin=begin), rel=2e-4)


@pytest.mark.parametrize("make", [lambda: reader(start=True), sliding_reader], ids=["llama", "gemma"])
def test_e3_remembered_chunks_give_the_same_losses_for_further_questions(make: Callable[[], CausalReader]) -> None:
    tool = make()
    compared = 0
    for chunk in CHUNKS:
        memory = tool.remember(chunk)
        for query in (QUERY, "sum of values"):
            again = tool.ask(query, chunk, memory)
            if again is not None:
                compared += 1
                assert again == pytest.approx(tool.question_losses(query, [chunk])[0], rel=2e-4)
    assert compared >= 4


def test_a_second_question_about_the_same_chunks_reads_little_more_than_itself() -> None:
    tool = reader(start=True)
    memory = ChunkMemory(tool)
    questions = (QUERY, "sum of values", "title of a book?")
    fresh = [tool.question_losses(query, CHUNKS) for query in questions]
    costs = []
    for query, expected in zip(questions, fresh, strict=True):
        before = tool.tokens_read
        for losses, each in zip(memory.question_losses(query, CHUNKS), expected, strict=True):
            assert losses == pytest.approx(each, rel=2e-4)
        costs.append(tool.tokens_read - before)
    assert costs[2] < costs[0] / 2


def test_memory_of_chunks_is_bounded() -> None:
    tool = reader(start=True)
    small = ChunkMemory(tool, most=1)
    for query in (QUERY, "sum of values", "title of a book?"):
        small.question_losses(query, CHUNKS)
    assert len(small._kept) == 1


@pytest.mark.parametrize("make", [lambda: reader(start=True), sliding_reader], ids=["llama", "gemma"])
def test_e4_states_of_a_lower_layer_are_those_of_the_whole_model(make: Callable[[], CausalReader]) -> None:
    import torch

    tool = make()
    found = tool.states(QUERY, CHUNKS, 1)
    for chunk, state in zip(CHUNKS, found, strict=True):
        ids, start = tool.ids(chunk + "\n\n" + QUERY), len(tool.ids(chunk + "\n\n"))
        with torch.inference_mode():
            whole = tool._model(input_ids=torch.tensor([ids]), output_hidden_states=True).hidden_states
        assert len(whole) == 3
        assert state == pytest.approx(whole[1][0, start:].mean(dim=0).numpy(), abs=1e-4)


def _probing(direction: NDArray[np.float32]) -> CausalScorer:
    return CausalScorer(reader(start=True), "tiny", light=encoder_scorer(kept=False), probe=Probe(1, direction))


def test_what_the_probe_says_ranks_what_was_read_and_nothing_else_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"step_{i}" for i in range(3 * READ)]
    pieces = [CodePiece(name, f"def {name}(x):\n    return x + {i}\n") for i, name in enumerate(names)]
    probing = _probing(np.zeros(48, dtype=np.float32))
    light = encoder_scorer(kept=False).relevance(QUERY, pieces)
    shown = best_pieces(light, pieces)
    states = probing.states(QUERY, [pieces[at] for at in shown], 1)
    last = int(shown[-1])
    direction = (states[-1] - states[:-1].mean(axis=0)).astype(np.float32)
    probed = states @ direction
    table = Ranking(PROBE_FEATURES, np.array([0, probed.mean()]), np.array([1, np.ptp(probed)]), np.array([0.01, 9]))
    monkeypatch.setattr("ctxzip.models.causal_code.ranking", lambda _: table)
    values = _probing(direction).relevance(QUERY, pieces)
    assert int(np.argmax(values)) == last != int(np.argmax(light))
    rest = np.setdiff1d(np.arange(len(pieces)), shown)
    assert (np.argsort(values[rest]) == np.argsort(light[rest])).all()
    blank = _probing(np.zeros(48, dtype=np.float32))
    assert np.argsort(blank.relevance(QUERY, pieces)).tolist() == np.argsort(light).tolist()
    assert blank.reader.tokens_read == sum(len(blank.reader.ids(glimpse(pieces[at]) + "\n\n" + QUERY)) for at in shown)


def test_the_model_reads_code_without_its_description_and_of_long_chunks_both_ends() -> None:
    assert glimpse(CodePiece("f", 'def f():\n    """Say."""\n    return 1\n', code="def f():\n    return 1\n")) == (
        "def f():\n    return 1"
    )
    long = glimpse(CodePiece("f", "def f():\n" + "    x += 1\n" * 400 + "    return x\n"))
    assert long.startswith("def f():\n    x") and long.endswith("return x") and len(long) <= SEEN + 1


def test_chunks_without_a_name_are_read_last() -> None:
    pieces = [CodePiece("" if i % 2 else f"f{i}", f"x{i} = {i}\n") for i in range(2 * READ + 2)]
    shown = best_pieces(np.arange(len(pieces), dtype=np.float64), pieces)
    assert all(pieces[at].name for at in shown)
    assert shown[0] == 2 * READ


def test_the_question_is_never_cut_and_an_endless_chunk_does_not_win() -> None:
    tool = reader()
    huge = TEXT * 60
    losses = tool.question_losses(QUERY, [huge])[0]
    assert len(losses) == len(tool.ids(QUERY))
    assert np.isfinite(scorer().gains(QUERY, [huge, TEXT])).all()


def test_without_a_start_token_both_terms_leave_out_the_first_token_of_the_question() -> None:
    tool = reader()
    asked = len(tool.ids(QUERY))
    assert len(tool.question_losses(QUERY, [""])[0]) == asked - 1
    assert len(reader(start=True).question_losses(QUERY, [""])[0]) == asked


def test_compat_is_the_difference_of_perplexities() -> None:
    tool = scorer(start=True, compat=True)
    base, given = tool.reader.question_losses(QUERY, ["", CHUNKS[0]])
    expected = np.exp(base.mean()) - np.exp(given[1:].mean())
    assert tool.gains(QUERY, [CHUNKS[0]])[0] == pytest.approx(expected, rel=1e-5)


def test_every_part_of_a_chunk_gets_a_value() -> None:
    cuts = [i + 1 for i, c in enumerate(TEXT) if c == "\n"]
    values = scorer().lines(QUERY, CodePiece("Shelf", TEXT), cuts)
    assert len(values) == len(cuts)
    assert values.min() == 0 and values.max() == 1


def test_pseudo_lines_follow_the_released_implementation() -> None:
    assert pseudo_lines("a\n\nb\n\n\nc\n") == ["a", " ", "b", " ", "", "c", ""]


@pytest.mark.parametrize(("method", "expected"), [("std", 2.7236), ("robust", 2.79652), ("iqr", 3.55), ("mad", 2.7)])
def test_thresholds(method: str, expected: float) -> None:
    assert threshold([1, 2, 3, 4, 0, math.inf], method) == pytest.approx(expected, abs=1e-4)
    assert threshold([1, 2], method) == 0.5


def test_a_spike_is_above_one_neighbour_and_below_none() -> None:
    assert spikes([0, 5, 0, 1, 1, math.inf, 0], 2) == [1]
    assert blocks([0, 9, 0, 0, 0, 0], range(1, 7)) == [range(0, 2), range(2, 6)]


def test_a_spike_inside_a_statement_cuts_after_it_and_its_block_shares_one_gain() -> None:
    ends = [1, 4, 6]
    assert blocks([0, 9, 0, 0, 0, 0], ends) == [range(0, 2), range(2, 3)]
    found = gains([1, 9, 1, 1, 3, 5], [1, 3, 1, 1, 2, 2], ends)
    assert found.tolist() == [1.5, 1.5, 2.0]


@pytest.mark.parametrize("share", [2.4, 5.6])
def test_only_the_lines_of_functions_that_a_plan_cuts_are_looked_at(share: float) -> None:
    body = "".join(f"    value = value * {i} + len(str(value))\n" for i in range(9)) + "    return value\n"
    functions = [f"def step_{i}(value):\n{body}" for i in range(8)]
    document = Document("\n\n".join(functions), path="steps.py")
    judge = scorer(start=True)
    looked: list[str] = []

    def look(query: str, piece: CodePiece, cuts: Sequence[int]) -> NDArray[np.float64]:
        looked.append(piece.text.strip() + "\n")
        return CausalScorer.lines(judge, query, piece, cuts)

    compressor = LongCodeZip()
    compressor.__dict__["_scorer"] = judge
    judge.__dict__["lines"] = look
    tokens = int(share * load_tokenizer("o200k_base").count(functions[0]))
    made = compress(document, tokens=tokens, method=compressor, query="what does a step add to the value?").text
    assert sum(function in made for function in functions) == int(share)
    assert 1 <= len(looked) == len(set(looked)) <= FINE_PIECES
    assert all(function in functions and function not in made for function in looked)
