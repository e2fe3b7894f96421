from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from rows import NOW, mapped, misfits, one

NEW_YORK = (
    "{conversion_time: {column: paid_at, timezone: America/New_York}, conversion_id: order_id}"
)
NO_ZONE = "{conversion_time: paid_at, conversion_id: order_id}"
SECONDS = "{conversion_time: {column: paid_at, unit: s}, conversion_id: order_id}"
MILLISECONDS = "{conversion_time: {column: paid_at, unit: ms}, conversion_id: order_id}"

# 2026-11-02T09:30:15.417999Z in microseconds.
MICROSECONDS = 1_793_611_815_417_999


def sent(column: Sequence[object], fields: str = NO_ZONE) -> str | None:
    """The conversion time as X gets it, else the reason why it does not."""
    row = one({"paid_at": column}, fields=fields)
    time: str | None = row["conversion"]["conversion_time"] if row["conversion"] else row["reasons"]
    return time


@pytest.mark.parametrize(
    ("unit", "value", "expected"),
    [
        ("us", MICROSECONDS, "2026-11-02T09:30:15.417Z"),
        ("ms", MICROSECONDS // 1000, "2026-11-02T09:30:15.417Z"),
        ("s", MICROSECONDS // 1_000_000, "2026-11-02T09:30:15.000Z"),
        ("ns", MICROSECONDS * 1000 + 999, "2026-11-02T09:30:15.417Z"),
    ],
)
@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "+02:00"])
def test_a_timestamp_with_a_zone_is_an_instant_cut_to_milliseconds(
    unit: str, value: int, expected: str, zone: str
) -> None:
    assert sent(pa.array([value], pa.timestamp(unit, zone))) == expected


@pytest.mark.parametrize(
    ("unit", "value", "expected"),
    [
        ("us", MICROSECONDS, "2026-11-02T14:30:15.417Z"),
        ("ms", MICROSECONDS // 1000, "2026-11-02T14:30:15.417Z"),
        ("s", MICROSECONDS // 1_000_000, "2026-11-02T14:30:15.000Z"),
        ("ns", MICROSECONDS * 1000 + 999, "2026-11-02T14:30:15.417Z"),
    ],
)
def test_a_timestamp_without_a_zone_is_a_wall_time_of_the_mapping(
    unit: str, value: int, expected: str
) -> None:
    column = pa.array([value], pa.timestamp(unit))
    (row,) = mapped({"paid_at": column}, NOW.replace(hour=20), fields=NEW_YORK)
    assert row["conversion"]["conversion_time"] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-02T09:30:15.417Z", "2026-11-02T09:30:15.417Z"),
        ("2026-11-02 09:30:15.417z", "2026-11-02T09:30:15.417Z"),
        ("  2026-11-02t09:30:15Z \n", "2026-11-02T09:30:15.000Z"),
        ("2026-11-02T09:30Z", "2026-11-02T09:30:00.000Z"),
        ("2026-11-02T09:30:15.4Z", "2026-11-02T09:30:15.400Z"),
        ("2026-11-02T09:30:15,417999999Z", "2026-11-02T09:30:15.417Z"),
        ("2026-11-02T11:30:15+02", "2026-11-02T09:30:15.000Z"),
        ("2026-11-02T11:30:15+02:00", "2026-11-02T09:30:15.000Z"),
        ("2026-11-02 12:00:15.999999 +0230", "2026-11-02T09:30:15.999Z"),
        ("2026-11-02T04:00:15-05:30", "2026-11-02T09:30:15.000Z"),
        ("2026-11-02T09:30:15-00:00", "2026-11-02T09:30:15.000Z"),
        ("2026-11-03T01:15:15+15:45", "2026-11-02T09:30:15.000Z"),
        ("2026-11-03T01:30:15+16:00", "invalid_conversion_time"),
        ("2026-11-02T09:30:15", "invalid_conversion_time"),
        ("2026-11-02", "invalid_conversion_time"),
        ("2026-11-02T24:00:00Z", "invalid_conversion_time"),
        ("2026-02-30T09:30:15Z", "invalid_conversion_time"),
        ("2026-11-02T23:59:60Z", "invalid_conversion_time"),
        ("2026-11-02T09:60:15Z", "invalid_conversion_time"),
        ("2026-13-02T09:30:15Z", "invalid_conversion_time"),
        ("2026-11-02T09:30:15+24:00", "invalid_conversion_time"),
        ("2026-11-02T09:30:15+2", "invalid_conversion_time"),
        ("2026-11-02T09:30:15 UTC", "invalid_conversion_time"),
        ("2026-11-02  09:30:15Z", "invalid_conversion_time"),
        ("26-11-02T09:30:15Z", "invalid_conversion_time"),
        ("02.11.2026 09:30", "invalid_conversion_time"),
        ("1793611815", "invalid_conversion_time"),
        ("infinity", "invalid_conversion_time"),
        ("now", "invalid_conversion_time"),
        ("2026-11-02T09:30:15Z\x00", "invalid_conversion_time"),
        ("２０２６-11-02T09:30:15Z", "invalid_conversion_time"),  # noqa: RUF001 - digits of a wide font
        ("0001-01-01T00:00:00Z", "too_old"),
        ("0001-01-01T00:00:00+01", "invalid_conversion_time"),
        ("0000-12-31T23:00:00Z", "invalid_conversion_time"),
        ("9999-12-31T23:59:59.999Z", "in_future"),
        ("9999-12-31T23:59:59.999-01", "invalid_conversion_time"),
        (" \t\n", "missing_conversion_time"),
        ("", "missing_conversion_time"),
        (None, "missing_conversion_time"),
    ],
)
def test_a_text_is_a_time_in_iso_8601_with_its_own_zone(text: str | None, expected: str) -> None:
    assert sent([text]) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-02T04:30:15.417999", "2026-11-02T09:30:15.417Z"),
        ("2026-11-02 04:30", "2026-11-02T09:30:00.000Z"),
        ("2026-11-02T09:30:15Z", "2026-11-02T09:30:15.000Z"),
        ("2026-11-02", "invalid_conversion_time"),
        ("2026-11-02T24:00:00", "invalid_conversion_time"),
        ("2026-02-30T04:30", "invalid_conversion_time"),
    ],
)
def test_a_text_without_a_zone_is_read_in_that_of_the_mapping(text: str, expected: str) -> None:
    assert sent([text], NEW_YORK) == expected


