"""Where a state is: a SQLite file, or a schema of a PostgreSQL database."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from connector.errors import ConfigurationError

SQLITE = "sqlite:///"
POSTGRESQL = ("postgresql://", "postgresql+psycopg://")


@dataclass(frozen=True, kw_only=True)
class Server:
    """A schema of a PostgreSQL database; `parameters` are those of libpq."""

    parameters: Mapping[str, str] = field(repr=False, hash=False)
    schema: str

    def __str__(self) -> str:
        """As errors name it, without account and password."""
        host = self.parameters.get("host") or self.parameters.get("hostaddr") or "localhost"
        port = self.parameters.get("port", "5432")
        database = self.parameters.get("dbname", self.parameters.get("user", ""))
        return f"in PostgreSQL at {host}:{port}, database {database}, schema {self.schema}"


Place = Path | Server


def place_of(url: str, root: Path) -> Place:
    """What an address names; a relative file starts at the project's folder.

    Raises:
        ConfigurationError: another kind of address.
    """
    if url.startswith(POSTGRESQL):
        return _server(url)
    if not url.startswith(SQLITE) or len(url) == len(SQLITE):
        scheme = url.partition(":")[0]
        raise ConfigurationError(
            f"state.url: {scheme}: is no state; write sqlite:///state/connector.db"
            " or postgresql+psycopg://user:password@host/database"
        )
    return root / url.removeprefix(SQLITE)


def _server(url: str) -> Server:
    # psycopg is loaded by the first address that needs it.
    try:
        from connector.state.postgresql_url import server_of  # noqa: PLC0415 - see above
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"state.url: PostgreSQL needs {error.name}, which is not installed:"
            " pip install 'psycopg[binary]'"
        ) from None
    return server_of(url)


def folder_beside(place: Place, root: Path) -> Path:
    """Where the files are that belong to the state; a server's are in the project."""
    return place.parent if isinstance(place, Path) else root / "state"
