"""An advertiser's days and hours, read from a simulated TikTok."""

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from advertiser import UNLIMITED, Desk, at_tiktok, days_of, of, sums, truth_of
from raw_server import answering, serving

from connector.errors import ConfigurationError, CredentialsError
from connector.http import Session
from connector.metrics.rows import Account, HourRow, Requests
from connector.tiktok.calling import Line
from connector.tiktok.metrics.reading import Source, days, gaps, hours, opened

ZONES = 4
WEEKS = ("2026-03-06", "2026-03-19")  # with the day of 23 hours in New York


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    with at_tiktok(further_accounts=ZONES) as made:
        yield made


def hours_of(source: Source, since: datetime, until: datetime) -> list[HourRow]:
    return list(hours(source, since=since, until=until).hours)


@pytest.mark.parametrize("number", range(ZONES + 1))
def test_the_rows_come_to_the_truth_in_every_zone_and_currency(desk: Desk, number: int) -> None:
    own = of(desk, number)
    rows, reading = days_of(own.source(), *WEEKS)
    assert sums(rows) == truth_of(own, *WEEKS)
    advertiser = own.address.world.tiktok.advertisers[own.id]
    assert (reading.account_timezone, reading.currency) == (
        advertiser.timezone,
        advertiser.currency,
    )
    assert {row.campaign_currency for row in rows} == {advertiser.currency}
    assert not reading.warnings


def test_an_account_is_told_with_its_own_zone(desk: Desk) -> None:
    account = desk.source().account
    assert account == Account(
        platform="tiktok", id=desk.id, timezone="America/New_York", currency="USD"
    )


def test_no_row_comes_twice_and_every_ad_has_its_states(desk: Desk) -> None:
    rows, _ = days_of(desk.source(), *WEEKS)
    assert len({(row.date, row.ad_id) for row in rows}) == len(rows)
    assert {row.campaign_status for row in rows if row.campaign_name != "GMV Max"} == {
        "ENABLE", "DISABLE",
    }  # fmt: skip
    assert None not in {row.ad_group_status for row in rows}


def test_the_links_of_every_kind_of_ad_are_read(desk: Desk) -> None:
    rows, _ = days_of(desk.source(), *WEEKS)
    found = {row.ad_name: row.utm for row in rows}
    told = {
        name: (one.utm_source, one.utm_medium, one.utm_campaign, one.utm_content, one.utm_term)
        for name, one in found.items()
        if not one.utm_inferred
    }
    catalogue = next(row.ad_id for row in rows if row.ad_name == "catalogue")
    spring = next(row.campaign_id for row in rows if row.campaign_name == "Spring sale")
    assert told == {
        "can-video-a": ("tiktok", "paid_social", "Spring sale", "can-video-a", "Iberia"),
        "can-video-b": ("tiktok", None, spring, "can-video-b", None),
        "Gießkanne & Co": ("tik tok", "paid social", "Frühling+1", None, None),
        "can-video-old": ("tiktok", None, "old", None, None),
        "catalogue": ("tiktok", "catalogue", None, catalogue, None),
        "catalogue-link": ("tiktok", "paid", None, None, None),
        "smart-bulbs": ("tiktok", None, "Smart+ bulbs", None, None),
        "seeds-1.mp4": ("tiktok", "smart", "seeds", None, None),
        "seeds-2.mp4": ("tiktok", "smart", "seeds", None, None),
        "winter": ("tiktok", None, "winter", None, None),
        "gmv-max": ("tiktok", None, "gmv", None, None),  # no list has it, so the report's link
        "paused": ("tiktok", None, "Nordics", None, None),
    }
    assert {name for name, one in found.items() if one.utm_inferred} == {
        "app-install", "lead-form", "shop-video", "reach-week", "top-view", "boost",
    }  # fmt: skip


