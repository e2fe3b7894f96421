"""The benchmark itself: that it compares like with like, and sees a promise that is given up."""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from benchmarks import plot, report, syncs, tools
from benchmarks.answering import bodies
from benchmarks.launch import launched
from benchmarks.ledger import measure
from benchmarks.suite import Results
from benchmarks.syncs import OURS, Plan, Sync, Yard
from benchmarks.tools import Case, Prepare

from connector.state import database
from connector.state.place import place_of

ROWS = 600  # two requests


@pytest.fixture
def yard(tmp_path: Path) -> Yard:
    return Yard(folder=tmp_path, tools={OURS: tools.connector, "plain script": tools.plain})


def plan(case: Case = "email", rows: int = ROWS) -> Plan:
    return Plan(what=case, case=case, rows=rows)


def sent(yard: Yard, case: Case, prepare: Prepare) -> Iterator[tuple[str, object]]:
    """The conversions of one sync by their ids."""
    wanted = plan(case, rows=20)
    with syncs.prepared(wanted, prepare, yard.url(wanted)) as site:
        launched(site.command.words, folder=site.folder, environment=site.command.environment)
        for body in bodies(site.address):
            for conversion in json.loads(body)["conversions"]:
                yield conversion["conversion_id"], conversion


def test_the_plain_script_sends_the_same_conversions_as_this_tool(yard: Yard) -> None:
    ours, plain = (dict(sent(yard, "all", prepare)) for prepare in yard.tools.values())
    assert len(ours) == 20
    assert ours == plain


def test_a_comparison_becomes_a_table_and_a_plot(yard: Yard) -> None:
    found = syncs.compared(yard, plan(), rounds=1)
    assert [(sync.tool, sync.rows, sync.requests) for sync in found] == [
        (OURS, ROWS, 2),
        ("plain script", ROWS, 2),
    ]
    results = Results(cases=found, sizes=found)
    assert report.text(results).count("| plain script |") == 2
    assert ET.fromstring(plot.svg(results)).tag.endswith("svg")


def test_a_sync_of_what_was_sent_before_sends_nothing(yard: Yard) -> None:
    [sync] = syncs.again(plan(), yard.url(plan()), rounds=1)
    assert sync.requests == 2  # those of the first


def test_a_tool_that_leaves_rows_out_is_not_measured(yard: Yard) -> None:
    fewer = yard.url(plan(rows=ROWS - 1))
    with pytest.raises(AssertionError, match=f"conversions={ROWS - 1}"):
        syncs.once(plan(), "plain script", tools.plain, fewer)


def test_a_tool_that_sends_twice_is_not_measured(yard: Yard) -> None:
    with syncs.prepared(plan(), tools.plain, yard.url(plan())) as site:
        syncs.measured(plan(), "plain script", site, sends=ROWS)
        with pytest.raises(AssertionError, match=f"distinct={ROWS},"):
            syncs.measured(plan(), "plain script", site, sends=2 * ROWS)


def test_a_ledger_that_is_not_durable_is_not_measured(tmp_path: Path) -> None:
    place = place_of("sqlite:///ledger.db", tmp_path)
    assert measure("SQLite", place, rows=1000, keys="at random", held=500).seconds > 0
    with database.opened(place) as state:
        syncs.durable(state)
        state.read("pragma synchronous = normal")
        with pytest.raises(AssertionError):
            syncs.durable(state)


def test_slopes_leave_the_start_of_the_process_out() -> None:
    runs = [
        Sync(
            what="", tool=OURS, rows=rows, seconds=2 + rows / 100_000, cpu_seconds=1, peak_bytes=1,
            server_cpu_seconds=1, requests=1,
        )
        for rows in (1_000, 10_000)
    ]  # fmt: skip
    assert list(report.slopes(runs)) == [(OURS, "1,000 to 10,000", "10.0")]


def test_the_peak_of_a_command_is_its_own(tmp_path: Path) -> None:
    held = bytearray(os.urandom(1)) * 100_000_000
    spent = launched([sys.executable, "-c", "print(7)"], folder=tmp_path, environment={})
    assert (spent.out, spent.peak_bytes < len(held)) == ("7\n", True)


def test_a_command_that_fails_is_not_measured(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="ended with 3"):
        launched([sys.executable, "-c", "exit(3)"], folder=tmp_path, environment={})
