"""What is imported is what the platforms know to be true, to the cent."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from imports import Agency, agency, day, entry, micros
from metrics_import.conftest import MakeAgency

from connector.metrics.ecb import shipped

COUNTS = ("impressions", "clicks", "url_clicks", "app_clicks", "retweets", "likes", "engagements")
NUMBERS = (*COUNTS, "conversions", "conversion_value", "cost")
SINCE, UNTIL = "2026-03-20", "2026-04-19"  # over the night that has 23 hours in Madrid
PLACES = Decimal("1e-6")
BOTH_SUMS = (
    "ad_group_id, of_ads, own",
    """(select ad_group_id, sum(cost) as of_ads from daily_ad_metrics group by 1) as ads
        join (select ad_group_id, sum(cost) as own from daily_ad_group_metrics group by 1) as items
        using (ad_group_id)""",
    "where of_ads > 1.01 * own",
)
"""The line items whose ads differ from them."""


@dataclass(frozen=True, kw_only=True)
class Imported:
    """An agency in Madrid after an import of a month, what that said, and what it asked."""

    agency: Agency
    summary: dict[str, Any]
    asked: Counter[str]


@pytest.fixture(scope="module", params=["duckdb", "postgresql"])
def imported(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    new_warehouse: Callable[[str], str],
) -> Iterator[Imported]:
    folder = tmp_path_factory.mktemp("madrid")
    with agency(folder, account=1, warehouse=new_warehouse(request.param)) as madrid:
        summary = madrid.span(SINCE, UNTIL)
        yield Imported(agency=madrid, summary=summary, asked=madrid.asked())


def of_x(agency: Agency, table: str, key: str) -> dict[str, dict[str, dict[str, int | None]]]:
    """What a table holds of X by id and day, as the simulator tells its truth."""
    found: dict[str, dict[str, dict[str, int | None]]] = {}
    columns = f"{key}, date, {', '.join(NUMBERS)}"
    for id_, when, *numbers in agency.rows(columns, table, "where ad_platform = 'x'"):
        row = dict(zip(NUMBERS, numbers, strict=True))
        row["cost"], row["conversion_value"] = micros(row["cost"]), micros(row["conversion_value"])
        assert str(when) not in found.setdefault(id_, {})
        found[id_][str(when)] = row
    return found


def told(sums: dict[str, dict[str, dict[str, int | None]]]) -> dict[str, Any]:
    """The simulator's truth by id and day, in the names of the columns."""
    return {
        id_: {
            when: {name: row.get(name) for name in COUNTS}
            | {
                "conversions": both(row, "metric"),
                "conversion_value": both(row, "sale_amount"),
                "cost": row["billed_charge_local_micro"],
            }
            for when, row in by_day.items()
        }
        for id_, by_day in sums.items()
    }


def both(row: dict[str, int | None], leaf: str) -> int | None:
    kinds = (row[f"conversion_{kind}.{leaf}"] for kind in ("purchases", "custom"))
    known = [number for number in kinds if number is not None]
    return sum(known) if known else None


def of_tiktok(agency: Agency) -> dict[str, dict[str, Any]]:
    names = ("impressions", "clicks", "conversions", "cost", "conversion_value")
    sums = ", ".join(f"cast(sum({name}) as decimal(18, 6))" for name in names)
    rows = agency.rows(
        f"date, count(*), {sums}", rest="where ad_platform = 'tiktok' group by date order by date"
    )
    return {
        str(when): {"rows": rows_, **dict(zip(names, map(Decimal, numbers), strict=True))}
        for when, rows_, *numbers in rows
    }


def truth_of_tiktok(agency: Agency) -> dict[str, dict[str, Any]]:
    names = {
        "impressions": "impressions", "clicks": "clicks", "conversions": "conversion",
        "cost": "spend", "conversion_value": "conversion_value",
    }  # fmt: skip
    return {
        one["date"]: {"rows": one["rows"]}
        | {name: Decimal(one["now"][theirs]) for name, theirs in names.items()}
        for one in agency.truth_of_tiktok(SINCE, UNTIL)
        if one["rows"]
    }


def test_both_platforms_are_right_to_the_cent_by_ad_and_day(imported: Imported) -> None:
    madrid = imported.agency
    truth = madrid.truth(SINCE, UNTIL, by="day")
    assert truth["timezone"] == "Europe/Madrid"
    # X answers for the ads that it doubles with the sums of both.
    assert of_x(madrid, "daily_ad_metrics", "ad_id") == told({**truth["ads"], **truth["doubled"]})
    groups = of_x(madrid, "daily_ad_group_metrics", "ad_group_id")
    assert groups == told(truth["line_items"])
    spent = sum(row["cost"] or 0 for days in groups.values() for row in days.values())
    assert spent == truth["total"]["billed_charge_local_micro"] > 0
    assert of_tiktok(madrid) == truth_of_tiktok(madrid)
    assert [one["status"] for one in imported.summary["imports"]] == ["succeeded"] * 2


