"""An import may die anywhere: a span is there as a whole or not at all; the next one goes on.

With SOAK=1 (or more) in the environment it is killed at every statement, else at every second.
"""

import os
import signal
from collections.abc import Callable
from dataclasses import replace
from itertools import count

import pytest
from imports import Agency, Heard, day, elsewhere, entry
from metrics_import.children import Plan
from metrics_import.conftest import MakeAgency
from zygote import Zygote

from connector.api.importing import IMPORT_STEPS

DAY = ("2026-04-18", "2026-04-18")
BACKFILL = 65  # spans of 30, 30 and 5 days
KILLED = -signal.SIGKILL
SOAK = int(os.environ.get("SOAK", "0"))


def plan_of(one: Agency, **given: object) -> Plan:
    plan = Plan(config=str(one.folder / "config.yaml"), now=one.clock(), names=("x",))
    return replace(plan, **given)  # type: ignore[arg-type]


def test_killed_before_each_thing_the_database_does_the_rows_are_old_or_new_as_a_whole(
    make_agency: MakeAgency, warehouse: str, new_warehouse: Callable[[str], str],
    processes: Zygote,
) -> None:  # fmt: skip
    shop = make_agency(warehouse=warehouse)
    shop.span(*DAY, "x")
    old = shop.everything()
    shop.clock.skip(days=1)
    kind = warehouse.partition("+")[0].partition(":")[0]
    other = elsewhere(shop, "never-killed", warehouse=new_warehouse(kind))
    other.span(*DAY, "x")
    new = other.everything()
    assert new != old
    died = 0
    for statement in count(1, 1 if SOAK else 2):
        plan = plan_of(shop, since=DAY[0], until=DAY[1], statement=statement)
        code = processes.end(processes.start(plan))
        if not code:
            break
        assert code == KILLED
        died += 1
        assert shop.everything() == old
    assert died > (20 if SOAK else 10)
    assert shop.everything() == new
    assert shop.rows("count(*)", "daily_ad_metrics_imports") == [(2,)]


def test_killed_at_each_step_a_backfill_goes_on_where_it_stopped(
    shop: Agency, processes: Zygote
) -> None:
    shop.run("x", backfill=BACKFILL)
    expected = shop.everything()
    for step in IMPORT_STEPS:
        one = elsewhere(shop, step)
        # Each dies in its first span, the next one goes on with it.
        for number in (1, 2):
            plan = plan_of(one, backfill=BACKFILL, step=step)
            assert processes.end(processes.start(plan)) == KILLED
            assert imports(one) == (number if step == "written" else 0)
        last = entry(one.run("x", backfill=BACKFILL), "x")
        assert last["days"] == (5 if step == "written" else BACKFILL)
        assert one.everything() == expected


def imports(shop: Agency) -> int:
    if not (shop.folder / "shop.duckdb").exists():
        return 0
    [(number,)] = shop.rows("count(*)", "daily_ad_metrics_imports")
    return int(number)


def test_a_year_that_was_stopped_begins_at_the_span_that_is_missing(shop: Agency) -> None:
    asked_to = [False]

    def stop(steps: list[str]) -> None:
        asked_to[0] = steps.count("written") == 1

    edges = shop.edges(progress=Heard(then=stop), stopping=lambda: asked_to[0])
    first = entry(shop.run("x", edges=edges, backfill=BACKFILL), "x")
    assert (first["status"], first["days"]) == ("unfinished", 30)
    assert (first["since"], first["until"]) == ("2026-02-14", "2026-04-19")
    assert first["rows"] == shop.rows("count(*)")[0][0] > 0
    assert first["warnings"][-1] == "stopped by the user; the next import goes on"
    second = entry(shop.run("x", backfill=BACKFILL), "x")
    assert (second["status"], second["since"], second["days"]) == ("succeeded", "2026-03-16", 35)
    whole = elsewhere(shop, "whole")
    whole.run("x", backfill=BACKFILL)
    assert shop.everything() == whole.everything()


def test_a_wish_to_stop_is_obeyed_before_the_next_request_of_any_connection(shop: Agency) -> None:
    shop.span(*DAY)
    before = shop.everything()
    shop.clock.skip(days=1)
    shop.asked()
    heard = Heard()

    def stopping() -> bool:
        return "opened" in heard.steps

    edges = shop.edges(progress=heard, stopping=stopping)
    summary = shop.run(edges=edges, since=day(DAY[0]), until=day(DAY[1]))
    assert (summary["status"], summary["exit_code"]) == ("unfinished", 7)
    assert [one["status"] for one in summary["imports"]] == ["unfinished"] * 2
    assert [one["requests"]["sent"] for one in summary["imports"]] == [3, 0]
    assert shop.asked().total() == 3
    assert shop.everything() == before


def test_a_wish_to_stop_ends_waiting_for_the_warehouse(shop: Agency) -> None:
    from metrics_import.test_import_failures import holding  # noqa: PLC0415 - for one test

    heard, waited = Heard(), list[float]()
    process = holding(shop)
    edges = shop.edges(progress=heard, pause=waited.append, stopping=lambda: bool(waited))
    with pytest.raises(Exception, match="stopped by the user while waiting for the warehouse"):
        shop.run(edges=edges)
    process.communicate("")
    assert len(waited) == 1
    assert not shop.asked()
