"""What clients of TikTok's reports are known to get wrong, each as a test."""

from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from advertiser import UNLIMITED, at_tiktok, days_of, of, sums, truth_of
from raw_server import answering, serving

from connector.errors import ConfigurationError, ConnectorError, CredentialsError, UnreachableError
from connector.http import Session
from connector.metrics.days import Asked, Habits, days_to_import
from connector.metrics.rows import Account, AdDay
from connector.tiktok.calling import Line
from connector.tiktok.errors import TooLargeError
from connector.tiktok.metrics.reading import Source, days

DAY = "2026-03-19"


def names(rows: list[AdDay]) -> set[str | None]:
    return {row.ad_name for row in rows}


def test_a_day_that_is_read_again_has_its_late_conversions() -> None:
    with at_tiktok() as desk:
        early, _ = days_of(desk.source(), DAY, DAY)
        desk.clock.pause(7 * 86_400)
        late, _ = days_of(desk.source(), DAY, DAY)
        settled = truth_of(desk, DAY, DAY, "settled")
    assert sums(late) == settled
    assert sums(early)[DAY]["conversions"] < sums(late)[DAY]["conversions"]


def test_deleted_ads_are_asked_for() -> None:
    with at_tiktok() as desk:
        rows, _ = days_of(desk.source(), "2026-03-01", DAY)
    assert names(rows) >= {"can-video-old", "winter"}


def test_a_span_of_one_day_is_not_empty() -> None:
    with at_tiktok() as desk:
        rows, _ = days_of(desk.source(), DAY, DAY)
    assert {row.date for row in rows} == {date(2026, 3, 19)}


def test_a_dash_is_null_and_no_zero() -> None:
    with at_tiktok() as desk:
        rows, _ = days_of(desk.source(), "2026-03-01", DAY)
    silent = [row for row in rows if row.ad_name == "reach-week"]
    assert silent
    assert {(row.conversions, row.conversion_value) for row in silent} == {(None, None)}
    others = [row for row in rows if row.ad_name not in {"reach-week", "top-view"}]
    assert all(row.conversions is not None for row in others)


def test_a_gateways_page_in_html_is_asked_again() -> None:
    with at_tiktok(faults={"unavailable": 0.2}, seed=5) as desk:
        rows, reading = days_of(desk.source(), "2026-03-01", DAY)
        assert sums(rows) == truth_of(desk, "2026-03-01", DAY)
    assert reading.requests.retried > 0


def test_pages_are_as_long_as_they_may_be() -> None:
    with at_tiktok() as desk:
        rows, _ = days_of(desk.source(), "2026-03-01", DAY)
        asked = desk.asked()
    assert len(rows) > 200
    assert asked["report/integrated/get"] == 3  # the ads, their sum, and TopView


def test_the_last_day_of_an_account_ahead_of_utc_is_its_own() -> None:
    with at_tiktok(further_accounts=3) as desk:
        tokyo = of(desk, 3)
        source = tokyo.source()
        assert source.account.timezone == "Asia/Tokyo"
        tokyo.clock.pause(2 * 3600)  # 17:00 in UTC is the next day in Tokyo
        asked = days_to_import(
            Asked(), habits=Habits(wait_days=1, lookback_days=7), earlier=[],
            now=datetime.fromtimestamp(tokyo.clock(), UTC), timezone=source.account.timezone,
        )  # fmt: skip
        assert asked is not None
        assert (str(asked.since), str(asked.until)) == ("2026-03-14", "2026-03-20")
        rows, reading = days_of(source, str(asked.since), str(asked.until))
        assert sums(rows) == truth_of(tokyo, str(asked.since), str(asked.until))
    assert max(row.date for row in rows) == asked.until
    assert reading.account_timezone == "Asia/Tokyo"


def test_top_view_is_not_left_out() -> None:
    with at_tiktok() as desk:
        rows, reading = days_of(desk.source(), "2026-03-01", DAY)
    top = [row for row in rows if row.ad_name == "top-view"]
    assert top
    assert {row.campaign_status for row in top} == {"ENABLE"}
    assert not reading.warnings


def test_no_leg_of_the_revenue_is_left_out() -> None:
    with at_tiktok() as desk:
        rows, _ = days_of(desk.source(), "2026-03-01", DAY)
    for name in ("can-video-a", "app-install", "shop-video"):
        assert sum(row.conversion_value or Decimal() for row in rows if row.ad_name == name) > 0
    assert not any(row.conversion_value for row in rows if row.ad_name == "lead-form")


def test_macros_are_filled_in_and_values_decoded() -> None:
    with at_tiktok() as desk:
        rows, _ = days_of(desk.source(), "2026-03-01", DAY)
    campaigns = {row.ad_name: row.utm.utm_campaign for row in rows}
    assert campaigns["can-video-a"] == "Spring sale"
    assert campaigns["Gießkanne & Co"] == "Frühling+1"
    values = [
        value
        for row in rows
        for value in (row.utm.utm_source, row.utm.utm_campaign, row.utm.utm_content)
    ]
    assert not [value for value in values if value and ("__" in value or "%" in value)]


def test_days_that_are_not_asked_for_keep_the_links_they_had() -> None:
    with at_tiktok() as desk:
        rows, _ = days_of(desk.source(), "2026-03-10", "2026-03-12")
    assert {row.date.day for row in rows} == {10, 11, 12}


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (40001, CredentialsError), (40002, ConfigurationError), (40105, CredentialsError),
        (50000, UnreachableError), (12345, CredentialsError),
    ],
)  # fmt: skip
def test_an_error_with_http_200_is_no_success(code: int, kind: type[ConnectorError]) -> None:
    def read(source: Source) -> None:
        with pytest.raises(kind, match=f"200 {code}: "):
            list(days(source, since=date(2026, 3, 1), until=date(2026, 3, 1)).ads)

    body = b'{"code": %d, "message": "OK", "data": {"list": [], "page_info": {}}}' % code
    _against(body, read)


def _against(body: bytes, then: Callable[[Source], None]) -> None:
    account = Account(platform="tiktok", id="7", timezone="Europe/Lisbon", currency="EUR")
    with serving(answering("200 OK", body)) as server, closing(Session()) as session:
        line = Line(
            session=session, base_url=server.url, consent=server.url, pause=lambda _seconds: None
        )
        then(Source(line=line, token="sim-t", account=account))


def test_a_cut_at_twenty_thousand_ads_is_not_taken_for_all_of_them() -> None:
    with at_tiktok(ads=20_100) as desk:
        rows, reading = days_of(desk.source(), DAY, DAY)
        assert sums(rows) == truth_of(desk, DAY, DAY)
    assert not reading.warnings


def test_a_limit_of_one_advertiser_is_waited_for_below_that_of_the_app() -> None:
    with at_tiktok(limits={**UNLIMITED, "tiktok_advertiser": 1}) as desk:
        rows, reading = days_of(desk.source(), "2026-03-01", DAY)
        assert sums(rows) == truth_of(desk, "2026-03-01", DAY)
    assert reading.requests.retried > 0


def test_a_report_that_is_too_large_says_so() -> None:
    def read(source: Source) -> None:
        with pytest.raises(
            TooLargeError, match="POST report/task/create: 200 40067: the report is"
        ):
            list(days(source, since=date(2026, 3, 1), until=date(2026, 3, 1)).ads)

    _against(b'{"code": 40067, "message": "Your query is too large"}', read)
