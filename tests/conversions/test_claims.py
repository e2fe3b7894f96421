from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import pyarrow as pa
import pytest
from delivery import EVENT, PIXEL, START, counts, mapped, numbered
from ledgers import claim

from connector.conversions.claims import (
    BATCHES_IN_A_GROUP,
    Batch,
    Claims,
    Destination,
    Rules,
    late,
    sift,
)
from connector.conversions.outcomes import Sender
from connector.conversions.tally import Tally
from connector.errors import UnreachableError
from connector.state import database, runs
from connector.state.database import Database
from connector.state.ledger import Kept, Known, Ledger
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


def past(state: str, **changes: object) -> Known:
    facts = {
        "batch": 7, "state": state, "mapping": "purchases", "rules_digest": "rules",
        "digest": "1:a", "doubt_since": None, "reason": None, **changes,
    }  # fmt: skip
    return Known(**facts)  # type: ignore[arg-type] # by name


def test_rows_part_by_what_is_known_of_them() -> None:
    known = {
        0: past("accepted", digest="1:b"), 2: past("in_doubt", doubt_since=NOW - HOUR),
        3: past("held", reason="in_doubt"), 4: past("in_doubt", doubt_since=NOW - 47 * HOUR),
        5: past("refused", reason="CODE"), 6: past("claimed", mapping="refunds"),
    }  # fmt: skip
    sifted = sift(mapped(numbered(8)), known, rules())
    assert ids(sifted.send) == ["1", "2", "7"]
    assert sifted.send["seen"].to_pylist() == [None, 7, None]
    assert sifted.send["doubt_since"].to_pylist() == [None, NOW - HOUR, None]
    assert {reason: ids(rows) for reason, rows in sifted.hold.items()} == {"in_doubt": ["4"]}
    assert {key: ids(rows) for key, rows in sifted.counted.items()} == {
        ("deduplicated", "accepted_before"): ["0"], ("held", "in_doubt"): ["3"],
        ("refused", "CODE"): ["5"], ("pending", "claimed_by_other_mapping"): ["6"],
    }  # fmt: skip
    assert (sifted.held_before, sifted.changed) == (1, 1)


def test_rows_from_before_the_beginning_were_sent_elsewhere_unless_the_ledger_knows_them() -> None:
    rows = mapped(numbered(3), time_ms=[NOW - 2, NOW - 2, NOW - 1])
    known = {1: past("refused", digest="1:b")}
    sifted = sift(rows, known, rules(begun_before=NOW - 1))
    assert ids(sifted.send) == ["1", "2"]
    assert {key: ids(part) for key, part in sifted.counted.items()} == {
        ("deduplicated", "begun_before"): ["0"]
    }


def test_a_row_is_late_from_the_last_moment_of_its_window() -> None:
    rows = mapped(
        numbered(6),
        time_ms=[NOW, NOW, NOW, NOW - 48 * HOUR, NOW - 48 * HOUR + 1, NOW - 48 * HOUR],
    )
    doubts = pa.array([NOW - 47 * HOUR, NOW - 47 * HOUR + 1, None, None, None, None], pa.int64())
    rows = rows.append_column("doubt_since", doubts)
    rows = rows.append_column("again", pa.array([False] * 5 + [True]))
    rest, parts = late(rows, now=NOW, browser_pixel=True)
    assert ids(rest) == ["1", "2", "4", "5"]
    assert {reason: ids(part) for reason, part in parts.items()} == {
        "in_doubt": ["0"], "outside_dedup_window": ["3"],
    }  # fmt: skip
    rest, parts = late(rows, now=NOW, browser_pixel=False)
    assert (ids(rest), list(parts)) == (["1", "2", "3", "4", "5"], ["in_doubt"])


def test_a_row_that_is_late_twice_is_held_once() -> None:
    rows = mapped(["1"], age=timedelta(days=3)).append_column(
        "doubt_since", pa.array([NOW - 50 * HOUR], pa.int64())
    )
    rows = rows.append_column("again", pa.array([False]))
    rest, parts = late(rows, now=NOW, browser_pixel=True)
    assert (rest.num_rows, list(parts)) == (0, ["in_doubt"])


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
    next(given)
    [(claimed,)] = desk.state.read("select count(*) from conversions")
    assert claimed == BATCHES_IN_A_GROUP * 500


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
            theirs.mark_sent(batch, now=NOW)
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
    theirs.mark_sent(batch, now=NOW)
    theirs.settle(batch, "accepted", now=NOW, kept=Kept())
    desk.rehearse(mapped(["1", "2"]))
    assert counts(desk.tally) == {"pending": 1, "deduplicated": 1}


def test_a_batch_is_a_claim_of_its_rows(desk: Desk) -> None:
    [batch] = desk.batches(mapped(["1", "2"], content="b"))
    assert batch.claim.conversion_ids == ["1", "2"]
    assert batch.claim.digests == ["1:b", "1:b"]
    assert batch.claim.seen == [None, None]
    assert batch.claim.destination == batch.destination.number
    assert batch.destination == Destination(number=1, pixel_id=PIXEL, event_id=EVENT)