@pytest.mark.parametrize(
    ("fields", "column", "expected"),
    [
        (SECONDS, pa.array([1_793_611_815], pa.int64()), "2026-11-02T09:30:15.000Z"),
        (
            SECONDS,
            pa.array([1_793_611_815], pa.int32() if False else pa.uint32()),
            "2026-11-02T09:30:15.000Z",
        ),
        (MILLISECONDS, pa.array([1_793_611_815_417], pa.int64()), "2026-11-02T09:30:15.417Z"),
        (SECONDS, pa.array([1_793_611_815.417], pa.float64()), "2026-11-02T09:30:15.417Z"),
        (SECONDS, pa.array([1_793_611_815.4179], pa.float64()), "2026-11-02T09:30:15.417Z"),
        (SECONDS, pa.array([1_793_611_815.999], pa.float64()), "2026-11-02T09:30:15.999Z"),
        (SECONDS, pa.array([1_793_611_776.0], pa.float32()), "2026-11-02T09:29:36.000Z"),
        (MILLISECONDS, pa.array([1_793_611_815_417.9]), "2026-11-02T09:30:15.417Z"),
        (
            SECONDS,
            pa.array([Decimal("1793611815.417999")], pa.decimal128(16, 6)),
            "2026-11-02T09:30:15.417Z",
        ),
        (
            MILLISECONDS,
            pa.array([Decimal("1793611815417.9")], pa.decimal128(14, 1)),
            "2026-11-02T09:30:15.417Z",
        ),
        (
            SECONDS,
            pa.array([Decimal(1_793_611_815)], pa.decimal128(38, 0)),
            "2026-11-02T09:30:15.000Z",
        ),
        (
            SECONDS,
            pa.array([Decimal("1793611815.417999999999999")], pa.decimal128(25, 15)),
            "2026-11-02T09:30:15.417Z",
        ),
        (SECONDS, pa.array([Decimal("0.5")], pa.decimal128(38, 38)), "too_old"),
        (SECONDS, pa.array([Decimal("9" * 38)], pa.decimal128(38, 0)), "invalid_conversion_time"),
        (SECONDS, pa.array([Decimal("9" * 30)], pa.decimal128(38, 8)), "invalid_conversion_time"),
        (SECONDS, pa.array([2**63 - 1]), "invalid_conversion_time"),
        (MILLISECONDS, pa.array([-(2**63)]), "invalid_conversion_time"),
        (SECONDS, pa.array([2**64 - 1], pa.uint64()), "invalid_conversion_time"),
        (SECONDS, pa.array([0]), "too_old"),
        (SECONDS, pa.array([1_793_611_815_417]), "invalid_conversion_time"),
        (SECONDS, pa.array([float("nan")]), "invalid_conversion_time"),
        (SECONDS, pa.array([float("inf")]), "invalid_conversion_time"),
        (MILLISECONDS, pa.array([float("-inf")]), "invalid_conversion_time"),
        (MILLISECONDS, pa.array([1e300]), "invalid_conversion_time"),
        (SECONDS, pa.array([None], pa.int64()), "missing_conversion_time"),
    ],
)
def test_a_number_is_seconds_or_milliseconds_since_1970(
    fields: str, column: pa.Array, expected: str
) -> None:
    assert sent(column, fields) == expected


