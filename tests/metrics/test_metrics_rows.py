from decimal import Decimal

import pytest
from adrows import ad, group, hour

from connector.metrics.rows import (
    AD_COLUMNS,
    AD_GROUP_COLUMNS,
    HOUR_COLUMNS,
    IMPORT_COLUMNS,
    METRICS,
    AdGroupDay,
    HourRow,
    has_metric,
)

DESIGNED = [
    "date", "ad_platform", "ad_account_id", "account_timezone", "campaign_id", "campaign_name",
    "campaign_status", "campaign_currency", "ad_group_id", "ad_group_name", "ad_group_status",
    "ad_id", "ad_name", "tweet_id", "impressions", "clicks", "url_clicks", "app_clicks",
    "retweets", "likes", "engagements", "conversions", "conversion_value", "cost",
    "cost_converted", "exchange_rate", "exchange_rate_date", "utm_source", "utm_medium",
    "utm_campaign", "utm_content", "utm_term", "utm_inferred", "is_final", "imported_at",
]  # fmt: skip


def test_the_columns_are_the_documented_ones_in_their_order() -> None:
    assert [column.name for column in AD_COLUMNS] == DESIGNED


def test_money_is_decimal_and_a_count_is_whole() -> None:
    types = {column.name: column.type for column in AD_COLUMNS}
    assert {types[name] for name in METRICS} == {"count", "money"}
    assert types["cost"] == types["cost_converted"] == types["conversion_value"] == "money"
    assert (types["exchange_rate"], types["is_final"]) == ("rate", "flag")
    assert (types["date"], types["imported_at"]) == ("date", "instant")


def test_an_ad_group_has_the_columns_that_are_not_of_an_ad() -> None:
    names = [column.name for column in AD_GROUP_COLUMNS]
    of_ads = {"ad_id", "ad_name", "tweet_id"}
    assert names == [name for name in DESIGNED if name not in of_ads and name[:4] != "utm_"]


def test_an_hour_has_the_same_metrics_and_the_engagements_that_are_billed() -> None:
    names = [column.name for column in HOUR_COLUMNS]
    assert {*METRICS, "billed_engagements", "hour", "entity", "id", "status"} < set(names)


def test_an_import_is_remembered_by_what_freshness_tests_ask_for() -> None:
    names = [column.name for column in IMPORT_COLUMNS]
    assert names == [
        "connection", "account", "since", "until", "rows", "final_through", "finished_at",
    ]  # fmt: skip


NOTHING: dict[str, None] = dict.fromkeys(METRICS)


@pytest.mark.parametrize(
    ("row", "has"),
    [
        (ad(**NOTHING), False),
        (ad(**NOTHING | {"likes": 0}), True),
        (ad(**NOTHING | {"cost": Decimal(0)}), True),
        (group(**NOTHING), False),
        (hour(**NOTHING, billed_engagements=None), False),
        (hour(**NOTHING, billed_engagements=0), True),
    ],
)
def test_a_zero_is_a_metric_and_a_null_is_none(row: AdGroupDay | HourRow, *, has: bool) -> None:
    assert has_metric(row) is has
