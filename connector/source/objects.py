"""The objects of any Python driver: as text, and the type that takes all of a column."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pyarrow as pa

from connector.source.texts import INSTANT, MOMENT, Column, Texts, column, decimal, unhexed

INT64_DIGITS, FLOAT_DIGITS = 18, 15


def _moment(value: datetime) -> str:
    aware = value.utcoffset() is not None
    return (value.astimezone(UTC) if aware else value).isoformat(" ")


def _bytes(value: bytes | bytearray | memoryview) -> str:
    return bytes(value).hex()


def _json(value: object) -> str:
    return json.dumps(value, default=text, ensure_ascii=False)


# Types with what they are called here and how they are written.
KNOWN: dict[type, tuple[str, Callable[..., str]]] = {
    bool: ("boolean", lambda value: "true" if value else "false"),
    int: ("whole", str),
    Decimal: ("decimal", lambda value: format(value, "f")),
    float: ("float", repr),
    datetime: ("time", _moment),
    date: ("date", date.isoformat),
    bytes: ("bytes", _bytes),
    bytearray: ("bytes", _bytes),
    memoryview: ("bytes", _bytes),
    UUID: ("uuid", str),
    dict: ("json", _json),
    list: ("json", _json),
    tuple: ("json", _json),
    str: ("text", str),
    object: ("text", str),
}


def _known(value: object) -> tuple[str, Callable[..., str]]:
    return next(KNOWN[base] for base in type(value).__mro__ if base in KNOWN)


def text(value: object) -> str | None:
    """A value as `connector.source.texts` reads it; None for NULL.

    Numbers are plain digits, times with a zone are in UTC, bytes hexadecimal digits, lists and
    objects are JSON, in which decimals are strings.
    """
    return None if value is None else _known(value)[1](value)


def kind(value: object) -> str:
    """What a value is, in one word; times with and without a zone are two kinds."""
    if isinstance(value, datetime):
        return "moment" if value.utcoffset() is None else "instant"
    if isinstance(value, Decimal) and not value.is_finite():
        return "no number"
    return _known(value)[0]


@dataclass(frozen=True, kw_only=True)
class Held:
    """What a column holds: kinds of values, and the most digits before and behind the point."""

    kinds: frozenset[str] = frozenset()
    whole: int = 0
    fraction: int = 0

    def __or__(self, other: Held) -> Held:
        """What both together hold."""
        return Held(
            kinds=self.kinds | other.kinds,
            whole=max(self.whole, other.whole),
            fraction=max(self.fraction, other.fraction),
        )


def held(values: Sequence[object], texts: Texts) -> Held:
    """What these values hold; `texts` are the same values written out."""
    kinds = frozenset(kind(value) for value in values if value is not None)
    if not kinds & {"whole", "decimal"}:
        return Held(kinds=kinds)
    numbers = [(written or "").lstrip("-").partition(".") for written in texts]
    return Held(
        kinds=kinds,
        whole=max(len(number[0]) for number in numbers),
        fraction=max(len(number[2]) for number in numbers),
    )


PLAIN = {
    frozenset({"boolean"}): pa.bool_(),
    frozenset({"float"}): pa.float64(),
    frozenset({"date"}): pa.date32(),
    frozenset({"moment"}): MOMENT,
    frozenset({"instant"}): INSTANT,
    frozenset({"bytes"}): pa.binary(),
}
MARKS = {frozenset({"json"}): b"json", frozenset({"uuid"}): b"uuid"}


def deduced(name: str, column_held: Held) -> Column:
    """The column of the narrowest type that takes all it holds; kinds that differ are text."""
    return readable(name, _type(column_held), mark=MARKS.get(column_held.kinds))


def _type(found: Held) -> pa.DataType:
    kinds = found.kinds
    if not kinds:
        return pa.null()  # which any expression takes, as it does when there are values
    if kinds <= {"whole", "decimal"}:
        if kinds == {"whole"} and found.whole <= INT64_DIGITS:
            return pa.int64()
        return decimal(max(found.whole + found.fraction, 1), found.fraction)
    if kinds == {"whole", "float"} and found.whole <= FLOAT_DIGITS:
        return pa.float64()
    return PLAIN.get(kinds, pa.string())


def readable(name: str, type_: pa.DataType, *, mark: bytes | None = None) -> Column:
    """A column of this type whose texts are those of `text`."""
    return column(name, type_, sql="", mark=mark, array=unhexed if type_ == pa.binary() else None)
