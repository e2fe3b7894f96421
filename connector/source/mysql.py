"""MySQL and MariaDB as a source: read-only transactions, rows read as the server sends them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pyarrow as pa
import pymysql
from pymysql.connections import Connection
from pymysql.converters import conversions
from pymysql.cursors import Cursor, SSCursor

from connector.errors import ConfigurationError, ConnectorError, UnreachableError
from connector.source.bounds import bounded
from connector.source.mysql_errors import binding, connecting, running
from connector.source.mysql_types import Described, quoted, readable
from connector.source.selection import CursorValue, Selection, find_table
from connector.source.texts import Column
from connector.source.waiting import Patience

TABLES = """
    select table_schema, table_name from information_schema.tables
    where table_schema not in ('information_schema', 'mysql', 'performance_schema', 'sys')
    order by 1, 2
"""
# Times print as they are in UTC. Between two batches the server waits for this program.
SETTINGS = (
    "set session time_zone = '+00:00'",
    "set session net_write_timeout = 600",
    "set session transaction isolation level repeatable read",
    "start transaction with consistent snapshot, read only",
)
STOPPING_SECONDS = 5
EXAMPLE = "mysql+pymysql://reader:password@host:3306/database"
TEXT_OPTIONS = {"ssl_ca", "ssl_cert", "ssl_key", "unix_socket"}
YES_OR_NO_OPTIONS = {"ssl_disabled", "ssl_verify_cert", "ssl_verify_identity"}
# How values become SQL, but not how results become objects: they stay the texts that were sent.
ENCODERS: dict[Any, Any] = {
    key: value for key, value in conversions.items() if not isinstance(key, int)
}


@contextmanager
def open_mysql(url: str, *, patience: Patience) -> Iterator[MySQLSource]:
    """A source over the database; every connection of it is closed when it is left.

    Raises:
        ConfigurationError: no URL of MySQL, or one whose account or database is refused.
        UnreachableError: no answer until the deadline.
    """
    parameters = parameters_of(url)
    server = f"MySQL at {parameters['host']}"
    connect = partial(_connected, server, parameters | {"connect_timeout": _timeout(patience)})
    with connect() as control, ExitStack() as readings:
        yield MySQLSource(server=server, control=control, connect=connect, readings=readings)


def _timeout(patience: Patience) -> int:
    return max(2, round(patience.deadline_seconds))


@contextmanager
def _connected(server: str, parameters: dict[str, Any]) -> Iterator[Connection[Cursor]]:
    connection = _connect(server, parameters)
    try:
        yield connection
    finally:
        if connection.open:
            connection.close()
        else:  # by an interruption, amid a statement that the server would go on with
            _stop(server, parameters, connection)


def _stop(server: str, parameters: dict[str, Any], connection: Connection[Cursor]) -> None:
    """End another connection's statement on the server."""
    with suppress(ConnectorError, pymysql.MySQLError):
        other = _connect(server, parameters | {"connect_timeout": STOPPING_SECONDS})
        with closing(other), other.cursor() as cursor:
            cursor.execute(f"kill {connection.thread_id()}")  # type: ignore[no-untyped-call]  # stubs


def _connect(server: str, parameters: dict[str, Any]) -> Connection[Cursor]:
    with connecting(server):
        connection = pymysql.connect(
            **parameters, charset="utf8mb4", conv=ENCODERS, program_name="connector"
        )
        with connection.cursor() as cursor:
            for setting in SETTINGS:
                cursor.execute(setting)
    return connection


def parameters_of(url: str) -> dict[str, Any]:
    """What a URL says, by the client's names.

    Raises:
        ConfigurationError: it can't be read, or an option is unknown; no value is repeated.
    """
    scheme, _, rest = url.partition("://")
    try:
        parts = urlsplit(f"mysql://{rest}")
        port = parts.port or 3306
    except ValueError:
        raise _unreadable(scheme) from None
    database = parts.path.removeprefix("/")
    # What stands behind a sign of the password that should have been written otherwise.
    if "@" in parts.path + parts.query or "/" in database or parts.fragment:
        raise _unreadable(scheme)
    given = {
        "user": unquote(parts.username or ""),
        # As MySQL's own programs send it; the client would take its text for Latin-1.
        "password": unquote(parts.password or "").encode(errors="surrogateescape"),
        "host": parts.hostname or "localhost",
        "port": port,
        "database": unquote(database) or None,
    }
    return given | _options(scheme, dict(parse_qsl(parts.query, keep_blank_values=True)))


def _unreadable(scheme: str) -> ConfigurationError:
    return ConfigurationError(
        f"a {scheme} URL is {EXAMPLE}; signs such as @ : / ? % in the password are written"
        " %40 %3A %2F %3F %25"
    )


def _options(scheme: str, written: dict[str, str]) -> dict[str, str | bool]:
    known = TEXT_OPTIONS | YES_OR_NO_OPTIONS
    unknown = sorted(written.keys() - known - {"charset"})
    if unknown:
        raise ConfigurationError(
            f"a {scheme} URL has no option {unknown[0]!r}; these it has: {', '.join(sorted(known))}"
        )
    texts = {name: written[name] for name in TEXT_OPTIONS & written.keys()}
    answers = {name: written[name].lower() for name in YES_OR_NO_OPTIONS & written.keys()}
    return texts | {name: answer in {"1", "true", "yes"} for name, answer in answers.items()}


