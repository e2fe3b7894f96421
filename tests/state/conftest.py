"""A new state, on SQLite and on PostgreSQL, and ledgers of runs that are under way."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from connector.state import database, runs
from connector.state.database import Database
from connector.state.ledger import Ledger
from connector.state.place import Place

Begin = Callable[..., Ledger]


@pytest.fixture
def state(place: Place) -> Iterator[Database]:
    with database.opened(place) as opened:
        yield opened


@pytest.fixture
def another(place: Place) -> Iterator[Database]:
    """A second connection, as another process has it."""
    with database.opened(place) as opened:
        yield opened


@pytest.fixture
def begin(place: Place) -> Iterator[Begin]:
    """Begin a run of a mapping at the target `x`; each has a connection of its own."""
    with ExitStack() as stack:
        count = 0

        def begin(mapping: str = "purchases", *, rules_digest: str = "rules") -> Ledger:
            nonlocal count
            count += 1
            opened = stack.enter_context(database.opened(place))
            with opened.write() as connection:
                run = runs.begin_run(
                    connection, run_id=f"run-{count}", mapping=mapping, target="x", now=count
                )
            return Ledger(opened, run=run, mapping=mapping, rules_digest=rules_digest)

        yield begin
