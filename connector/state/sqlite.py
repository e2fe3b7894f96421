"""The state in a SQLite file: made, opened, migrated, copied, and written durably."""

import os
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

from connector.errors import ConfigurationError, UnreachableError
from connector.state import dialect
from connector.state.dialect import Bulk
from connector.state.migrations import VERSION, refuse_newer, steps

BUSY_SECONDS = 30.0
_CACHE_KIBIBYTES = 24_000
# Ids at random touch most pages of the ledger in each transaction; copied back less often, a page
# that changed several times is copied once.
_CHECKPOINT_PAGES = 8_000
_KEEP_VERSION = "insert or replace into meta values ('schema_version', ?)"


class SQLiteTransaction:
    """Writes of one transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def execute(
        self, sql: str, values: Sequence[object] | Mapping[str, object] = ()
    ) -> sqlite3.Cursor:
        """Run a statement."""
        return self._connection.execute(_translation(sql), values)

    def for_each(self, bulk: Bulk, rows: Sequence[Sequence[object]]) -> int:
        """Run a statement with each row of values; the number of rows it changed."""
        return self._connection.executemany(bulk.sqlite, rows).rowcount

    def run(self, bulk: Bulk, values: Mapping[str, object]) -> int:
        """Run a statement once; the number of rows it changed."""
        return self._connection.execute(_translation(bulk.sqlite), values).rowcount


class SQLiteDatabase:
    """An open state; a `Database`."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self.place = path
        self._connection = connection
        self._file = path.stat()

    @contextmanager
    def write(self) -> Iterator[SQLiteTransaction]:
        """One transaction: on disk when the outermost block ends, undone when it raises."""
        if self._connection.in_transaction:
            yield SQLiteTransaction(self._connection)
            return
        with translated(self.place):
            self._require_its_file()
            with _transaction(self._connection):
                yield SQLiteTransaction(self._connection)

    def _require_its_file(self) -> None:
        """SQLite goes on with a file that was deleted or replaced, and all it writes is lost."""
        if not os.path.samestat(self.place.stat(), self._file):
            raise UnreachableError(f"the state {self.place} is another file than when this began")

    def read(self, sql: str, **parameters: object) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        with translated(self.place):
            return self._connection.execute(_translation(sql), parameters).fetchall()

    def portions(
        self, sql: str, *, rows: int
    ) -> Iterator[tuple[Sequence[str], list[tuple[Any, ...]]]]:
        """The columns and rows of a query, `rows` at a time; one portion at least."""
        with translated(self.place), closing(self._connection.execute(sql)) as cursor:
            columns = [column[0] for column in cursor.description]
            yield columns, cursor.fetchmany(rows)
            while portion := cursor.fetchmany(rows):
                yield columns, portion


@lru_cache
def _translation(sql: str) -> str:
    return dialect.translation(sql, dialect.SQLITE)


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("begin immediate")
    try:
        yield
        connection.execute("commit")
    except BaseException:
        # A full disk has SQLite roll back by itself.
        if connection.in_transaction:
            connection.execute("rollback")
        raise


def create(path: Path) -> bool:
    """Make the state, mode 0600 in a folder of mode 0700; False when there is one already.

    Raises:
        ConfigurationError: another file is there.
        UnreachableError: it cannot be made there.
    """
    with translated(path):
        _make_folder(path.parent)
        if path.exists():
            with closing(_connect(path, BUSY_SECONDS)) as connection:
                _own_version(connection, path)
            return False
        # Made whole beside its place: a crash leaves no half a state, nor do two makers meet.
        with _draft(path) as draft:
            _fill(draft)
            try:
                os.link(draft, path)
            except FileExistsError:
                return False
        _sync_folder(path.parent)
    return True


def _make_folder(folder: Path) -> None:
    for missing in reversed([each for each in (folder, *folder.parents) if not each.exists()]):
        with suppress(FileExistsError):
            missing.mkdir(mode=0o700)


