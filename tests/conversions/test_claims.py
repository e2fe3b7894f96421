import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from delivery import EVENT, PIXEL, START, counts, mapped, numbered
from ledgers import claim

from connector.conversions import claims, run, stage
from connector.conversions.claims import BATCHES_IN_A_GROUP, Claims
from connector.conversions.outcomes import Sender
from connector.conversions.requests import Batch
from connector.conversions.sifting import Rules
from connector.conversions.tally import Tally
from connector.errors import UnreachableError
from connector.state import database, runs
from connector.state.database import Database
from connector.state.ledger import Kept, Ledger
from connector.state.place import Place

NOW = int(START * 1000)
HOUR = 3_600_000


@dataclass(kw_only=True)
class Desk:
    """Claims of one mapping over a state; `before_claiming` happens just before each claim."""

    state: Database
    ledger: Ledger
    tally: Tally = field(default_factory=Tally)
    before_claiming: Callable[[], str | None] = lambda: None
    rules: Rules

    def claims(self) -> Claims:
        return Claims(
            ledger=self.ledger, target="x", rules=self.rules, tally=self.tally,
            closed=lambda _: self.before_claiming(),
        )  # fmt: skip

    def batches(self, *rows: pa.RecordBatch) -> list[Batch]:
        return [batch for batch in self.claims().batches(iter(rows)) if batch is not None]

    def rehearse(self, *rows: pa.RecordBatch) -> None:
        self.claims().rehearse(iter(rows), "dry_run")


def sender() -> Sender:
    return Sender(mapping="purchases", rules_digest="rules", in_doubt="resend", now=NOW)


def rules(*, begun_before: int | None = None, browser_pixel: bool = False) -> Rules:
    return Rules(sender=sender, begun_before=begun_before, browser_pixel=browser_pixel)


@pytest.fixture
def state(place: Place) -> Iterator[Database]:
    with database.opened(place) as opened:
        yield opened


def ledger_of(state: Database, mapping: str) -> Ledger:
    with state.write() as connection:
        run = runs.begin_run(connection, run_id=mapping, mapping=mapping, target="x", now=NOW)
    return Ledger(state, run=run, mapping=mapping, rules_digest="rules")


@pytest.fixture
def desk(state: Database) -> Desk:
    return Desk(state=state, ledger=ledger_of(state, "purchases"), rules=rules())


@pytest.fixture
def theirs(state: Database) -> Ledger:
    """The ledger of another mapping that sends to the same event."""
    ledger = ledger_of(state, "refunds")
    ledger.make_destination(target="x", pixel_id=PIXEL, event_id=EVENT)
    return ledger


def ids(batch: Batch | pa.RecordBatch) -> list[str]:
    rows = batch.rows if isinstance(batch, Batch) else batch
    found: list[str] = rows["conversion_id"].to_pylist()
    return found


def test_requests_are_filled_across_batches_of_the_stage(desk: Desk) -> None:
    stage = [
        mapped([f"{part}-{n}" for n in range(300)], event_id=event)
        for part, event in enumerate(["one", "two", "one", "one"])
    ]
    batches = desk.batches(*stage)
    sizes = [(batch.destination.event_id, batch.size) for batch in batches]
    assert sorted(sizes) == [("one", 400), ("one", 500), ("two", 300)]
    assert len({one for batch in batches for one in ids(batch)}) == 1200
    assert desk.tally.unseen == 1200


def test_rows_of_several_events_in_one_batch_go_their_own_ways(desk: Desk) -> None:
    rows = mapped(numbered(4), event_id="one")
    mixed = mapped(numbered(4)).set_column(
        rows.schema.get_field_index("event_id"), "event_id", pa.array(["one", "two"] * 2)
    )
    found = {batch.destination.event_id: ids(batch) for batch in desk.batches(mixed)}
    assert found == {"one": ["0", "2"], "two": ["1", "3"]}


def test_what_is_given_out_is_claimed_first(desk: Desk) -> None:
    [batch] = desk.batches(mapped(numbered(3)))
    found = desk.ledger.known(batch.destination.number, numbered(3))
    assert {(known.batch, known.state) for known in found.values()} == {(batch.number, "claimed")}
    assert len(found) == 3


def test_no_more_than_a_group_is_claimed_ahead(desk: Desk) -> None:
    given = desk.claims().batches(iter([mapped(numbered(BATCHES_IN_A_GROUP * 500 + 500))]))
    next(batch for batch in given if batch)
    [(claimed,)] = desk.state.read("select count(*) from conversions")
    assert claimed == BATCHES_IN_A_GROUP * 500


@pytest.mark.parametrize(
    ("is_reversed", "room", "expected"),
    [(False, 16_000_000, 500), (True, 16_000_000, 1500), (True, 1, 500)],
)
def test_ids_that_are_not_in_order_are_gathered_before_they_are_claimed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, *, is_reversed: bool, room: int, expected: int
) -> None:
    monkeypatch.setattr(claims, "GATHERED_BYTES", room)
    keys = [[f"{part}-{n:03}" for n in range(500)] for part in range(3)]
    stage = [mapped(sorted(part, reverse=is_reversed)) for part in keys]
    next(batch for batch in desk.claims().batches(iter(stage)) if batch)
    [(claimed,)] = desk.state.read("select count(*) from conversions")
    assert claimed == expected


