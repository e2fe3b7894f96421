"""The state in PostgreSQL: a schema of its own, with one writer at a time, as SQLite has."""

import hashlib
import os
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from functools import lru_cache
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.pq import TransactionStatus

from connector.errors import ConfigurationError
from connector.state import dialect
from connector.state.dialect import Bulk
from connector.state.migrations import VERSION, refuse_newer, steps
from connector.state.place import Server
from connector.state.postgresql_url import translated
from connector.state.sqlite import BUSY_SECONDS

Connection = psycopg.Connection[tuple[Any, ...]]

# Both ends find out within about a minute that the other's host is gone.
_DEFAULTS = {
    "connect_timeout": "10", "target_session_attrs": "read-write",
    "keepalives_idle": "30", "keepalives_interval": "10", "keepalives_count": "3",
}  # fmt: skip
_IDLE_IN_TRANSACTION = "20s"  # shorter than others wait for a process that was stopped in one
_SETTINGS = """
select set_config(name, setting, false) from (values
  ('search_path', %(schema)s),
  ('client_min_messages', 'error'),
  ('synchronous_commit', case current_setting('synchronous_commit')
    when 'remote_apply' then 'remote_apply' else 'on' end),
  ('lock_timeout', %(lock_timeout)s),
  ('idle_in_transaction_session_timeout', %(idle)s),
  ('idle_session_timeout', '0'),
  ('tcp_keepalives_idle', '30'), ('tcp_keepalives_interval', '10'), ('tcp_keepalives_count', '3')
) as wanted (name, setting)
"""


