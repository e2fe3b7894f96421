from datetime import UTC, date, datetime, timedelta, timezone

import pyarrow as pa
import pytest

from connector.errors import ConfigurationError
from connector.source.bounds import bounded
from connector.source.selection import CursorValue, Selection

TOKYO = timezone(timedelta(hours=9))
MORNING = datetime(2024, 3, 1, 8, tzinfo=TOKYO)


def bound(type_: pa.DataType, since: CursorValue | None) -> CursorValue | None:
    selection = Selection(table="t", cursor="UPDATED_AT", since=since)
    name, value = bounded(selection, [pa.field("id", pa.int64()), pa.field("updated_at", type_)])
    assert name == "updated_at"
    return value


@pytest.mark.parametrize(
    ("type_", "since", "expected"),
    [
        (pa.timestamp("us", "UTC"), MORNING, datetime(2024, 2, 29, 23, tzinfo=UTC)),
        (pa.timestamp("us"), MORNING, datetime(2024, 2, 29, 23)),  # noqa: DTZ001 - it is without
        (pa.timestamp("us", "UTC"), date(2024, 3, 1), datetime(2024, 3, 1, tzinfo=UTC)),
        (pa.date32(), MORNING, date(2024, 2, 29)),
        (pa.date32(), date(2024, 3, 1), date(2024, 3, 1)),
        (pa.int32(), 7, 7),
        (pa.uint64(), 2**64 - 1, 2**64 - 1),
        (pa.decimal128(38, 0), 10**30, 10**30),
        (pa.int64(), None, None),
        (pa.null(), 7, None),
        (pa.null(), MORNING, None),
    ],
)
def test_a_bound_is_of_the_type_of_its_column(
    type_: pa.DataType, since: CursorValue, expected: CursorValue
) -> None:
    found = bound(type_, since)
    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize(
    "type_", [pa.string(), pa.float64(), pa.decimal128(9, 2), pa.bool_(), pa.list_(pa.int64())]
)
def test_what_has_no_order_of_its_own_is_no_cursor(type_: pa.DataType) -> None:
    with pytest.raises(
        ConfigurationError, match="cast it to a timestamp, a date or a whole number"
    ):
        bound(type_, None)


@pytest.mark.parametrize(
    ("type_", "since"),
    [(pa.timestamp("us"), 7), (pa.date32(), 7), (pa.int64(), MORNING), (pa.int64(), date.min)],
)
def test_a_bound_of_another_kind_says_how_to_start_over(
    type_: pa.DataType, since: CursorValue
) -> None:
    with pytest.raises(ConfigurationError, match="--full-refresh"):
        bound(type_, since)


def test_a_cursor_that_is_not_there_names_the_nearest_column() -> None:
    with pytest.raises(ConfigurationError, match="did you mean 'updated_at'"):
        bounded(Selection(table="t", cursor="update_at"), [pa.field("updated_at", pa.date32())])
