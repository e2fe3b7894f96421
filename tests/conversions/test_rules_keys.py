from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

import pyarrow as pa
import pytest
from rows import mapped, misfits, one

DESTINATION = "{{type: x_conversions, connection: x, pixel_id: {}, event_id: {}}}"
COLUMNS = DESTINATION.format("{column: pixel}", "{column: event}")


def ids(column: Sequence[object]) -> list[str]:
    """Each conversion id as X gets it, or the reason why it does not."""
    rows = mapped({"order_id": column})
    return [row["reasons"] or row["conversion"]["conversion_id"] for row in rows]


TEXTS = {
    "order-7": "order-7",
    " order-7\n": "order-7",
    "00123": "00123",
    "1e5": "1e5",
    "0x1f": "0x1f",
    "Größe 🙂": "Größe 🙂",
    'quote " and \\ backslash': 'quote " and \\ backslash',
    "it's": "it's",
    "a@b": "a@b",
    "a @b.c": "a @b.c",
    "zero\u200bwidth": "zero\u200bwidth",
    "line\u2028separator": "line\u2028separator",
    "tab\tinside": "invalid_conversion_id",
    "line\nbreak": "invalid_conversion_id",
    "nul\x00inside": "invalid_conversion_id",
    "nul at the end\x00": "invalid_conversion_id",
    "\x00": "invalid_conversion_id",
    "del\x7f": "invalid_conversion_id",
    "c1\x9fcontrol": "invalid_conversion_id",
    "ada@example.com": "personal_conversion_id",
    "order ada@example.com": "personal_conversion_id",
    "mailto:ada@example.com?x=1": "personal_conversion_id",
    "ada@example.com\t1": "invalid_conversion_id personal_conversion_id",
    "\ufefforder-7": "order-7",
    "": "missing_conversion_id",
    " \u00a0\u2003": "missing_conversion_id",
}


def test_a_text_without_control_characters_is_an_id() -> None:
    assert dict(zip(TEXTS, ids(list(TEXTS)), strict=True)) == TEXTS
    assert ids([None]) == ["missing_conversion_id"]


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (pa.array([7, -7, 0]), ["7", "-7", "0"]),
        (pa.array([2**64 - 1], pa.uint64()), [str(2**64 - 1)]),
        (pa.array([Decimal(7)], pa.decimal128(38, 0)), ["7"]),
        (pa.array([Decimal("9" * 38)], pa.decimal128(38, 0)), ["9" * 38]),
        (
            pa.array([Decimal("7.00"), Decimal("-7.00"), Decimal("7.50")], pa.decimal128(9, 2)),
            ["7", "-7", "invalid_conversion_id"],
        ),
        (pa.array([Decimal(f"{'9' * 28}.{'9' * 10}")]), ["invalid_conversion_id"]),
        (pa.array([Decimal(f"-{'9' * 28}")], pa.decimal128(38, 10)), [f"-{'9' * 28}"]),
        (pa.array([Decimal("0.5")], pa.decimal128(38, 38)), ["invalid_conversion_id"]),
        (
            pa.array([UUID("7c9E6679-7425-40de-944b-e07fc1f90ae7").bytes], pa.uuid()),
            ["7c9e6679-7425-40de-944b-e07fc1f90ae7"],
        ),
        (pa.array([None], pa.int64()), ["missing_conversion_id"]),
        (pa.array([None], pa.null()), ["missing_conversion_id"]),
    ],
)
def test_a_whole_number_or_uuid_is_an_id(column: pa.Array, expected: list[str]) -> None:
    assert ids(column) == expected


