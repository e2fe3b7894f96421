"""Metrics in PostgreSQL: whoever writes a table has an advisory lock until its transaction ends."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import psycopg
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from connector.errors import ConfigurationError, UnreachableError
from connector.metrics.database import no_table
from connector.metrics.staging import Stage
from connector.metrics.tables import Name
from connector.source.postgresql import connected
from connector.source.postgresql_errors import LONGEST_MESSAGE
from connector.source.waiting import FIRST_DELAY_SECONDS, Patience

T = TypeVar("T")

# A name without a schema is looked for along the search path, as the statements that use it do.
KIND = """
    select c.relkind::text, coalesce(obj_description(c.oid, 'pg_class'), '')
    from pg_catalog.pg_class c where c.oid = to_regclass($1)
"""
# With quote_all_identifiers a type is "date"; one that needs quotes is none of an import's.
COLUMNS = """
    select attname::text, replace(format_type(atttypid, atttypmod), '"', '')
    from pg_catalog.pg_attribute
    where attrelid = to_regclass($1) and attnum > 0 and not attisdropped order by attnum
"""
TABLE_KINDS, VIEW_KIND = {"r", "p"}, "v"
# Classes of SQLSTATE that pass by themselves: the connection, resources, an operator, the system.
BROKEN = ("08", "53", "57", "58", "XX")
IN_THE_WAY = {"40001", "40P01"}
LOCK = int.from_bytes(hashlib.sha256(b"ads-connector metrics").digest()[:8], signed=True)
"""One for a database: what imports share is more than the table that each is told to write."""
LOCK_NOT_AVAILABLE = "55P03"


@contextmanager
def open_postgresql(url: str, *, patience: Patience) -> Iterator[PostgreSQLTables]:
    """The database of a URL.

    Raises:
        ConfigurationError: no URL of PostgreSQL, or one whose account or database is refused.
        UnreachableError: no answer until the deadline.
    """
    server, connection = connected(url, patience=patience, autocommit=True)
    try:
        connection.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
        yield PostgreSQLTables(server=server, connection=connection, patience=patience)
    finally:
        connection.close()


@dataclass(frozen=True, kw_only=True)
class PostgreSQLTables:
    """An open PostgreSQL database, a `Database`; one thread uses it."""

    server: str
    connection: psycopg.Connection
    patience: Patience
    keyed: bool = True

    def run(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Run a statement; its rows, if it gives any."""
        with self._translated():
            cursor = psycopg.RawCursor(self.connection)
            cursor.execute(sql, values)
            return cursor.fetchall() if cursor.description else []

    def load(self, table: str, stage: Stage) -> None:
        """Put what is staged into a table with the same columns, in bulk."""
        names = ", ".join(f'"{column.name}"' for column in stage.columns)
        sql = f"copy {table} ({names}) from stdin with (format csv)"
        with (
            self._translated(),
            self.connection.cursor() as cursor,
            cursor.copy(sql.encode()) as copy,
        ):
            for batch in stage.batches():
                copy.write(_csv(batch))

    def atomically(self, work: Callable[[], T]) -> T:
        """What `work` gives in one transaction, while no other import is in one."""
        ends = self.patience.monotonic() + self.patience.deadline_seconds
        while True:
            try:
                with self._translated(), self.connection.transaction():
                    self._take_lock()
                    return work()
            except _InTheWayError:
                if self.patience.monotonic() >= ends:
                    raise
            self.patience.sleep(FIRST_DELAY_SECONDS)

    def _take_lock(self) -> None:
        milliseconds = max(1, round(self.patience.deadline_seconds * 1000))
        self.run(f"set local lock_timeout = {milliseconds}")
        self.run(f"select pg_advisory_xact_lock({LOCK})")

    def columns(self, name: Name) -> Mapping[str, str] | None:
        """The types of a table's columns by name; None when there is nothing of that name."""
        kinds = self.run(KIND, name.sql)
        if kinds and kinds[0][0] not in TABLE_KINDS:
            raise ConfigurationError(no_table(name))
        return dict(self.run(COLUMNS, name.sql)) if kinds else None

    def comment(self, view: Name) -> str | None:
        """What is remarked of a view; None when there is no such view."""
        return next(
            (comment for kind, comment in self.run(KIND, view.sql) if kind == VIEW_KIND), None
        )

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except psycopg.Error as error:
            raise _sentence(self.server, error) from None


def _csv(batch: pa.RecordBatch) -> bytes:
    """A null is nothing, an empty text is in quotes: what PostgreSQL's CSV means by them."""
    sink = pa.BufferOutputStream()
    decimals = [
        pc.cast(array, pa.string()) if pa.types.is_decimal(array.type) else array
        for array in batch.columns
    ]
    plain = pa.RecordBatch.from_arrays(decimals, names=batch.schema.names)
    csv.write_csv(plain, sink, csv.WriteOptions(include_header=False))
    written: bytes = sink.getvalue().to_pybytes()
    return written


class _InTheWayError(UnreachableError):
    """Another transaction was in the way, and the server ended this one."""


def _sentence(server: str, error: psycopg.Error) -> ConfigurationError | UnreachableError:
    state = error.sqlstate or ""
    told = " ".join((error.diag.message_primary or str(error)).split())[:LONGEST_MESSAGE]
    if state in IN_THE_WAY:
        return _InTheWayError(f"{server}: another import is in the way: run again")
    if state == LOCK_NOT_AVAILABLE:
        return UnreachableError(
            f"{server}: somebody else holds the tables of ad metrics, and still did at the"
            " deadline: let that finish, then run again"
        )
    if not state or state.startswith(BROKEN):
        return UnreachableError(f"{server} could not be used: {told}")
    return ConfigurationError(f"{server} can't take ad metrics: {told}")
