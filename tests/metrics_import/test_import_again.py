"""Whatever is imported again, in whatever parts, by however many: the tables are the same."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from imports import Agency, day, elsewhere, entry
from metrics_import.children import Plan
from metrics_import.conftest import MakeAgency
from zygote import Zygote

WHOLE = ("2026-03-27", "2026-04-02")  # over the night in which clocks change in Europe
PARTS = {
    "twice": [WHOLE, WHOLE],
    "halves": [("2026-03-27", "2026-03-29"), ("2026-03-30", "2026-04-02")],
    "the later half first": [("2026-03-30", "2026-04-02"), ("2026-03-27", "2026-03-29")],
    "overlapping": [("2026-03-29", "2026-04-02"), ("2026-03-27", "2026-03-31")],
    "days within": [WHOLE, ("2026-03-29", "2026-03-29"), ("2026-04-02", "2026-04-02")],
}


def plan_of(one: Agency, since: str, until: str, *names: str) -> Plan:
    return Plan(
        config=str(one.folder / "config.yaml"), now=one.clock(), since=since, until=until,
        names=names,
    )  # fmt: skip


def test_any_parts_in_any_order_leave_what_the_whole_leaves(
    make_agency: MakeAgency, warehouse: str, new_warehouse: Callable[[str], str]
) -> None:
    whole = make_agency(warehouse=warehouse)
    whole.span(*WHOLE)
    expected = whole.everything()
    assert len(expected["ads"]) > 100
    kind = warehouse.partition("+")[0].partition(":")[0]
    for name, parts in PARTS.items():
        other = elsewhere(whole, name, warehouse=new_warehouse(kind))
        for since, until in parts:
            summary = other.span(since, until)
            assert all(one["changed"]["rows"] == 0 for one in summary["imports"]), name
        assert other.everything() == expected, name


def test_only_imported_at_is_new_after_a_repetition(shop: Agency) -> None:
    shop.span(*WHOLE)
    before, first = shop.everything(), shop.rows("distinct epoch(imported_at)")
    shop.clock.skip(minutes=1)
    shop.span(*WHOLE)
    assert shop.everything() == before
    [[(old,)], [(new,)]] = first, shop.rows("distinct epoch(imported_at)")
    assert new > old


def test_what_a_second_reading_changed_is_what_the_costs_differ_by(shop: Agency) -> None:
    days = ("2026-04-13", "2026-04-19")
    first = shop.span(*days)
    shop.clock.skip(days=2)
    second = shop.span(*days)
    for name in ("x", "tiktok"):
        old, new = entry(first, name), entry(second, name)
        moved = Decimal(new["cost"]["USD"]) - Decimal(old["cost"]["USD"])
        assert Decimal(new["changed"]["cost"]["USD"]) == moved != 0
        assert 0 < new["changed"]["rows"] <= new["rows"]
    third = shop.span(*days)
    assert [one["changed"] for one in third["imports"]] == [{"rows": 0, "cost": {}}] * 2


def test_what_is_read_again_becomes_what_the_platform_says_in_the_end(shop: Agency) -> None:
    days = ("2026-04-06", "2026-04-12")
    shop.span(*days)
    shop.clock.skip(days=21)
    shop.span(*days)
    truth = shop.truth(*days, settled="1")
    [(cost,)] = shop.rows("sum(cost)", "daily_ad_group_metrics")
    assert int(cost * 1_000_000) == truth["total"]["billed_charge_local_micro"]
    [(spent, settled)] = shop.rows("sum(cost), bool_and(is_final)", "daily_ad_metrics",
                                   "where ad_platform = 'tiktok'")  # fmt: skip
    assert spent == sum(Decimal(one["settled"]["spend"]) for one in shop.truth_of_tiktok(*days))
    assert settled


def test_without_dates_the_look_back_then_what_is_new_and_what_may_have_changed(
    shop: Agency,
) -> None:
    first = shop.run()
    assert [(one["since"], one["until"]) for one in first["imports"]] == [
        ("2026-04-06", "2026-04-19"), ("2026-04-13", "2026-04-19"),
    ]  # fmt: skip
    shop.clock.skip(days=3)
    again = shop.run()
    assert [(one["since"], one["until"]) for one in again["imports"]] == [
        ("2026-04-06", "2026-04-22"), ("2026-04-13", "2026-04-22"),
    ]  # fmt: skip
    ends = shop.rows("ad_platform, min(date), max(date)", rest="group by 1 order by 1")
    assert ends == [
        ("tiktok", day("2026-04-13"), day("2026-04-22")),
        ("x", day("2026-04-06"), day("2026-04-22")),
    ]


def test_the_habits_of_config_yaml_are_kept(shop: Agency) -> None:
    shop.config("{wait_days: 3, lookback_days: {x_ads: 2, tiktok_ads: 0}}")
    first = shop.run()
    assert [(one["since"], one["until"], one["days"]) for one in first["imports"]] == [
        ("2026-04-16", "2026-04-17", 2), ("2026-04-17", "2026-04-17", 1),
    ]  # fmt: skip
    again = entry(shop.run("tiktok"), "tiktok")
    assert (again["since"], again["until"], again["days"], again["rows"]) == (None, None, 0, 0)
    assert (again["status"], again["final_through"]) == ("succeeded", None)


def test_a_table_of_another_name_is_written(shop: Agency) -> None:
    shop.config("{table: spend_by_ad}")
    one = entry(shop.span("2026-04-18", "2026-04-19", "tiktok"), "tiktok")
    assert shop.rows("count(*)", "spend_by_ad") == [(one["rows"],)]
    assert shop.rows('"rows"', "spend_by_ad_imports") == [(one["rows"],)]


def test_two_processes_at_once_leave_what_one_does(
    make_agency: MakeAgency, warehouse: str, new_warehouse: Callable[[str], str],
    processes: Zygote,
) -> None:  # fmt: skip
    shop = make_agency(warehouse=warehouse)
    days = ("2026-04-16", "2026-04-19")
    kind = warehouse.partition("+")[0].partition(":")[0]
    alone = elsewhere(shop, "alone", warehouse=new_warehouse(kind))
    alone.span(*days)
    children = [processes.start(plan_of(shop, *days)) for _ in range(2)]
    assert [processes.end(child) for child in children] == [0, 0]
    assert shop.everything() == alone.everything()
    assert shop.rows("count(*)", "daily_ad_metrics_imports") == [(4,)]


@pytest.mark.parametrize("name", ["x", "tiktok"])
def test_one_connection_alone_leaves_the_others_rows(shop: Agency, name: str) -> None:
    shop.span("2026-04-15", "2026-04-19")
    before = shop.rows("ad_platform, epoch(imported_at), count(*)", rest="group by 1, 2 order by 1")
    shop.clock.skip(minutes=1)
    shop.span("2026-04-15", "2026-04-19", name)
    after = shop.rows("ad_platform, epoch(imported_at), count(*)", rest="group by 1, 2 order by 1")
    assert [one == other for one, other in zip(before, after, strict=True)] == [
        name == "x", name == "tiktok",
    ]  # fmt: skip


def test_no_file_is_left_behind(shop: Agency, tmp_path: Path) -> None:
    shop.span("2026-04-18", "2026-04-19")
    names = {path.name for path in shop.folder.iterdir()}
    assert names == {"config.yaml", "mappings", "shop.duckdb"}
