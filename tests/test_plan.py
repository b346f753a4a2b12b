"""The laws of spending: never over, little left over, order kept, pinned kept, the same answer twice."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctxzip.errors import BudgetError
from ctxzip.plan import Plan, Unit, above, plan
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
