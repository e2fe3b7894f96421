from collections.abc import Callable
from pathlib import Path

import pytest
from ledgers import claim, facts, known

from connector.errors import OvertakenError
from connector.state import sqlite
from connector.state.database import Database
from connector.state.ledger import Kept, Ledger
from connector.state.recovery import expire, recover

Begin = Callable[..., Ledger]


@pytest.fixture
def dead(begin: Begin) -> Ledger:
    """The ledger of a run that will go no further."""
    ledger = begin()
    for target in ("x", "elsewhere"):
        ledger.make_destination(target=target, pixel_id="o8z6j", event_id="o87ne")
    return ledger


def recovered(begin: Begin, state: Database, mapping: str = "purchases") -> tuple[Ledger, int]:
    ledger = begin(mapping)
    with state.write() as connection:
        return ledger, recover(connection, mapping=mapping, target="x", run=ledger._run)


def expired(state: Database, *, before: int, mapping: str = "purchases") -> int:
    with state.write() as connection:
        return expire(connection, mapping=mapping, target="x", before=before)


def sent(ledger: Ledger, *ids: str, now: int, destination: int = 1) -> int:
    [batch] = ledger.claim([claim(*ids, destination=destination)], now=now)
    ledger.mark_sent([batch], now=now)
    return batch


def in_doubt(ledger: Ledger, *ids: str, now: int, destination: int = 1) -> int:
    batch = sent(ledger, *ids, now=now, destination=destination)
    ledger.settle(batch, "in_doubt", now=now, kept=Kept(unclear=True))
    return batch


def test_what_never_left_is_released(begin: Begin, state: Database, dead: Ledger) -> None:
    [batch] = dead.claim([claim("1", "2")], now=100)
    dead.mark_sent([batch], now=110)
    dead.mark_not_sent(batch)
    ledger, doubtful = recovered(begin, state)
    assert doubtful == 0
    assert ledger.known(1, ["1", "2"]) == {}
    assert state.read("select * from batches") == []


def test_what_may_have_left_is_in_doubt_since_it_left(
    begin: Begin, state: Database, dead: Ledger
) -> None:
    sent(dead, "1", now=110)
    ledger, doubtful = recovered(begin, state)
    assert doubtful == 1
    assert facts(ledger, "1") == ("in_doubt", "1:a", 110)
    assert state.read("select run from batches") == [(ledger._run,)]


@pytest.mark.parametrize("left_again", [False, True])
def test_what_was_to_be_sent_again_is_in_doubt_since_its_first_sending(
    begin: Begin, state: Database, dead: Ledger, *, left_again: bool
) -> None:
    batch = sent(dead, "1", now=110)
    dead.mark_in_doubt(batch)
    if left_again:
        dead.mark_sent([batch], now=120)
    ledger, doubtful = recovered(begin, state)
    assert doubtful == 1
    assert facts(ledger, "1") == ("in_doubt", "1:a", 110)


def test_a_claim_of_what_was_in_doubt_goes_back_to_its_doubt(
    begin: Begin, state: Database, dead: Ledger
) -> None:
    seen = in_doubt(dead, "1", now=110)
    before = known(dead, "1")
    dead.claim([claim("1", "2", digest="1:b", seen=[seen, None])], now=200)
    ledger, _ = recovered(begin, state)
    assert known(ledger, "1") == before
    assert known(ledger, "2") is None


def test_what_is_settled_stays(begin: Begin, state: Database, dead: Ledger) -> None:
    for one, answer in (("1", "accepted"), ("2", "refused"), ("3", "held")):
        dead.settle(sent(dead, one, now=110), answer, now=120, kept=Kept())
    before = dead.known(1, ["1", "2", "3"])
    ledger, doubtful = recovered(begin, state)
    assert doubtful == 0
    assert ledger.known(1, ["1", "2", "3"]) == before


def test_other_mappings_and_targets_are_left_alone(
    begin: Begin, state: Database, dead: Ledger
) -> None:
    other = begin("refunds")
    sent(other, "1", now=110)
    sent(dead, "1", now=110, destination=2)
    dead.claim([claim("2", destination=2)], now=110)
    ledger, doubtful = recovered(begin, state)
    assert doubtful == 0
    assert facts(ledger, "1") == ("sent", "1:a", None)
    assert [found.state for found in ledger.known(2, ["1", "2"]).values()] == ["sent", "claimed"]


def test_a_run_that_was_taken_for_dead_cannot_settle(
    begin: Begin, state: Database, dead: Ledger
) -> None:
    batch = sent(dead, "1", now=110)
    ledger, _ = recovered(begin, state)
    with pytest.raises(OvertakenError):
        dead.settle(batch, "accepted", now=120, kept=Kept())
    assert facts(ledger, "1") == ("in_doubt", "1:a", 110)


def test_a_doubt_that_is_too_old_is_held(begin: Begin, state: Database, dead: Ledger) -> None:
    for one, now in (("1", 100), ("2", 110), ("3", 111)):
        in_doubt(dead, one, now=now)
    in_doubt(dead, "4", "5", now=90)
    in_doubt(dead, "6", now=90, destination=2)
    in_doubt(begin("refunds"), "7", now=90)
    assert expired(state, before=110) == 4
    found = [known(dead, one) for one in "1245"]
    assert {(each.state, each.reason) for each in found if each} == {("held", "in_doubt")}
    assert facts(dead, "3") == ("in_doubt", "1:a", 111)
    assert facts(dead, "7") == ("in_doubt", "1:a", 90)
    assert expired(state, before=110) == 0


def test_looking_for_what_a_dead_run_left_uses_an_index(tmp_path: Path) -> None:
    sqlite.create(tmp_path / "connector.db")
    plans: list[str] = []
    with sqlite.opened(tmp_path / "connector.db", busy_seconds=1) as state:
        with state.write() as connection:
            state._connection.set_trace_callback(plans.append)
            recover(connection, mapping="purchases", target="x", run=1)
            expire(connection, mapping="purchases", target="x", before=100)
            state._connection.set_trace_callback(None)
        looked = [statement for statement in plans if "batches" in statement]
        assert len(looked) == 3
        for statement in looked:
            steps = [row[-1] for row in state.read(f"explain query plan {statement}")]
            assert any("batches_waiting" in step for step in steps), steps
