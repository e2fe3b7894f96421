"""What the platform says slows down all who take from the budget, before its limit."""

from collections.abc import Callable

import pytest
from budgets.conftest import Store
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector.budgets.budget import Budget, Budgets

NewBudget = Callable[..., Budget]


@pytest.fixture
def budgets(store: Store) -> Budgets:
    return store.open()


def test_plenty_changes_nothing(budgets: Budgets, new_budget: NewBudget) -> None:
    budget = new_budget(100)
    budgets.told(budget, limit=60_000, remaining=6_000, resets_in=900)
    assert budgets.take(budget, 50) == budgets.take(budget, 50) == 0


def test_what_is_left_may_leave_at_once_and_no_more_before_the_reset(
    store: Store, budgets: Budgets, new_budget: NewBudget
) -> None:
    budget = new_budget(1000, 900)
    budgets.told(budget, limit=100, remaining=9, resets_in=100)
    assert [budgets.take(budget, 3) for _ in range(4)] == [0, 0, 0, 100]
    store.clock.now += 100_000
    assert budgets.take(budget, 900) == 0


def test_another_connection_slows_down_too(
    store: Store, budgets: Budgets, new_budget: NewBudget
) -> None:
    budget, another = new_budget(1000), store.open()
    another.told(budget, limit=100, remaining=0, resets_in=7.5)
    assert budgets.take(budget, 1) == 7.5


def test_more_than_is_left_waits_for_the_reset(budgets: Budgets, new_budget: NewBudget) -> None:
    budget = new_budget(60_000, 900)
    budgets.told(budget, limit=60_000, remaining=499, resets_in=30)
    assert budgets.take(budget, 500) == 30
    assert budgets.take(budget, 499) == 0


def test_the_window_holds_beside_it(store: Store, budgets: Budgets, new_budget: NewBudget) -> None:
    budget = new_budget(100, 60)
    assert budgets.take(budget, 100) == 0
    budgets.told(budget, limit=100, remaining=5, resets_in=10)
    store.clock.now += 10_000
    assert budgets.take(budget, 1) == 50.001


def test_an_answer_that_was_overtaken_gives_nothing_back(
    budgets: Budgets, new_budget: NewBudget
) -> None:
    budget = new_budget(1000)
    budgets.told(budget, limit=100, remaining=0, resets_in=20)
    budgets.told(budget, limit=100, remaining=8, resets_in=21)
    assert budgets.take(budget, 1) == 21


def test_a_later_reset_begins_anew(budgets: Budgets, new_budget: NewBudget) -> None:
    budget = new_budget(1000)
    budgets.told(budget, limit=100, remaining=0, resets_in=20)
    budgets.told(budget, limit=100, remaining=8, resets_in=80)
    assert budgets.take(budget, 8) == 0


def test_nothing_that_is_told_blocks_for_more_than_an_hour(
    store: Store, budgets: Budgets, new_budget: NewBudget
) -> None:
    budget = new_budget(1000)
    budgets.told(budget, limit=10**11, remaining=0, resets_in=1e11)
    assert budgets.take(budget, 1) == 3600
    store.clock.now -= 1
    assert budgets.take(budget, 1) == 0


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    takings=st.lists(st.integers(1, 8), min_size=1, max_size=12),
    left=st.integers(0, 30), resets_in=st.integers(1, 5_000),
)  # fmt: skip
def test_no_more_leaves_before_the_reset_than_the_platform_said(
    store: Store, budgets: Budgets, new_budget: NewBudget,
    *, takings: list[int], left: int, resets_in: int,
) -> None:  # fmt: skip
    budget, clock = new_budget(100, 1.0), store.clock
    assert budgets.take(budget, 5) == 0
    budgets.told(budget, limit=1000, remaining=left, resets_in=resets_in / 1000)
    resets_at, before = clock.now + resets_in, 0
    for amount in takings:
        while seconds := budgets.take(budget, amount):
            clock.now += round(seconds * 1000)
        before += amount if clock.now < resets_at else 0
        assert clock.now <= resets_at + budget.span + 1
    assert before <= left
