import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from adrows import MADRID, TABLES, ad, days, imported, opened
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector.metrics.database import Database
from connector.metrics.days import Days, starts
from connector.metrics.rows import Account, AdDay, Utm
from connector.metrics.tables import MARK, mark_of, view_of_events

EVENTS = """
    select event_type, cast(extract(epoch from "time") as bigint), device_id, insert_id,
        cast(event_properties as varchar), cast(user_properties as varchar)
    from daily_ad_metrics_events order by insert_id
"""
FULL = ad(
    3, campaign_status="PAUSED", ad_group_name='"iberia"\n', ad_group_status="ACTIVE",
    ad_name="café ☕", tweet_id="1833344455566677788", app_clicks=0, conversions=3, retweets=2,
    url_clicks=31, cost=Decimal("1234567.89"), likes=9,
    utm=Utm(utm_source="x", utm_medium="paid", utm_campaign="a\\b", utm_term="t"),
)  # fmt: skip


def events(database: Database) -> list[tuple[Any, ...]]:
    return database.run(EVENTS)


def test_a_row_is_an_event_with_the_documented_properties(database: Database) -> None:
    imported(database, [FULL], days(0, 9))
    [(kind, time, device, insert, properties, user)] = events(database)
    assert kind == "Daily Ad Metrics"
    assert time == int(datetime(2026, 10, 3, 22, tzinfo=UTC).timestamp())
    assert device == "x-4m9tq7w2bzc-5ft2qa"
    assert insert.startswith("2026-10-04-x-5ft2qa-")
    assert json.loads(properties, parse_float=Decimal) == {
        "ad_account_id": MADRID.id, "ad_group_id": "w6n4r", "ad_group_name": '"iberia"\n',
        "ad_group_status": "ACTIVE", "ad_id": "5ft2qa", "ad_name": "café ☕", "ad_platform": "x",
        "campaign_currency": "EUR", "campaign_id": "k2v8c", "campaign_name": "spring",
        "campaign_status": "PAUSED", "tweet_id": "1833344455566677788",
        "ad_metrics.app_clicks": 0, "ad_metrics.clicks": 40, "ad_metrics.conversions": 3,
        "ad_metrics.cost": Decimal("1234567.89"), "ad_metrics.impressions": 900,
        "ad_metrics.retweets": 2, "ad_metrics.url_clicks": 31,
    }  # fmt: skip
    assert json.loads(user) == {
        "utm_source": "x", "utm_medium": "paid", "utm_campaign": "a\\b", "utm_term": "t",
    }  # fmt: skip


def test_nulls_are_left_out(database: Database) -> None:
    imported(database, [ad(cost=None, clicks=None, impressions=None, utm=Utm())], days(0, 0))
    [(*_, properties, user)] = events(database)
    assert [key for key in json.loads(properties) if key.startswith("ad_metrics")] == []
    assert json.loads(user) == {}


def test_both_databases_make_the_same_of_the_same_rows(new_warehouse: Callable[[str], str]) -> None:
    found = []
    for kind in ("duckdb", "postgresql"):
        with opened(new_warehouse(kind)) as database:
            imported(database, [FULL, ad(0), ad(1, cost=Decimal("0.000001"))], days(0, 9))
            found.append(events(database))
    assert found[0] == found[1]


def insert_ids(database: Database, row: AdDay) -> list[str]:
    imported(database, [row], days(0, 9))
    return [event[3] for event in events(database)]


def test_a_repetition_is_the_same_event_and_a_revision_another(database: Database) -> None:
    first = insert_ids(database, FULL)
    assert insert_ids(database, FULL) == first
    renamed = replace(FULL, campaign_name="autumn", likes=10, ad_name="new")
    assert insert_ids(database, renamed) == first
    revised = [
        replace(FULL, impressions=901), replace(FULL, clicks=41), replace(FULL, url_clicks=32),
        replace(FULL, app_clicks=1), replace(FULL, retweets=3), replace(FULL, conversions=4),
        replace(FULL, cost=Decimal(1)), replace(FULL, cost=None), replace(FULL, app_clicks=None),
    ]  # fmt: skip
    found = {tuple(insert_ids(database, row)) for row in revised}
    assert len({tuple(first), *found}) == 1 + len(revised)


def test_numbers_do_not_run_into_each_other(database: Database) -> None:
    one = insert_ids(database, ad(app_clicks=1, clicks=11, cost=None))
    assert insert_ids(database, ad(app_clicks=11, clicks=1, cost=None)) != one


ZONES = ["Europe/Madrid", "America/Havana", "America/Sao_Paulo", "Asia/Beirut", "Etc/GMT+8"]
CHANGES = st.sampled_from(
    [date(2018, 11, 4), date(2026, 3, 29), date(2026, 10, 25), date(2026, 11, 1), date(2026, 3, 8)]
)


@pytest.fixture(scope="module", params=["duckdb", "postgresql"])
def shared(request: pytest.FixtureRequest, new_warehouse: Callable[[str], str]) -> str:
    return new_warehouse(request.param)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(zone=st.sampled_from(ZONES), of=CHANGES | st.dates(date(2015, 1, 1), date(2026, 12, 31)))
def test_the_time_of_an_event_is_the_start_of_its_day(shared: str, zone: str, of: date) -> None:
    account = Account(platform="x", id="zone", timezone=zone, currency="EUR")
    with opened(shared) as database:
        imported(database, [ad(date=of)], Days(since=of, until=of), account=account)
        [(_, time, *_)] = events(database)
        database.run("delete from daily_ad_metrics")
    assert time == int(starts(of, zone).timestamp())


def test_a_view_of_another_version_is_made_anew(database: Database) -> None:
    imported(database, [ad()], days(0, 0))
    mark = mark_of(view_of_events(TABLES))
    assert database.comment(TABLES.events) == mark
    now = events(database)
    database.run(view_of_events(TABLES).replace("concat_ws('-'", "concat_ws('+'"))
    database.run(f"comment on view daily_ad_metrics_events is '{MARK} of before'")
    database.run("create view on_it as select insert_id from daily_ad_metrics_events")
    assert events(database) != now
    imported(database, [ad()], days(0, 0))
    assert database.comment(TABLES.events) == mark
    assert events(database) == now
    assert database.run("select insert_id from on_it") == [(now[0][3],)]


def test_a_view_that_somebody_else_made_is_left_alone(database: Database) -> None:
    imported(database, [ad()], days(0, 0))
    database.run("drop view daily_ad_metrics_events")
    database.run("create view daily_ad_metrics_events as select 1 as one")
    imported(database, [ad()], days(0, 0))
    assert database.run("select * from daily_ad_metrics_events") == [(1,)]
