"""The commands of ad metrics as a shell runs them, against simulated platforms."""

import signal
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from commands import Call, started
from imports import agency, keep_rates
from shop import MAPPING, ORDERS, Ended, Shell, clean_environment

from connector.simulator.server import running
from connector.simulator.settings import Settings

CONFIG = """\
warehouse: {{url: "{warehouse}"}}
state: {{url: "sqlite:///state/connector.db"}}
connections:
  x:
    platform: x_ads
    live: true
    ad_account_id: {ad_account_id}
    base_url: {url}
    auth: {{oauth1: {{consumer_key: {oauth1[consumer_key]}, token: {token},
      consumer_secret: {oauth1[consumer_secret]}, token_secret: {oauth1[token_secret]}}}}}
  tiktok:
    platform: tiktok_ads
    advertiser_id: "{tiktok[advertiser_id]}"
    base_url: {url}
    auth: {{access_token: {tiktok[access_token]}}}
"""


def configure(shell: Shell, more: str = "", **instead: str) -> None:
    facts: dict[str, Any] = shell.address.describe()
    known = {
        **facts, "warehouse": "duckdb:///shop.duckdb", "token": facts["oauth1"]["token"], **instead,
    }  # fmt: skip
    (shell.folder / "mappings").mkdir(exist_ok=True)
    shell.write("config.yaml", CONFIG.format(**known) + more)


@pytest.fixture
def ads(empty: Shell) -> Shell:
    """A project with a connection to each platform, and no state yet."""
    configure(empty)
    return empty


def importing(shell: Shell, *words: str) -> Ended:
    # Dollars are spent and wanted, so that nobody needs a rate.
    return shell.run("metrics", "import", *words)


def test_an_import_tells_its_summary_and_its_code(ads: Shell) -> None:
    ended = importing(ads, "--json")
    assert ended.code == 0, ended.err
    assert [one["connection"] for one in ended.json["imports"]] == ["x", "tiktok"]
    assert (ended.json["status"], ended.json["exit_code"]) == ("succeeded", 0)
    assert ended.err == ""
    with duckdb.connect(str(ads.folder / "shop.duckdb")) as connection:
        [(rows, cost)] = connection.execute(
            "select count(*), sum(cost) from daily_ad_metrics"
        ).fetchall()
    told = ended.json["imports"]
    assert sum(one["rows"] for one in told) == rows
    assert sum(Decimal(one["cost"]["USD"]) for one in told) == cost


def test_an_import_tells_people_in_lines_that_fit(ads: Shell) -> None:
    ended = importing(ads)
    assert ended.code == 0
    lines = ended.out.splitlines()
    assert lines[0].startswith("x: succeeded, ")
    assert lines[-1] == "succeeded: 2 connections"
    assert any(line.startswith("  cost: ") and line.endswith(" USD") for line in lines)
    assert "which is right" in ended.out
    assert max(map(len, lines)) <= 100
    assert "changed" not in ended.out


def test_dates_hours_and_names_are_taken(ads: Shell) -> None:
    words = ("x", "--since", "2026-01-05", "--until", "2026-01-07", "--hourly", "--json")
    ended = importing(ads, *words)
    assert ended.code == 0, ended.err
    [one] = ended.json["imports"]
    assert (one["since"], one["until"], one["days"]) == ("2026-01-05", "2026-01-07", 3)
    with duckdb.connect(str(ads.folder / "shop.duckdb")) as connection:
        assert connection.execute("select count(*) > 0 from hourly_ad_metrics").fetchall()[0][0]


def test_a_backfill_is_of_so_many_days(ads: Shell) -> None:
    [one] = importing(ads, "tiktok", "--backfill", "40d", "--json").json["imports"]
    assert one["days"] == 40
    since, until = (datetime.fromisoformat(one[key]) for key in ("since", "until"))
    assert until - since == timedelta(days=39)


TODAY = f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%d}"


