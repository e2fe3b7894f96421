"""Hours: the last seven days of them, then from the last one that is held, each once."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from imports import Agency, Heard, day, entry
from metrics_import.conftest import MakeAgency

DAYS: dict[str, Any] = {"since": day("2026-04-15"), "until": day("2026-04-18")}
HOURS = "hourly_ad_metrics"
FIRST = datetime(2026, 4, 13, 15, tzinfo=UTC)


def ends(shop: Agency) -> tuple[datetime, datetime]:
    [(first, last)] = shop.rows(
        "cast(extract(epoch from min(hour)) as bigint),"
        " cast(extract(epoch from max(hour)) as bigint)", HOURS,
    )  # fmt: skip
    return datetime.fromtimestamp(first, UTC), datetime.fromtimestamp(last, UTC)


def test_hours_add_up_to_the_days_of_the_account(madrid: Agency) -> None:
    assert madrid.run(hourly=True, **DAYS)["exit_code"] == 0
    # Two hours ahead of UTC in April.
    local = "cast(timezone('UTC', hour) + interval '2 hours' as date)"
    numbers = "sum(impressions), sum(clicks), sum(cost), sum(conversions)"
    rest = f"{local} between '2026-04-15' and '2026-04-18' group by 1, 2 order by 1, 2"
    for entity, table, key, elsewhere in (
        ("LINE_ITEM", "daily_ad_group_metrics", "ad_group_id", set[str]()),
        # A report by hour has no TopView.
        ("AD", "daily_ad_metrics", "ad_id", {"top-view"}),
    ):
        hours = madrid.rows(
            f"id, {local}, {numbers}", HOURS, f"where entity = '{entity}' and {rest}"
        )
        days = madrid.rows(
            f"{key}, date, {numbers}, min({key.replace('_id', '_name')})", table,
            "where campaign_name is not null and ad_platform ="
            f" '{'tiktok' if entity == 'AD' else 'x'}' group by 1, 2 order by 1, 2",
        )  # fmt: skip
        assert hours == [row[:-1] for row in days if row[-1] not in elsewhere]
        assert len({when for _, when, *_ in hours}) == 4


def test_hours_are_of_campaigns_line_items_and_ads_with_their_status(shop: Agency) -> None:
    shop.run("x", hourly=True, **DAYS)
    kinds = shop.rows("entity, bool_and(status is not null), sum(billed_engagements) > 0", HOURS,
                      "group by entity order by entity")  # fmt: skip
    assert kinds == [(kind, True, True) for kind in ("CAMPAIGN", "LINE_ITEM", "PROMOTED_TWEET")]
    assert shop.rows("count(distinct status)", HOURS) == [(3,)]
    [(rows,)] = shop.rows("count(*)", HOURS)
    assert shop.rows(f"count(distinct (hour, entity, id)) = {rows}", HOURS) == [(True,)]


def test_the_next_import_begins_with_the_last_hour_that_is_held(shop: Agency) -> None:
    heard = Heard()
    shop.run("tiktok", hourly=True, edges=shop.edges(progress=heard), **DAYS)
    assert "tiktok: hours from 2026-04-13 15:00 UTC on" in heard.said
    first, last = ends(shop)
    assert first >= FIRST
    assert last == datetime(2026, 4, 20, 14, tzinfo=UTC)
    shop.clock.skip(hours=3)
    shop.run("tiktok", hourly=True, edges=shop.edges(progress=heard), **DAYS)
    assert heard.said[-1] == "tiktok: hours from 2026-04-20 14:00 UTC on"
    assert ends(shop) == (first, last + timedelta(hours=3))
    shop.clock.skip(days=30)
    shop.run("tiktok", hourly=True, edges=shop.edges(progress=heard), **DAYS)
    assert heard.said[-1] == "tiktok: hours from 2026-05-13 18:00 UTC on"


def test_hours_twice_are_hours_once_and_days_without_them_leave_them(shop: Agency) -> None:
    shop.run(hourly=True, **DAYS)
    columns = "epoch(hour), entity, id, impressions, cost, conversions"
    before = shop.rows(columns, HOURS, "order by 1, 2, 3")
    shop.run(hourly=True, **DAYS)
    shop.run(**DAYS)
    assert shop.rows(columns, HOURS, "order by 1, 2, 3") == before
    assert before


def test_without_the_wish_no_hour_is_asked_for(shop: Agency) -> None:
    one = entry(shop.run("x", **DAYS), "x")
    more = entry(shop.run("x", hourly=True, **DAYS), "x")
    assert shop.rows("count(*) > 0", HOURS) == [(True,)]
    assert more["requests"]["sent"] > one["requests"]["sent"]
    assert more["rows"] == one["rows"]  # rows are those of the days
    assert Decimal(more["cost"]["USD"]) == Decimal(one["cost"]["USD"])


def test_hours_go_back_seven_days_where_no_day_is_to_be_imported(make_agency: MakeAgency) -> None:
    shop = make_agency()
    shop.config("{lookback_days: 0}")
    shop.run("tiktok")
    summary = shop.run("tiktok", hourly=True)
    assert (entry(summary, "tiktok")["days"], summary["exit_code"]) == (0, 0)
    assert shop.rows("count(*) > 0", HOURS) == [(True,)]
