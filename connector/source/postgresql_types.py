"""How each type of PostgreSQL is read: all as text the server prints, typed by its declaration."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import pyarrow as pa

from connector.source.selection import quoted
from connector.source.texts import INSTANT, MOMENT, Column, column, decimal, structs, unhexed

# Numbers of types in the catalog; they are the same in every PostgreSQL.
BOOL, BYTEA, JSON, JSONB, MONEY, NUMERIC, UUID = 16, 17, 114, 3802, 790, 1700, 2950
INET, RECORD, RECORDS = 869, 2249, 2287
TIMESTAMP, TIMESTAMPTZ, DATE = 1114, 1184, 1082
TEXTS = {18, 19, 25, 1042, 1043}
TYPES = {
    BOOL: pa.bool_(),
    21: pa.int16(),
    23: pa.int32(),
    20: pa.int64(),
    700: pa.float32(),
    701: pa.float64(),
    DATE: pa.date32(),
    TIMESTAMP: MOMENT,
    TIMESTAMPTZ: INSTANT,
}
MARKS = {**dict.fromkeys((JSON, JSONB, RECORD, RECORDS), b"json"), UUID: b"uuid"}

AS_IT_IS = "{}"
AS_TEXT = "{}::pg_catalog.text"
AS_JSON = "pg_catalog.to_json({})::pg_catalog.text"
# A bare `::text` is right for all that is not here: enums, ranges, addresses, times of day. What a
# record prints the same way needs no cast.
ITEMS = {
    **dict.fromkeys((TYPES.keys() | {NUMERIC, UUID, JSON, JSONB, 25, 1043}) - {BOOL}, AS_IT_IS),
    BYTEA: "pg_catalog.encode({}, 'hex')",
    INET: "pg_catalog.abbrev({})",  # a cast would put /32 behind each address
    MONEY: "{}::pg_catalog.numeric::pg_catalog.text",
    RECORD: AS_JSON,
    RECORDS: AS_JSON,
}

NO_MODIFIER = -1


@dataclass(frozen=True, kw_only=True)
class Described:
    """A column of a result as the server describes it: its type's number and modifier."""

    name: str
    oid: int
    modifier: int


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What the catalog knows of a type that is not a plain one.

    `members` are those of the composites in an array, in their order, else none.
    """

    is_nested: bool
    members: tuple[Described, ...] = ()


SHAPES = """
    select t.oid, t.typcategory = 'A' or t.typtype = 'c',
        a.attname::text,
        case when m.typcategory in ('S', 'E') then 25
            when m.typtype = 'd' then m.typbasetype else a.atttypid end,
        case when m.typtype = 'd' then m.typtypmod else a.atttypmod end
    from pg_catalog.pg_type t
    left join pg_catalog.pg_type e on e.oid = t.typelem and t.typcategory = 'A'
    left join pg_catalog.pg_attribute a
        on a.attrelid = nullif(e.typrelid, 0) and a.attnum > 0 and not a.attisdropped
    left join pg_catalog.pg_type m on m.oid = a.atttypid
    where t.oid = any($1) order by t.oid, a.attnum
"""


def unknown(described: Iterable[Described]) -> list[int]:
    """The types whose shape only the catalog tells."""
    known = {*TYPES, *TEXTS, *MARKS, *ITEMS, NUMERIC}
    return sorted({one.oid for one in described} - known)


def shapes(rows: Sequence[tuple[int, bool, str | None, int, int]]) -> dict[int, Shape]:
    """What `SHAPES` answered, by type."""
    members: dict[int, list[Described]] = {}
    nested: dict[int, bool] = {}
    for type_, is_nested, name, oid, modifier in rows:
        nested[type_] = is_nested
        found = members.setdefault(type_, [])
        if name is not None:
            found.append(Described(name=name, oid=oid, modifier=modifier))
    return {
        oid: Shape(is_nested=is_nested, members=tuple(members[oid]))
        for oid, is_nested in nested.items()
    }


def readable(described: Described, shapes: Mapping[int, Shape]) -> Column:
    """How a column is read."""
    shape = shapes.get(described.oid, Shape(is_nested=False))
    if shape.is_nested:
        return _nested(described, shape.members)
    oid = described.oid
    array: Callable[..., pa.Array] | None = unhexed if oid == BYTEA else None
    return column(
        described.name, _type(described), sql=_item(described, ITEMS.get(oid, AS_TEXT)),
        mark=MARKS.get(oid), array=array,
    )  # fmt: skip


def _nested(described: Described, members: Sequence[Described]) -> Column:
    """A list of structs where every member is plain, else JSON."""
    item = _item(described, AS_JSON)
    names = {member.name.casefold() for member in members}
    plain = all(member.oid in TYPES or member.oid in (*TEXTS, NUMERIC, UUID) for member in members)
    if not members or not plain or len(names) < len(members):
        return column(described.name, pa.string(), sql=item, mark=b"json")
    fields = [pa.field(member.name, _type(member)) for member in members]
    type_ = pa.list_(pa.struct(fields))
    return column(described.name, type_, sql=item, array=partial(structs, type_=type_))


def _item(described: Described, form: str) -> str:
    return form.format(f"selection.{quoted(described.name)}")


def _type(described: Described) -> pa.DataType:
    if described.oid == BYTEA:
        return pa.binary()
    if described.oid == NUMERIC and described.modifier != NO_MODIFIER:
        return decimal(*_precision_and_scale(described.modifier))
    return TYPES.get(described.oid, pa.string())


def _precision_and_scale(modifier: int) -> tuple[int, int]:
    """PostgreSQL keeps both in one number; the scale has eleven bits and a sign."""
    packed = modifier - 4
    return packed >> 16, ((packed & 0x7FF) ^ 0x400) - 0x400