class PostgreSQLTransaction:
    """Writes of one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def execute(
        self, sql: str, values: Sequence[object] | Mapping[str, object] = ()
    ) -> psycopg.Cursor[tuple[Any, ...]]:
        """Run a statement."""
        return self._connection.execute(_translation(sql), values)

    def for_each(self, bulk: Bulk, rows: Sequence[Sequence[object]]) -> int:
        """Run a statement over all rows of values; the number of rows it changed."""
        columns = [list(column) for column in zip(*rows, strict=True)]
        if not columns:
            return 0
        return self._connection.execute(_translation(bulk.postgresql), columns).rowcount

    def run(self, bulk: Bulk, values: Mapping[str, object]) -> int:
        """Run a statement once; the number of rows it changed."""
        return self._connection.execute(_translation(bulk.postgresql), values).rowcount


class PostgreSQLDatabase:
    """An open state; a `Database`."""

    def __init__(self, connection: Connection, server: Server) -> None:
        self.place = server
        self._connection = connection

    @contextmanager
    def write(self) -> Iterator[PostgreSQLTransaction]:
        """One transaction: on disk when the outermost block ends, undone when it raises."""
        if self._connection.info.transaction_status is TransactionStatus.INTRANS:
            yield PostgreSQLTransaction(self._connection)
            return
        with translated(self.place), _transaction(self._connection, self.place):
            yield PostgreSQLTransaction(self._connection)

    def read(self, sql: str, **parameters: object) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        with translated(self.place):
            return self._connection.execute(_translation(sql), parameters).fetchall()

    def portions(
        self, sql: str, *, rows: int
    ) -> Iterator[tuple[Sequence[str], list[tuple[Any, ...]]]]:
        """The columns and rows of a query, `rows` at a time; one portion at least."""
        with (
            translated(self.place),
            self._connection.transaction(),
            self._connection.cursor(name="portions") as cursor,
        ):
            # Whoever takes the rows may take his time; no writer waits for a reader.
            self._connection.execute("set local idle_in_transaction_session_timeout = 0")
            cursor.execute(_translation(sql))
            columns = [column.name for column in cursor.description or ()]
            yield columns, cursor.fetchmany(rows)
            while portion := cursor.fetchmany(rows):
                yield columns, portion


@lru_cache
def _translation(sql: str) -> bytes:
    return dialect.translation(sql, dialect.POSTGRESQL).encode()


@contextmanager
def _transaction(connection: Connection, server: Server) -> Iterator[None]:
    """The only writing transaction of this state, here or on another host.

    Writers wait for one another, so they neither deadlock nor undo one another's work, and each
    statement sees all that was committed before the transaction began.
    """
    only = f"select pg_advisory_xact_lock({_key(server, 'writer')})"
    try:
        connection.execute(f"begin isolation level read committed read write; {only}".encode())
        yield
        connection.execute("commit")
    except BaseException:
        with suppress(psycopg.Error):
            connection.rollback()
        raise


def _key(server: Server, name: str) -> int:
    """The number of an advisory lock; they are shared by all that use the database."""
    digest = hashlib.sha256(f"connector state {server.schema}\n{name}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def create(server: Server) -> bool:
    """Make the schema and its tables; False when they are there already.

    Raises:
        ConfigurationError: the account or the database does not allow it.
        UnreachableError: nobody answers, or it cannot be made now.
    """
    with (
        translated(server),
        closing(_connect(server, BUSY_SECONDS)) as connection,
        _transaction(connection, server),
    ):
        version = _version(connection, server)
        if version == 0:
            raise _foreign(server)
        if version is not None:
            return False
        if connection.info.parameter_status("server_encoding") != "UTF8":
            raise ConfigurationError(f"the state {server}: the database's encoding must be UTF8")
        known = connection.execute("select to_regnamespace(%s)", [f'"{server.schema}"'])
        if known.fetchone() == (None,):
            connection.execute(f'create schema "{server.schema}"'.encode())
        _bring_up(connection, after=0)
    return True


def _bring_up(connection: Connection, *, after: int) -> None:
    for statement in steps(dialect.POSTGRESQL, after=after):
        connection.execute(statement.encode())
    connection.execute(
        "insert into meta values ('schema_version', %s)"
        " on conflict (key) do update set value = excluded.value",
        [str(VERSION)],
    )


@contextmanager
def opened(server: Server, *, busy_seconds: float) -> Iterator[PostgreSQLDatabase]:
    """The state of a server.

    Raises:
        ConfigurationError: there is none, a newer tool made it, or it has to be migrated.
        UnreachableError: nobody answers, or not now.
    """
    with translated(server):
        connection = _connect(server, busy_seconds)
    try:
        with translated(server):
            version = _known_version(connection, server)
        if version < VERSION:
            raise ConfigurationError(
                f"the state {server} is of an older version of this tool; make a backup, such as"
                f" pg_dump --schema={server.schema}, then `connector state migrate --yes`"
            )
        yield PostgreSQLDatabase(connection, server)
    finally:
        connection.close()


def migrate(server: Server, *, backed_up: bool) -> int:
    """Bring the state to this tool's version; the one it had.

    Raises:
        ConfigurationError: there is none, a newer tool made it, or nobody said `backed_up`.
        UnreachableError: nobody answers, or not now.
    """
    with (
        translated(server),
        closing(_connect(server, BUSY_SECONDS)) as connection,
        _transaction(connection, server),
    ):
        version = _known_version(connection, server)
        if version < VERSION:
            if not backed_up:
                raise ConfigurationError(
                    f"the state {server}: its backup is yours to make, such as"
                    f" pg_dump --schema={server.schema}; then say --yes"
                )
            _bring_up(connection, after=version)
    return version


def _connect(server: Server, busy_seconds: float) -> Connection:
    who = f"connector, process {os.getpid()} on {socket.gethostname()}"
    parameters = _DEFAULTS | {"application_name": who} | dict(server.parameters)
    # The encoding is no choice: it is what this program writes.
    parameters["client_encoding"] = "UTF8"
    connection = psycopg.connect(make_conninfo("", **parameters), autocommit=True)
    try:
        connection.execute(
            _SETTINGS,
            {
                "schema": f'"{server.schema}"', "idle": _IDLE_IN_TRANSACTION,
                "lock_timeout": f"{round(busy_seconds * 1000)}ms",
            },
        )  # fmt: skip
    except BaseException:
        connection.close()
        raise
    return connection


def _known_version(connection: Connection, server: Server) -> int:
    version = _version(connection, server)
    if version is None:
        raise ConfigurationError(f"there is no state {server}; `connector state init` makes it")
    if version == 0:
        raise _foreign(server)
    refuse_newer(version, server)
    return version


def _foreign(server: Server) -> ConfigurationError:
    return ConfigurationError(
        f"there are tables {server}, which are not a state of this tool; name another schema"
    )


def _version(connection: Connection, server: Server) -> int | None:
    """The version of the tables, 0 when they are not this tool's, None when there are none."""
    found = connection.execute("select to_regclass(%s)", [f'"{server.schema}".meta']).fetchone()
    if found == (None,):
        return None
    row = connection.execute("select value from meta where key = 'schema_version'").fetchone()
    return int(row[0]) if row else 0


class AdvisoryLock:
    """A lock of the server, on a connection of its own; a `Lock`."""

    def __init__(self, connection: Connection, server: Server, name: str) -> None:
        self._connection = connection
        self._server = server
        self._key = _key(server, name)

    def take(self) -> bool:
        """Whether it is this process's now."""
        with translated(self._server):
            row = self._connection.execute(
                "select pg_try_advisory_lock(%s::bigint)", [self._key]
            ).fetchone()
        return row == (True,)

    def holder(self) -> str:
        """The process that has it, as far as the server tells."""
        with translated(self._server):
            row = self._connection.execute(
                "select a.application_name from pg_locks l join pg_stat_activity a on a.pid = l.pid"
                " where l.locktype = 'advisory' and l.objsubid = 1 and l.granted"
                " and l.database = (select oid from pg_database where datname = current_database())"
                " and (l.classid::bigint << 32 | l.objid::bigint) = %s::bigint",
                [self._key],
            ).fetchone()
        return row[0].removeprefix("connector, ") if row and row[0] else ""


@contextmanager
def lock(server: Server, name: str) -> Iterator[AdvisoryLock]:
    """A lock of this name that nobody need have; who has it lets go of it at the end."""
    with translated(server):
        connection = _connect(server, BUSY_SECONDS)
    try:
        yield AdvisoryLock(connection, server, name)
    finally:
        # The server notices the end of a connection a little later than the client.
        with suppress(psycopg.Error):
            connection.execute("select pg_advisory_unlock_all()")
        connection.close()
