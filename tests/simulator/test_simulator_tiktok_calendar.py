"""Days of an advertiser's zone, and how far what is told of them has come."""

from datetime import UTC, date, datetime

import pytest

from connector.simulator.tiktok_calendar import Calendar, calendar_of

DAY = date(2026, 3, 4)


def at(text: str, *, zone: str = "America/New_York", day: date = DAY) -> Calendar:
    now = datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()
    return calendar_of(day, day, zone=zone, now=now)


@pytest.mark.parametrize(
    ("now", "corrections"),
    [
        ("2026-03-05T04:00", 0),  # the day is not over yet in New York
        ("2026-03-05T11:59", 0),
        ("2026-03-05T12:00", 1),
        ("2026-03-06T12:00", 2),
        ("2026-03-11T11:59", 6),
        ("2026-03-11T12:00", 7),
        ("2026-12-31T12:00", 7),
    ],
)
def test_a_day_is_corrected_at_noon_in_utc_once_it_is_over(now: str, corrections: int) -> None:
    assert at(now).corrections.tolist() == [corrections]


def test_a_day_that_ends_at_noon_in_utc_is_corrected_a_day_later() -> None:
    zone = "Pacific/Auckland"  # 13 hours ahead: it ends at 11:00
    assert at("2026-03-04T11:59", zone=zone).corrections.tolist() == [0]
    assert at("2026-03-04T12:00", zone=zone).corrections.tolist() == [1]
    zone = "Etc/GMT-12"
    assert at("2026-03-04T12:00", zone=zone).corrections.tolist() == [0]
    assert at("2026-03-05T12:00", zone=zone).corrections.tolist() == [1]


def test_a_day_is_settled_seven_days_after_its_end_wherever_it_is() -> None:
    for zone in ("America/Los_Angeles", "Europe/Lisbon", "Asia/Tokyo", "Asia/Kathmandu"):
        assert at("2026-03-12T08:00", zone=zone).corrections.tolist() == [7]


@pytest.mark.parametrize(
    ("now", "hours"),
    [
        ("2026-03-04T05:00", 0), ("2026-03-04T06:29", 0), ("2026-03-04T06:30", 1),
        ("2026-03-05T05:29", 23), ("2026-03-05T05:30", 24),
    ],
)  # fmt: skip
def test_an_hour_is_told_half_an_hour_after_its_end(now: str, hours: int) -> None:
    assert at(now).shown.tolist() == [hours]


@pytest.mark.parametrize(
    ("day", "without"), [(date(2026, 3, 8), {2}), (date(2026, 11, 1), set()), (DAY, set())]
)
def test_an_hour_that_the_clock_skips_has_no_part_of_the_day(day: date, without: set[int]) -> None:
    upto = at("2026-12-31T00:00", day=day).upto[0].tolist()
    empty = {hour for hour in range(24) if upto[hour] == upto[hour + 1]}
    assert empty == without
    assert len(upto) == 25


def test_days_follow_one_another() -> None:
    made = calendar_of(date(2026, 2, 27), date(2026, 3, 2), zone="Asia/Tokyo", now=0)
    first = date(2026, 2, 27).toordinal()
    assert made.ordinals.tolist() == [first, first + 1, first + 2, first + 3]
    assert not made.shown.any()
