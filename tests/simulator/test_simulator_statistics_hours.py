from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from ad_numbers import NEW_YORK, at

from connector.simulator.statistics.hours import (
    bucket_starts,
    day_start,
    days_between,
    hours_between,
)

ZONES = (
    "America/New_York", "Europe/Madrid", "Asia/Tokyo", "Asia/Kolkata", "America/Santiago",
    "Australia/Lord_Howe", "Africa/Cairo", "UTC",
)  # fmt: skip


@pytest.mark.parametrize(
    ("day", "length"),
    [("2026-03-07", 24), ("2026-03-08", 23), ("2026-10-31", 24), ("2026-11-01", 25)],
)
def test_a_day_of_a_clock_change_has_an_hour_less_or_more(day: str, length: int) -> None:
    hours = days_between(date.fromisoformat(day), date.fromisoformat(day), NEW_YORK)
    assert len(hours.starts) == length
    assert set(hours.days.tolist()) == {date.fromisoformat(day).toordinal()}
    assert hours.clock.tolist() == list(range(length))


@pytest.mark.parametrize("name", ZONES)
def test_every_hour_of_a_year_belongs_to_the_day_on_the_wall(name: str) -> None:
    zone = ZoneInfo(name)
    hours = days_between(date(2026, 1, 1), date(2026, 12, 31), zone)
    on_the_wall = [datetime.fromtimestamp(s, zone).toordinal() for s in hours.starts.tolist()]
    assert hours.days.tolist() == on_the_wall
    assert set(hours.days.tolist()) == {
        (date(2026, 1, 1) + timedelta(days=n)).toordinal() for n in range(365)
    }


@pytest.mark.parametrize("name", ZONES)
def test_days_begin_where_the_date_changes(name: str) -> None:
    zone = ZoneInfo(name)
    for n in range(365):
        start = day_start(date(2026, 1, 1) + timedelta(days=n), zone)
        before, after = (datetime.fromtimestamp(start + s, zone).date() for s in (-1, 0))
        assert (after - before).days == 1


def test_buckets_of_days_begin_with_each_day_of_the_zone() -> None:
    hours = days_between(date(2026, 10, 31), date(2026, 11, 2), NEW_YORK)
    assert bucket_starts(hours, "DAY").tolist() == [0, 24, 49]
    assert bucket_starts(hours, "TOTAL").tolist() == [0]
    assert bucket_starts(hours, "HOUR").tolist() == list(range(73))


def test_a_span_may_begin_within_a_day() -> None:
    hours = hours_between(int(at("2026-03-01 22:00")), int(at("2026-03-02 02:00")), NEW_YORK)
    assert hours.clock.tolist() == [22, 23, 0, 1]
    assert bucket_starts(hours, "DAY").tolist() == [0, 2]


def test_a_fixed_offset_has_days_of_24_hours_at_any_time() -> None:
    standard = timezone(timedelta(hours=-5))
    hours = days_between(date(2026, 11, 1), date(2026, 11, 2), standard)
    assert bucket_starts(hours, "DAY").tolist() == [0, 24]
    assert len(hours.starts) == 48


def test_a_moment_has_the_day_of_the_zone() -> None:
    hours = hours_between(0, 3600, NEW_YORK)
    assert hours.day_at(at("2026-03-01 23:59")) == date(2026, 3, 1).toordinal()
    assert hours.day_at(at("2026-03-02 00:00")) == date(2026, 3, 2).toordinal()
