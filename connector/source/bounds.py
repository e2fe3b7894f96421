"""A cursor's bound as a value of its column's type."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime

import pyarrow as pa

from connector.errors import ConfigurationError
from connector.source.selection import CursorValue, Selection, find_cursor, instant, not_a_bound


def bounded(selection: Selection, fields: Sequence[pa.Field]) -> tuple[str, CursorValue | None]:
    """The cursor's column as it is written, and the bound to compare it with.

    The bound is aware for a column with a time zone, a time of day in UTC for one without, a date
    or a whole number; None without a bound, or for a column of nothing but NULL.

    Raises:
        ConfigurationError: no such column, one that is no cursor, or a bound of another kind.
    """
    named = {field.name: field for field in fields}
    name = find_cursor(selection.cursor or "", named)
    type_, since = named[name].type, selection.since
    if pa.types.is_null(type_):
        return name, None
    if not _is_time(type_) and not _is_whole(type_):
        raise ConfigurationError(
            f"the cursor {name!r} is {type_}: cast it to a timestamp, a date or a whole number in"
            " the query"
        )
    if since is None:
        return name, None
    if isinstance(since, date) != _is_time(type_):
        raise not_a_bound(name, str(type_), since)
    return name, _as_of(type_, since) if isinstance(since, date) else since


def _is_time(type_: pa.DataType) -> bool:
    return bool(pa.types.is_timestamp(type_) or pa.types.is_date(type_))


def _is_whole(type_: pa.DataType) -> bool:
    whole = pa.types.is_integer(type_) or (pa.types.is_decimal(type_) and type_.scale == 0)
    return bool(whole)


def _as_of(type_: pa.DataType, since: date) -> date:
    if pa.types.is_date(type_):
        return since.astimezone(UTC).date() if isinstance(since, datetime) else since
    moment = instant(since)
    return moment if type_.tz else moment.replace(tzinfo=None)
