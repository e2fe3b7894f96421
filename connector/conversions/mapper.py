"""A sealed DuckDB that maps batches of warehouse rows by a mapping's statement.

No file, network or setting is in reach of a mapping's expressions; see the columns of the result
in `connector.conversions.body.row`.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import duckdb
import pyarrow as pa
from duckdb.func import FunctionNullHandling, PythonUDFType
from duckdb.sqltypes import VARCHAR

from connector.conversions import expression
from connector.conversions.batches import BatchError, Rows, batches
from connector.conversions.compiler import CURSORS, compile_mapping
from connector.conversions.cursor import Kind
from connector.conversions.draft import Dialect, NotCompiledError, Refusal, tried
from connector.conversions.identifiers import FUNCTIONS
from connector.conversions.rules import MACROS
from connector.conversions.sql import ColumnType, column_type, identifier
from connector.errors import ConfigurationError, ConnectorError, Problem
from connector.project.mapping import Mapping as ConversionMapping
from connector.source.selection import TYPE_MARK, suggestion

MEMORY_LIMIT = "256MB"
_SETTINGS = {
    "enable_external_access": "false",
    # It moves what an expression says twice out of the TRY that guards it.
    "disabled_optimizers": "'common_subexpressions'",
    "enable_progress_bar": "false",
    "global TimeZone": "'UTC'",  # for its cursors, too
    "memory_limit": f"'{MEMORY_LIMIT}'",
    "lock_configuration": "true",
}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_SHOWN_COLUMNS = 30


Map = Callable[[pa.RecordBatch], pa.RecordBatch]


@dataclass(frozen=True, kw_only=True)
class Mapper:
    """A compiled mapping; `map` takes batches that have the schema it was compiled for.

    `words` are the definitions of what the statement calls. `cursor_kind` is None for a mapping
    without a cursor. `another` opens one more like it, for another thread, while it is open itself.
    """

    statement: str
    words: Mapping[str, str]
    cursor_kind: Kind | None
    map: Map
    another: Callable[[], AbstractContextManager[Map]]


@contextmanager
def open_mapper(
    mapping: ConversionMapping, schema: pa.Schema, *, now: datetime
) -> Iterator[Mapper]:
    """Compile a mapping for a schema and keep its DuckDB open.

    `now` is what conversion times are measured against; see `mapper_of`.
    """
    words = words_of(mapping, now=now)
    with sealed(words) as connection:
        yield mapper_of(mapping, schema, connection=connection, words=words)


def mapper_of(
    mapping: ConversionMapping, schema: pa.Schema, *,
    connection: duckdb.DuckDBPyConnection, words: Mapping[str, str],
) -> Mapper:  # fmt: skip
    """Compile a mapping for a schema in a `sealed` DuckDB that has the mapping's words.

    Raises:
        ConfigurationError: with each place of the mapping that does not fit the schema.
    """
    rows = Rows(connection, schema)
    types = _types(connection, schema)
    try:
        compiled = compile_mapping(mapping, _dialect(connection, types))
    except NotCompiledError as error:
        problems = [_problem(mapping, refusal) for refusal in error.refusals]
        raise ConfigurationError(
            f"{mapping.name}: the mapping does not fit the warehouse", problems
        ) from None

    @contextmanager
    def another() -> Iterator[Map]:
        with closing(connection.cursor()) as beside:
            yield _map(mapping.name, batches(beside, Rows(beside, schema), compiled))

    cursor = mapping.source.cursor
    return Mapper(
        statement=compiled.statement,
        words=words,
        cursor_kind=CURSORS[types[cursor.casefold()][1].family] if cursor else None,
        map=_map(mapping.name, batches(connection, rows, compiled)),
        another=another,
    )


def _map(name: str, run: Map) -> Map:
    def map_batch(batch: pa.RecordBatch) -> pa.RecordBatch:
        try:
            return run(batch)
        except BatchError as error:
            raise ConnectorError(f"{name}: {error}") from None

    return map_batch


def words_of(mapping: ConversionMapping, *, now: datetime) -> Mapping[str, str]:
    """The definitions of what a mapping's statement calls; times are measured against `now`."""
    limits = mapping.limits
    return {
        **MACROS,
        "connector_earliest_ms()": str((now - limits.max_age - _EPOCH) // _MILLISECOND),
        "connector_latest_ms()": str((now + limits.max_in_future - _EPOCH) // _MILLISECOND),
    }


@contextmanager
def sealed(words: Mapping[str, str] = MACROS) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB in memory that reaches nothing outside, with the words that statements use."""
    connection = duckdb.connect(":memory:", config={"temp_directory": "", "threads": 1})
    try:
        for name, (function, arguments) in FUNCTIONS.items():
            connection.create_function(
                name, function, [VARCHAR] * arguments, VARCHAR,
                type=PythonUDFType.ARROW, null_handling=FunctionNullHandling.SPECIAL,
            )  # fmt: skip
        for signature, definition in words.items():
            connection.execute(f"create macro {signature} as {definition}")
        for setting, value in _SETTINGS.items():
            connection.execute(f"set {setting} = {value}")
        yield connection
    finally:
        connection.close()


def _problem(mapping: ConversionMapping, refusal: Refusal) -> Problem:
    mark = mapping.place(refusal.loc)
    return Problem(mapping.path, refusal.message, mark.line, mark.column)


def _types(
    connection: duckdb.DuckDBPyConnection, schema: pa.Schema
) -> Mapping[str, tuple[str, ColumnType]]:
    """The name and type of each column, by its name without regard to case."""
    types = dict(zip(schema.names, connection.sql("from source").types, strict=True))
    return {
        field.name.casefold(): (field.name, _marked(field, types[field.name])) for field in schema
    }


def _marked(field: pa.Field, kind: Any) -> ColumnType:  # noqa: ANN401 - DuckDBPyType has no stub
    # JSON comes as text, and a text within it would come with its quotes.
    is_json = (field.metadata or {}).get(TYPE_MARK) == b"json"
    return ColumnType(family="json", name="JSON") if is_json else column_type(kind)


def _dialect(
    connection: duckdb.DuckDBPyConnection, types: Mapping[str, tuple[str, ColumnType]]
) -> Dialect:
    names = [name for name, _ in types.values()]
    functions = cache(lambda: expression.functions(connection))

    def column(name: str) -> tuple[str, ColumnType]:
        found = types.get(name.casefold())
        if found is None:
            raise ValueError(_missing(name, names))
        return identifier(found[0]), found[1]

    def type_of(sql: str) -> ColumnType:
        expression.check(sql, connection=connection, functions=functions(), columns=names)
        try:
            bound = connection.sql(f"select {tried(sql)}.v from source")
        except duckdb.Error as error:
            raise ValueError(_words_of(error)) from None
        return column_type(bound.types[0])

    return Dialect(column=column, expression=type_of)


def _words_of(error: duckdb.Error) -> str:
    """What DuckDB says of an expression, without the statement it stands in; no row was read."""
    said = str(error).partition("\n\n")[0].removeprefix("Binder Error: ")
    return " ".join(said.split())


def _missing(name: str, known: list[str]) -> str:
    shown = ", ".join(known[:_SHOWN_COLUMNS]) + (", …" if len(known) > _SHOWN_COLUMNS else "")
    return f"the source has no column {name!r}{suggestion(name, known)} (it has {shown})"
