from collections.abc import Callable

import pytest
from ledgers import claim, facts

from connector.errors import OvertakenError
from connector.state import runs
from connector.state.database import Database
from connector.state.ledger import Kept, Ledger
from connector.state.resolution import (
    Word,
    resolve,
    settle_dead,
    standing_of,
    undecided,
    waiting_targets,
)

Begin = Callable[..., Ledger]
NAMES = {"mapping": "purchases", "target": "x"}


@pytest.fixture
def ledger(begin: Begin) -> Ledger:
    made = begin()
    made.make_destination(target="x", pixel_id="o8z6j", event_id="o87ne")
    return made


def settled(ledger: Ledger, state: str, *ids: str, destination: int = 1) -> None:
    [batch] = ledger.claim([claim(*ids, destination=destination)], now=100)
    ledger.mark_sent([batch], now=100)
    kept = Kept(reason="why", unclear=state in ("in_doubt", "held"))
    ledger.settle(batch, state, now=100, kept=kept)


def resolved(state: Database, word: Word, ids: list[str] | None = None) -> int:
    with state.write() as connection:
        return resolve(connection, word=word, conversion_ids=ids, now=500, **NAMES)


@pytest.mark.parametrize(
    ("word", "state_after", "digest"),
    [("resend", "refused", ""), ("assume_accepted", "accepted", "1:a")],
)
def test_a_word_ends_what_is_held_or_in_doubt(
    ledger: Ledger, state: Database, word: Word, state_after: str, digest: str
) -> None:
    settled(ledger, "held", "1", "2")
    settled(ledger, "in_doubt", "3")
    settled(ledger, "accepted", "4")
    assert undecided(state, **NAMES) == {"held": 2, "in_doubt": 1}
    assert resolved(state, word) == 3
    assert [facts(ledger, one) for one in "123"] == [(state_after, digest, None)] * 3
    assert facts(ledger, "4") == ("accepted", "1:a", None)
    assert resolved(state, word) == 0
    assert undecided(state, **NAMES) == {"held": 0, "in_doubt": 0}


def test_a_word_may_be_on_some_alone(ledger: Ledger, state: Database) -> None:
    settled(ledger, "held", "1", "2")
    assert resolved(state, "assume_accepted", ["2", "unknown"]) == 1
    assert facts(ledger, "1") == ("held", "1:a", 100)
    batches = state.read("select count(*) from batches")
    assert resolved(state, "assume_accepted", ["unknown"]) == 0
    assert state.read("select count(*) from batches") == batches


def test_what_is_resent_is_read_again(ledger: Ledger, state: Database) -> None:
    with state.write() as connection:
        runs.begin_mapping(connection, keys_digest="keys", now=1, before=None, **NAMES)
        connection.execute("update mappings set cursor = 'time 5'")
    settled(ledger, "held", "1")
    resolved(state, "assume_accepted", [])
    assert state.read("select cursor from mappings") == [("time 5",)]
    resolved(state, "resend")
    assert state.read("select cursor from mappings") == [(None,)]


def test_undecided_ones_are_counted_by_name_too(ledger: Ledger, state: Database) -> None:
    settled(ledger, "held", "1", "2")
    settled(ledger, "in_doubt", "3")
    found = undecided(state, conversion_ids=["2", "3", "unknown"], **NAMES)
    assert found == {"held": 1, "in_doubt": 1}
    assert undecided(state, conversion_ids=[], **NAMES) == {"held": 0, "in_doubt": 0}
    assert undecided(state, mapping="refunds", target="x") == {"held": 0, "in_doubt": 0}


def test_a_word_is_on_one_mapping_and_target_alone(
    ledger: Ledger, begin: Begin, state: Database
) -> None:
    ledger.make_destination(target="elsewhere", pixel_id="o8z6j", event_id="o87ne")
    settled(ledger, "held", "1")
    settled(ledger, "held", "1", destination=2)
    other = begin("refunds")
    settled(other, "held", "2")
    assert waiting_targets(state, mapping="purchases") == ["elsewhere", "x"]
    assert resolved(state, "assume_accepted") == 1
    assert waiting_targets(state, mapping="purchases") == ["elsewhere"]
    assert facts(other, "2") == ("held", "1:a", 100)


def test_named_ones_are_told_by_mapping_and_state(
    ledger: Ledger, begin: Begin, state: Database
) -> None:
    settled(ledger, "accepted", "1")
    settled(begin("refunds"), "held", "2")
    found = standing_of(state, target="x", conversion_ids=["1", "2", "3"])
    assert sorted(found) == [("1", "purchases", "accepted"), ("2", "refunds", "held")]
    assert standing_of(state, target="elsewhere", conversion_ids=["1"]) == []


def test_what_a_dead_run_left_is_in_doubt_or_released(ledger: Ledger, state: Database) -> None:
    sent, never_left = ledger.claim([claim("1"), claim("2")], now=100)
    ledger.mark_sent([sent], now=100)
    with state.write() as connection:
        assert settle_dead(connection, now=400, **NAMES) == 1
    assert facts(ledger, "1") == ("in_doubt", "1:a", 100)
    assert facts(ledger, "2") is None
    assert runs.latest(state)[0].status == "failed"
    with pytest.raises(OvertakenError):
        ledger.settle(sent, "accepted", now=500, kept=Kept())
    with pytest.raises(OvertakenError):
        ledger.mark_sent([never_left], now=500)
