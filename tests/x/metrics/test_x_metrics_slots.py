from datetime import UTC, date, datetime, timedelta

import pytest

from connector.errors import ConfigurationError
from connector.metrics.days import Days
from connector.x.metrics.slots import (
    HOUR_SECONDS,
    Slots,
    cuts,
    pieces,
    said,
    slots_of_days,
    slots_of_hours,
    summed,
    within,
)

TODAY = datetime(2026, 11, 20, 12, tzinfo=UTC).timestamp()


def days(since: str, until: str, zone: str, now: float = TODAY) -> Slots:
    span = Days(since=date.fromisoformat(since), until=date.fromisoformat(until))
    return slots_of_days(span, zone, now=now)


def hours(slots: Slots) -> list[float]:
    return [
        (end - start) / HOUR_SECONDS
        for start, end in zip(slots.starts, slots.starts[1:], strict=False)
    ]


def test_a_day_has_the_hours_that_the_clocks_give_it() -> None:
    spring = days("2026-03-28", "2026-03-30", "Europe/Berlin")
    assert hours(spring) == [24, 23, 24]
    assert said(spring.starts[0]) == "2026-03-27T23:00:00Z"
    assert said(spring.starts[-1]) == "2026-03-30T22:00:00Z"
    assert hours(days("2026-10-24", "2026-10-26", "Europe/Berlin")) == [24, 25, 24]
    assert len(spring) == 3


@pytest.mark.parametrize(
    ("zone", "since", "granularity"),
    [
        ("Europe/Berlin", "2026-03-28", "HOUR"),
        ("Asia/Kolkata", "2026-03-28", "DAY"),
        ("Asia/Kathmandu", "2026-03-28", "DAY"),
        # its summer began since, and X may count days by today's offset
        ("Australia/Adelaide", "2026-09-28", "HOUR"),
        ("Australia/Adelaide", "2026-11-11", "DAY"),
        # half an hour of summer time: no whole hours in that day
        ("Australia/Lord_Howe", "2026-10-01", "DAY"),
    ],
)
def test_days_that_begin_between_hours_are_asked_by_day_where_that_is_safe(
    zone: str, since: str, granularity: str
) -> None:
    until = str(date.fromisoformat(since) + timedelta(days=6))
    assert days(since, until, zone).granularity == granularity


def test_a_zone_that_nobody_knows_is_told() -> None:
    with pytest.raises(ConfigurationError, match="time zone"):
        days("2026-03-28", "2026-03-30", "Mars/Olympus")


def test_hours_are_whole_and_within_what_was_asked() -> None:
    since = datetime(2026, 4, 1, 9, 20, tzinfo=UTC)
    assert len(slots_of_hours(since, since + timedelta(hours=3))) == 2
    assert len(slots_of_hours(since, since + timedelta(minutes=30))) == 0
    assert len(slots_of_hours(since, since - timedelta(hours=5))) == 0
    whole = since.replace(minute=0)
    assert said(slots_of_hours(whole, whole + timedelta(hours=1)).starts[0]) == (
        "2026-04-01T09:00:00Z"
    )


def test_a_call_answers_168_hours() -> None:
    week = days("2026-10-21", "2026-10-27", "Europe/Berlin")
    assert list(pieces(week, 0, 7)) == [(0, 6), (6, 7)]
    assert list(pieces(days("2026-03-25", "2026-03-31", "Europe/Berlin"), 0, 7)) == [(0, 7)]
    plain = days("2026-07-01", "2026-07-30", "Europe/Berlin")
    assert list(pieces(plain, 2, 20)) == [(2, 9), (9, 16), (16, 20)]
    assert list(pieces(plain, 3, 3)) == []


def test_a_series_is_cut_where_its_slots_begin() -> None:
    spring = days("2026-03-28", "2026-03-30", "Europe/Berlin")
    assert cuts(spring, 0, 3) == [0, 24, 47, 71]
    assert cuts(spring, 1, 3) == [0, 23, 47]
    assert cuts(days("2026-03-28", "2026-03-30", "Asia/Kolkata"), 1, 3) == [0, 1, 2]


def test_the_sum_of_nothing_told_is_none_and_that_of_zeros_is_zero() -> None:
    assert summed([None, None, 0, None, 3, 4], [0, 2, 4, 6]) == [None, 0, 7]
    assert summed([], [0]) == []


def test_a_slot_is_touched_by_any_moment_of_it() -> None:
    plain = days("2026-07-01", "2026-07-05", "Etc/UTC")
    start = plain.starts[0]
    day = 24 * HOUR_SECONDS
    assert within(plain, start, start + day) == (0, 1)
    assert within(plain, start + day, start + 2 * day) == (1, 2)
    assert within(plain, start + day - 1, start + day + 1) == (0, 2)
    assert within(plain, start - 9 * day, start + 99 * day) == (0, 5)
    assert within(plain, start - 9 * day, start - day) == (0, 0)
    first, last = within(plain, start + 7 * day, start + 8 * day)
    assert first >= last
