"""Values as text, the way a server prints them, to Arrow arrays of the declared types.

Text keeps what a driver's own objects lose or refuse: decimals of any width, JSON as it was
written, times that Python has no object for.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from connector.source.selection import TYPE_MARK

T = TypeVar("T")

Texts = Sequence[str | None]
Member = str | bool | None

MOMENT = pa.timestamp("us")
INSTANT = pa.timestamp("us", "UTC")
WIDEST = 38
"""Digits of the widest decimal; a number with more is text, which every rule takes."""


@dataclass(frozen=True, kw_only=True)
class Column:
    """How one column is read: its item in a select list, its field, and its texts to an array."""

    sql: str
    field: pa.Field
    array: Callable[[Texts], pa.Array]


def column(
    name: str, type_: pa.DataType, *, sql: str, mark: bytes | None = None,
    array: Callable[[Texts], pa.Array] | None = None,
) -> Column:  # fmt: skip
    """A column whose texts become `type_`; `mark` says what a string holds (`TYPE_MARK`)."""
    metadata = {TYPE_MARK: mark} if mark else None
    return Column(
        sql=sql,
        field=pa.field(name, type_, metadata=metadata),
        array=array or partial(typed, type_=type_),
    )


def decimal(precision: int, scale: int) -> pa.DataType:
    """A decimal with so many digits, so many of them behind the point, or text if it is too wide.

    A negative scale stands for zeros before the point.
    """
    digits = max(precision - min(scale, 0), scale)
    return pa.decimal128(digits, max(scale, 0)) if digits <= WIDEST else pa.string()


def typed(texts: Texts, type_: pa.DataType) -> pa.Array:
    """The values; NULL for NaN among decimals, and for a time that is none of the years 1 to 9999.

    Raises:
        pa.ArrowInvalid: a text that is no value of the type; its message holds the text.
    """
    if pa.types.is_null(type_):
        return pa.nulls(len(texts))
    column = pa.array(texts, pa.string())
    try:
        return column.cast(type_)
    except pa.ArrowInvalid:
        if pa.types.is_temporal(type_):
            parse = date if pa.types.is_date(type_) else datetime
            return pa.array(map(partial(_or_none, parse.fromisoformat), texts), type_)
        if not pa.types.is_decimal(type_):
            raise
        return pc.if_else(pc.equal(column, "NaN"), None, column).cast(type_)


def _or_none(parse: Callable[[str], T], text: str | None) -> T | None:
    try:
        return None if text is None else parse(text)
    except ValueError:
        return None


def unhexed(texts: Texts) -> pa.Array:
    """Bytes from their hexadecimal digits."""
    return pa.array([None if text is None else bytes.fromhex(text) for text in texts], pa.binary())


def bits(texts: Texts) -> pa.Array:
    """True for 1, false for 0; NULL for any other number."""
    known = {"1": True, "0": False}
    return pa.array([known.get(text or "") for text in texts], pa.bool_())


def structs(texts: Texts, *, type_: pa.DataType) -> pa.Array:
    """Lists of structs from JSON arrays of objects; arrays in arrays are one list.

    Numbers keep their digits: they are never read as floats.
    """
    lists = [None if text is None else list(_flat(_parsed(text))) for text in texts]
    items = [item for one in lists if one is not None for item in one]
    members = list(type_.value_type)
    arrays = [
        typed([None if item is None else _text(item[member.name]) for item in items], member.type)
        for member in members
    ]
    absent = pa.array([item is None for item in items], pa.bool_())
    values = pa.StructArray.from_arrays(arrays, fields=members, mask=absent)
    return pa.ListArray.from_arrays(_offsets(lists), values, type=type_)


def _parsed(text: str) -> list[object]:
    parsed: list[object] = json.loads(text, parse_float=str, parse_int=str)
    return parsed


def _flat(items: list[object]) -> Iterator[dict[str, Member] | None]:
    for item in items:
        if isinstance(item, list):
            yield from _flat(item)
        else:
            yield item  # type: ignore[misc]  # an array of composites prints as nothing else


def _text(value: Member) -> str | None:
    return ("true" if value else "false") if isinstance(value, bool) else value


def _offsets(lists: Sequence[Sequence[object] | None]) -> pa.Array:
    ends, offsets = 0, []
    for one in lists:
        offsets.append(None if one is None else ends)
        ends += len(one or ())
    return pa.array([*offsets, ends], pa.int32())
