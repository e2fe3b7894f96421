"""Types for SQLite's columns, which hold what each row put there."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import pyarrow as pa

from connector.errors import ConfigurationError
from connector.source.selection import CursorValue, instant, not_a_bound, quoted

Value = int | float | str | bytes | None

# What a declaration says where no value does: the first word found in it wins. With none of them it
# is NULL, which any expression takes, as it does when there are values.
DECLARED = (
    ("BOOL", pa.bool_()),
    ("INT", pa.int64()),
    ("REAL", pa.float64()),
    ("FLOA", pa.float64()),
    ("DOUB", pa.float64()),
    ("BLOB", pa.binary()),
    ("CHAR", pa.string()),
    ("CLOB", pa.string()),
    ("TEXT", pa.string()),
)


@dataclass(frozen=True, kw_only=True)
class Held:
    """What one column of a result holds.

    `kinds` are SQLite's names; `is_bool` if it is declared BOOLEAN and holds only 0, 1 and NULL.
    """

    name: str
    declared: str
    kinds: frozenset[str]
    is_bool: bool


@dataclass(frozen=True, kw_only=True)
class Column:
    """How one column is read: its item in a select list, its type, and values to an array."""

    name: str
    sql: str
    type: pa.DataType
    array: Callable[[Sequence[Value]], pa.Array]


def column(held: Held) -> Column:
    """The one type that takes every value the column holds.

    Raises:
        ConfigurationError: bytes beside something else.
    """
    kinds, name = held.kinds, quoted(held.name)
    type_, sql, array = _typed(held), name, None
    if type_ == pa.bool_():
        array = _bits
    elif type_ == pa.float64() and "integer" in kinds:
        sql = f"cast({name} as real) as {name}"
    elif type_ == pa.string() and kinds & {"integer", "real"}:
        array = _texts
    return Column(
        name=held.name, sql=sql, type=type_, array=array or (lambda values: pa.array(values, type_))
    )


def _typed(held: Held) -> pa.DataType:
    if not held.kinds:
        declared = held.declared.upper()
        return next((type_ for word, type_ in DECLARED if word in declared), pa.null())
    if "blob" in held.kinds and len(held.kinds) > 1:
        raise ConfigurationError(
            f"the column {held.name!r} mixes bytes with other values: cast it to one type"
        )
    if "text" in held.kinds:
        return pa.string()
    if held.kinds == {"integer"}:
        return pa.bool_() if held.is_bool else pa.int64()
    return pa.binary() if "blob" in held.kinds else pa.float64()


def _bits(values: Sequence[Value]) -> pa.Array:
    return pa.array(values, pa.int8()).cast(pa.bool_())


def _texts(values: Sequence[Value]) -> pa.Array:
    return pa.array([text(value) for value in values], pa.string())


def text(value: Value) -> str | None:
    """A number as plain digits, without an exponent; a text as it is."""
    if value is None or isinstance(value, str):
        return value
    return format(Decimal(repr(value)), "f") if isinstance(value, float) else str(value)


def kinds_sql(columns: Mapping[str, str]) -> str:
    """Select items for columns given with their declarations, two for each.

    The kinds it holds, and for a column declared BOOLEAN whether a value is not 0 or 1.
    """
    return ", ".join(
        f"group_concat(distinct typeof({quoted(name)})), {_beyond_bits(name, declared)}"
        for name, declared in columns.items()
    )


def _beyond_bits(name: str, declared: str) -> str:
    return f"max({quoted(name)} not in (0, 1))" if _is_bool(declared) else "1"


def _is_bool(declared: str) -> bool:
    return "BOOL" in declared.upper()


def held(columns: Mapping[str, str], answer: Sequence[str | int | None]) -> dict[str, Held]:
    """What `kinds_sql` found, by column."""
    pairs = zip(answer[::2], answer[1::2], strict=True)
    return {
        name: Held(
            name=name,
            declared=declared,
            kinds=frozenset(str(kinds or "null").split(",")) - {"null"},
            is_bool=_is_bool(declared) and not beyond_bits,
        )
        for (name, declared), (kinds, beyond_bits) in zip(columns.items(), pairs, strict=True)
    }


def bound_sql(cursor: str, since: CursorValue) -> tuple[str, str | int]:
    """A condition with one parameter, and its value.

    What is not a number under a number, and what SQLite cannot read as a time under a time, is
    always read, as NULL is. Times compare by the second, the bound cut down to it, in UTC.
    """
    name = quoted(cursor)
    if isinstance(since, date):
        moment = instant(since).replace(tzinfo=None).isoformat(" ", "seconds")
        # Only a full date counts: SQLite reads '12:30' and '2024' as times, too, but of long ago.
        is_time = f"typeof({name}) = 'text' and {name} glob '{DAY_GLOB}*'"
        return f"(not ({is_time}) or ifnull(datetime({name}) >= ?, 1))", moment
    return f"(typeof({name}) not in ('integer', 'real') or {name} >= ?)", since


DAY_GLOB = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]"


def refuse_other_cursor(column: Held, since: CursorValue | None) -> None:
    """Refuse a cursor that holds none of the values its bound was taken from, or bytes.

    Raises:
        ConfigurationError: it says what the column holds.
    """
    if "blob" in column.kinds or column.kinds == {"real"}:
        raise ConfigurationError(
            f"the cursor {column.name!r} is neither text of a time nor a whole number: cast it"
        )
    numbers = column.kinds & {"integer", "real"}
    if since is None or not column.kinds:
        return
    if isinstance(since, date) and "text" not in column.kinds:
        raise not_a_bound(column.name, "numbers", since)
    if isinstance(since, int) and not numbers:
        raise not_a_bound(column.name, "text", since)


DUPLICATE = re.compile(r"(.+):\d+", re.DOTALL)


def as_named(columns: Sequence[str]) -> list[str]:
    """The names before SQLite told equal ones apart: a second `a` comes as `a:1`."""
    known = {name.casefold() for name in columns}
    found = [(name, DUPLICATE.fullmatch(name)) for name in columns]
    return [again[1] if again and again[1].casefold() in known else name for name, again in found]
