"""How each type of MySQL and MariaDB is read: as the text the server prints, typed as declared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import pyarrow as pa
from pymysql.constants import FIELD_TYPE, FLAG

from connector.source.texts import INSTANT, MOMENT, Column, Texts, bits, column, decimal, typed

BINARY_CHARSET = 63

WHOLE = {
    FIELD_TYPE.TINY,
    FIELD_TYPE.SHORT,
    FIELD_TYPE.INT24,
    FIELD_TYPE.LONG,
    FIELD_TYPE.LONGLONG,
    FIELD_TYPE.YEAR,
}
DECIMALS = {FIELD_TYPE.DECIMAL, FIELD_TYPE.NEWDECIMAL}
TYPES = {
    FIELD_TYPE.FLOAT: pa.float32(),
    FIELD_TYPE.DOUBLE: pa.float64(),
    FIELD_TYPE.DATE: pa.date32(),
    FIELD_TYPE.NEWDATE: pa.date32(),
    FIELD_TYPE.DATETIME: MOMENT,
    FIELD_TYPE.TIMESTAMP: INSTANT,
}
BYTES = {
    FIELD_TYPE.VARCHAR,
    FIELD_TYPE.VAR_STRING,
    FIELD_TYPE.STRING,
    FIELD_TYPE.TINY_BLOB,
    FIELD_TYPE.BLOB,
    FIELD_TYPE.MEDIUM_BLOB,
    FIELD_TYPE.LONG_BLOB,
    FIELD_TYPE.GEOMETRY,
}


@dataclass(frozen=True, kw_only=True)
class Described:
    """A column of a result as the server describes it; `length` counts characters as printed."""

    name: str
    code: int
    length: int
    scale: int
    flags: int
    charset: int


def quoted(identifier: str) -> str:
    """The identifier as SQL in every `sql_mode`."""
    return "`" + identifier.replace("`", "``") + "`"


def readable(described: Described) -> Column:
    """How a column is read."""
    item = f"selection.{quoted(described.name)}"
    if described.code in (FIELD_TYPE.FLOAT, FIELD_TYPE.BIT):
        # A FLOAT prints only six digits, and bits are no digits at all.
        item = f"({item} + 0e0)" if described.code == FIELD_TYPE.FLOAT else f"({item} + 0)"
    type_ = _type(described)
    return column(
        described.name, type_, sql=item, array=_array(type_),
        mark=b"json" if described.code == FIELD_TYPE.JSON else None,
    )  # fmt: skip


def _type(described: Described) -> pa.DataType:
    code = described.code
    is_unsigned = bool(described.flags & FLAG.UNSIGNED)
    if code in (FIELD_TYPE.TINY, FIELD_TYPE.BIT) and described.length == 1:
        return pa.bool_()
    if code in WHOLE:
        return pa.uint64() if is_unsigned else pa.int64()
    if code in DECIMALS:
        around = (described.scale > 0) + (not is_unsigned)
        return decimal(described.length - around, described.scale)
    if code == FIELD_TYPE.BIT:
        return pa.uint64()
    if code in BYTES and described.charset == BINARY_CHARSET:
        return pa.binary()
    return TYPES.get(code, pa.string())


def _array(type_: pa.DataType) -> Callable[[Texts], pa.Array]:
    if type_ == pa.bool_():
        return bits
    if type_ == INSTANT:
        return lambda texts: typed(texts, MOMENT).cast(INSTANT)  # the session's zone is UTC
    if type_ == pa.binary():
        return partial(pa.array, type=type_)
    return partial(typed, type_=type_)
