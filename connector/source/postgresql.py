"""PostgreSQL as a source: one read-only transaction with one snapshot, read through its cursors."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, TypeVar

import psycopg
import pyarrow as pa
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq.abc import PGresult

from connector.errors import ConfigurationError
from connector.source.bounds import bounded
from connector.source.postgresql_errors import binding, connecting, running
from connector.source.postgresql_rows import batch, row_item
from connector.source.postgresql_types import SHAPES, Described, readable, shapes, unknown
from connector.source.selection import Selection, find_table, quoted, refuse_duplicates
from connector.source.texts import Column
from connector.source.waiting import (
    INTERRUPT_AGAIN_SECONDS,
    Patience,
    finished,
    interruptibly,
    stop,
)

T = TypeVar("T")

TABLES = """
    select n.nspname::text, c.relname::text
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'v', 'm', 'f')
        and n.nspname !~ '^pg_(catalog|toast|temp)' and n.nspname <> 'information_schema'
    order by 1, 2
"""
PATH = "select pg_catalog.current_schemas(false)::text[]"

# For this transaction alone: a pooler may hand the connection on. How values print is part of
# their types. A cursor is read to its end, so its plan is to be the quickest for all rows; and with
# a limit it gives the same rows when it is read again, wherever others are in the table.
SETTINGS = """
    set local TimeZone = 'UTC';
    set local DateStyle = 'ISO';
    set local IntervalStyle = 'postgres';
    set local extra_float_digits = 3;
    set local cursor_tuple_fraction = 1;
    set local synchronize_seqscans = off;
