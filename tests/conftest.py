"""Servers that the tests of several folders share, each started once and when it is asked for."""

import itertools
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path

import pytest
import servers

from connector.state import database
from connector.state.place import Place, place_of


def pytest_configure() -> None:
    """Let all that tests start obey Ctrl-C; what a shell runs in the background ignores it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGHUP, signal.SIGQUIT):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[servers.Server]:
    """A real PostgreSQL."""
    with servers.postgresql() as server:
        yield server


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[servers.Server]:
    """A real MariaDB, where it is installed."""
    if not servers.has_mariadb():
        pytest.skip("no mariadbd here: apt-get install mariadb-server")
    with servers.mariadb() as server:
        yield server


@pytest.fixture(scope="session")
def behind() -> Iterator[Executor]:
    """Ends simulators while the next test runs: each takes a fifth of a second for it."""
    with ThreadPoolExecutor(max_workers=1) as executor:
        yield executor


@pytest.fixture(scope="session")
def numbers() -> Iterator[int]:
    """A number that no test had before."""
    return itertools.count()


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def new_url(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory,
    numbers: Iterator[int],
) -> Callable[[], str]:  # fmt: skip
    """Gives the URL of one new state after the other, once for each database."""
    if request.param == "sqlite":
        folder = tmp_path_factory.mktemp("states")
        return lambda: f"sqlite:///{folder}/{next(numbers)}/connector.db"
    server = request.getfixturevalue("postgresql_server")
    return lambda: server.owner(f"state_{next(numbers)}")


@pytest.fixture
def url(new_url: Callable[[], str]) -> str:
    """The URL of a state that is not made yet."""
    return new_url()


@pytest.fixture
def place(url: str) -> Place:
    """A state that is made."""
    made = place_of(url, Path())
    database.create(made)
    return made
