"""What goes wrong on the way is told, leaves the rows as they were, and stops nothing else."""

import socket
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from imports import Agency, Heard, day, entry
from metrics_import.conftest import MakeAgency

from connector.errors import UnreachableError
from connector.simulator.server import running
from connector.simulator.settings import Settings

DAYS = ("2026-04-16", "2026-04-19")
SPAN: dict[str, Any] = {"since": day(DAYS[0]), "until": day(DAYS[1])}
HOLDING = """
import sys, duckdb
held = duckdb.connect(sys.argv[1])
print("held", flush=True)
sys.stdin.read()
"""


def nowhere() -> str:
    """An address at which nobody listens."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{listening.getsockname()[1]}"


def statuses(summary: dict[str, Any]) -> list[str]:
    return [one["status"] for one in summary["imports"]]


@pytest.mark.parametrize(("broken", "status", "code"), [
    ({"token": "sim-nobodys"}, "unauthorized", 5),
    ({"account": "zzzzz"}, "unauthorized", 5),
    ({"url": nowhere()}, "unreachable", 8),
])  # fmt: skip
def test_a_connection_that_fails_leaves_its_rows_and_the_others_go_on(
    shop: Agency, broken: dict[str, str], status: str, code: int
) -> None:
    shop.span(*DAYS)
    before = shop.everything()
    shop.clock.skip(days=1)
    shop.config(x=shop.x(**broken))
    heard = Heard()
    summary = shop.run(edges=shop.edges(progress=heard), **SPAN)
    assert (summary["status"], summary["exit_code"]) == (status, code)
    assert statuses(summary) == [status, "succeeded"]
    one = entry(summary, "x")
    assert one["warnings"][-1].startswith("X Ads GET accounts")
    assert f"x: {one['warnings'][-1]}" in heard.said
    assert "sim-" not in str(heard.said)
    assert (one["rows"], one["days"], one["cost"], one["final_through"]) == (0, 0, {}, None)
    assert entry(summary, "tiktok")["changed"]["rows"] > 0
    assert shop.everything()["groups"] == before["groups"]


def test_numbers_that_do_not_come_leave_the_rows_as_they_were(shop: Agency) -> None:
    shop.span(*DAYS, "x")
    before = shop.everything()
    shop.clock.skip(days=1)
    refusing = Settings(modes=frozenset({"no_analytics"}), further_accounts=1)
    with running(refusing, clock=shop.clock) as other:
        shop.config(x=shop.x(url=other.url))
        summary = shop.run("x", **SPAN)
    one = entry(summary, "x")
    assert (one["status"], one["since"], one["days"]) == ("misconfigured", DAYS[0], 0)
    assert one["requests"]["sent"] == 4  # the role, the account, what pays, and the refusal
    assert shop.everything() == before


def test_a_dead_network_is_out_of_reach(shop: Agency) -> None:
    url = nowhere()
    shop.config(x=shop.x(url=url), tiktok=shop.tiktok(url=url))
    summary = shop.run()
    assert (summary["status"], summary["exit_code"]) == ("unreachable", 8)
    assert [len(one["warnings"]) for one in summary["imports"]] == [1, 1]
    assert not (shop.folder / "shop.duckdb").exists()


def test_faults_on_the_way_cost_tries_and_no_rows(make_agency: MakeAgency) -> None:
    shop = make_agency(faults={"unavailable": 0.1, "reset": 0.05})
    for _ in range(20):
        summary = shop.run(**SPAN)
        assert set(statuses(summary)) <= {"unreachable", "succeeded"}
        if not summary["exit_code"]:
            break
    assert summary["exit_code"] == 0
    assert sum(one["requests"]["retried"] for one in summary["imports"]) > 0
    truth = shop.truth(*DAYS)["total"]["billed_charge_local_micro"]
    assert shop.rows("sum(cost) * 1000000", "daily_ad_group_metrics") == [(truth,)]
    [(spent,)] = shop.rows("sum(cost)", rest="where ad_platform = 'tiktok'")
    assert spent == sum(Decimal(one["now"]["spend"]) for one in shop.truth_of_tiktok(*DAYS))


def test_a_warehouse_that_is_held_for_too_long_is_out_of_reach(shop: Agency) -> None:
    shop.span(*DAYS, "tiktok")
    before = shop.everything()
    began = shop.clock()
    processes: list[subprocess.Popen[str]] = []

    def hold(steps: list[str]) -> None:
        if steps[-1] == "downloaded":
            processes.append(holding(shop))

    summary = shop.run("tiktok", edges=shop.edges(progress=Heard(then=hold)), **SPAN)
    assert shop.clock() >= began + 60
    [one] = summary["imports"]
    assert (one["status"], summary["exit_code"], one["days"]) == ("unreachable", 8, 0)
    assert f"(PID {processes[0].pid})" in one["warnings"][0]
    with pytest.raises(UnreachableError, match="is held by"):
        shop.run("tiktok", **SPAN)
    processes[0].communicate("")
    assert shop.everything() == before


def holding(shop: Agency) -> "subprocess.Popen[str]":
    """A process that has the warehouse open for writing."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDING, str(shop.folder / "shop.duckdb")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_warehouse_that_is_let_go_in_time_is_waited_for(shop: Agency) -> None:
    process = holding(shop)

    def pause(seconds: float) -> None:
        shop.clock.pause(seconds)
        process.communicate("")

    assert shop.run("tiktok", edges=shop.edges(pause=pause), **SPAN)["exit_code"] == 0


def test_what_nobody_foresaw_is_told_by_its_place_and_stops_nothing_else(
    shop: Agency, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise KeyError("a secret")

    monkeypatch.setattr("connector.x.metrics.reading.opened", broken)
    summary = shop.run(**SPAN)
    assert statuses(summary) == ["failed", "succeeded"]
    assert summary["exit_code"] == 1
    [told] = entry(summary, "x")["warnings"]
    assert told.startswith("unexpected KeyError at test_import_failures.py:")
    assert "a secret" not in told


def test_a_disk_that_is_full_is_nobodys_defect(
    shop: Agency, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.span(*DAYS, "tiktok")
    before = shop.everything()
    full = Path("/dev/full")
    monkeypatch.setattr("connector.metrics.staging.TemporaryFile", lambda **_: full.open("w+b"))
    summary = shop.run("tiktok", **SPAN)
    assert summary["exit_code"] == 8
    assert "No space left on device" in entry(summary, "tiktok")["warnings"][0]
    assert shop.everything() == before