@pytest.mark.parametrize(("words", "told"), [
    (("--since", "yesterday"), "--since 'yesterday' is not a day; write 2026-03-31"),
    (("--until", "2026-02-30"), "--until '2026-02-30' is not a day"),
    (("--until", TODAY), "is not over yet, in whatever time zone"),
    (("--backfill", "36h"), "--backfill '36h' is no number of days; write 365d"),
    (("--backfill", "a year"), "--backfill 'a year' is no number of days"),
    (("--backfill", "366d"), "--backfill must be of 1 to 365 days"),
    (("--backfill", "0d"), "--backfill must be of 1 to 365 days"),
    (("--backfill", "9d", "--since", "2026-01-01"), "give one of them"),
    (("--since", "2026-01-02", "--until", "2026-01-01"), "is after --until"),
    (("y",), "has no connection 'y'; known there: x, tiktok"),
])  # fmt: skip
def test_what_nobody_can_mean_is_a_sentence_and_exit_2(
    ads: Shell, words: tuple[str, ...], told: str
) -> None:
    ended = importing(ads, *words)
    assert ended.code == 2
    assert told in ended.err
    assert not (ads.folder / "shop.duckdb").exists()


def test_two_connections_of_one_account_are_exit_2(ads: Shell) -> None:
    facts: dict[str, Any] = ads.address.describe()
    more = (
        f"  again: {{platform: tiktok_ads, advertiser_id: '{facts['tiktok']['advertiser_id']}',"
        f" base_url: {facts['url']}, auth: {{access_token: sim-other}}}}\n"
    )
    configure(ads, more)
    ended = importing(ads)
    assert ended.code == 2
    assert "config.yaml: the connections tiktok and again are both of ad account" in ended.err
    assert "connector metrics import tiktok" in ended.err


@pytest.mark.parametrize(("metrics", "told"), [
    ("wait_days: 2", "config.yaml:17:15: metrics.wait_days must be 1 or 3"),
    ("tabel: x", "config.yaml:17:4: unknown key 'tabel' in metrics; did you mean 'table'?"),
])  # fmt: skip
def test_a_mistake_in_config_yaml_is_told_with_its_place(
    ads: Shell, metrics: str, told: str
) -> None:
    configure(ads, f"metrics:\n   {metrics}\n")
    ended = importing(ads)
    assert ended.code == 2
    assert told in ended.err


def test_credentials_that_are_not_taken_are_exit_5_and_stop_nothing_else(ads: Shell) -> None:
    configure(ads, token="sim-nobodys")
    ended = importing(ads, "--json")
    assert ended.code == 5
    assert ended.json["status"] == "unauthorized"
    assert [one["status"] for one in ended.json["imports"]] == ["unauthorized", "succeeded"]
    assert "x: X Ads GET accounts" in ended.err
    assert "nobodys" not in ended.err + ended.out


def test_a_dead_network_is_exit_8(ads: Shell) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        configure(ads, url=f"http://127.0.0.1:{closed.getsockname()[1]}")
        ended = importing(ads, "tiktok")
    assert ended.code == 8
    assert "TikTok Ads GET advertiser/info" in ended.err


def test_steps_are_told_to_who_asks(ads: Shell) -> None:
    ended = importing(ads, "tiktok", "-v")
    assert "written: a span of days, or the hours, is in the warehouse" in ended.err


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[Shell]:
    with running(Settings(latency_seconds=0.1)) as address:
        shell = Shell(folder=tmp_path, address=address)
        configure(shell)
        yield shell


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_an_import_and_keeps_what_is_written(
    slow: Shell, number: signal.Signals
) -> None:
    call = Call(
        words=("metrics", "import", "tiktok", "--backfill", "365d", "--json", "-v"),
        folder=str(slow.folder), environment=clean_environment(),
    )  # fmt: skip
    with started(call) as command:
        for line in command.stderr:
            if "written:" in line:
                break
        time.sleep(0.2)  # it is on its way again
        command.send_signal(number)
        out, err = command.communicate()
    assert command.returncode == 7
    assert f"{number.name}: finishing the requests in flight" in err
    [one] = Ended(code=7, out=out, err=err).json["imports"]
    assert (one["status"], one["days"]) in {("unfinished", 30), ("unfinished", 60)}
    with duckdb.connect(str(slow.folder / "shop.duckdb")) as connection:
        held = connection.execute("select count(*) from daily_ad_metrics").fetchall()
    assert held == [(one["rows"],)]


