"""Any warehouse that SQLAlchemy has a dialect for.

Where the driver declares the types of a result they are taken, and rows are read as they come.
Elsewhere no type is guessed from a part of the rows: the whole result is kept in a file without a
name, and the narrowest types that take all of it are found; cursor and limit are applied to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.engine import make_url

from connector.errors import ConfigurationError
from connector.source.bounds import bounded
from connector.source.objects import readable, text
from connector.source.selection import CursorValue, Selection, find_table, refuse_duplicates
from connector.source.spool import Spool, spooled
from connector.source.sqlalchemy_errors import binding, connecting, running
from connector.source.sqlalchemy_types import WAREHOUSES, Warehouse
from connector.source.texts import Column

# SQL Server takes no WITH inside brackets; there a write is undone with the transaction.
UNWRAPPED = {"mssql"}


@contextmanager
def open_sqlalchemy(url: str) -> Iterator[SQLAlchemySource]:
    """A source over the warehouse, in one transaction that is rolled back when it is left.

    Raises:
        ConfigurationError: no driver for this URL here, or it refuses the URL.
        UnreachableError: no connection.
    """
    server = f"the {url.partition(':')[0]} warehouse"
    with ExitStack() as opened:
        with connecting(server, password=None):
            parsed = make_url(url)
        with connecting(server, password=parsed.password):
            warehouse = WAREHOUSES.get(parsed.get_backend_name())
            arguments = dict(warehouse.arguments) if warehouse else {}
            engine = sa.create_engine(
                parsed, poolclass=sa.NullPool, hide_parameters=True, connect_args=arguments
            )
            opened.callback(engine.dispose)
            connection = opened.enter_context(engine.connect())
            for sql in warehouse.begin if warehouse else ():
                connection.exec_driver_sql(sql)
        # Without parameters drivers leave % alone, with none they would not.
        connection = connection.execution_options(stream_results=True, no_parameters=True)
        yield SQLAlchemySource(
            server=server, connection=connection, warehouse=warehouse, opened=opened
        )


@dataclass(frozen=True, kw_only=True)
class SQLAlchemySource:
    """An open warehouse, a `Source`. `warehouse` is None where types are not declared."""

    server: str
    connection: sa.Connection
    warehouse: Warehouse | None
    opened: ExitStack
    declared: dict[Selection, tuple[Column, ...]] = field(default_factory=dict)
    spools: dict[Selection, Spool] = field(default_factory=dict)

    def schema(self, selection: Selection) -> pa.Schema:
        """The types of the result; it is read to its end where nothing declares them."""
        fields = [column.field for column in self._columns(selection)]
        if selection.cursor is not None:
            bounded(selection, fields)
        return pa.schema(fields)

    def count(self, selection: Selection) -> None:
        """None: rows are counted by reading them."""
        self.schema(selection)

    def batches(self, selection: Selection, *, rows: int) -> Iterator[pa.RecordBatch]:
        """The rows as they come, each batch with `schema(selection)`."""
        schema = self.schema(selection)
        if self.warehouse is None:
            return self._spool(selection).batches(selection, rows=rows)
        statement = self._statement(selection, self.warehouse)
        return self._batches(self._rows(statement, rows), self._columns(selection), schema)

    def _batches(
        self, chunks: Iterator[Sequence[Sequence[object]]], columns: Sequence[Column],
        schema: pa.Schema,
    ) -> Iterator[pa.RecordBatch]:  # fmt: skip
        for chunk in chunks:
            values = zip(columns, zip(*chunk, strict=True), strict=True)
            with running(self.server):
                arrays = [column.array(list(map(text, of_one))) for column, of_one in values]
            yield pa.RecordBatch.from_arrays(arrays, schema=schema)

    def _columns(self, selection: Selection) -> Sequence[Column]:
        if self.warehouse is None:
            return self._spool(selection).columns
        key = _whole(selection)
        if key not in self.declared:
            self.declared[key] = self._described(self._nested(key) + " limit 0", self.warehouse)
        return self.declared[key]

    def _described(self, sql: str, warehouse: Warehouse) -> tuple[Column, ...]:
        with binding(self.server), self.connection.exec_driver_sql(sql) as result:
            described = _description(result)
        columns = []
        for one in described:
            type_, mark = warehouse.declared(one)
            columns.append(readable(one[0], type_, mark=mark))
        return tuple(columns)

    def _spool(self, selection: Selection) -> Spool:
        key = _whole(selection)
        if key not in self.spools:
            sql = self._nested(key)
            with binding(self.server), self.connection.exec_driver_sql(sql) as result:
                names = [one[0] for one in _description(result)]
                with running(self.server):
                    self.spools[key] = spooled(names, result, self.opened)
        return self.spools[key]

    def _rows(self, sql: str, rows: int) -> Iterator[Sequence[Sequence[Any]]]:
        with running(self.server), self.connection.exec_driver_sql(sql) as result:
            yield from result.partitions(rows)

    def _statement(self, selection: Selection, warehouse: Warehouse) -> str:
        sql = self._nested(selection)
        if selection.cursor is not None:
            fields = [column.field for column in self._columns(selection)]
            name, since = bounded(selection, fields)
            if since is not None:
                column = f"selection.{self._quoted(name)}"
                sql += f" where ({column} >= {_literal(since, warehouse)} or {column} is null)"
        return sql if selection.limit is None else f"{sql} limit {selection.limit}"

    def _nested(self, selection: Selection) -> str:
        """A SELECT around the query, whose last line may be a comment."""
        query = (selection.query or self._table(selection.table or "")).rstrip().rstrip(";")
        if self.connection.dialect.name in UNWRAPPED:
            return query
        return f"select * from ({query}\n) selection"

    def _table(self, wanted: str) -> str:
        """A query of all of a table; only its own schema is searched for near names."""
        with binding(self.server):
            inspector = sa.inspect(self.connection)
            schema, _, _ = wanted.rpartition(".")
            default = inspector.default_schema_name or "main"
            here = schema or None
            names = [*inspector.get_table_names(here), *inspector.get_view_names(here)]
        found = find_table(wanted, [(schema or default, name) for name in names], path=[default])
        table = sa.table(found[1], schema=found[0] if schema else None)
        return f"select * from {self.connection.dialect.identifier_preparer.format_table(table)}"

    def _quoted(self, name: str) -> str:
        return self.connection.dialect.identifier_preparer.quote_identifier(name)


def _whole(selection: Selection) -> Selection:
    return replace(selection, cursor=None, since=None, limit=None)


def _description(result: sa.CursorResult[Any]) -> list[Sequence[Any]]:
    if result.cursor is None or not result.returns_rows:
        raise ConfigurationError("a source is one SELECT; the query gives no rows")
    described: list[Sequence[Any]] = list(result.cursor.description)
    refuse_duplicates([one[0] for one in described])
    return described


def _literal(since: CursorValue, warehouse: Warehouse) -> str:
    if not isinstance(since, date):
        return str(since)
    if not isinstance(since, datetime):
        return warehouse.bounds["date"].format(since.isoformat())
    kind = "moment" if since.tzinfo is None else "instant"
    return warehouse.bounds[kind].format(since.replace(tzinfo=None).isoformat(" "))
