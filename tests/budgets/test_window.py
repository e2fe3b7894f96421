"""One store after the other, by a clock that the test sets."""

from collections import deque
from collections.abc import Callable
from pathlib import Path

import pytest
import redis
from budgets.conftest import Store
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector.budgets.budget import Budget, Budgets
from connector.state import database
from connector.state.place import place_of

NewBudget = Callable[..., Budget]
HOUR = 3_600_000


@pytest.fixture
def budgets(store: Store) -> Budgets:
    return store.open()


def test_what_fits_is_taken_and_what_does_not_waits_for_the_oldest(
    store: Store, budgets: Budgets, new_budget: NewBudget
) -> None:
    budget = new_budget(100, 60)
    assert budgets.take(budget, 60) == 0
    store.clock.now += 10_000
    assert budgets.take(budget, 40) == 0
    assert budgets.take(budget, 1) == 50.001
    assert budgets.take(budget, 60) == 50.001
    assert budgets.take(budget, 61) == 60.001
    store.clock.now += 50_000
    assert budgets.take(budget, 60) == 0.001
    store.clock.now += 1
    assert budgets.take(budget, 60) == 0


def test_who_has_to_wait_has_taken_nothing(budgets: Budgets, new_budget: NewBudget) -> None:
    budget = new_budget(100)
    assert budgets.take(budget, 90) == 0
    assert budgets.take(budget, 20) > 0
    assert budgets.used(budget) == 90
    assert budgets.take(budget, 10) == 0


def test_two_connections_share_a_budget(
    store: Store, budgets: Budgets, new_budget: NewBudget
) -> None:
    budget, another = new_budget(100), store.open()
    assert budgets.take(budget, 50) == another.take(budget, 50) == 0
    assert budgets.take(budget, 1) == another.take(budget, 1) == 60.001


def test_another_name_is_another_budget(budgets: Budgets, new_budget: NewBudget) -> None:
    one, other = new_budget(100), new_budget(100)
    assert budgets.take(one, 100) == 0
    assert budgets.take(other, 100) == 0


def test_more_than_the_budget_goes_alone(
    store: Store, budgets: Budgets, new_budget: NewBudget
) -> None:
    budget = new_budget(100, 60)
    assert budgets.take(budget, 1) == 0
    store.clock.now += 30_000
    assert budgets.take(budget, 500) == 30.001
    store.clock.now += 30_001
    assert budgets.take(budget, 500) == 0
    assert budgets.take(budget, 1) == budgets.take(budget, 500) == 60.001
    store.clock.now += 60_001
    assert budgets.take(budget, 1) == 0


@pytest.mark.parametrize("back", [1, 59_000, 24 * HOUR, 20_000 * HOUR])
def test_a_clock_that_was_set_back_blocks_for_no_more_than_a_window(
    store: Store, budgets: Budgets, new_budget: NewBudget, back: int
) -> None:
    budget = new_budget(100, 60)
    assert budgets.take(budget, 60) == budgets.take(budget, 40) == 0
    store.clock.now -= back
    assert budgets.take(budget, 50) == 60.001
    assert budgets.used(budget) == 100
    store.clock.now += 60_001
    assert budgets.take(budget, 100) == 0


def test_what_has_left_the_window_is_forgotten(
    store: Store, budgets: Budgets, new_budget: NewBudget
) -> None:
    budget = new_budget(100, 60)
    for _ in range(20):
        assert budgets.take(budget, 50) == 0
        store.clock.now += 30_001
    assert budgets.used(budget) == 50
    assert kept(store.url, budget) == 1


def kept(url: str, budget: Budget) -> int:
    """How many takings a store still holds."""
    if url.startswith("redis"):
        with redis.Redis.from_url(url) as client:
            key = f"connector:budget:{{{budget.name}}}"
            return int(client.zcard(key))
    with database.opened(place_of(url, Path())) as state:
        return len(state.read("select 1 from budgets where name = :name", name=budget.name))


STEPS = st.lists(
    st.tuples(st.sampled_from([0, 1, 7, 250, 499, 500, 501, 1000]), st.integers(1, 14)),
    max_size=20,
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS, limit=st.integers(1, 12), seconds=st.sampled_from([0.0001, 0.5, 1.0]))
def test_every_store_keeps_the_window_and_makes_nobody_wait_for_longer(
    store: Store, budgets: Budgets, new_budget: NewBudget,
    *, steps: list[tuple[int, int]], limit: int, seconds: float,
) -> None:  # fmt: skip
    budget, clock = new_budget(limit, seconds), store.clock
    taken: deque[tuple[int, int]] = deque()
    for pause, amount in steps:
        clock.now += pause
        while taken and taken[0][0] + budget.span < clock.now:
            taken.popleft()
        room = limit - sum(used for _, used in taken)
        fits = amount <= room or not taken
        seconds_to_wait = budgets.take(budget, amount)
        assert (seconds_to_wait == 0) == fits
        if fits:
            taken.append((clock.now, amount))
        else:
            leaves = next(
                moment for moment, _ in taken
                if sum(used for at, used in taken if at > moment) + amount <= limit
                or moment == taken[-1][0]
            )  # fmt: skip
            assert round(seconds_to_wait * 1000) == leaves + budget.span + 1 - clock.now
