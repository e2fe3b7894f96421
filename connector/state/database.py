"""The state database itself: made, opened, and written in transactions that are durable."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from connector.errors import ConfigurationError, UnreachableError
from connector.state.schema import TABLES, VERSION

_BUSY_MILLISECONDS = 30_000
_CACHE_KIBIBYTES = 64_000


def sqlite_path(url: str, root: Path) -> Path:
    """The file of a `sqlite:///…` address; relative ones start at the project's folder.

    Raises:
        ConfigurationError: another kind of address.
    """
    prefix = "sqlite:///"
    if not url.startswith(prefix) or len(url) == len(prefix):
        scheme = url.partition(":")[0]
        raise ConfigurationError(
            f"state.url: {scheme}: is not a state this version keeps; write sqlite:///state/connector.db"
        )
    return root / url.removeprefix(prefix)


def create(path: Path) -> bool:
    """Make the state, mode 0600 in a folder of mode 0700; False when there is one already."""
    if path.exists():
        return False
    with _translated(path):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600, exist_ok=True)
    connection = _connect(path)
    try:
        with _translated(path):
            connection.execute("pragma journal_mode = wal").fetchall()
            connection.executescript(f"begin immediate; {TABLES}")
            connection.execute("insert into meta values ('schema_version', ?)", (str(VERSION),))
            connection.execute("commit")
    finally:
        connection.close()
    return True


class Database:
    """An open state; one thread uses it."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self.path = path
        self._connection = connection

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """One transaction: on disk when the block ends, undone when it raises."""
        with _translated(self.path):
            self._connection.execute("begin immediate")
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("rollback")
                raise
            self._connection.execute("commit")

    def read(self, sql: str, **parameters: Any) -> list[tuple[Any, ...]]:  # noqa: ANN401 - SQL values
        """The rows of a query."""
        with _translated(self.path):
            return self._connection.execute(sql, parameters).fetchall()


@contextmanager
def opened(path: Path) -> Iterator[Database]:
    """The state at `path`.

    Raises:
        ConfigurationError: there is none, or a newer tool made it.
        UnreachableError: the file cannot be used now.
    """
    if not path.exists():
        raise ConfigurationError(f"there is no state at {path}; `connector state init` makes it")
    connection = _connect(path)
    try:
        with _translated(path):
            _check_version(connection, path)
        yield Database(connection, path)
    finally:
        connection.close()


def _connect(path: Path) -> sqlite3.Connection:
    with _translated(path):
        connection = sqlite3.connect(
            f"{path.resolve().as_uri()}?mode=rw", uri=True, isolation_level=None
        )
        connection.execute(f"pragma busy_timeout = {_BUSY_MILLISECONDS}")
        connection.execute("pragma synchronous = full")
        connection.execute(f"pragma cache_size = -{_CACHE_KIBIBYTES}")
    return connection


def _check_version(connection: sqlite3.Connection, path: Path) -> None:
    try:
        row = connection.execute("select value from meta where key = 'schema_version'").fetchone()
    except sqlite3.OperationalError as error:
        if "no such table" not in str(error):
            raise
        row = None
    if row is None:
        raise ConfigurationError(f"{path} is not a state of this tool; name another file")
    if int(row[0]) > VERSION:
        raise ConfigurationError(
            f"{path} was written by a newer version of this tool; upgrade before using it"
        )


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise UnreachableError(f"the state {path} cannot be used now: {error}") from error
    except OSError as error:
        raise UnreachableError(f"the state {path} cannot be used now: {error.strerror}") from error
