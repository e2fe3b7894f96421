"""A state in a fresh folder, and ledgers of runs that are under way."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from connector.state import database, runs
from connector.state.database import Database
from connector.state.ledger import Ledger

Begin = Callable[..., Ledger]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "state" / "connector.db"
    database.create(made)
    return made


@pytest.fixture
def state(path: Path) -> Iterator[Database]:
    with database.opened(path) as opened:
        yield opened


@pytest.fixture
def another(path: Path) -> Iterator[Database]:
    """A second connection, as another process has it."""
    with database.opened(path) as opened:
        yield opened


@pytest.fixture
def begin(path: Path) -> Iterator[Begin]:
    """Begin a run of a mapping at the target `x`; each has a connection of its own."""
    with ExitStack() as stack:
        count = 0

        def begin(mapping: str = "purchases", *, rules_digest: str = "rules") -> Ledger:
            nonlocal count
            count += 1
            opened = stack.enter_context(database.opened(path))
            with opened.write() as connection:
                run = runs.begin_run(
                    connection, run_id=f"run-{count}", mapping=mapping, target="x", now=count
                )
            return Ledger(opened, run=run, mapping=mapping, rules_digest=rules_digest)

        yield begin
