"""The laws of spending: never over, little left over, order kept, pinned kept, the same answer twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctxzip.errors import BudgetError
from ctxzip.plan import Plan, Unit, above, plan
from ctxzip.shares import greedy, knapsack, water_fill
from ctxzip.text import Span

scores = st.integers(0, 1000).map(lambda n: n / 1000)
units_strategy = st.lists(
    st.builds(
        Unit, st.just(0), st.just(Span(0, 1)), st.integers(1, 30), scores, st.sampled_from([False, False, False, True])
    ),
    max_size=60,
)


def make(units: Sequence[Unit], limit: int, joint: int = 0) -> Plan:
    def count(kept: Sequence[int]) -> int:
        return sum(units[i].tokens for i in kept) + joint * max(0, len(kept) - 1)

    return plan(units, limit, count)


@given(units_strategy, st.integers(0, 500), st.integers(0, 2))
def test_a_plan_is_never_over_and_leaves_nothing_out_that_fits(units: list[Unit], limit: int, joint: int) -> None:
    try:
        made = make(units, limit, joint)
    except BudgetError as error:
        assert error.needed > limit
        return
    assert made.tokens <= limit
    assert all(made.allotments[i].kept for i, unit in enumerate(units) if unit.pinned)
    for i, unit in enumerate(units):
        if i not in made.kept:
            assert made.tokens + unit.tokens + (joint if made.kept else 0) > limit


@given(units_strategy, st.integers(0, 500))
def test_a_plan_is_deterministic(units: list[Unit], limit: int) -> None:
    try:
        first = make(units, limit)
    except BudgetError:
        return
    assert first.kept == make(units, limit).kept


@given(st.lists(scores, min_size=1, max_size=40), st.integers(0, 40))
def test_among_units_of_one_size_the_best_are_kept(values: list[float], limit: int) -> None:
    units = [Unit(0, Span(i, i + 1), 1, value) for i, value in enumerate(values)]
    made = make(units, limit)
    kept = sorted((units[i].score for i in made.kept), reverse=True)
    assert kept == sorted(values, reverse=True)[: min(limit, len(values))]


def test_too_much_pinned_says_how_much_is_needed() -> None:
    units = [Unit(0, Span(0, 1), 9, 0.5, pinned=True)]
    with pytest.raises(BudgetError, match="takes 9 tokens, the budget is 5"):
        make(units, 5)
    assert plan(units, 5, lambda kept: 9 * len(kept), best_effort=True).tokens == 9


def test_the_best_unit_left_out_is_named() -> None:
    units = [Unit(0, Span(0, 1), 50, 0.9), Unit(0, Span(1, 2), 5, 0.1)]
    assert make(units, 10).skipped == units[0]
    assert make(units, 100).skipped is None


def test_a_threshold_keeps_every_unit_at_or_above_it() -> None:
    units = [Unit(0, Span(i, i + 1), 1, i / 10) for i in range(10)]
    assert above(units, 0.7, len).kept == [7, 8, 9]


def test_knapsack_takes_only_what_raises_the_value() -> None:
    assert knapsack([3, 4, 2, 5], [1, -2, 0, 5], 9) == [0, 3]
    assert greedy([3, 4, 2, 5], [1, -2, 0, 5], 12) == [3, 0, 2]
    assert knapsack([3], [1.0], 2) == knapsack([], [], 5) == []


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(-3, 9)), max_size=9), st.integers(0, 30))
def test_knapsack_is_the_best_there_is(items: list[tuple[int, int]], capacity: int) -> None:
    weights, values = [w for w, _ in items], [float(v) for _, v in items]
    chosen = knapsack(weights, values, capacity)
    choices = [[i for i in range(len(items)) if mask >> i & 1] for mask in range(1 << len(items))]
    fitting = [c for c in choices if sum(weights[i] for i in c) <= capacity]
    assert sum(weights[i] for i in chosen) <= capacity
    assert sum(values[i] for i in chosen) == max(sum(values[i] for i in c) for c in fitting)


@given(st.lists(st.tuples(st.integers(1, 500), st.floats(0.1, 2)), min_size=1, max_size=20), st.integers(0, 5000))
def test_water_filling_spends_the_budget_and_no_share_exceeds_one(parts: list[tuple[int, float]], budget: int) -> None:
    sizes, weights = [s for s, _ in parts], [w for _, w in parts]
    shares = water_fill(sizes, weights, budget)
    assert all(0 <= share <= 1 for share in shares)
    spent = sum(share * size for share, size in zip(shares, sizes, strict=True))
    assert spent == pytest.approx(min(budget, sum(sizes)), rel=1e-6, abs=1e-6)


@given(units_strategy, st.integers(1, 400), st.integers(0, 2))
def test_groups_obey_the_budget(units: Sequence[Unit], limit: int, joint: int) -> None:
    grouped = [replace(unit, group=(0, index // 4)) for index, unit in enumerate(units)]
    try:
        made = make(grouped, limit, joint)
    except BudgetError:
        return
    assert made.tokens <= limit
    assert all(index in made.kept for index, unit in enumerate(grouped) if unit.pinned)
    assert make(grouped, limit, joint) == made