def test_what_is_gathered_for_all_events_together_has_its_bound(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = [f"{n:03}" for n in reversed(range(500))]
    parts = [mapped(keys, event_id=f"e{event}") for event in range(6)]
    monkeypatch.setattr(claims, "GATHERED_BYTES", 3 * parts[0].nbytes)
    given = desk.claims().batches(iter(parts))
    found = [next(given) for _ in range(4)]
    assert found[:3] == [None, None, None]
    assert found[3]
    [(claimed,)] = desk.state.read("select count(*) from conversions")
    assert claimed == 500


def test_what_another_mapping_claims_meanwhile_is_pending(desk: Desk, theirs: Ledger) -> None:
    def interfere() -> None:
        if not theirs.known(1, ["3"]):
            theirs.claim([claim("3", "4")], now=NOW)

    desk.before_claiming = interfere
    [batch] = desk.batches(mapped(numbered(6)))
    assert ids(batch) == ["0", "1", "2", "5"]
    assert counts(desk.tally) == {"pending": 2}
    assert desk.tally.reasons["pending"] == {"claimed_by_other_mapping": 2}
    assert desk.tally.unseen == 4
    assert desk.tally.unfinished_cursor == 3


def test_what_another_mapping_sends_meanwhile_is_deduplicated(desk: Desk, theirs: Ledger) -> None:
    def interfere() -> None:
        if not theirs.known(1, ["3"]):
            [batch] = theirs.claim([claim("3")], now=NOW)
            theirs.mark_sent([batch], now=NOW)
            theirs.settle(batch, "accepted", now=NOW, kept=Kept())

    desk.before_claiming = interfere
    [batch] = desk.batches(mapped(numbered(4)))
    assert ids(batch) == ["0", "1", "2"]
    assert desk.tally.reasons["deduplicated"] == {"accepted_by_other_mapping": 1}


def test_what_another_mapping_claims_just_before_it_is_held_is_pending(
    desk: Desk, theirs: Ledger
) -> None:
    asked: list[int] = []

    def interfering() -> Sender:
        asked.append(1)
        if len(asked) == 2:  # the rows are looked up, the hold is not yet written
            theirs.claim([claim("1")], now=NOW)
        return sender()

    desk.rules = Rules(sender=interfering, begun_before=None, browser_pixel=True)
    assert desk.batches(mapped(["1", "2"], age=timedelta(days=3))) == []
    assert counts(desk.tally) == {"pending": 1, "held": 1}
    assert desk.tally.newly_held == 1


def test_a_state_that_contradicts_itself_is_no_endless_loop(desk: Desk) -> None:
    desk.batches(mapped(["1"]))
    with desk.state.write() as connection:
        connection.execute("delete from batches")
    with pytest.raises(UnreachableError):
        desk.batches(mapped(["1"]))


def test_a_closed_destination_is_claimed_nothing_of(desk: Desk) -> None:
    desk.before_claiming = lambda: "deadline"
    assert desk.batches(mapped(numbered(600))) == []
    assert desk.tally.reasons["pending"] == {"deadline": 600}
    assert desk.state.read("select count(*) from conversions") == [(0,)]


def everything(state: Database) -> list[object]:
    tables = ("destinations", "mappings", "runs", "batches", "conversions", "amounts", "rejects")
    return [state.read(f"select * from {table}") for table in tables]


def test_a_rehearsal_counts_everything_and_changes_nothing(desk: Desk) -> None:
    desk.rules = rules(browser_pixel=True)
    before = everything(desk.state)
    desk.rehearse(
        mapped(numbered(600)), mapped(["old"], age=timedelta(days=3)), mapped(["1"], event_id="e2")
    )
    assert everything(desk.state) == before
    assert counts(desk.tally) == {"pending": 601, "held": 1}
    assert desk.tally.reasons["pending"] == {"dry_run": 601}
    assert desk.tally.planned_by_destination == {(PIXEL, EVENT): 600, (PIXEL, "e2"): 1}
    assert desk.tally.planned_value == {"EUR": 901.5}


def test_a_rehearsal_knows_what_was_sent(desk: Desk, theirs: Ledger) -> None:
    [batch] = theirs.claim([claim("1")], now=NOW)
    theirs.mark_sent([batch], now=NOW)
    theirs.settle(batch, "accepted", now=NOW, kept=Kept())
    desk.rehearse(mapped(["1", "2"]))
    assert counts(desk.tally) == {"pending": 1, "deduplicated": 1}


def test_a_delivery_that_fails_leaves_no_thread(desk: Desk, tmp_path: Path) -> None:
    kept = []

    def fail(batches: Iterator[Batch]) -> None:
        kept.extend([batches, next(each for each in batches if each)])
        assert any(one.name.startswith("requests") for one in threading.enumerate())
        raise UnreachableError("gone")

    told: list[str] = []
    edges = SimpleNamespace(warn=told.append)
    delivery: Any = SimpleNamespace(run=fail, traffic=SimpleNamespace(edges=edges))
    with stage.opened(tmp_path) as staged:
        staged.add(mapped(numbered(10)))
        with duckdb.connect() as connection:
            staged.census(connection, older_than_ms=0)
        assert not run._deliver(delivery, desk.claims(), staged, desk.tally)
    assert told == ["gone"]
    assert [one for one in threading.enumerate() if one.name.startswith("requests")] == []