@pytest.mark.parametrize(
    ("column", "name"),
    [
        (pa.array([1.0]), "DOUBLE"),
        (pa.array([1.0], pa.float32()), "FLOAT"),
        (pa.array([True]), "BOOLEAN"),
        (pa.array([1], pa.date32()), "DATE"),
        (pa.array([1], pa.timestamp("us", "UTC")), "TIMESTAMP WITH TIME ZONE"),
        (pa.array([b"x"]), "BLOB"),
        (pa.array([["x"]]), "VARCHAR[]"),
        (pa.array([{"a": 1}]), "STRUCT(a BIGINT)"),
    ],
)
def test_any_other_type_of_id_is_an_error_of_the_configuration(column: pa.Array, name: str) -> None:
    (told,) = misfits({"order_id": column})
    assert told == (
        f"5:51 conversion_id is {name} in the warehouse;"
        " cast it to VARCHAR or to a whole number in the query"
    )


def test_pixel_and_event_may_be_columns() -> None:
    pixels = ["o8z6j", " o8z6j ", "O8Z6J", "o8-z", "", None, "o8z6j"]
    events = [
        "tw-o8z6j-o87ne",
        " o87ne ",
        "o87ne",
        "o87ne",
        "o87ne",
        "tw-o8z6j-o87ne",
        "tw-p3k9d-o87ne",
    ]
    rows = mapped({"pixel": pixels, "event": events}, destination=COLUMNS)
    assert [row["reasons"] for row in rows] == [
        None, None, "invalid_pixel_id", "invalid_pixel_id", "missing_pixel_id", "missing_pixel_id",
        "invalid_event_id",
    ]  # fmt: skip
    assert [(row["pixel_id"], row["event_id"]) for row in rows[:2]] == [("o8z6j", "o87ne")] * 2
    assert rows[0]["conversion"]["event_id"] == "tw-o8z6j-o87ne"
    assert rows[1]["conversion"]["event_id"] == "tw-o8z6j-o87ne"


EVENTS = {
    "o87ne": None,
    "7": None,
    "tw-o8z6j-o87ne": None,
    "": "missing_event_id",
    "  ": "missing_event_id",
    "O87NE": "invalid_event_id",
    "TW-o8z6j-o87ne": "invalid_event_id",
    "tw-o8z6j": "invalid_event_id",
    "tw-o8z6j-": "invalid_event_id",
    "tw--o87ne": "invalid_event_id",
    "tw-o8z6j-o87ne-x": "invalid_event_id",
    "x-tw-o8z6j-o87ne": "invalid_event_id",
    "tw-p3k9d-o87ne": "invalid_event_id",
    "o87 ne": "invalid_event_id",
    "o87ne\x00": "invalid_event_id",
    "7c9e6679-7425-40de-944b-e07fc1f90ae7": "invalid_event_id",
}


def test_an_event_is_lower_case_base_36_of_its_own_pixel() -> None:
    destination = DESTINATION.format("o8z6j", "{column: event}")
    rows = mapped({"event": list(EVENTS)}, destination=destination)
    assert dict(zip(EVENTS, (row["reasons"] for row in rows), strict=True)) == EVENTS


def test_a_whole_number_may_be_a_pixel_and_an_event() -> None:
    columns = {"pixel": pa.array([12345]), "event": pa.array([678])}
    row = one(columns, destination=COLUMNS)
    assert (row["pixel_id"], row["event_id"]) == ("12345", "678")


def test_a_fraction_is_no_pixel() -> None:
    told = misfits({"pixel": pa.array([1.5]), "event": ["o87ne"]}, destination=COLUMNS)
    assert told == ["3:70 pixel_id is DOUBLE in the warehouse; cast it to VARCHAR"]


@pytest.mark.parametrize("one", ["true", "false", "1e5", "0x1f"])
def test_a_bare_id_that_yaml_takes_for_something_else_is_its_text(one: str) -> None:
    [row] = mapped({}, destination=DESTINATION.format(one, f"tw-{one}-{one}"))
    assert row["conversion"]["event_id"] == f"tw-{one}-{one}"
    [short] = mapped({}, destination=DESTINATION.format(f"{{value: {one}}}", one))
    assert short["conversion"]["event_id"] == f"tw-{one}-{one}"