"""
SHORTEST_CONNECT_TIMEOUT_SECONDS = 2

PLACES = ("host", "hostaddr", "port", "dbname")
EXAMPLE = "postgresql+psycopg://reader:password@host:5432/database"


@contextmanager
def open_postgresql(url: str, *, patience: Patience) -> Iterator[PostgreSQLSource]:
    """A source over the database, in one read-only transaction until it is left.

    Raises:
        ConfigurationError: no URL of PostgreSQL, or one whose account or database is refused.
        UnreachableError: no answer until the deadline.
    """
    server, connection = connected(url, patience=patience)
    with ThreadPoolExecutor(1, "source") as pool:
        try:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.read_only = True
            with running(server):
                connection.execute(SETTINGS)
            yield PostgreSQLSource(server=server, connection=connection, pool=pool)
        finally:
            _let_go(connection, pool)


def connected(
    url: str, *, patience: Patience, autocommit: bool = False
) -> tuple[str, psycopg.Connection]:
    """The server of a URL, as people call it, and a connection to its database.

    Raises:
        ConfigurationError: no URL of PostgreSQL, or one whose account or database is refused.
        UnreachableError: no answer until the deadline.
    """
    parameters = parameters_of(url)
    server = f"PostgreSQL at {parameters.get('host') or parameters.get('hostaddr') or 'localhost'}"
    seconds = max(SHORTEST_CONNECT_TIMEOUT_SECONDS, round(patience.deadline_seconds))
    # The encoding is no choice: it is what this program reads and writes.
    chosen = {"connect_timeout": str(seconds), "application_name": "connector"} | parameters
    chosen["client_encoding"] = "UTF8"
    with connecting(server, password=parameters.get("password")):
        connection = psycopg.connect(make_conninfo("", **chosen), autocommit=autocommit)
    # A statement that is kept on the server is lost behind a pooler.
    connection.prepare_threshold = None
    return server, connection


def _let_go(connection: psycopg.Connection, pool: Executor) -> None:
    """End the transaction; what is being read ahead is stopped."""

    def close() -> None:
        with suppress(psycopg.Error):
            connection.rollback()
        connection.close()

    closing = pool.submit(close)
    wait([closing], timeout=INTERRUPT_AGAIN_SECONDS)
    stop(closing, interrupt=partial(_interrupt, connection))


def _interrupt(connection: psycopg.Connection) -> None:
    with suppress(psycopg.Error):
        connection.cancel_safe()


def parameters_of(url: str) -> dict[str, str]:
    """What a URL of libpq's kind says, by libpq's names.

    Raises:
        ConfigurationError: libpq can't read it; nothing of it is repeated.
    """
    scheme, _, rest = url.partition("://")
    try:
        parameters = conninfo_to_dict(f"postgresql://{rest}")
    except psycopg.Error:
        parameters = None
    # What stands behind a sign of the password that should have been written otherwise.
    if parameters is None or any("@" in str(parameters.get(name, "")) for name in PLACES):
        raise ConfigurationError(
            f"a {scheme} URL is {EXAMPLE}, and may have options of libpq such as ?sslmode=require;"
            " signs such as @ : / ? % in the password are written %40 %3A %2F %3F %25"
        )
    return {name: str(value) for name, value in parameters.items() if value is not None}


@dataclass(frozen=True, kw_only=True)
class Understood:
    """A query or table that the server has understood: its SELECT and its columns."""

    query: str
    columns: tuple[Column, ...]


@dataclass(frozen=True, kw_only=True)
class PostgreSQLSource:
    """An open PostgreSQL database, a `Source`. Readings may overlap: each is a cursor."""

    server: str
    connection: psycopg.Connection
    pool: Executor
    known: dict[Selection, Understood] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def schema(self, selection: Selection) -> pa.Schema:
        """The types of the result; the query is planned, no row is read."""
        understood = self._understand(selection)
        statement(selection, understood)
        return _schema(understood.columns)

    def count(self, selection: Selection) -> None:
        """None: PostgreSQL counts rows by reading them."""
        self._understand(selection)

    def batches(self, selection: Selection, *, rows: int) -> Iterator[pa.RecordBatch]:
        """The rows as they come, each batch with `schema(selection)`."""
        understood = self._understand(selection)
        name = self._declare(*statement(selection, understood))
        return self._batches(partial(self._fetch, name, rows), understood.columns)

    def _batches(
        self, fetch: Callable[[], bytes], columns: tuple[Column, ...]
    ) -> Iterator[pa.RecordBatch]:
        """The server works on the next rows while these are decoded and used."""
        ahead = self.pool.submit(fetch)
        while lines := finished(ahead, interrupt=self._interrupt):
            with running(self.server):
                if self.connection.closed:
                    raise psycopg.OperationalError
                ahead = self.pool.submit(fetch)
                read = batch(lines, columns)
            del lines
            yield read

    def _fetch(self, name: str, rows: int) -> bytes:
        """The lines of the next rows, none at the end; a failure leaves other readings alone."""
        # A statement of its own for the savepoint would be two more ways to the server and back.
        sql = f"savepoint fetching; fetch forward {rows} from {name}; release fetching"
        with running(self.server):
            try:
                cursor = self.connection.execute(sql)
            except psycopg.Error:
                with suppress(psycopg.Error):
                    self.connection.execute("rollback to fetching")
                raise
            cursor.nextset()
            return _lines(cursor.pgresult)

    def _understand(self, selection: Selection) -> Understood:
        """The selection's query or table, understood once; its bound and limit play no part."""
        key = replace(selection, cursor=None, since=None, limit=None)
        if key not in self.known:
            query = selection.query or self._table(selection.table or "")
            self.known[key] = self._described(query.rstrip().rstrip(";"))
        return self.known[key]

    def _table(self, wanted: str) -> str:
        tables = self._run(lambda: self.connection.execute(TABLES).fetchall())
        ((path,),) = self._run(lambda: self.connection.execute(PATH).fetchall())
        schema, name = find_table(wanted, tables, path=path)
        return f"select * from {quoted(schema)}.{quoted(name)}"

    def _described(self, query: str) -> Understood:
        # Declared as it stands, so that no bracket in it can reach what is later put around it.
        name = self._declare(query, ())
        fetching = self._run(lambda: self.connection.execute(f"fetch 0 from {name}"))
        result = fetching.pgresult
        described = [
            Described(name=one.name, oid=one.type_code, modifier=result.fmod(n) if result else -1)
            for n, one in enumerate(fetching.description or ())
        ]
        refuse_duplicates([one.name for one in described])
        if not described:
            raise ConfigurationError("the source has no columns")
        types = unknown(described)
        rows = self._run(lambda: self._with(SHAPES, (types,)).fetchall()) if types else []
        catalog = shapes(rows)
        return Understood(query=query, columns=tuple(readable(one, catalog) for one in described))

    def _declare(self, query: str, parameters: tuple[object, ...]) -> str:
        """The name of a new cursor, which PostgreSQL declares for nothing but one SELECT."""
        name = f"connector_{next(self.numbers)}"
        sql = f"declare {name} no scroll cursor for {query}"
        self._run(lambda: self._with(sql, parameters), told=binding)
        return name

    def _with(self, sql: str, parameters: tuple[object, ...]) -> psycopg.Cursor[tuple[Any, ...]]:
        # Binary, because only then the server is asked to take the text for one statement.
        cursor = psycopg.RawCursor(self.connection)
        return cursor.execute(sql, parameters, binary=True)

    def _run(
        self, work: Callable[[], T], told: Callable[[str], AbstractContextManager[None]] = running
    ) -> T:
        """What `work` gives; its failure leaves the transaction and other readings alone."""

        def apart() -> T:
            with told(self.server), self.connection.transaction():
                return work()

        return interruptibly(self.pool, apart, interrupt=self._interrupt)

    def _interrupt(self) -> None:
        _interrupt(self.connection)


def statement(selection: Selection, understood: Understood) -> tuple[str, tuple[object, ...]]:
    """The SELECT that reads a selection, a text for each row, and its parameters.

    Raises:
        ConfigurationError: the selection's cursor does not fit the columns.
    """
    # The query was understood alone; its last line may be a comment.
    sql = f"select {row_item(understood.columns)} from ({understood.query}\n) as selection"
    parameters: tuple[object, ...] = ()
    if selection.cursor is not None:
        name, since = bounded(selection, [column.field for column in understood.columns])
        column = f"selection.{quoted(name)}"
        if since is not None:
            sql += f" where ({column} >= $1 or {column} is null)"
            parameters = (since,)
    limit = "" if selection.limit is None else f" limit {selection.limit}"
    return sql + limit, parameters


def _schema(columns: tuple[Column, ...]) -> pa.Schema:
    return pa.schema([column.field for column in columns])


def _lines(result: PGresult | None) -> bytes:
    if result is None:
        return b""
    return b"\n".join([result.get_value(row, 0) or b"" for row in range(result.ntuples)])
