"""What the user's signals and a clock that is set do to a sync."""

import signal
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from end_to_end.conftest import Open
from outages import goes_on, nothing_half_written, project, rows_of, started, told

from connector import api

HOURS = 5 * 3600


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_lets_what_is_in_flight_arrive_and_stops(
    tmp_path: Path, number: signal.Signals
) -> None:
    with project(tmp_path, 4000, latency_seconds=0.7) as shell:
        with started(shell, "sync", "--json") as sync:
            sync.until("receipts")
            sync.process.send_signal(number)
            ended = sync.ended()
        told(ended, 7, f"{number.name}: finishing the requests in flight")
        rows = rows_of(ended)
        assert rows["accepted"] == shell.wire()["receipts"] <= 2000
        assert rows["pending"] == 4000 - rows["accepted"]
        assert ended.json["status"] == "unfinished"
        nothing_half_written(shell)
        assert goes_on(shell, 4000) == {1: 4000}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_second_signal_ends_at_once_and_the_ledger_stays_true(
    tmp_path: Path, number: signal.Signals
) -> None:
    with project(tmp_path, 1500, latency_seconds=3.0) as shell:
        with started(shell, "sync", "--json") as sync:
            sync.until("receipts")
            sync.process.send_signal(number)
            assert sync.process.stderr is not None
            assert number.name in sync.process.stderr.readline()
            sync.process.send_signal(number)
            assert sync.process.wait(30) == 7
        assert "200" not in shell.wire()["by_status"], "it did not wait for an answer"
        in_flight = shell.wire()["receipts"]
        nothing_half_written(shell)
        assert goes_on(shell, 1500) == Counter({2: in_flight}) + Counter({1: 1500 - in_flight})


def test_a_clock_that_was_set_back_between_runs_sends_nothing_again(shop: Open) -> None:
    opened = shop(600)
    assert opened.rows() == {"read": 600, "accepted": 600}
    opened.skip(-HOURS)
    opened.orders(700)
    assert opened.sync()["mappings"][0]["rows"]["accepted"] == 0, "they are in the future"
    opened.skip(HOURS)
    opened.rows()
    assert opened.accepted() == {f"order-{number}" for number in range(700)}
    assert set(opened.receipts().values()) == {1}


def test_a_clock_that_was_set_back_does_not_end_a_doubt_nor_prolong_it(shop: Open) -> None:
    opened = shop(600, faults={"reset_after_commit": 1.0})
    opened.shell.sql("update orders set paid_at = paid_at - interval 10 hours")
    assert opened.rows() == {"read": 600, "in_doubt": 600}
    opened.skip(-HOURS)
    assert opened.rows() == {"read": 600, "in_doubt": 600}
    opened.skip(HOURS + 47 * 3600)
    assert opened.rows() == {"read": 600, "held": 600}


@pytest.mark.parametrize("hours", [-5, 5])
def test_a_clock_that_is_set_while_a_sync_waits_does_not_make_it_wait_for_hours(
    shop: Open, hours: int
) -> None:
    opened = shop(3000, faults={"rate_limited": 0.5})
    opened.shell.sql("update orders set paid_at = paid_at - interval 10 hours")
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        opened.skip(seconds + (hours * 3600 if len(pauses) == 1 else 0))

    edges = replace(opened.edges(), pause=pause)
    opened.mapping()
    [mapping] = api.sync(api.load(str(opened.config)), api.Wanted(), edges)["mappings"]
    assert mapping["rows"]["accepted"] + mapping["rows"]["pending"] == 3000
    assert pauses
    assert sum(pauses) < 3600
    assert set(opened.receipts().values()) == {1}
