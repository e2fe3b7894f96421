"""What is read beside what the simulator knows to be true, for zones, currencies and ages."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from x.metrics.account import Desk, ads_of, at_x, expected, groups_of, of_account, read

from connector.metrics.rows import HourRow
from connector.x.metrics.attribution import attributed
from connector.x.metrics.reading import HOURLY, hours


def truth_of(desk: Desk, since: str, until: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """What X would answer by ad and by line item; it doubles some ads."""
    told = desk.truth(since, until, by="day")
    return expected({**told["ads"], **told["doubled"]}), expected(told["line_items"])


def assert_true(desk: Desk, since: str, until: str) -> None:
    ads, groups = truth_of(desk, since, until)
    rows, reading = read(desk.source(), since, until)
    assert len(ads) > 5
    assert ads_of(rows) == ads
    assert groups_of(reading.groups) == groups


def noon(day: str) -> float:
    return datetime.fromisoformat(f"{day}T12:00:00+00:00").timestamp()


@pytest.mark.parametrize(
    ("zone", "currency", "now", "since", "until"),
    [
        ("Europe/Berlin", "EUR", "2026-04-20", "2026-03-21", "2026-04-19"),  # 719 hours
        ("Europe/Berlin", "EUR", "2026-04-03", "2026-03-27", "2026-04-02"),  # 167, one call
        ("Europe/Berlin", "EUR", "2026-11-20", "2026-10-21", "2026-11-19"),  # 721
        ("Europe/Berlin", "EUR", "2026-10-28", "2026-10-21", "2026-10-27"),  # 169, two calls
        ("America/New_York", "JPY", "2026-03-20", "2026-03-02", "2026-03-15"),
        ("Asia/Kolkata", "KWD", "2026-03-20", "2026-02-18", "2026-03-19"),
        ("Asia/Kathmandu", "USD", "2026-03-20", "2026-03-14", "2026-03-19"),
        ("Australia/Adelaide", "AUD", "2026-04-20", "2026-03-21", "2026-04-19"),
        ("Pacific/Chatham", "NZD", "2026-04-20", "2026-03-21", "2026-04-19"),
        ("Australia/Lord_Howe", "AUD", "2026-04-20", "2026-03-21", "2026-04-19"),
        ("America/Havana", "USD", "2026-11-10", "2026-10-27", "2026-11-05"),  # two midnights
        ("Africa/Cairo", "USD", "2026-04-30", "2026-04-20", "2026-04-27"),  # none
    ],
)
def test_days_of_an_account_are_true_in_every_zone_and_currency(
    zone: str, currency: str, now: str, since: str, until: str
) -> None:
    with at_x(zone=zone, currency=currency, now=noon(now)) as desk:
        assert_true(desk, since, until)
        assert desk.source().account.currency == currency


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_days_are_true_whatever_the_account(seed: int) -> None:
    with at_x(seed=seed) as desk:
        assert_true(desk, "2026-03-23", "2026-04-19")


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Australia/Adelaide"])
def test_an_offset_of_today_does_not_shift_the_days_before_the_clocks_changed(zone: str) -> None:
    with at_x(zone=zone, modes=frozenset({"offset_of_today"})) as desk:
        assert_true(desk, "2026-03-21", "2026-04-12")


def test_a_year_is_read_in_spans_of_thirty_days() -> None:
    with at_x() as desk:
        ads, groups = truth_of(desk, "2026-01-10", "2026-03-31")
        rows, reading = read(desk.source(), "2026-01-10", "2026-03-31")
        assert ads_of(rows) == ads
        assert groups_of(reading.groups) == groups
        assert desk.asked()["GET stats/accounts/active_entities"] == 2 * 3


def test_what_is_revised_with_age_is_read_as_it_is_now() -> None:
    with at_x() as desk:
        source, seen = desk.source(), []
        for days in (0, 1, 4, 20):
            desk.clock.now += days * 86_400
            rows, _ = read(source, "2026-04-18", "2026-04-19")
            assert ads_of(rows) == truth_of(desk, "2026-04-18", "2026-04-19")[0]
            seen.append(sum(row.cost or 0 for row in rows))
        assert len(set(seen)) == 4


def test_a_null_is_no_zero_and_a_zero_no_null() -> None:
    with at_x() as desk:
        rows, reading = read(desk.source(), "2026-03-25", "2026-04-19")
    ran = {str(row.date) for row in reading.groups if row.ad_group_name == "Spring: balconies"}
    assert {"2026-03-31", "2026-04-11"} <= ran
    assert ran.isdisjoint(f"2026-04-{day:02}" for day in range(1, 11))
    assert {row.app_clicks for row in rows} == {None}
    assert {0, 1} <= {row.retweets for row in rows}


def test_hours_come_to_the_days_of_the_account() -> None:
    with at_x() as desk:
        source, berlin = desk.source(), ZoneInfo("Europe/Berlin")
        since = datetime(2026, 4, 14, tzinfo=berlin)
        reading = hours(source, since=since, until=since + timedelta(days=6))
        rows = list(reading.hours)
        told = desk.truth("2026-04-14", "2026-04-19", by="day")
    assert len({(row.hour, row.entity, row.id) for row in rows}) == len(rows)
    assert {row.entity for row in rows} == set(HOURLY)
    assert {row.status for row in rows} == {"ACTIVE", "PAUSED", "DELETED"}
    of_kinds = zip(HOURLY, ("campaigns", "line_items", "ads"), strict=True)
    for entity, level in of_kinds:
        truth = {**told[level], **(told["doubled"] if level == "ads" else {})}
        mine = (row for row in rows if row.entity == entity)
        assert by_day(mine, berlin) == {
            (id_, day): (sums["impressions"], sums["billed_engagements"])
            for id_, days in truth.items()
            for day, sums in days.items()
        }


def by_day(rows: Iterable[HourRow], zone: ZoneInfo) -> Mapping[tuple[str, str], tuple[int, int]]:
    found: defaultdict[tuple[str, str], tuple[int, int]] = defaultdict(lambda: (0, 0))
    for row in rows:
        key = (row.id, str(row.hour.astimezone(zone).date()))
        shown, billed = found[key]
        found[key] = (shown + (row.impressions or 0), billed + (row.billed_engagements or 0))
    return dict(found)


def test_hours_of_a_zone_between_hours_are_whole_in_utc() -> None:
    with at_x(zone="Asia/Kolkata") as desk:
        now = datetime.fromtimestamp(desk.clock.now, UTC)
        reading = hours(desk.source(), since=now - timedelta(hours=5), until=now)
        starts = {row.hour for row in reading.hours}
    assert starts == {datetime(2026, 4, 20, hour, tzinfo=UTC) for hour in (11, 12, 13, 14)}


def test_events_have_what_their_tags_are_attributed() -> None:
    with at_x() as desk:
        shop = of_account(desk, 0)
        found = attributed(shop.source(), since=date(2026, 3, 21), until=date(2026, 4, 19))
        rows = list(found.rows)
        told = shop.truth("2026-03-21", "2026-04-19", tags="1")["tags"]
        asked = desk.asked()
    events = desk.address.world.events
    totals = {
        events[id_].full_id: (sums["metric"], Decimal(sums["sale_amount"] or 0) / 1_000_000)
        for id_, sums in told.items()
        if sums["metric"] is not None
    }
    assert len(totals) > 2
    assert totals == {
        event: (
            sum(row.conversions for row in rows if row.event == event),
            sum((row.value or 0 for row in rows if row.event == event), Decimal()),
        )
        for event in {row.event for row in rows}
    }
    assert len({(row.day, row.event) for row in rows}) == len(rows)
    assert found.requests.sent == sum(asked.values())
    assert not asked["GET stats/accounts"]
