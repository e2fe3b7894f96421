from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from adrows import MADRID, TABLES, ad, days, group, imported, opened
from hypothesis import given
from hypothesis import strategies as st

from connector.metrics.database import Database
from connector.metrics.rows import Account, AdDay, Utm
from connector.metrics.summing import By, Line, Shown, Sums, added, blended, divided, show

D = Decimal
TIKTOK = Account(platform="tiktok", id="7001", timezone="UTC", currency="EUR")
MONTH = days(0, 27)


def shown(database: Database, by: By = "campaign", *, first: int = 0, last: int = 27) -> Shown:
    return show(database, TABLES, by=by, days=days(first, last), currency="USD")


def spend(lines: list[Line]) -> list[tuple[Any, ...]]:
    return [(line.key, line.currency, line.sums.spend) for line in lines]


def test_without_tables_there_is_nothing_to_show(database: Database) -> None:
    assert shown(database) == Shown(lines=[], totals=[], unconverted=0)


def test_lines_are_in_one_currency_when_all_of_it_was_converted(database: Database) -> None:
    rows = [ad(0), ad(1, conversions=2, conversion_value=D(50)), ad(2, campaign_id="other")]
    imported(database, rows, MONTH)
    found = shown(database)
    [first, second] = found.lines
    assert spend(found.lines) == [("k2v8c", "USD", D("27.93")), ("other", "USD", D("13.965"))]
    assert first.sums == Sums(
        spend=D("27.93"), impressions=1800, clicks=80, conversions=2, value=D("55.86")
    )
    assert (first.platform, first.account, first.name) == ("x", MADRID.id, "spring")
    assert second.sums.conversions is None
    assert spend(found.totals) == [(None, "USD", D("41.895"))]
    assert found.unconverted == 0


def test_currencies_without_a_rate_are_not_added_up(database: Database) -> None:
    imported(database, [ad(0), ad(0, ad_id="b", campaign_currency="JPY", cost=D(900))], MONTH)
    found = shown(database)
    assert spend(found.lines) == [("k2v8c", "JPY", D(900)), ("k2v8c", "EUR", D("12.5"))]
    assert spend(found.totals) == [(None, "JPY", D(900)), (None, "EUR", D("12.5"))]
    assert found.unconverted == 1


def test_a_row_without_money_needs_no_rate(database: Database) -> None:
    imported(database, [ad(0), ad(1, campaign_currency="JPY", cost=None)], MONTH)
    found = shown(database)
    assert found.unconverted == 0
    [line] = found.lines
    assert (line.sums.spend, line.sums.impressions) == (D("13.965"), 1800)


def test_a_value_without_a_rate_counts_as_money(database: Database) -> None:
    row = ad(campaign_currency="JPY", cost=None, conversion_value=D(1))
    imported(database, [row], MONTH)
    assert shown(database).unconverted == 1


def test_a_large_value_is_converted_too(database: Database) -> None:
    value = D("123456789012.123456")
    imported(database, [ad(conversion_value=value)], MONTH)
    assert shown(database).lines[0].sums.value == value * D("1.1172")


def test_the_days_are_those_that_were_asked_for(database: Database) -> None:
    imported(database, [ad(number) for number in range(10)], MONTH)
    found = shown(database, "day", first=3, last=5)
    assert [line.key for line in found.lines] == ["2026-10-04", "2026-10-05", "2026-10-06"]
    assert {line.sums.clicks for line in found.lines} == {40}
    assert found.totals[0].sums.clicks == 120


def test_line_items_are_the_truth_where_they_are_known(database: Database) -> None:
    doubled = [ad(0), ad(0, ad_id="b", ad_group_id="other")]
    imported(database, doubled, MONTH, groups=[group(0), group(0, ad_group_id="other", cost=D(0))])
    by_group = shown(database, "ad_group")
    assert spend(by_group.lines) == [("w6n4r", "USD", D("13.965")), ("other", "USD", D(0))]
    assert spend(shown(database, "campaign").lines) == [("k2v8c", "USD", D("13.965"))]
    assert spend(shown(database, "day").lines) == [("2026-10-01", "USD", D("13.965"))]
    by_ad = shown(database, "ad")
    assert [line.sums.spend for line in by_ad.lines] == [D("13.965"), D("13.965")]
    assert spend(by_ad.totals) == [(None, "USD", D("13.965"))]


def test_a_day_without_line_items_is_the_sum_of_its_ads(database: Database) -> None:
    imported(database, [ad(0), ad(1)], MONTH, groups=[group(1, cost=D(0))])
    lines = shown(database, "day").lines
    assert spend(lines) == [("2026-10-01", "USD", D("13.965")), ("2026-10-02", "USD", D(0))]


