"""The state database: a SQLite file, or a schema of a PostgreSQL database, with one face."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

from connector.errors import ConfigurationError
from connector.state import sqlite
from connector.state.dialect import Bulk
from connector.state.place import Place
from connector.state.sqlite import BUSY_SECONDS


class Result(Protocol):
    """What a statement gave."""

    @property
    def rowcount(self) -> int:
        """How many rows it changed."""

    def fetchone(self) -> Any:  # noqa: ANN401 - SQL values
        """The next row, None when there is none."""

    def fetchall(self) -> list[Any]:
        """The rows that are left."""


class Transaction(Protocol):
    """Writes of one transaction, in the SQL of `connector.state.dialect`."""

    def execute(self, sql: str, values: Sequence[object] | Mapping[str, object] = ()) -> Result:
        """Run a statement."""

    def for_each(self, bulk: Bulk, rows: Sequence[Sequence[object]]) -> int:
        """Run a statement with each row of values; the number of rows it changed."""

    def run(self, bulk: Bulk, values: Mapping[str, object]) -> int:
        """Run a statement once; the number of rows it changed."""


class Database(Protocol):
    """An open state; one thread uses it, and one process at a time writes it.

    Every use may raise `UnreachableError`.
    """

    @property
    def place(self) -> Place:
        """Where it is."""

    def write(self) -> AbstractContextManager[Transaction]:
        """One transaction: on disk when the outermost block ends, undone when it raises."""

    def read(self, sql: str, **parameters: object) -> list[tuple[Any, ...]]:
        """The rows of a query."""

    def portions(
        self, sql: str, *, rows: int
    ) -> Iterator[tuple[Sequence[str], list[tuple[Any, ...]]]]:
        """The columns and rows of a query, `rows` at a time; one portion at least."""


def create(place: Place) -> bool:
    """Make the state; False when there is one already, which is left as it is.

    Raises:
        ConfigurationError: the account may not make it.
        UnreachableError: it cannot be made there now.
    """
    made: bool = _engine(place).create(place)
    return made


def opened(place: Place, *, busy_seconds: float = BUSY_SECONDS) -> AbstractContextManager[Database]:
    """The state; who writes in another process is waited for as long as `busy_seconds`.

    Raises:
        ConfigurationError: there is none, or a newer tool made it.
        UnreachableError: it cannot be used now.
    """
    state: AbstractContextManager[Database] = _engine(place).opened(
        place, busy_seconds=busy_seconds
    )
    return state


def migrate(place: Place, *, backed_up: bool) -> tuple[int, Path | None]:
    """Bring the state to this tool's version; the one it had, and its copy if one was made.

    Raises:
        ConfigurationError: there is none, a newer tool made it, or nobody said `backed_up` of a
            database whose backup is its operator's.
        UnreachableError: it cannot be used now.
    """
    if isinstance(place, Path):
        return sqlite.migrate(place)
    version: int = _engine(place).migrate(place, backed_up=backed_up)
    return version, None


def backup(place: Place, target: Path) -> None:
    """A copy of the state as it is now, mode 0600, complete or not there.

    Raises:
        ConfigurationError: the target is there already, or a database server keeps the state.
        UnreachableError: the state cannot be read, or the copy not written.
    """
    if not isinstance(place, Path):
        raise ConfigurationError(
            f"the state is {place}: its backup is the server's, such as"
            f" pg_dump --schema={place.schema}"
        )
    sqlite.backup(place, target)


def _engine(place: Place) -> ModuleType:
    if isinstance(place, Path):
        return sqlite
    from connector.state import postgresql  # noqa: PLC0415 - loaded by who needs it

    return postgresql
