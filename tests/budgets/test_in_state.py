import time
from collections.abc import Callable
from pathlib import Path

import pytest
from budgets.taking import open_budgets

from connector.budgets.budget import Budget
from connector.budgets.in_state import StateBudgets, clock_of
from connector.errors import UnreachableError
from connector.state import database
from connector.state.place import place_of

NewBudget = Callable[..., Budget]


def test_postgresql_s_clock_is_the_one_that_counts(
    postgresql_url: str, new_budget: NewBudget
) -> None:
    budget = new_budget()
    with database.opened(place_of(postgresql_url, Path())) as state:
        budgets = StateBudgets(database=state, clock=clock_of(state, lambda: 0.0))
        assert budgets.take(budget, 1) == 0
        [(at,)] = state.read("select used_at from budgets where name = :name", name=budget.name)
    assert at == pytest.approx(time.time() * 1000, abs=30_000)


def test_beside_a_file_this_host_s_clock_counts(sqlite_url: str, new_budget: NewBudget) -> None:
    budget = new_budget()
    with database.opened(place_of(sqlite_url, Path())) as state:
        budgets = StateBudgets(database=state, clock=clock_of(state, lambda: 12.3456))
        assert budgets.take(budget, 7) == 0
        [row] = state.read("select * from budgets where name = :name", name=budget.name)
    assert row == (budget.name, 12_345, 7)


def test_the_clock_is_read_when_all_others_have_written(
    sqlite_url: str, new_budget: NewBudget
) -> None:
    budget = new_budget()
    with (
        database.opened(place_of(sqlite_url, Path()), busy_seconds=0) as other,
        database.opened(place_of(sqlite_url, Path())) as state,
    ):

        def now() -> float:
            with pytest.raises(UnreachableError, match="locked"), other.write():
                pass
            return 1.0

        assert StateBudgets(database=state, clock=clock_of(state, now)).take(budget, 1) == 0


def test_a_state_that_is_busy_for_too_long_is_out_of_reach(
    sqlite_url: str, new_budget: NewBudget
) -> None:
    place = place_of(sqlite_url, Path())
    with (
        database.opened(place) as other,
        database.opened(place, busy_seconds=0) as state,
        other.write(),
        pytest.raises(UnreachableError, match=r"connector\.db"),
    ):
        StateBudgets(database=state, clock=lambda _: 0).take(new_budget(), 1)


def test_plenty_is_not_written_down(sqlite_url: str, new_budget: NewBudget) -> None:
    place, budget = place_of(sqlite_url, Path()), new_budget()
    with database.opened(place) as other, open_budgets(sqlite_url) as budgets, other.write():
        budgets.told(budget, limit=60_000, remaining=6_000, resets_in=1)