def test_nothing_imported_is_told(ads: Shell) -> None:
    ended = ads.run("metrics", "show")
    assert ended.code == 0
    assert "nothing was imported of" in ended.out
    assert ads.run("metrics", "show", "--json").json["lines"] == []


def test_sums_are_shown_in_a_hundred_columns(ads: Shell) -> None:
    importing(ads)
    for by in ("campaign", "ad_group", "ad", "utm_campaign", "day"):
        words = ("metrics", "show", "--by", by, "--days", "14")
        ended = ads.run(*words)
        assert ended.code == 0, ended.err
        lines, found = ended.out.splitlines(), ads.run(*words, "--json").json
        assert max(map(len, lines)) <= 100
        assert lines[1].startswith(by.replace("_", " "))
        told = [line for line in lines if line[:1] not in {" ", "*"}]
        assert len(told) == len(found["lines"]) + 4  # the days, the head, the total, blended
        [total] = [line for line in lines if line.startswith("total ")]
        assert f"{Decimal(found['totals'][0]['spend']):,.2f}" in total
        assert "* as X and TikTok attribute them" in lines
        assert any(line.startswith("total, blended: all 0 accepted") for line in lines)
        assert ("promoted twice" in ended.out) is (by in {"ad", "utm_campaign"})


def test_conversions_that_were_synced_are_blended_and_reconciled(ads: Shell) -> None:
    ads.write("mappings/purchases.yaml", MAPPING)
    ads.sql(ORDERS.replace("interval 1 minute * i as paid_at", "interval 30 hour as paid_at"))
    assert ads.run("state", "init").code == 0
    assert ads.run("sync").code == 0
    importing(ads, "x")
    assert "all 12 accepted conversions of the ledger" in ads.run("metrics", "show").out
    told = ads.run("metrics", "reconcile", "--days", "3")
    assert told.code == 0, told.err
    [line] = [one for one in told.out.splitlines() if one.startswith("total       tw-o8z6j-o87ne")]
    accepted, attributed, share = line.split()[2:5]
    assert accepted == "12"
    assert share == f"{int(attributed) / 12:.1%}"
    assert max(map(len, told.out.splitlines())) <= 100


def test_each_currency_stands_for_itself_without_a_rate(tmp_path: Path) -> None:
    keep_rates(tmp_path / "cache", datetime.now(UTC).timestamp())
    with agency(tmp_path, account=1) as madrid:
        madrid.clock.now = datetime.now(UTC).timestamp()
        madrid.config("{currency: XAU}")
        shell = Shell(folder=tmp_path, address=madrid.address)
        environment = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
        ended = shell.run("metrics", "import", "tiktok", environment=environment)
        assert ended.code == 0, ended.err
        assert "EUR (a rate to XAU is missing)" in ended.out
        shown = shell.run("metrics", "show").out
        assert "have money and no exchange rate" in shown
        assert "* as TikTok attributes them" in shown


def test_what_a_platform_calls_things_moves_no_cursor(ads: Shell) -> None:
    importing(ads, "tiktok")
    with duckdb.connect(str(ads.folder / "shop.duckdb")) as connection:
        connection.execute(
            "update daily_ad_metrics set campaign_name = 'a' || chr(27) || '[2J' || chr(10)"
            " || repeat('很长', 40)"
        )
    shown = ads.run("metrics", "show").out
    assert "\x1b" not in shown
    assert "a [2J 很长" in shown
    assert "…" in shown