def test_a_platform_without_line_items_is_the_sum_of_its_ads(database: Database) -> None:
    imported(database, [ad(0)], MONTH, groups=[group(0)])
    imported(database, [ad(0, cost=D(2)), ad(0, ad_id="b", cost=D(3))], MONTH, account=TIKTOK)
    found = shown(database)
    assert [(line.platform, line.sums.spend) for line in found.lines] == [
        ("x", D("13.965")), ("tiktok", D("5.586")),
    ]  # fmt: skip
    assert spend(found.totals) == [(None, "USD", D("19.551"))]


def test_ads_of_all_accounts_share_a_utm_campaign(database: Database) -> None:
    tagged, none = Utm(utm_campaign="autumn"), Utm(utm_source="x")
    imported(database, [ad(0, utm=tagged), ad(1, utm=none)], MONTH, groups=[group(5)])
    imported(database, [ad(0, utm=tagged, cost=D(1))], MONTH, account=TIKTOK)
    lines = shown(database, "utm_campaign").lines
    assert spend(lines) == [("autumn", "USD", D("15.0822")), (None, "USD", D("13.965"))]
    assert {line.platform for line in lines} == {None}


def test_a_name_is_the_last_days(database: Database) -> None:
    rows = [ad(0), ad(9, campaign_name="autumn"), ad(4, campaign_name="summer")]
    imported(database, rows, MONTH)
    assert [line.name for line in shown(database).lines] == ["autumn"]


def test_both_databases_add_up_alike(new_warehouse: Callable[[str], str]) -> None:
    rows = [
        ad(number, ad_id=f"ad{one}", cost=D(number * one) / 7, conversions=one or None)
        for number in range(20)
        for one in range(5)
    ]
    found = []
    for kind in ("duckdb", "postgresql"):
        with opened(new_warehouse(kind)) as database:
            imported(database, rows, MONTH)
            found.append([shown(database, by) for by in ("ad", "day", "campaign", "utm_campaign")])
    assert found[0] == found[1]
    assert len(found[0][0].lines) == 5


def test_rates_are_of_the_sums() -> None:
    sums = Sums(spend=D(50), impressions=10_000, clicks=200, conversions=4, value=D(120))
    assert (sums.ctr, sums.cpc, sums.cpm) == (D("0.02"), D("0.25"), D(5))
    assert (sums.cost_per_acquisition, sums.return_on_ad_spend) == (D("12.5"), D("2.4"))


def test_what_can_not_be_divided_is_not() -> None:
    nothing = Sums(spend=D(5), impressions=0, clicks=0)
    assert (nothing.ctr, nothing.cpc, nothing.cpm) == (None, None, None)
    assert nothing.cost_per_acquisition is None
    assert Sums(value=D(1), spend=D(0)).return_on_ad_spend is None
    assert Sums(spend=D(0), impressions=5).cpm == 0
    assert divided(None, 5) is None


def test_all_that_the_ledger_accepted_stands_against_all_spend() -> None:
    total = blended(Sums(spend=D(50)), accepted=20)
    assert (total.accepted, total.cost_per_accepted) == (20, D("2.5"))
    assert blended(Sums(spend=D(50)), accepted=0).cost_per_accepted is None
    assert blended(Sums(), accepted=3).cost_per_accepted is None


SUMS = st.builds(
    Sums,
    spend=st.none() | st.integers(0, 99).map(D),
    impressions=st.none() | st.integers(0, 99),
    clicks=st.none() | st.integers(0, 99),
    conversions=st.none() | st.integers(0, 99),
    value=st.none() | st.integers(0, 99).map(D),
)


@given(one=SUMS, other=SUMS, third=SUMS)
def test_sums_are_added_in_any_order(one: Sums, other: Sums, third: Sums) -> None:
    assert added(added(one, other), third) == added(one, added(third, other))
    assert added(one, Sums()) == one


@pytest.mark.parametrize("by", ["campaign", "ad_group", "ad", "utm_campaign", "day"])
def test_the_lines_of_any_kind_add_up_to_the_total(database: Database, by: By) -> None:
    rows: list[AdDay] = [
        ad(number, ad_id=f"ad{one}", ad_group_id=f"g{one % 2}", cost=D(one))
        for number in range(4)
        for one in range(4)
    ]
    imported(database, rows, MONTH)
    found = shown(database, by)
    together = Sums()
    for line in found.lines:
        together = added(together, line.sums)
    assert [line.sums for line in found.totals] == [together]