def test_the_summary_is_what_the_table_holds_and_what_was_sent(imported: Imported) -> None:
    madrid, summary, asked = imported.agency, imported.summary, imported.asked
    for name, platform in (("x", "x"), ("tiktok", "tiktok")):
        one = entry(summary, name)
        [(rows, cost, converted, currency)] = madrid.rows(
            "count(*), sum(cost), sum(cost_converted), min(campaign_currency)",
            rest=f"where ad_platform = '{platform}'",
        )
        assert one["rows"] == rows > 0
        assert {code: Decimal(told) for code, told in one["cost"].items()} == {currency: cost}
        assert Decimal(one["cost_converted"]) == converted != cost
        assert (one["since"], one["until"], one["days"]) == (SINCE, UNTIL, 31)
        assert one["changed"] == {"rows": 0, "cost": {}}
    tiktok = sum(count for path, count in asked.items() if path.startswith("/open_api"))
    sent = [one["requests"]["sent"] for one in summary["imports"]]
    assert sent == [asked.total() - tiktok, tiktok]


def test_the_keys_of_a_summary_are_those_that_are_documented(shop: Agency) -> None:
    summary = shop.span("2026-04-19", "2026-04-19")
    assert list(summary) == ["status", "exit_code", "imports"]
    assert list(entry(summary, "x")) == [
        "connection", "platform", "status", "since", "until", "days", "rows", "cost",
        "cost_converted", "changed", "final_through", "warnings", "requests", "duration_seconds",
    ]  # fmt: skip
    assert [one["platform"] for one in summary["imports"]] == ["x_ads", "tiktok_ads"]
    assert list(entry(summary, "x")["changed"]) == ["rows", "cost"]
    assert list(entry(summary, "x")["requests"]) == ["sent", "retried"]


def test_costs_are_converted_at_the_rate_of_their_day_or_the_last_before_it(
    imported: Imported,
) -> None:
    madrid = imported.agency
    rates = dict(shipped().cross("EUR", "USD"))
    rows = madrid.rows(
        "date, cost, cost_converted, exchange_rate, exchange_rate_date", rest="where cost > 0"
    )
    assert {when for when, *_ in rows} > {day("2026-03-21"), day("2026-03-22")}
    for when, cost, converted, rate, of in rows:
        assert of == max(known for known in rates if known <= when)
        assert rate == rates[of].quantize(Decimal("1e-9"), ROUND_HALF_UP)
        assert converted == (cost * rate).quantize(PLACES, ROUND_HALF_UP)
    assert {of for *_, of in rows} >= {day("2026-03-20"), day("2026-03-23")}


def test_days_are_final_when_the_platform_no_longer_changes_them(imported: Imported) -> None:
    for platform, last in (("x", "2026-04-05"), ("tiktok", "2026-04-12")):
        rows = imported.agency.rows(
            "distinct date, is_final", rest=f"where ad_platform = '{platform}'"
        )
        assert {when for when, final in rows if final} == {
            when for when, _ in rows if when <= day(last)
        }
        assert entry(imported.summary, platform)["final_through"] == last


def test_what_ran_on_no_day_that_was_asked_for_leaves_no_rows_and_is_remembered(
    shop: Agency,
) -> None:
    one = entry(shop.span("2019-01-01", "2019-02-15", "x"), "x")
    assert (one["rows"], one["days"], one["cost"], one["cost_converted"]) == (0, 46, {}, "0.00")
    assert shop.rows("count(*)") == [(0,)]
    imports = shop.rows('"connection", "rows", "since", "until"', "daily_ad_metrics_imports")
    assert sorted(imports) == [
        ("x", 0, day("2019-01-01"), day("2019-01-30")),
        ("x", 0, day("2019-01-31"), day("2019-02-15")),
    ]


def test_what_is_odd_in_every_span_is_told_once_with_the_sums_of_all(
    make_agency: MakeAgency,
) -> None:
    one = make_agency(modes=frozenset({"tiktok_gap"}))
    summary = one.run(backfill=65)
    of_x = entry(summary, "x")["warnings"]
    differing = one.rows(*BOTH_SUMS)
    assert len(of_x) == len(differing) == 3
    for ad_group, of_ads, own in differing:
        [told] = [text for text in of_x if f"line item {ad_group} " in text]
        assert f"2026-02-14 to 2026-04-19: its ads cost {of_ads.normalize()} USD" in told
        assert f"itself {own.normalize()}, which is right" in told
    [told] = entry(summary, "tiktok")["warnings"]
    assert told.startswith("TikTok Ads: 3 days from 2026-02-")
