"""A report's rows as rows of ad metrics."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from connector.metrics.rows import Utm
from connector.tiktok.metrics.entities import Entity
from connector.tiktok.metrics.pages import Row
from connector.tiktok.metrics.queries import DAY, HOUR
from connector.tiktok.metrics.rows import Known, ad_days, hour_rows, names_of, utm_of, value_of

ROW: Row = {
    "ad_id": "1", DAY: "2026-03-01 00:00:00", "campaign_id": "3", "campaign_name": "spring & co",
    "adgroup_id": "2", "adgroup_name": "iberia", "ad_name": "can 50%", "spend": "11.36",
    "impressions": "742", "clicks": "12.00", "conversion": "3", "ad_url": "-",
    "total_complete_payment_rate": "20.50", "total_purchase_value": "0.00",
    "total_onsite_shopping_value": "-",
}  # fmt: skip
INFERRED = Utm(
    utm_source="tiktok", utm_medium="paid", utm_campaign="spring & co", utm_content="can 50%",
    utm_inferred=True,
)  # fmt: skip
SITE = "https://shop.example.org/"


def known(ad: Entity | None = None, smart: Entity | None = None) -> Known:
    made = Known()
    made.campaigns.by_id["3"] = Entity(status="ENABLE", name="another name")
    made.groups.by_id["2"] = Entity(status="DISABLE", name=None, campaign_id="3")
    if ad:
        made.ads.by_id["1"] = ad
    if smart:
        made.smart_ads.by_id["9"] = smart
    return made


def ad(*links: str, pairs: Mapping[str, str] | None = None, smart_id: str | None = None) -> Entity:
    return Entity(
        status="ENABLE", name=None, links=links, pairs=tuple((pairs or {}).items()),
        smart_id=smart_id,
    )  # fmt: skip


def utm(row: Row, of: Known) -> Utm:
    return utm_of(row, names_of(row, of), of)


def test_a_row_has_what_the_report_says_and_the_states_of_the_lists() -> None:
    [row] = ad_days(iter([ROW]), known(), "EUR")
    assert (row.date, row.ad_id, row.ad_name) == (date(2026, 3, 1), "1", "can 50%")
    assert (row.campaign_id, row.campaign_name, row.campaign_status) == (
        "3",
        "spring & co",
        "ENABLE",
    )
    assert (row.ad_group_id, row.ad_group_name, row.ad_group_status) == ("2", "iberia", "DISABLE")
    assert (row.impressions, row.clicks, row.url_clicks) == (742, 12, 12)
    assert (row.conversions, row.conversion_value, row.cost) == (
        3,
        Decimal("20.50"),
        Decimal("11.36"),
    )
    assert row.campaign_currency == "EUR"
    assert {row.app_clicks, row.retweets, row.likes, row.engagements, row.tweet_id} == {None}


def test_a_dash_is_null_everywhere_and_no_zero() -> None:
    numbers = [name for name in ROW if name not in {"ad_id", DAY, "campaign_id", "adgroup_id"}]
    [row] = ad_days(iter([{**ROW, **dict.fromkeys(numbers, "-")}]), Known(), "EUR")
    assert {row.impressions, row.clicks, row.url_clicks, row.conversions} == {None}
    assert {row.conversion_value, row.cost, row.ad_name, row.campaign_name} == {None}
    [zero] = ad_days(iter([{**ROW, "spend": "0.00", "conversion": "0"}]), Known(), "EUR")
    assert (zero.cost, zero.conversions) == (Decimal(0), 0)


@pytest.mark.parametrize(
    ("website", "app", "shop", "value"),
    [
        ("20.50", "0.00", "0.00", "20.50"), ("0.00", "7.25", "0.00", "7.25"),
        ("0.00", "0.00", "3.00", "3.00"), ("1.10", "2.20", "3.30", "6.60"),
        ("-", "-", "5.00", "5.00"), ("0.00", "-", "-", "0.00"), ("-", "-", "-", None),
    ],
)  # fmt: skip
def test_the_value_is_that_of_every_place_something_was_bought(
    website: str, app: str, shop: str, value: str | None
) -> None:
    legs = {
        "total_complete_payment_rate": website, "total_purchase_value": app,
        "total_onsite_shopping_value": shop,
    }  # fmt: skip
    assert value_of(legs) == (None if value is None else Decimal(value))


def test_names_that_the_report_lacks_come_from_the_lists() -> None:
    lacking = {**ROW, **dict.fromkeys(("campaign_id", "campaign_name", "adgroup_id"), "-")}
    of_ad = Entity(status=None, name="listed", campaign_id=None, group_id="2")
    names = names_of({**lacking, "ad_name": "-"}, known(of_ad))
    assert (names.ad_group_id, names.campaign_id) == ("2", "3")
    assert (names.campaign_name, names.ad_name) == ("another name", "listed")
    assert names_of(lacking, Known()).campaign_id == ""


def test_macros_are_filled_in_after_the_query_is_split() -> None:
    link = (
        f"{SITE}?utm_campaign=__CAMPAIGN_NAME__&utm_content=_CID_NAME_&utm_term=__AID__"
        "&utm_source=tik%20tok&utm_medium=__PLACEMENT__"
    )
    assert utm(ROW, known(ad(link))) == Utm(
        utm_source="tik tok", utm_campaign="spring & co", utm_content="can 50%", utm_term="2"
    )


@pytest.mark.parametrize(
    ("entity", "smart", "ad_url", "campaign"),
    [
        (ad(f"{SITE}?utm_campaign=own"), None, f"{SITE}?utm_campaign=report", "own"),
        (ad(SITE, f"{SITE}?utm_campaign=second"), None, "-", "second"),
        (ad(smart_id="9"), ad(f"{SITE}?utm_campaign=smart"), f"{SITE}?utm_campaign=r", "smart"),
        (ad(pairs={"utm_campaign": "pair"}), None, f"{SITE}?utm_campaign=report", "pair"),
        (ad(smart_id="9"), ad(pairs={"utm_campaign": "p"}), "-", "p"),
        (ad(SITE), None, f"{SITE}?utm_campaign=report", "report"),
        (None, None, f"{SITE}?utm_campaign=__AID_NAME__", "iberia"),
    ],
)
def test_the_first_link_with_parameters_counts(
    entity: Entity | None, smart: Entity | None, ad_url: str, campaign: str
) -> None:
    found = utm({**ROW, "ad_url": ad_url}, known(entity, smart))
    assert found == Utm(utm_campaign=campaign)


def test_parameters_fill_what_a_link_lacks_and_change_nothing_of_it() -> None:
    own = ad(f"{SITE}?utm_source=link", pairs={"utm_source": "pair", "utm_medium": "__CID__"})
    assert utm(ROW, known(own)) == Utm(utm_source="link", utm_medium="1")


@pytest.mark.parametrize("links", [(), (SITE,), (f"{SITE}?utm_source=",), ("not a [link",)])
def test_without_any_parameter_they_are_inferred_and_marked_so(links: tuple[str, ...]) -> None:
    assert utm(ROW, known(ad(*links))) == INFERRED


def test_an_ad_has_the_same_parameters_on_all_of_its_days() -> None:
    of = known(ad(f"{SITE}?utm_campaign=__CAMPAIGN_NAME__"))
    renamed = {**ROW, DAY: "2026-03-02 00:00:00", "campaign_name": "autumn"}
    first, second = ad_days(iter([ROW, renamed]), of, "EUR")
    assert first.utm is second.utm


@pytest.mark.parametrize(
    ("zone", "text", "hour"),
    [
        ("Europe/Madrid", "2026-03-01 10:00:00", "2026-03-01T09:00"),
        ("America/New_York", "2026-03-01 22:00:00", "2026-03-02T03:00"),
        ("Asia/Kolkata", "2026-03-01 10:00:00", "2026-03-01T04:30"),
        ("Asia/Tokyo", "2026-03-01 03:00:00", "2026-02-28T18:00"),
        ("Europe/Madrid", "2026-03-29 03:00:00", "2026-03-29T01:00"),
        ("Europe/Madrid", "2026-10-25 02:00:00", "2026-10-25T00:00"),
        ("Etc/GMT+8", "2026-03-01 10:00:00", "2026-03-01T18:00"),
    ],
)
def test_an_hour_of_the_advertisers_clock_is_told_in_utc(zone: str, text: str, hour: str) -> None:
    of = known(ad())
    [row] = hour_rows(iter([{**ROW, HOUR: text}]), of, currency="EUR", zone=ZoneInfo(zone))
    assert row.hour == datetime.fromisoformat(hour).replace(tzinfo=UTC)
    assert (row.entity, row.id, row.status) == ("AD", "1", "ENABLE")
    assert (row.impressions, row.cost, row.conversion_value) == (
        742,
        Decimal("11.36"),
        Decimal("20.5"),
    )
    assert row.billed_engagements is None