@pytest.mark.parametrize(
    "column",
    [
        pa.array([2**63 - 1], pa.timestamp("us", "UTC")),
        pa.array([-(2**63) + 1], pa.timestamp("us", "UTC")),
        pa.array([9_223_371_176_400_000_000], pa.timestamp("us", "UTC")),
        pa.array([-9_223_372_004_638_000_000], pa.timestamp("us", "UTC")),
    ],
)
def test_an_instant_beyond_the_calendar_is_no_time(column: pa.Array) -> None:
    assert sent(column) == "invalid_conversion_time"


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (pa.array([-1], pa.timestamp("ns", "UTC")), -1),
        (pa.array([-1_000_001], pa.timestamp("us", "UTC")), -1_001),
        (pa.array([-1_000_000], pa.timestamp("us", "UTC")), -1_000),
        (pa.array([-1], pa.timestamp("ns")), 5 * 3_600_000 - 1),
        (pa.array([-18_000_000_001], pa.timestamp("us")), -1),
        (["1969-12-31T23:59:59.9999Z"], -1),
    ],
)
def test_a_time_before_1970_is_cut_towards_the_past(
    column: Sequence[object], expected: int
) -> None:
    assert one({"paid_at": column}, fields=NEW_YORK)["time_ms"] == expected


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("value", [2**63 - 1, 2**63 - 2, -(2**63) + 1, -(2**63) + 2])
def test_a_wall_time_beyond_the_calendar_is_no_time(unit: str, value: int) -> None:
    reason = sent(pa.array([value], pa.timestamp(unit)), NEW_YORK)
    in_range = unit == "ns" and abs(value) < 2**63 - 1
    assert reason == (
        ("in_future" if value > 0 else "too_old") if in_range else "invalid_conversion_time"
    )


