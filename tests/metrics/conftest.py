"""A warehouse of each kind that metrics are written to."""

import itertools
from collections.abc import Callable, Iterator

import pytest
from adrows import opened

from connector.metrics.database import Database

KINDS = ("duckdb", "postgresql")


@pytest.fixture(scope="session")
def new_warehouse(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Callable[[str], str]:
    """Gives the URL of a new warehouse of a kind."""
    folder, numbers = tmp_path_factory.mktemp("warehouses"), itertools.count()

    def new(kind: str) -> str:
        name = f"ads_{next(numbers)}"
        if kind == "duckdb":
            return f"duckdb:///{folder}/{name}.duckdb"
        server = request.getfixturevalue("postgresql_server")
        server.run(server.port, "", [f"create database {name}"])
        return f"postgresql+psycopg://postgres@127.0.0.1:{server.port}/{name}"

    return new


@pytest.fixture(params=KINDS)
def warehouse_url(request: pytest.FixtureRequest, new_warehouse: Callable[[str], str]) -> str:
    """The URL of a warehouse that holds nothing yet, once for each kind."""
    return new_warehouse(request.param)


@pytest.fixture
def database(warehouse_url: str) -> Iterator[Database]:
    """The same, open for writing."""
    with opened(warehouse_url) as database:
        yield database