@contextmanager
def _draft(path: Path) -> Iterator[Path]:
    """An empty file beside `path`, mode 0600, that is gone afterwards."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}-")
    os.close(descriptor)
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def _fill(path: Path) -> None:
    with closing(_connect(path, BUSY_SECONDS)) as connection:
        _prepare(connection)
        connection.execute("pragma journal_mode = wal").fetchall()
        with _transaction(connection):
            _bring_up(connection, after=0)


def _bring_up(connection: sqlite3.Connection, *, after: int) -> None:
    for statement in steps(dialect.SQLITE, after=after):
        connection.execute(statement)
    connection.execute(_KEEP_VERSION, (str(VERSION),))


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def opened(path: Path, *, busy_seconds: float) -> Iterator[SQLiteDatabase]:
    """The state of a file; one of an older tool is migrated, after a copy was made beside it.

    Raises:
        ConfigurationError: there is none, or a newer tool made it.
        UnreachableError: the file cannot be used now.
    """
    with closing(_existing(path, busy_seconds)) as connection:
        with translated(path):
            if _prepared_version(connection, path) < VERSION:
                _migrate(connection, path)
            state = SQLiteDatabase(connection, path)
        yield state


def _existing(path: Path, busy_seconds: float) -> sqlite3.Connection:
    with translated(path):
        if not path.exists():
            raise ConfigurationError(
                f"there is no state at {path}; `connector state init` makes it"
            )
        return _connect(path, busy_seconds)


def migrate(path: Path) -> tuple[int, Path | None]:
    """Bring the state to this tool's version; the one it had, and its copy if it was older."""
    with translated(path), closing(_existing(path, BUSY_SECONDS)) as connection:
        version = _prepared_version(connection, path)
        return version, _migrate(connection, path) if version < VERSION else None


def _migrate(connection: sqlite3.Connection, path: Path) -> Path | None:
    with _transaction(connection):
        version = _version(connection)
        if version == VERSION:  # another process was quicker
            return None
        kept = path.with_name(f"{path.name}.v{version}.bak")
        with _draft(kept) as draft:
            _copy(path, draft)
            draft.replace(kept)
        _sync_folder(path.parent)
        _bring_up(connection, after=version)
    return kept


def backup(path: Path, target: Path) -> None:
    """A copy of the state as it is now, mode 0600, complete or not there.

    Raises:
        ConfigurationError: the target is there already.
        UnreachableError: the state cannot be read, or the copy not written.
    """
    with translated(path), _draft(target) as draft:
        _copy(path, draft)
        try:
            os.link(draft, target)
        except FileExistsError:
            raise ConfigurationError(f"{target} is there already; name another file") from None
        _sync_folder(target.parent)


def _copy(path: Path, target: Path) -> None:
    reading = f"{path.resolve().as_uri()}?mode=ro"
    with (
        closing(sqlite3.connect(reading, uri=True)) as state,
        closing(sqlite3.connect(target)) as copy,
    ):
        state.backup(copy)


def _connect(path: Path, busy_seconds: float) -> sqlite3.Connection:
    uri = f"{path.resolve().as_uri()}?mode=rw"
    return sqlite3.connect(uri, uri=True, isolation_level=None, timeout=busy_seconds)


def _prepare(connection: sqlite3.Connection) -> None:
    connection.execute("pragma synchronous = full")
    connection.execute(f"pragma cache_size = -{_CACHE_KIBIBYTES}")
    connection.execute(f"pragma wal_autocheckpoint = {_CHECKPOINT_PAGES}")


def _prepared_version(connection: sqlite3.Connection, path: Path) -> int:
    version = _own_version(connection, path)
    refuse_newer(version, path)
    return version


def _own_version(connection: sqlite3.Connection, path: Path) -> int:
    try:
        _prepare(connection)
        version = _version(connection)
    except sqlite3.DatabaseError as error:
        if "no such table" not in str(error) and error.sqlite_errorcode != sqlite3.SQLITE_NOTADB:
            raise
        version = 0
    if not version:
        raise ConfigurationError(f"{path} is not a state of this tool; name another file")
    return version


def _version(connection: sqlite3.Connection) -> int:
    row = connection.execute("select value from meta where key = 'schema_version'").fetchone()
    return int(row[0]) if row else 0


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """What SQLite or the file system raises, as an `UnreachableError` that names the state."""
    try:
        yield
    except sqlite3.Error as error:
        raise UnreachableError(f"the state {path} cannot be used now: {error}") from error
    except OSError as error:
        raise UnreachableError(f"the state {path} cannot be used now: {error.strerror}") from error
