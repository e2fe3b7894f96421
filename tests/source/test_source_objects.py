import json
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from functools import reduce
from itertools import chain
from operator import or_
from uuid import UUID

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.source.objects import Held, deduced, held, text
from connector.source.selection import TYPE_MARK
from connector.source.texts import INSTANT, MOMENT

NOON = datetime(2024, 3, 1, 12, tzinfo=timezone(timedelta(hours=2)))
ID = UUID("8ea1b470-6890-494f-8b4b-8899235e0a19")

VALUES = [
    (None, None),
    (True, "true"),
    (10**40, "1" + "0" * 40),
    (Decimal("1E+3"), "1000"),
    (Decimal("1.10"), "1.10"),
    (1e-7, "1e-07"),
    (NOON, "2024-03-01 10:00:00+00:00"),
    (NOON.replace(tzinfo=None), "2024-03-01 12:00:00"),
    (date(2024, 3, 1), "2024-03-01"),
    (time(10, 30), "10:30:00"),
    (b"\x00\xff", "00ff"),
    (memoryview(b"\x01"), "01"),
    (ID, str(ID)),
    ("\u00e9", "\u00e9"),
]


@pytest.mark.parametrize(("value", "expected"), VALUES)
def test_a_value_is_written_in_plain_text(value: object, expected: str | None) -> None:
    assert text(value) == expected


def test_a_value_of_a_drivers_own_class_is_written_as_what_it_is() -> None:
    class Moment(datetime):
        """What a driver makes of a time with nanoseconds."""

    assert text(Moment(2024, 3, 1, tzinfo=UTC)) == "2024-03-01 00:00:00+00:00"


def test_json_keeps_its_decimals_as_text() -> None:
    items = [{"price": Decimal("1.10"), "at": NOON, "n": 2, "s": "\u00e9", "none": None}]
    assert json.loads(text(items) or "") == [
        {"price": "1.10", "at": "2024-03-01 10:00:00+00:00", "n": 2, "s": "\u00e9", "none": None}
    ]


COLUMNS: list[tuple[list[object], pa.DataType]] = [
    ([None], pa.null()),
    ([True, False], pa.bool_()),
    ([1, -(10**18) + 1], pa.int64()),
    ([10**18], pa.decimal128(19, 0)),
    ([10**38], pa.string()),
    ([Decimal("1.10"), Decimal("-100.005")], pa.decimal128(6, 3)),
    ([1, Decimal("0.5")], pa.decimal128(2, 1)),
    ([Decimal(10) ** 37, Decimal("0.01")], pa.string()),
    ([Decimal("NaN"), Decimal(1)], pa.string()),
    ([0.5, 1.5], pa.float64()),
    ([0.5, 10**15 - 1], pa.float64()),
    ([0.5, 10**15], pa.string()),
    ([0.5, Decimal("0.5")], pa.string()),
    ([date(2024, 3, 1)], pa.date32()),
    ([NOON], INSTANT),
    ([NOON.replace(tzinfo=None)], MOMENT),
    ([NOON, NOON.replace(tzinfo=None)], pa.string()),
    ([NOON, date(2024, 3, 1)], pa.string()),
    ([1, "1"], pa.string()),
    ([True, 1], pa.string()),
    ([b"\x00"], pa.binary()),
    ([[1], {"a": 1}], pa.string()),
    ([ID], pa.string()),
]


@pytest.mark.parametrize(("values", "type_"), COLUMNS, ids=[str(one[0]) for one in COLUMNS])
def test_the_narrowest_type_that_takes_all_values_is_found(
    values: list[object], type_: pa.DataType
) -> None:
    texts = list(map(text, values))
    column = deduced("x", held(values, texts))
    assert column.field.type == type_
    found = column.array([*texts, None])
    assert (found.type, found.null_count) == (type_, 1 + values.count(None))


def test_json_and_uuids_are_marked() -> None:
    for value, mark in (([1], b"json"), (ID, b"uuid")):
        field = deduced("x", held([value], [text(value)])).field
        assert field.metadata == {TYPE_MARK: mark}


SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False),
    st.decimals(allow_nan=False, allow_infinity=False), st.text(), st.dates(), st.datetimes(),
)  # fmt: skip


@given(st.lists(st.lists(SCALARS, min_size=1, max_size=3), min_size=1, max_size=5))
def test_a_type_found_over_parts_takes_every_part(parts: list[list[object]]) -> None:
    texts = [list(map(text, part)) for part in parts]
    column = deduced("x", reduce(or_, map(held, parts, texts), Held()))
    whole = deduced("x", held([*chain(*parts)], [*chain(*texts)]))
    assert column.field == whole.field
    for part, written in zip(parts, texts, strict=True):
        found = column.array(written)
        assert found.type == column.field.type
        assert [value is None for value in found.to_pylist()] == [one is None for one in part]