def test_a_simple_account_takes_as_many_requests_as_the_formula_says() -> None:
    with at_tiktok(tiktok_largest=10**9) as desk:
        source = desk.source()
        two_spans = ("2026-01-19", "2026-03-19")  # 60 days
        rows, reading = days_of(source, *two_spans)
        asked = desk.asked()
        number = len(rows)
    assert 600 < number < 1000
    # per span: the ads, their sum, and TopView, which the sum lacks
    assert asked["report/integrated/get"] == 2 * 3
    # the first hundred ids of each kind by name, then what no list has by default, twice
    assert {name: asked[name] for name in asked if "/get" in name and "report" not in name} == {
        "campaign/get": 3, "adgroup/get": 3, "ad/get": 3, "smart_plus/ad/get": 1,
    }  # fmt: skip
    assert asked["advertiser/info"] == 1
    assert reading.requests == Requests(sent=sum(asked.values()))


def test_the_requests_of_opening_are_counted_once(desk: Desk) -> None:
    source = desk.source()
    counted = [days_of(source, "2026-03-01", "2026-03-01")[1].requests.sent for _ in range(2)]
    desk.asked()
    assert counted[0] > counted[1] == 3  # the ads, their sum, and TopView: all else is known


def test_what_was_learned_serves_the_days_that_follow(desk: Desk) -> None:
    source = desk.source()
    days_of(source, "2026-03-01", "2026-03-10")
    desk.asked()
    days_of(source, "2026-03-11", "2026-03-19")
    assert set(desk.asked()) == {"report/integrated/get"}


def test_nothing_is_asked_before_rows_are_read(desk: Desk) -> None:
    source = desk.source()
    desk.asked()
    reading = days(source, since=date(2026, 3, 1), until=date(2026, 3, 2))
    assert not desk.asked()
    next(iter(reading.ads))
    assert desk.asked()


def test_days_without_delivery_have_no_rows(desk: Desk) -> None:
    rows, reading = days_of(desk.source(), "2026-04-01", "2026-04-03")
    assert (rows, reading.warnings) == ([], [])
    desk.asked()


def test_a_gap_between_ads_and_advertiser_is_told() -> None:
    with at_tiktok(modes=frozenset({"tiktok_gap"})) as desk:
        source = desk.source()
        rows, reading = days_of(source, "2026-02-01", "2026-03-05")
        truth = truth_of(desk, "2026-02-01", "2026-03-05")
    assert not reading.warnings
    [warning] = gaps(source)
    ads = sum(day["cost"] for day in sums(rows).values())
    advertiser = sum(day["cost"] for day in truth.values())
    assert ads < advertiser
    assert warning.startswith("TikTok Ads: 3 days from 2026-02-01 to 2026-03-03: ")
    assert "the difference belongs to no ad" in warning


def test_a_large_account_is_read_at_one_size_and_its_list_once() -> None:
    with at_tiktok(ads=400, tiktok_largest=4000) as desk:
        source = desk.source()
        rows, reading = days_of(source, "2026-01-01", "2026-03-10")
        asked = desk.asked()
        assert sums(rows) == truth_of(desk, "2026-01-01", "2026-03-10")
    assert source.size.days == 8
    assert asked["ad/get"] == 1 + 2  # and twice for what the list lacks
    assert not reading.warnings


def test_limits_are_waited_for() -> None:
    limits = {**UNLIMITED, "tiktok_advertiser": 1}
    with at_tiktok(limits=limits) as desk:
        source = desk.source()
        rows, reading = days_of(source, "2026-03-01", "2026-03-02")
        assert sums(rows) == truth_of(desk, "2026-03-01", "2026-03-02")
    assert reading.requests.retried > 0
    assert desk.clock.waited > 0


@pytest.mark.parametrize("number", range(ZONES + 1))
def test_hours_come_to_their_days_in_every_zone(desk: Desk, number: int) -> None:
    own = of(desk, number)
    source = own.source()
    since, until = datetime(2026, 3, 13, 15, tzinfo=UTC), datetime(2026, 3, 20, 15, tzinfo=UTC)
    rows = hours_of(source, since, until)
    assert all(since <= row.hour < until for row in rows)
    assert len({(row.hour, row.id) for row in rows}) == len(rows)
    by_day, _ = days_of(source, "2026-03-15", "2026-03-18")
    ads = {row.ad_id for row in by_day if row.ad_name != "top-view"}
    local = [row for row in rows if row.id in ads]
    zone = source.account.timezone
    for day in ("2026-03-15", "2026-03-18"):
        own_day = [row for row in by_day if str(row.date) == day and row.ad_id in ads]
        own_hours = [row for row in local if _day_of(row, zone) == day]
        assert sum(row.cost or 0 for row in own_hours) == sum(row.cost or 0 for row in own_day)
        assert sum(row.clicks or 0 for row in own_hours) == sum(row.clicks or 0 for row in own_day)


