"""Which DuckDB types Arrow carries as they are, and what becomes of the others."""

from __future__ import annotations

import pyarrow as pa
from duckdb.sqltypes import DuckDBPyType

from connector.source.selection import TYPE_MARK, quoted

NESTED = {"struct", "list", "array", "map"}

FAITHFUL = {
    "boolean", "tinyint", "smallint", "integer", "bigint", "utinyint", "usmallint", "uinteger",
    "ubigint", "float", "double", "decimal", "varchar", "blob", "uuid", "date", "time", "time_ns",
    "timestamp", "timestamp_s", "timestamp_ms", "timestamp_ns", "timestamp with time zone",
    "timestamptz_ns", "interval", "null",
}  # fmt: skip

# A UHUGEINT beyond decimal(38) would arrive as a negative number; the cast fails instead.
# All that is in neither set becomes text: ENUM; TIMETZ, which would lose its zone; BIT, VARIANT,
# UNION, GEOMETRY and what is yet to come.
CAST = {"hugeint": "DECIMAL(38,0)", "uhugeint": "DECIMAL(38,0)"}

MARKS = {"JSON": b"json", "UUID": b"uuid"}


def item(name: str, type_: DuckDBPyType) -> str:
    """The column in a select list, cast when Arrow would not carry its type."""
    column = f"selection.{quoted(name)}"
    return column if is_faithful(type_) else f"cast({column} as {carried(type_)}) as {quoted(name)}"


def is_faithful(type_: DuckDBPyType) -> bool:
    """Whether the type, with all its members, arrives as what it is."""
    if type_.id in NESTED:
        return all(is_faithful(member) for _, member in members(type_))
    return type_.id in FAITHFUL


def carried(type_: DuckDBPyType) -> str:
    """The nearest type that Arrow carries, as SQL."""
    kind = type_.id
    if kind not in NESTED:
        return str(type_) if kind in FAITHFUL else CAST.get(kind, "VARCHAR")
    inner = [(name, carried(member)) for name, member in members(type_)]
    if kind == "struct":
        return f"STRUCT({', '.join(f'{quoted(name)} {sql}' for name, sql in inner)})"
    if kind == "map":
        return f"MAP({', '.join(sql for _, sql in inner)})"
    return f"{inner[0][1]}[{_size(type_)}]"


def members(type_: DuckDBPyType) -> list[tuple[str, DuckDBPyType]]:
    """The types inside, by name; the size of an array is not one."""
    return [(name, child) for name, child in type_.children if isinstance(child, DuckDBPyType)]


def width(type_: DuckDBPyType) -> int:
    """How many columns the type is stored in."""
    return 1 + (sum(width(child) for _, child in members(type_)) if type_.id in NESTED else 0)


def _size(type_: DuckDBPyType) -> str:
    return str(dict(type_.children).get("size", ""))


def marked(field: pa.Field, type_: DuckDBPyType) -> pa.Field:
    """The field with the mark of JSON or UUID, on its members too."""
    if type_.id in NESTED:
        inner = [member for _, member in members(type_)]
        return field.with_type(_with_marked_members(field.type, inner, kind=type_.id))
    mark = MARKS.get(str(type_))
    return field.with_metadata({TYPE_MARK: mark}) if mark else field


def _with_marked_members(
    arrow: pa.DataType, inner: list[DuckDBPyType], *, kind: str
) -> pa.DataType:
    if kind == "struct":
        return pa.struct([marked(arrow.field(n), type_) for n, type_ in enumerate(inner)])
    if kind == "map":
        return pa.map_(marked(arrow.key_field, inner[0]), marked(arrow.item_field, inner[1]))
    value = marked(arrow.value_field, inner[0])
    return pa.list_(value, arrow.list_size) if kind == "array" else pa.list_(value)
