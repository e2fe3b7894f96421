from pathlib import Path

import pytest

from connector.errors import ConfigurationError
from connector.state.place import Server, folder_beside, place_of

ROOT = Path("/project")


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:///state/connector.db", "/project/state/connector.db"),
        ("sqlite:////var/lib/connector.db", "/var/lib/connector.db"),
    ],
)
def test_a_relative_state_starts_at_the_project(url: str, path: str) -> None:
    assert place_of(url, ROOT) == Path(path)
    assert folder_beside(Path(path), ROOT) == Path(path).parent


@pytest.mark.parametrize("scheme", ["postgresql", "postgresql+psycopg"])
def test_a_server_s_state_is_a_schema_of_a_database(scheme: str) -> None:
    place = place_of(f"{scheme}://me:hunter2@db:6432/shop?sslmode=require&schema=staging", ROOT)
    assert isinstance(place, Server)
    assert place.schema == "staging"
    assert place.parameters["sslmode"] == "require"
    assert str(place) == "in PostgreSQL at db:6432, database shop, schema staging"
    assert "hunter2" not in repr(place)
    assert folder_beside(place, ROOT) == Path("/project/state")


def test_the_schema_has_a_name_of_its_own() -> None:
    place = place_of("postgresql://db/shop", ROOT)
    assert str(place) == "in PostgreSQL at db:5432, database shop, schema connector"


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:///",
        "x.db",
        "mysql://me:hunter2@host/db",
        "postgresql://me:hunter2/db@host/db?nonsense=1",
        "postgresql://me:hunter@2@host/db",
        "postgresql://me:hunter2@host/db?schema=a;drop",
        "postgresql://me:hunter2@host/db?schema=",
        "postgresql://me:hunter2@host/db?schema=pg_temp",
    ],
)
def test_another_kind_of_state_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"state\.url") as refused:
        place_of(url, ROOT)
    assert "hunter" not in str(refused.value)