def _day_of(row: HourRow, zone: str) -> str:
    return str(row.hour.astimezone(ZoneInfo(zone)).date())


def test_hours_of_a_week_are_a_report_for_each_day_of_the_account(desk: Desk) -> None:
    source = desk.source()
    desk.asked()
    until = datetime(2026, 3, 20, 15, tzinfo=UTC)
    rows = hours_of(source, until - timedelta(days=7), until)
    asked = desk.asked()
    assert asked["report/integrated/get"] == 8
    assert set(asked) == {"report/integrated/get", "ad/get"}
    assert {row.status for row in rows} <= {"ENABLE", "DISABLE", None}
    assert max(row.hour for row in rows) == datetime(2026, 3, 20, 13, tzinfo=UTC)


def test_hours_that_are_too_many_say_nothing_of_the_size_of_days() -> None:
    with at_tiktok(tiktok_largest=100) as desk:
        source = desk.source()
        now = datetime(2026, 3, 20, 5, tzinfo=UTC)
        rows = hours_of(source, now - timedelta(hours=30), now)
        assert source.size_of_hours.by_task
        assert not source.size.by_task
        found, _ = days_of(source, "2026-03-19", "2026-03-19")
    own = [row for row in rows if _day_of(row, source.account.timezone) == "2026-03-19"]
    ads = {row.id for row in own}
    assert sum(row.cost or 0 for row in own) == sum(
        row.cost or 0 for row in found if row.ad_id in ads
    )


def test_a_span_of_no_hours_asks_nothing(desk: Desk) -> None:
    source = desk.source()
    desk.asked()
    now = datetime(2026, 3, 20, 15, tzinfo=UTC)
    assert hours_of(source, now, now) == []
    assert not desk.asked()


def test_an_advertiser_out_of_reach_is_told_apart_from_a_wrong_token(desk: Desk) -> None:
    with pytest.raises(ConfigurationError, match="advertiser/info: 200 0: it tells nothing"):
        opened(desk.line, desk.token, "7")
    with pytest.raises(CredentialsError, match="40105"):
        opened(desk.line, "sim-wrong", desk.id)
    desk.asked()


@pytest.mark.parametrize(
    ("row", "timezone"),
    [
        ({"display_timezone": "Asia/Tokyo", "timezone": "Etc/GMT-9"}, "Asia/Tokyo"),
        ({"timezone": "Etc/GMT+8"}, "Etc/GMT+8"),
        ({"display_timezone": "", "timezone": "Etc/GMT+8"}, "Etc/GMT+8"),
    ],
)
def test_the_zone_of_the_days_comes_before_the_offset(row: dict[str, str], timezone: str) -> None:
    told = {"advertiser_id": 7, "currency": "JPY", **row}
    body = json.dumps({"code": 0, "data": {"list": [told]}}).encode()
    with serving(answering("200 OK", body)) as server, closing(Session()) as session:
        line = Line(session=session, base_url=server.url, consent=server.url)
        assert opened(line, "t", "7").account.timezone == timezone


@pytest.mark.parametrize("data", [{}, {"list": [{}]}, {"list": ["odd"]}, {"list": "odd"}])
def test_an_advertiser_that_tells_nothing_is_refused(data: dict[str, object]) -> None:
    body = json.dumps({"code": 0, "data": data}).encode()
    with serving(answering("200 OK", body)) as server, closing(Session()) as session:
        line = Line(session=session, base_url=server.url, consent=server.url)
        with pytest.raises(ConfigurationError):
            opened(line, "t", "7")


def test_a_token_is_in_no_repr(desk: Desk) -> None:
    assert desk.token not in repr(desk.source())
    desk.asked()