@dataclass(frozen=True, kw_only=True)
class Understood:
    """A query or table that the server has understood: its SELECT and its columns."""

    query: str
    columns: tuple[Column, ...]


@dataclass(frozen=True, kw_only=True)
class MySQLSource:
    """An open database, a `Source`. Each reading has a connection of its own: it fills it.

    `control` describes results first, and its transaction keeps their columns from being changed.
    """

    server: str
    control: Connection[Cursor]
    connect: Callable[[], AbstractContextManager[Connection[Cursor]]]
    readings: ExitStack
    known: dict[Selection, Understood] = field(default_factory=dict)

    def schema(self, selection: Selection) -> pa.Schema:
        """The types of the result; no row is read."""
        understood = self._understand(selection)
        statement(selection, understood)
        return _schema(understood.columns)

    def count(self, selection: Selection) -> None:
        """None: the server counts rows by reading them."""
        self._understand(selection)

    def batches(self, selection: Selection, *, rows: int) -> Iterator[pa.RecordBatch]:
        """The rows as they come, each batch with `schema(selection)`."""
        understood = self._understand(selection)
        opened = self.readings.enter_context(ExitStack())
        cursor = opened.enter_context(self._reading(statement(selection, understood)))
        return self._batches(cursor, understood.columns, rows, opened)

    def _batches(
        self, cursor: SSCursor, columns: tuple[Column, ...], rows: int, opened: ExitStack
    ) -> Iterator[pa.RecordBatch]:
        schema = _schema(columns)
        with opened:
            while fetched := self._fetched(cursor, rows):
                values = zip(columns, zip(*fetched, strict=True), strict=True)
                with running(self.server):
                    arrays = [column.array(texts) for column, texts in values]
                    batch = pa.RecordBatch.from_arrays(arrays, schema=schema)
                yield batch

    def _fetched(self, cursor: SSCursor, rows: int) -> list[tuple[str | None, ...]]:
        if not cursor.connection.open:
            raise UnreachableError(f"{self.server} was let go while it was read")
        with running(self.server):
            return list(cursor.fetchmany(rows))

    @contextmanager
    def _reading(self, sql: str) -> Iterator[SSCursor]:
        """A cursor over the rows; one that is not read to its end is stopped on the server too."""
        with self.connect() as connection:
            cursor = SSCursor(connection)
            with running(self.server):
                cursor.execute(sql)
            result = _result(cursor)
            try:
                yield cursor
            finally:
                if result.unbuffered_active:
                    result.unbuffered_active = False  # or the client would read on to the end
                    connection.close()

    def _understand(self, selection: Selection) -> Understood:
        """The selection's query or table, understood once; its bound and limit play no part."""
        key = replace(selection, cursor=None, since=None, limit=None)
        if key not in self.known:
            query = selection.query or self._table(selection.table or "")
            self.known[key] = self._described(query.rstrip().rstrip(";"))
        return self.known[key]

    def _table(self, wanted: str) -> str:
        with running(self.server), self.control.cursor() as cursor:
            cursor.execute("select database()")
            ((database,),) = cursor.fetchall()
            cursor.execute(TABLES)
            tables = [(str(schema), str(name)) for schema, name in cursor.fetchall()]
        schema, name = find_table(wanted, tables, path=[database] if database else [])
        return f"select * from {quoted(schema)}.{quoted(name)}"

    def _described(self, query: str) -> Understood:
        shown = f"select * from {_nested(query)} limit 0"
        with self.control.cursor() as cursor:
            # As it stands, so that no bracket in it can reach what is put around it.
            for sql in (query, shown):
                with binding(self.server):
                    cursor.execute(f"prepare connector from {self.control.escape(sql)}")
            with running(self.server):
                cursor.execute(shown)
            return Understood(query=query, columns=tuple(map(readable, described(cursor))))


def described(cursor: Cursor) -> tuple[Described, ...]:
    """The columns of a result; PEP 249's description has neither signs nor character sets."""
    result = _result(cursor)
    return tuple(
        Described(
            name=one.name, code=one.type_code, length=one.length, scale=one.scale,
            flags=one.flags, charset=one.charsetnr,
        )
        for one in (result.fields if result else ())
    )  # fmt: skip


def _result(cursor: Cursor) -> Any:  # noqa: ANN401 - the client's stubs leave it out
    """What `described` and a reading that is given up need; there is no public way to it."""
    return vars(cursor).get("_result")


def statement(selection: Selection, understood: Understood) -> str:
    """The SELECT that reads a selection as text.

    Raises:
        ConfigurationError: the selection's cursor does not fit the columns.
    """
    items = ", ".join(
        f"{column.sql} as {quoted(column.field.name)}" for column in understood.columns
    )
    sql = f"select {items} from {_nested(understood.query)}"
    if selection.cursor is not None:
        name, since = bounded(selection, [column.field for column in understood.columns])
        if since is not None:
            column = f"selection.{quoted(name)}"
            sql += f" where ({column} >= {_literal(since)} or {column} is null)"
    return sql if selection.limit is None else f"{sql} limit {selection.limit}"


def _nested(query: str) -> str:
    """The query as a table; its last line may be a comment."""
    return f"({query}\n) as selection"


def _literal(since: CursorValue) -> str:
    if isinstance(since, datetime):
        return f"timestamp'{since.replace(tzinfo=None).isoformat(' ')}'"
    return f"date'{since.isoformat()}'" if isinstance(since, date) else str(since)


def _schema(columns: tuple[Column, ...]) -> pa.Schema:
    return pa.schema([column.field for column in columns])
