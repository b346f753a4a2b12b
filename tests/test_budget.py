from __future__ import annotations

import pytest

from ctxzip import Budget
from ctxzip.errors import UsageError


@pytest.mark.parametrize(
    ("given", "total", "limit"),
    [
        ({"ratio": "4"}, 1000, 250),
        ({"ratio": 4}, 1003, 250),
        ({"ratio": "2.5x"}, 1000, 400),
        ({"ratio": 3}, 9, 3),
        ({"keep": "25%"}, 1000, 250),
        ({"keep": "0.25"}, 1000, 250),
        ({"keep": 0.1}, 30, 3),
        ({"keep": "100%"}, 7, 7),
        ({"tokens": "2000"}, 10, 2000),
        ({"tokens": 7}, 10, 7),
    ],
)
def test_a_budget_becomes_a_limit(given: dict[str, str], total: int, limit: int) -> None:
    budget = Budget.choose(**given)
    assert budget is not None
    assert budget.resolve(total) == limit


@pytest.mark.parametrize(
    "given",
    [
        {"ratio": "1"}, {"ratio": "0.5"}, {"ratio": "-3"}, {"ratio": "four"}, {"ratio": "nan"}, {"ratio": "inf"},
        {"ratio": "__import__('os')"}, {"ratio": ""}, {"ratio": "1e400"}, {"keep": "0"},
        {"keep": "120%"}, {"keep": "-1"},
        {"keep": "%"}, {"tokens": "0"}, {"tokens": "-5"}, {"tokens": "1.5"}, {"tokens": "many"},
        {"ratio": "2", "keep": "50%"}, {"ratio": "2", "tokens": "5"},
    ],
)  # fmt: skip
def test_what_is_no_budget_is_refused_with_a_hint(given: dict[str, str]) -> None:
    with pytest.raises(UsageError) as caught:
        Budget.choose(**given)
    assert caught.value.hint
    assert caught.value.exit_code == 2


def test_no_budget_is_none() -> None:
    assert Budget.choose() is None
