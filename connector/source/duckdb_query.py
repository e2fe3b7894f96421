"""The one statement that reads a selection from DuckDB."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime

import duckdb
from duckdb.sqltypes import DuckDBPyType

from connector.errors import ConfigurationError
from connector.source.duckdb_errors import binding
from connector.source.duckdb_types import item
from connector.source.selection import (
    CursorValue,
    Selection,
    find_cursor,
    find_table,
    instant,
    not_a_bound,
    quoted,
    refuse_duplicates,
)

TABLES = """
    select table_schema, table_name, table_type = 'BASE TABLE'
    from information_schema.tables where table_catalog = current_database()
"""


@dataclass(frozen=True, kw_only=True)
class Statement:
    """SQL for a selection: `sql` reads it, `counting` counts it, fast if it is of a table."""

    sql: str
    counting: str
    is_table: bool


def statement(connection: duckdb.DuckDBPyConnection, selection: Selection) -> Statement:
    """The statement for a selection, bound against the warehouse but not run.

    Raises:
        ConfigurationError: not one SELECT, or one the warehouse does not understand.
    """
    relation, is_table = _relation(connection, selection)
    with binding():
        bound = connection.sql(selection.query or f"from {relation}")
        columns = dict(zip(bound.columns, bound.types, strict=True))
        refuse_duplicates(bound.columns)
    condition = _condition(selection, columns)
    limit = "" if selection.limit is None else f"limit {selection.limit}"
    items = ", ".join(item(name, type_) for name, type_ in columns.items())
    rest = f"from {relation} as selection where {condition} {limit}"
    counting = f"select count(*) from (select 1 {rest})"
    # Identifiers are quoted, the query was parsed alone and is a literal, bounds are typed.
    return Statement(sql=f"select {items} {rest}", counting=counting, is_table=is_table)


def _relation(connection: duckdb.DuckDBPyConnection, selection: Selection) -> tuple[str, bool]:
    """What stands after FROM, and whether it is a table that knows how many rows it has."""
    if selection.query is not None:
        refuse_all_but_one_select(connection, selection.query)
        # As the text of `query`, no bracket or comment in it can reach what stands around it.
        return f"query('{selection.query.replace(chr(39), chr(39) * 2)}')", False
    tables = {
        (schema, name): is_table for schema, name, is_table in connection.execute(TABLES).fetchall()
    }
    schema, name = find_table(selection.table or "", list(tables))
    return f"{quoted(schema)}.{quoted(name)}", tables[schema, name]


def refuse_all_but_one_select(connection: duckdb.DuckDBPyConnection, query: str) -> None:
    """Refuse what is not exactly one statement that reads.

    Raises:
        ConfigurationError: it says what the query is instead.
    """
    with binding():
        statements = connection.extract_statements(query)
    if len(statements) != 1:
        raise ConfigurationError(f"a source is one SELECT; the query has {len(statements)}")
    kind = statements[0].type
    if kind == duckdb.StatementType.MULTI:
        raise ConfigurationError("a PIVOT in a source names its columns with IN (…)")
    if kind != duckdb.StatementType.SELECT:
        raise ConfigurationError(f"a source is one SELECT; the query is {kind.name}")
    if statements[0].named_parameters:
        raise ConfigurationError("the query has a parameter ($… or ?), which nothing fills in")


def _condition(selection: Selection, columns: dict[str, DuckDBPyType]) -> str:
    if selection.cursor is None:
        return "true"
    cursor = find_cursor(selection.cursor, columns)
    literal = _LITERALS.get(_kind(columns[cursor]))
    if literal is None:
        raise ConfigurationError(
            f"the cursor {cursor!r} is {columns[cursor]}: cast it to a timestamp, a date or"
            " a whole number in the query"
        )
    if selection.since is None:
        return "true"
    bound = literal(selection.since)
    if bound is None:
        raise not_a_bound(cursor, str(columns[cursor]), selection.since)
    column = f"selection.{quoted(cursor)}"
    return f"({column} >= {bound} or {column} is null)"


def _kind(type_: DuckDBPyType) -> str:
    """The type's name; a decimal without a fraction is a whole number."""
    return "hugeint" if re.fullmatch(r"DECIMAL\(\d+,\s*0\)", str(type_)) else type_.id


def _aware(since: CursorValue) -> str | None:
    return None if isinstance(since, int) else f"timestamptz '{instant(since).isoformat(' ')}'"


def _wall(since: CursorValue) -> str | None:
    if isinstance(since, int):
        return None
    return f"timestamp '{instant(since).replace(tzinfo=None).isoformat(' ')}'"


def _day(since: CursorValue) -> str | None:
    if isinstance(since, int):
        return None
    day = since.astimezone(UTC).date() if isinstance(since, datetime) else since
    return f"date '{day.isoformat()}'"


def _number(since: CursorValue) -> str | None:
    return None if isinstance(since, date) else str(since)


_LITERALS: dict[str, Callable[[CursorValue], str | None]] = {
    "timestamp with time zone": _aware,
    "timestamptz_ns": _aware,
    **dict.fromkeys(("timestamp", "timestamp_s", "timestamp_ms", "timestamp_ns"), _wall),
    "date": _day,
    **dict.fromkeys(("tinyint", "smallint", "integer", "bigint", "hugeint"), _number),
    **dict.fromkeys(("utinyint", "usmallint", "uinteger", "ubigint", "uhugeint"), _number),
}