@pytest.mark.parametrize(
    ("zone", "wall", "instant", "word"),
    [
        ("America/New_York", "2026-11-01T01:30:00", "2026-11-01T06:30:00.000Z", "ambiguous"),
        ("America/New_York", "2026-11-01T00:59:59", "2026-11-01T04:59:59.000Z", None),
        ("America/New_York", "2026-11-01T02:00:00", "2026-11-01T07:00:00.000Z", None),
        ("America/New_York", "2026-03-08T02:30:00", "2026-03-08T07:30:00.000Z", "skipped"),
        ("America/New_York", "2026-03-08T01:59:59", "2026-03-08T06:59:59.000Z", None),
        ("America/New_York", "2026-03-08T03:00:00", "2026-03-08T07:00:00.000Z", None),
        ("Europe/Berlin", "2026-10-25T02:30:00", "2026-10-25T01:30:00.000Z", "ambiguous"),
        ("Europe/Berlin", "2026-03-29T02:30:00", "2026-03-29T01:30:00.000Z", "skipped"),
        ("Australia/Lord_Howe", "2026-04-05T01:45:00", "2026-04-04T15:15:00.000Z", "ambiguous"),
        ("Australia/Lord_Howe", "2026-10-04T02:15:00", "2026-10-03T15:45:00.000Z", "skipped"),
        ("Antarctica/Troll", "2026-10-25T01:30:00", "2026-10-25T01:30:00.000Z", "ambiguous"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("as_text", [True, False])
def test_an_hour_that_occurs_twice_is_its_second_and_a_skipped_one_moves_forward(
    zone: str, wall: str, instant: str, word: str | None, *, as_text: bool
) -> None:
    fields = f"{{conversion_time: {{column: paid_at, timezone: {zone}}}, conversion_id: order_id}}"
    moment = datetime.fromisoformat(wall)
    column = [wall] if as_text else pa.array([moment], pa.timestamp("us"))
    now = moment.replace(tzinfo=UTC) + timedelta(days=2)
    (row,) = mapped({"paid_at": column}, now, fields=fields)
    assert row["conversion"]["conversion_time"] == instant
    assert row["warnings"] == (f"{word}_conversion_time" if word else None)


@pytest.mark.parametrize("zone", ["America/New_York", "Europe/London", "Asia/Kolkata", "UTC"])
def test_wall_times_of_a_year_are_what_python_takes_them_for(zone: str) -> None:
    walls = [datetime(2026, 1, 1, 0, 20) + timedelta(hours=1) * n for n in range(365 * 24)]  # noqa: DTZ001 - a wall time has no zone
    fields = f"{{conversion_time: {{column: paid_at, timezone: {zone}}}, conversion_id: order_id}}"
    columns = {"paid_at": pa.array(walls, pa.timestamp("us"))}
    now = datetime(2027, 1, 2, tzinfo=UTC)
    rows = mapped(columns, now, fields=fields, limits="{max_age: 900 days}")
    for wall, row in zip(walls, rows, strict=True):
        first, second = (wall.replace(tzinfo=ZoneInfo(zone), fold=fold) for fold in (0, 1))
        skipped = first.astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) != wall
        expected = first if skipped else second
        assert row["time_ms"] == int(expected.timestamp() * 1000), wall
        twice = not skipped and first.utcoffset() != second.utcoffset()
        words = {"skipped_conversion_time": skipped, "ambiguous_conversion_time": twice}
        assert row["warnings"] == next((word for word, is_so in words.items() if is_so), None)


def test_an_instant_has_no_warning_for_the_zone_of_the_mapping() -> None:
    assert one({"paid_at": ["2026-11-01T01:30:00Z"]}, fields=NEW_YORK)["warnings"] is None


@pytest.mark.parametrize(
    ("offset", "reason"),
    [
        (timedelta(minutes=5), None),
        (timedelta(minutes=5, milliseconds=1), "in_future"),
        (-timedelta(days=90), None),
        (-timedelta(days=90, milliseconds=1), "too_old"),
        (timedelta(days=365_000), "in_future"),
    ],
)
def test_the_limits_themselves_are_inside(offset: timedelta, reason: str | None) -> None:
    column = pa.array([NOW + offset], pa.timestamp("us", "UTC"))
    assert one({"paid_at": column})["reasons"] == reason


def test_the_limits_are_those_of_the_mapping() -> None:
    ages = [timedelta(hours=-2), timedelta(hours=-1), timedelta(0), timedelta(seconds=1)]
    column = pa.array([NOW + age for age in ages], pa.timestamp("us", "UTC"))
    rows = mapped({"paid_at": column}, limits="{max_age: 1 hour, max_in_future: 0 seconds}")
    assert [row["reasons"] for row in rows] == ["too_old", None, None, "in_future"]


@pytest.mark.parametrize(
    ("column", "fields", "message"),
    [
        (pa.array([NOW.date()]), NO_ZONE, "is DATE in the warehouse; it needs a time"),
        (pa.array([NOW.date()]), NEW_YORK, "is DATE in the warehouse; it needs a time"),
        (pa.array([1_793_611_815]), NO_ZONE, "is a number (BIGINT); say `unit: s` or `unit: ms`"),
        (pa.array([1.5]), NO_ZONE, "is a number (DOUBLE); say `unit: s`"),
        (pa.array([Decimal("1.5")]), NO_ZONE, "is a number (DECIMAL(2,1)); say `unit: s`"),
        (pa.array([NOW], pa.timestamp("us")), NO_ZONE, "is a TIMESTAMP without a zone; say"),
        (pa.array([NOW], pa.timestamp("ns")), NO_ZONE, "is a TIMESTAMP_NS without a zone"),
        (pa.array([NOW], pa.timestamp("us", "UTC")), SECONDS, "and `unit` is for numbers"),
        (pa.array(["1793611815"]), SECONDS, "is VARCHAR, and `unit` is for numbers"),
        (pa.array([True]), NO_ZONE, "is BOOLEAN in the warehouse"),
        (pa.array([b"x"]), NO_ZONE, "is BLOB in the warehouse"),
    ],
)  # fmt: skip
def test_a_type_that_is_no_instant_is_an_error_of_the_configuration(
    column: pa.Array, fields: str, message: str
) -> None:
    (told,) = misfits({"paid_at": column}, fields=fields)
    assert told.startswith(f"5:{len('fields: ') + fields.index('paid_at') + 1} conversion_time ")
    assert message in told


def test_a_text_that_is_a_date_alone_is_marked_for_the_whole_run() -> None:
    assert one({"paid_at": ["2026-11-02"]})["warnings"] == "date_alone"


def test_a_constant_may_be_the_time() -> None:
    fields = "{conversion_time: {value: 2026-11-02T09:30:15.417Z}, conversion_id: order_id}"
    assert one({}, fields=fields)["conversion"]["conversion_time"] == "2026-11-02T09:30:15.417Z"
