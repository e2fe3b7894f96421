"""The state database itself: made, opened, and written in transactions that are durable."""

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from connector.errors import ConfigurationError, UnreachableError
from connector.state.schema import TABLES, VERSION

BUSY_SECONDS = 30.0
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
    """Make the state, mode 0600 in a folder of mode 0700; False when there is one already.

    Raises:
        UnreachableError: it cannot be made there.
    """
    with translated(path):
        _make_folder(path.parent)
        if path.exists():
            return False
        # Made whole beside its place: a crash leaves no half a state, nor do two makers meet.
        descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}-")
        os.close(descriptor)
        try:
            _fill(Path(draft))
            os.link(draft, path)
        except FileExistsError:
            return False
        finally:
            Path(draft).unlink()
        _sync_folder(path.parent)
    return True


def _make_folder(folder: Path) -> None:
    for missing in reversed([each for each in (folder, *folder.parents) if not each.exists()]):
        with suppress(FileExistsError):
            missing.mkdir(mode=0o700)


def _fill(path: Path) -> None:
    connection = _connect(path, BUSY_SECONDS)
    try:
        _prepare(connection)
        connection.execute("pragma journal_mode = wal").fetchall()
        connection.executescript(f"begin immediate; {TABLES}")
        connection.execute("insert into meta values ('schema_version', ?)", (str(VERSION),))
        connection.execute("commit")
    finally:
        connection.close()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class Database:
    """An open state; one thread uses it. Every use may raise `UnreachableError`."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self.path = path
        self._connection = connection

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """One transaction: on disk when the block ends, undone when it raises."""
        with translated(self.path):
            self._connection.execute("begin immediate")
            try:
                yield self._connection
                self._connection.execute("commit")
            except BaseException:
                # A full disk has SQLite roll back by itself.
                if self._connection.in_transaction:
                    self._connection.execute("rollback")
                raise

    def read(self, sql: str, **parameters: Any) -> list[tuple[Any, ...]]:  # noqa: ANN401 - SQL values
        """The rows of a query."""
        with translated(self.path):
            return self._connection.execute(sql, parameters).fetchall()


@contextmanager
def opened(path: Path, *, busy_seconds: float = BUSY_SECONDS) -> Iterator[Database]:
    """The state at `path`; a lock of another process is waited for as long as `busy_seconds`.

    Raises:
        ConfigurationError: there is none, or a newer tool made it.
        UnreachableError: the file cannot be used now.
    """
    with translated(path):
        if not path.exists():
            raise ConfigurationError(
                f"there is no state at {path}; `connector state init` makes it"
            )
        connection = _connect(path, busy_seconds)
    try:
        with translated(path):
            _check_version(connection, path)
        yield Database(connection, path)
    finally:
        connection.close()


def _connect(path: Path, busy_seconds: float) -> sqlite3.Connection:
    uri = f"{path.resolve().as_uri()}?mode=rw"
    return sqlite3.connect(uri, uri=True, isolation_level=None, timeout=busy_seconds)


def _prepare(connection: sqlite3.Connection) -> None:
    connection.execute("pragma synchronous = full")
    connection.execute(f"pragma cache_size = -{_CACHE_KIBIBYTES}")


def _check_version(connection: sqlite3.Connection, path: Path) -> None:
    try:
        _prepare(connection)
        row = connection.execute("select value from meta where key = 'schema_version'").fetchone()
    except sqlite3.DatabaseError as error:
        if "no such table" not in str(error) and error.sqlite_errorcode != sqlite3.SQLITE_NOTADB:
            raise
        row = None
    if row is None:
        raise ConfigurationError(f"{path} is not a state of this tool; name another file")
    if int(row[0]) > VERSION:
        raise ConfigurationError(
            f"{path} was written by a newer version of this tool; upgrade before using it"
        )


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """What SQLite or the file system raises, as an `UnreachableError` that names the state."""
    try:
        yield
    except sqlite3.Error as error:
        raise UnreachableError(f"the state {path} cannot be used now: {error}") from error
    except OSError as error:
        raise UnreachableError(f"the state {path} cannot be used now: {error.strerror}") from error
