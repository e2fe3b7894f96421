"""An agency in New York with dollars, or in Madrid with euros, and warehouses of each kind."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from imports import NOW, WAREHOUSE, Agency, agency, keep_rates
from zygote import Zygote, zygote

MakeAgency = Callable[..., Agency]
NUMBERS = itertools.count()


@pytest.fixture(autouse=True, scope="session")
def rates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Nobody asks the ECB."""
    cache = tmp_path_factory.mktemp("cache")
    keep_rates(cache, NOW.timestamp())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(cache))
        yield


@pytest.fixture
def make_agency(tmp_path: Path) -> Iterator[MakeAgency]:
    """Opens an agency with these settings of the simulator."""
    with ExitStack() as stack:

        def make(**settings: object) -> Agency:
            (tmp_path / "project").mkdir()
            return stack.enter_context(agency(tmp_path / "project", **settings))  # type: ignore[arg-type]

        yield make


@pytest.fixture
def shop(make_agency: MakeAgency) -> Agency:
    return make_agency()


@pytest.fixture(scope="session")
def new_warehouse(request: pytest.FixtureRequest) -> Callable[[str], str]:
    """Gives the URL of a warehouse of a kind that holds nothing yet."""

    def new(kind: str) -> str:
        if kind == "duckdb":
            return WAREHOUSE
        server = request.getfixturevalue("postgresql_server")
        name = f"imports_{next(NUMBERS)}"
        server.run(server.port, "", [f"create database {name}"])
        return f"postgresql+psycopg://postgres@127.0.0.1:{server.port}/{name}"

    return new


@pytest.fixture(params=["duckdb", "postgresql"])
def warehouse(request: pytest.FixtureRequest, new_warehouse: Callable[[str], str]) -> str:
    """The same, once for each kind."""
    return new_warehouse(request.param)


@pytest.fixture(scope="session")
def processes(rates: None) -> Iterator[Zygote]:
    """What starts imports in processes of their own."""
    with zygote("metrics_import.children") as started:
        yield started


@pytest.fixture
def madrid(make_agency: MakeAgency, warehouse: str) -> Agency:
    """An agency in another zone and currency, once for each kind of warehouse."""
    return make_agency(account=1, warehouse=warehouse)
