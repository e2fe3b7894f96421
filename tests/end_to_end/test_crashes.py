import signal
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest
from end_to_end.conftest import Open, Shop

from connector import api
from connector.state import database, runs
from connector.state.place import place_of


def killed_at(shop: Shop, what: str, count: int) -> set[str]:
    """Kill a sync when X has come so far; what the ledger holds as accepted."""
    with shop.process() as process:
        shop.until(what, count, process)
        process.send_signal(signal.SIGKILL)
    return shop.accepted()


def test_what_was_on_its_way_when_a_sync_was_killed_is_sent_again(shop: Open) -> None:
    opened = shop(4000, latency_seconds=0.5)
    accepted = killed_at(opened, "receipts", 4000)
    done = len(accepted)
    assert 2000 <= done < 4000
    assert opened.rows() == {"read": 4000, "accepted": 4000 - done, "deduplicated": done}
    receipts = opened.receipts()
    assert set(receipts.values()) == {1, 2}
    assert {one for one, count in receipts.items() if count == 1} == accepted


def test_who_holds_sends_nothing_again_after_a_kill(shop: Open) -> None:
    opened = shop(2500, in_doubt="hold", latency_seconds=0.5)
    done = len(killed_at(opened, "receipts", 2000))
    summary = opened.sync()
    assert summary["exit_code"] == 4
    [mapping] = summary["mappings"]
    held = mapping["rows"]["held"]
    assert held > 0
    assert (mapping["rows"]["deduplicated"], mapping["rows"]["accepted"]) == (
        done,
        2500 - done - held,
    )
    assert mapping["reasons"]["held"] == {"in_doubt": held}
    assert set(opened.receipts().values()) == {1}
    again = opened.sync()
    assert again["exit_code"] == 0
    assert again["mappings"][0]["held_before"] == held


@pytest.mark.parametrize("in_doubt", ["resend", "hold"])
def test_kills_at_any_moment_lose_nothing(shop: Open, in_doubt: str) -> None:
    opened = shop(6000, in_doubt=in_doubt, latency_seconds=0.02)
    settled: dict[str, int] = {}
    for count in (0, 501, 2800):
        accepted = killed_at(opened, "receipts", count)
        assert set(settled) <= accepted
        receipts = opened.receipts()
        settled = {one: receipts[one] for one in accepted} | settled
    [mapping] = opened.sync()["mappings"]
    rows = mapping["rows"]
    assert rows["accepted"] + rows["deduplicated"] + rows["held"] == 6000
    receipts = opened.receipts()
    if in_doubt == "hold":
        assert set(receipts.values()) == {1}
        assert len(receipts) >= 6000 - rows["held"]
    else:
        assert rows["held"] == 0
        assert len(receipts) == 6000
    assert settled == {one: receipts[one] for one in settled}, "accepted means never again"


def test_of_two_syncs_at_once_one_runs(shop: Open) -> None:
    opened = shop(1000, latency_seconds=0.5)
    with opened.process() as process:
        opened.until("receipts", 1, process)
        second = opened.sync()
        assert process.wait() == 0
    assert (second["status"], second["exit_code"]) == ("running", 6)
    assert opened.rows() == {"read": 1000, "deduplicated": 1000}
    assert opened.wire()["receipts"] == 1000


def test_a_sync_that_was_stopped_and_wakes_up_goes_on(shop: Open) -> None:
    opened = shop(2500, latency_seconds=0.2)
    with opened.process() as process:
        opened.until("receipts", 1, process)
        process.send_signal(signal.SIGSTOP)
        assert opened.sync()["exit_code"] == 6
        process.send_signal(signal.SIGCONT)
        assert process.wait() == 0
    assert opened.rows() == {"read": 2500, "deduplicated": 2500}
    assert set(opened.receipts().values()) == {1}


@dataclass(kw_only=True)
class Overtaking(api.Silence):
    """At a step, another run of the mapping takes this one for dead, and a person has a word."""

    shop: Shop
    step: str
    before: datetime
    steps: list[str] = field(default_factory=list)

    def reached(self, step: str) -> None:
        self.steps.append(step)
        if step == self.step:
            place = place_of(self.shop.shell.state, self.shop.shell.folder)
            with database.opened(place) as state, state.write() as connection:
                target = self.shop.shell.address.url
                runs.begin_run(
                    connection, run_id="other", mapping="purchases", target=target, now=1
                )
            project = api.load(str(self.shop.config))
            api.begin(project, "purchases", before=self.before, edges=self.shop.edges())


@pytest.mark.parametrize("step", ["read", "expired"])
def test_who_is_overtaken_before_the_first_byte_changes_nothing(shop: Open, step: str) -> None:
    opened, before = shop(), datetime(2026, 1, 1, tzinfo=UTC)
    progress = Overtaking(shop=opened, step=step, before=before)
    edges = replace(opened.edges(), progress=progress)
    [mapping] = api.sync(api.load(str(opened.config)), api.Wanted(), edges)["mappings"]
    assert mapping["status"] == "unfinished"
    assert progress.steps[-1] == step
    target = opened.shell.address.url
    with database.opened(place_of(opened.shell.state, opened.shell.folder)) as state:
        remembered = runs.remembered(state, target=target, mapping="purchases")
    assert remembered is not None
    assert remembered.begun_before == int(before.timestamp() * 1000)
    assert opened.wire()["requests"] == 0
