"""Metrics in a DuckDB file: one process at a time has it open for writing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar

import duckdb

from connector.errors import ConfigurationError, UnreachableError
from connector.metrics.database import no_table
from connector.metrics.staging import Stage
from connector.metrics.tables import Name
from connector.source.duckdb_errors import holder, opening, told
from connector.source.open import place_of
from connector.source.waiting import Patience, open_when_free

T = TypeVar("T")

INCOMING = "connector_incoming"
# What does not fit is put into a folder beside the file, as DuckDB does; no row here is personal.
# Rows come one batch after the other: more threads take memory, and no less time.
CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": False,
    "python_enable_replacements": False,
    "memory_limit": "256MB",
    "threads": 1,
}
KINDS = """
    select 'table' from duckdb_tables() where database_name = current_database()
        and schema_name = coalesce($1, current_schema()) and lower(table_name) = $2
    union all
    select 'view' from duckdb_views() where database_name = current_database()
        and schema_name = coalesce($1, current_schema()) and lower(view_name) = $2
"""
COLUMNS = """
    select column_name, data_type from duckdb_columns() where database_name = current_database()
        and schema_name = coalesce($1, current_schema()) and lower(table_name) = $2
    order by column_index
"""
COMMENT = """
    select coalesce(comment, '') from duckdb_views() where database_name = current_database()
        and schema_name = coalesce($1, current_schema()) and lower(view_name) = $2
"""
ONE_AT_A_TIME = Lock()
"""DuckDB lets two transactions of a process both add what neither of them sees of the other."""
# Nobody need act but time; anything else is for the owner of the file.
PASSING = (
    duckdb.IOException, duckdb.InternalException, duckdb.FatalException,
    duckdb.OutOfMemoryException, duckdb.TransactionException,
)  # fmt: skip


@contextmanager
def open_duckdb(
    url: str, *, root: Path, patience: Patience, writing: bool
) -> Iterator[DuckDBTables]:
    """The file of a URL; one that is not there is made for writing, and empty for reading.

    Raises:
        ConfigurationError: the URL names no file, or one in a folder that is not there.
        UnreachableError: held by another process until the deadline, or no DuckDB file.
    """
    path = _file(url, root)
    absent = not writing and not path.exists()
    place = ":memory:" if absent else str(path)
    connect = partial(duckdb.connect, place, read_only=not writing and not absent, config=CONFIG)
    with opening(path):
        connection = open_when_free(path, connect, holder=holder, patience=patience)
    with closing(connection):
        connection.execute("set enable_progress_bar = false")
        yield DuckDBTables(path=path, connection=connection, patience=patience)


def _file(url: str, root: Path) -> Path:
    name = url.partition(":///")[2]
    path = root / name
    if name and "?" not in name and not path.exists() and path.parent.is_dir():
        return path.resolve()
    return place_of(url, root=root)


@dataclass(frozen=True, kw_only=True)
class DuckDBTables:
    """An open DuckDB file, a `Database`; one thread uses it.

    There are no primary keys: DuckDB would hold each in memory, and rows come by date anyway.
    """

    path: Path
    connection: duckdb.DuckDBPyConnection
    patience: Patience
    keyed: bool = False

    def run(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Run a statement; its rows, if it gives any."""
        with self._translated():
            return self.connection.execute(sql, values or None).fetchall()

    def load(self, table: str, stage: Stage) -> None:
        """Put what is staged into a table with the same columns, in bulk."""
        reader = stage.batches()
        with self._translated():
            self.connection.register(INCOMING, reader)
            self.connection.execute(f"insert into {table} select * from {INCOMING}")
            self.connection.unregister(INCOMING)

    def atomically(self, work: Callable[[], T]) -> T:
        """What `work` gives in one transaction, while no other import is in one.

        Other processes can't have the file open; threads of this one take turns.
        """
        if not ONE_AT_A_TIME.acquire(timeout=self.patience.deadline_seconds):
            raise UnreachableError(f"{self.path}: another import takes too long; run again")
        try:
            return self._transaction(work)
        finally:
            ONE_AT_A_TIME.release()

    def _transaction(self, work: Callable[[], T]) -> T:
        with self._translated():
            self.connection.begin()
        try:
            result = work()
            with self._translated():
                self.connection.commit()
        except BaseException:
            with suppress(duckdb.Error):
                self.connection.rollback()
            raise
        return result

    def columns(self, name: Name) -> Mapping[str, str] | None:
        """The types of a table's columns by name; None when there is nothing of that name."""
        kinds = self.run(KINDS, name.schema, name.table)
        if kinds == [("view",)]:
            raise ConfigurationError(no_table(name))
        return dict(self.run(COLUMNS, name.schema, name.table)) if kinds else None

    def comment(self, view: Name) -> str | None:
        """What is remarked of a view; None when there is no such view."""
        rows = self.run(COMMENT, view.schema, view.table)
        return str(rows[0][0]) if rows else None

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except PASSING as error:
            raise UnreachableError(f"{self.path} could not be used: {told(error)}") from None
        except duckdb.Error as error:
            raise ConfigurationError(f"{self.path} can't take ad metrics: {told(error)}") from None
