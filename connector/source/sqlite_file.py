"""A SQLite file as a source: opened read-only, sealed, one snapshot for all that is read."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

import pyarrow as pa

from connector.source.selection import (
    Selection,
    find_cursor,
    find_table,
    quoted,
    refuse_duplicates,
)
from connector.source.sqlite_errors import binding, holder, opening, running
from connector.source.sqlite_types import (
    Column,
    Held,
    as_named,
    bound_sql,
    column,
    held,
    kinds_sql,
    refuse_other_cursor,
)
from connector.source.waiting import Patience, interruptibly, open_when_free

T = TypeVar("T")

Parameters = tuple[str | int, ...]

TABLES = "select 'main', name from main.sqlite_schema where type in ('table', 'view')"

READING = {
    sqlite3.SQLITE_SELECT,
    sqlite3.SQLITE_READ,
    sqlite3.SQLITE_FUNCTION,
    sqlite3.SQLITE_RECURSIVE,
}
# What this module itself does, and what SQLite asks for when it makes room for json_each.
OWN = {
    (sqlite3.SQLITE_INSERT, "sqlite_temp_master"),
    (sqlite3.SQLITE_UPDATE, "sqlite_temp_master"),
    (sqlite3.SQLITE_UPDATE, "sqlite_master"),
    (sqlite3.SQLITE_PRAGMA, "table_xinfo"),
}


@contextmanager
def open_sqlite(path: Path, *, patience: Patience) -> Iterator[SQLiteSource]:
    """A sealed source over the file, in one read transaction until it is left.

    Raises:
        UnreachableError: locked by a writer until the deadline, or no SQLite file.
    """
    with opening(path):
        connection = sqlite3.connect(
            f"file:{quote(str(path))}?mode=ro",
            uri=True,
            timeout=0,
            isolation_level=None,
            check_same_thread=False,
        )
    # In this order: the work ends, then every cursor, or the lock outlives the connection.
    with closing(connection), ExitStack() as cursors, ThreadPoolExecutor(1, "source") as pool:
        with opening(path):
            connection.execute("begin")
            first_read = partial(connection.execute, "select 1 from sqlite_schema")
            open_when_free(path, first_read, holder=holder, patience=patience).fetchall()
        connection.set_authorizer(_only_reading)
        yield SQLiteSource(path=path, connection=connection, pool=pool, cursors=cursors)


def _only_reading(action: int, first: str | None, *_: str | None) -> int:
    own = action == sqlite3.SQLITE_CREATE_TEMP_VIEW or (action, first) in OWN
    return sqlite3.SQLITE_OK if action in READING or own else sqlite3.SQLITE_DENY


@dataclass(frozen=True, kw_only=True)
class Found:
    """A query or table after the pass over all of it: its view, what its columns hold, its size."""

    view: str
    held: dict[str, Held]
    columns: tuple[Column, ...]
    size: int

    def schema(self) -> pa.Schema:
        """The types found, by column."""
        return pa.schema([(column.name, column.type) for column in self.columns])


@dataclass(frozen=True, kw_only=True)
class SQLiteSource:
    """An open SQLite file, a `Source`. Its types come from a pass over all rows, kept here.

    A bound or a limit does not change them: what is read later must map as it was compiled.
    """

    path: Path
    connection: sqlite3.Connection
    pool: Executor
    cursors: ExitStack
    found: dict[Selection, Found] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def schema(self, selection: Selection) -> pa.Schema:
        """The types of the result, from one pass over it."""
        found = self._find(selection)
        _rest(found, selection)
        return found.schema()

    def count(self, selection: Selection) -> int | None:
        """The rows of the result."""
        found = self._find(selection)
        rest, parameters = _rest(found, selection)
        if selection.since is None:
            return found.size if selection.limit is None else min(found.size, selection.limit)
        sql = f"select count(*) from (select 1 {rest})"
        ((size,),) = self._run(lambda: self.connection.execute(sql, parameters).fetchall())
        return int(size)

    def batches(self, selection: Selection, *, rows: int) -> Iterator[pa.RecordBatch]:
        """The rows as they come, each batch with `schema(selection)`."""
        found = self._find(selection)
        return self._batches(found, *_rest(found, selection), rows)

    def _batches(
        self, found: Found, rest: str, parameters: Parameters, rows: int
    ) -> Iterator[pa.RecordBatch]:
        items = ", ".join(column.sql for column in found.columns)
        sql = f"select {items} {rest}"
        cursor = self.cursors.enter_context(closing(self.connection.cursor()))
        self._run(lambda: cursor.execute(sql, parameters))
        following = partial(_batch, cursor, found, rows)
        while (batch := self._run(following)) is not None:
            yield batch

    def _find(self, selection: Selection) -> Found:
        key = replace(selection, cursor=None, since=None, limit=None)
        if key not in self.found:
            self.found[key] = self._first_pass(key)
        return self.found[key]

    def _first_pass(self, selection: Selection) -> Found:
        view, declared = self._view(selection)
        sql = f"select count(*), {kinds_sql(declared)} from {view}"
        ((size, *kinds),) = self._run(lambda: self.connection.execute(sql).fetchall())
        columns = held(declared, kinds)
        return Found(
            view=view, held=columns, columns=tuple(map(column, columns.values())), size=size
        )

    def _view(self, selection: Selection) -> tuple[str, dict[str, str]]:
        """A temporary view of the query or table, and what its columns are declared as.

        A view takes one SELECT and nothing else, and passes declarations on.
        """
        name = quoted(f"selection {next(self.numbers)}")
        with binding(self.path):
            query = selection.query
            if query is None:
                _, table = find_table(
                    selection.table or "", self.connection.execute(TABLES).fetchall()
                )
                query = f"select * from main.{quoted(table)}"
            self.connection.execute(f"create temp view {name} as {query}")
            info = self.connection.execute(f"pragma temp.table_xinfo({name})").fetchall()
        declared = {column[1]: column[2] for column in info}
        refuse_duplicates(as_named(list(declared)))
        return f"temp.{name}", declared

    def _run(self, work: Callable[[], T]) -> T:
        def translated() -> T:
            with running(self.path):
                return work()

        return interruptibly(self.pool, translated, interrupt=self.connection.interrupt)


def _rest(found: Found, selection: Selection) -> tuple[str, Parameters]:
    """FROM and what follows, and its parameters.

    Raises:
        ConfigurationError: the selection's cursor does not fit the columns.
    """
    limit = "" if selection.limit is None else f" limit {selection.limit}"
    if selection.cursor is None:
        return f"from {found.view}{limit}", ()
    cursor = find_cursor(selection.cursor, found.held)
    refuse_other_cursor(found.held[cursor], selection.since)
    if selection.since is None:
        return f"from {found.view}{limit}", ()
    condition, bound = bound_sql(cursor, selection.since)
    return f"from {found.view} where {condition}{limit}", (bound,)


def _batch(cursor: sqlite3.Cursor, found: Found, rows: int) -> pa.RecordBatch | None:
    fetched = cursor.fetchmany(rows)
    if not fetched:
        return None
    values = zip(found.columns, zip(*fetched, strict=True), strict=True)
    arrays = [column.array(one) for column, one in values]
    return pa.RecordBatch.from_arrays(arrays, schema=found.schema())
