"""A DuckDB file as a source: opened read-only, sealed, and let go of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

import duckdb
import pyarrow as pa
from duckdb.sqltypes import DuckDBPyType

from connector.errors import UnreachableError
from connector.source.duckdb_errors import binding, holder, opening, running
from connector.source.duckdb_query import statement
from connector.source.duckdb_types import marked, width
from connector.source.selection import Selection
from connector.source.waiting import Patience, interruptibly, open_when_free

T = TypeVar("T")

# DuckDB keeps what it has read of a file until it needs the room. A scan needs little: each thread
# holds blocks of 256 kB, a few for each column and each member of one.
SCAN_MEGABYTES = 32
COLUMN_MEGABYTES = 1

# With external access off from the first moment DuckDB still lets in the file and its log.
# Replacements would let a query read this program's variables as tables. Without a folder of its
# own DuckDB would spill rows beside the warehouse, in files that everyone may read.
CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": False,
    "python_enable_replacements": False,
    "temp_directory": "",
    "allowed_configs": ["memory_limit"],  # in a query, which is one SELECT, nothing can set it
}
# GLOBAL: a cursor does not take over what its connection set for itself.
SEAL = ("set global TimeZone = 'UTC'", "set lock_configuration = true")
SEALED = {
    "access_mode": "read_only",
    "enable_external_access": "false",
    "python_enable_replacements": "false",
    "temp_directory": "",
    "TimeZone": "UTC",
    "lock_configuration": "true",
}


@contextmanager
def open_duckdb(path: Path, *, patience: Patience) -> Iterator[DuckDBSource]:
    """A sealed source over the file; nothing of it stays open or locked afterwards.

    Raises:
        UnreachableError: held by another process until the deadline, or no DuckDB file.
    """
    connect = partial(duckdb.connect, str(path), read_only=True, config=CONFIG)
    with opening(path):
        connection = open_when_free(path, connect, holder=holder, patience=patience)
    with closing(connection), ThreadPoolExecutor(1, "source") as pool, ExitStack() as readings:
        seal(path, connection)
        yield DuckDBSource(path=path, connection=connection, pool=pool, readings=readings)


def seal(
    path: Path, connection: duckdb.DuckDBPyConnection, *, settings: Mapping[str, str] = SEALED
) -> None:
    """Lock the settings, and make sure of them.

    Raises:
        UnreachableError: this process has the file open and locked with other settings.
    """
    with suppress(duckdb.InvalidInputException):  # locked already: by another source of this file
        for setting in SEAL:
            connection.execute(setting)
    found = dict(connection.execute("select name, value from duckdb_settings()").fetchall())
    if any(found[name] != value for name, value in settings.items()):
        raise UnreachableError(f"{path} is open in this process with other settings")


@dataclass(frozen=True, kw_only=True)
class Reading:
    """An open result: its reader, the schema of its batches, and how to end it."""

    reader: pa.RecordBatchReader
    schema: pa.Schema
    interrupt: Callable[[], None]
    close: Callable[[], None]


@dataclass(frozen=True, kw_only=True)
class DuckDBSource:
    """An open DuckDB file, a `Source`."""

    path: Path
    connection: duckdb.DuckDBPyConnection
    pool: Executor
    readings: ExitStack

    def schema(self, selection: Selection) -> pa.Schema:
        """The types of the result; the query is bound, no row is read."""
        with closing(self._read(replace(selection, limit=0), rows=1)) as reading:
            return reading.schema

    def count(self, selection: Selection) -> int | None:
        """The rows of a table, None for a view or a query."""
        with closing(self.connection.cursor()) as cursor:
            counted = statement(cursor, selection)
            if not counted.is_table:
                return None
            counting = counted.counting
            rows = self._run(lambda: cursor.execute(counting).fetchall(), cursor.interrupt)
        return int(rows[0][0])

    def batches(self, selection: Selection, *, rows: int) -> Iterator[pa.RecordBatch]:
        """The rows as they come, each batch with `schema(selection)`."""
        return self._batches(self._read(selection, rows=rows))

    def _batches(self, reading: Reading) -> Iterator[pa.RecordBatch]:
        following = partial(next, reading.reader, None)
        with closing(reading):
            while (batch := self._run(following, reading.interrupt)) is not None:
                yield pa.RecordBatch.from_arrays(batch.columns, schema=reading.schema)

    def _read(self, selection: Selection, *, rows: int) -> Reading:
        with ExitStack() as opened:
            cursor = self.connection.cursor()
            opened.callback(self._after_work, cursor.close)
            reads = statement(cursor, selection)
            with binding():
                relation = cursor.sql(reads.sql)
                types = relation.types
            _limit_memory(cursor, types if reads.is_table else None)
            reader = self._run(partial(relation.to_arrow_reader, rows), cursor.interrupt)
            # A reader that is not closed holds the file, whatever becomes of its connection.
            opened.callback(self._after_work, reader.close)
            fields = [marked(*column) for column in zip(reader.schema, types, strict=True)]
            close = self.readings.enter_context(opened.pop_all()).close
        return Reading(
            reader=reader, schema=pa.schema(fields), interrupt=cursor.interrupt, close=close
        )

    def _run(self, work: Callable[[], T], interrupt: Callable[[], None]) -> T:
        def translated() -> T:
            with running(self.path):
                return work()

        return interruptibly(self.pool, translated, interrupt=interrupt)

    def _after_work(self, close: Callable[[], None]) -> None:
        """Close where the work is done: never under the feet of a query that is being stopped."""
        self.pool.submit(close).result()


def _limit_memory(cursor: duckdb.DuckDBPyConnection, table: list[DuckDBPyType] | None) -> None:
    """Keep the scan of a table small; a query may sort, and gets what the machine has."""
    if table is None:
        cursor.execute("reset global memory_limit")
        return
    [(threads,)] = cursor.execute("select current_setting('threads')").fetchall()
    limit = SCAN_MEGABYTES + COLUMN_MEGABYTES * threads * sum(map(width, table))
    with suppress(duckdb.OutOfMemoryException):  # another reading of this file holds more
        cursor.execute(f"set global memory_limit = '{limit}MB'")
