"""A sealed DuckDB that maps batches of warehouse rows by a mapping's statement.

No file, network or setting is in reach of a mapping's expressions; see the columns of the result
in `connector.conversions.body.row`.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches

import duckdb
import pyarrow as pa
from duckdb.func import FunctionNullHandling, PythonUDFType
from duckdb.sqltypes import VARCHAR

from connector.conversions.compiler import (
    CURSORS,
    Dialect,
    NotCompiledError,
    Refusal,
    compile_mapping,
)
from connector.conversions.cursor import Kind
from connector.conversions.expression import check, stable_functions
from connector.conversions.identifiers import FUNCTIONS
from connector.conversions.rules import MACROS
from connector.conversions.sql import ColumnType, column_type, identifier
from connector.errors import ConfigurationError, ConnectorError, Problem
from connector.project.mapping import Mapping

MEMORY_LIMIT = "256MB"


@dataclass(frozen=True, kw_only=True)
class Mapper:
    """A compiled mapping; `map` takes batches that have the schema it was compiled for.

    `cursor_kind` is None for a mapping without a cursor.
    """

    statement: str
    cursor_kind: Kind | None
    map: Callable[[pa.RecordBatch], pa.RecordBatch]


@contextmanager
def open_mapper(mapping: Mapping, schema: pa.Schema, *, now: datetime) -> Iterator[Mapper]:
    """Compile a mapping for a schema and keep its DuckDB open.

    `now` is what conversion times are measured against.

    Raises:
        ConfigurationError: with each place of the mapping that does not fit the schema.
    """
    with sealed() as connection:
        connection.register("source", schema.empty_table())
        try:
            statement = compile_mapping(mapping, _dialect(connection, schema))
        except NotCompiledError as error:
            problems = [_problem(mapping, refusal) for refusal in error.refusals]
            raise ConfigurationError(
                f"{mapping.name}: the mapping does not fit the warehouse", problems
            ) from None
        now_ms = int(now.timestamp() * 1000)
        bounds = {
            "earliest_ms": now_ms - int(mapping.limits.max_age.total_seconds() * 1000),
            "latest_ms": now_ms + int(mapping.limits.max_in_future.total_seconds() * 1000),
        }

        def map_batch(batch: pa.RecordBatch) -> pa.RecordBatch:
            connection.register("source", pa.Table.from_batches([batch]))
            try:
                mapped = connection.sql(statement, params=bounds).to_arrow_table()
            except duckdb.Error as error:
                # DuckDB's own words may hold values of the row.
                raise ConnectorError(
                    f"{mapping.name}: DuckDB could not map a batch ({type(error).__name__})"
                ) from None
            return mapped.combine_chunks().to_batches()[0] if mapped.num_rows else None

        kind = None
        if mapping.source.cursor:
            family = _type_of(connection, identifier(mapping.source.cursor)).family
            kind = CURSORS[family][0]
        yield Mapper(statement=statement, cursor_kind=kind, map=map_batch)


@contextmanager
def sealed() -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB in memory that reaches nothing outside, with the words the statements use."""
    connection = duckdb.connect(":memory:", config={"temp_directory": "", "threads": 1})
    try:
        text = VARCHAR
        for name, (function, arguments) in FUNCTIONS.items():
            connection.create_function(
                name, function, [text] * arguments, text,
                type=PythonUDFType.ARROW,
                null_handling=FunctionNullHandling.SPECIAL,
            )  # fmt: skip
        for signature, definition in MACROS.items():
            connection.execute(f"create macro {signature} as {definition}")
        for setting in (
            "enable_external_access=false",
            "enable_progress_bar=false",
            "TimeZone='UTC'",
            f"memory_limit='{MEMORY_LIMIT}'",
            "lock_configuration=true",
        ):
            connection.execute(f"set {setting}")
        yield connection
    finally:
        connection.close()


def _problem(mapping: Mapping, refusal: Refusal) -> Problem:
    mark = mapping.place(refusal.loc)
    return Problem(mapping.path, refusal.message, mark.line, mark.column)


def _dialect(connection: duckdb.DuckDBPyConnection, schema: pa.Schema) -> Dialect:
    names = {name.lower(): name for name in schema.names}

    def type_of(sql: str) -> ColumnType:
        if sql.startswith('"') and sql.strip('"').lower() not in names:
            raise ValueError(_missing(sql.strip('"'), schema.names))
        try:
            return _type_of(connection, sql)
        except duckdb.Error as error:
            raise ValueError(_first_line(error)) from None

    def checked(sql: str) -> None:
        check(sql, connection=connection, functions=functions)

    functions = stable_functions(connection)
    return Dialect(type_of=type_of, check=checked)


def _type_of(connection: duckdb.DuckDBPyConnection, sql: str) -> ColumnType:
    return column_type(connection.sql(f"select {sql} from source").types[0])


def _missing(name: str, known: list[str]) -> str:
    near = get_close_matches(name, known, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return f"the source has no column {name!r}{hint} It has: {', '.join(known)}"


def _first_line(error: duckdb.Error) -> str:
    return str(error).splitlines()[0].removeprefix("Binder Error: ")
