from collections.abc import Callable
from pathlib import Path

import pytest
from ledgers import claim, facts

from connector.errors import ConfigurationError
from connector.state import runs
from connector.state.database import Database
from connector.state.history import is_run, rejected, trace
from connector.state.ledger import Amount, Kept, Ledger
from connector.state.place import Place
from connector.state.resolution import Word, resolve, undecided
from connector.state.upkeep import EXPORTED, backup, prune, rows_of

Begin = Callable[..., Ledger]
NAMES = {"mapping": "purchases", "target": "x"}


@pytest.fixture
def ledger(begin: Begin) -> Ledger:
    made = begin()
    made.make_destination(target="x", pixel_id="o8z6j", event_id="o87ne")
    return made


def settled(ledger: Ledger, state: str, *ids: str, now: int = 100) -> int:
    [batch] = ledger.claim([claim(*ids)], now=now)
    ledger.mark_sent(batch, now=now)
    kept = Kept(reason="why", unclear=state in ("in_doubt", "held"))
    amount = Amount(day="2026-11-21", currency="EUR", conversions=1, amount="1")
    ledger.settle(batch, state, now=now, kept=kept, amounts=[amount])
    return batch


def resolved(state: Database, word: Word, ids: list[str] | None = None) -> int:
    with state.write() as connection:
        return resolve(connection, word=word, conversion_ids=ids, now=500, **NAMES)


def test_a_conversion_is_traced_to_every_destination(ledger: Ledger, state: Database) -> None:
    ledger.make_destination(target="elsewhere", pixel_id="o8z6j", event_id="o87ne")
    settled(ledger, "in_doubt", "1")
    ledger.claim([claim("1", destination=2)], now=200)
    first, second = trace(state, "1")
    assert (first.target, first.state, first.run_id) == ("elsewhere", "claimed", "run-1")
    assert (second.target, second.state, second.doubt_since) == ("x", "in_doubt", 100)
    assert trace(state, "2") == []


def test_rejected_rows_are_found_by_run_and_by_row(ledger: Ledger, state: Database) -> None:
    with state.write() as connection:
        rejects = [("a", "too_old"), ("b", "too_old missing_identifier")]
        runs.keep_rejects(connection, run=ledger._run, rejects=rejects, **NAMES)
        runs.keep_rejects(connection, run=ledger._run, rejects=[], **NAMES)
    assert [row.row_key for row in rejected(state)] == ["a", "b"]
    assert len(rejected(state, run_id="run-1")) == 2
    assert rejected(state, run_id="none") == []
    [row] = rejected(state, row_key="b")
    assert (row.reasons, row.run_id) == (("too_old", "missing_identifier"), "run-1")
    assert is_run(state, "run-1")
    assert not is_run(state, "none")


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
    with state.write() as connection:
        assert undecided(connection, **NAMES) == {"held": 2, "in_doubt": 1}
    assert resolved(state, word) == 3
    assert [facts(ledger, one) for one in "123"] == [(state_after, digest, None)] * 3
    assert facts(ledger, "4") == ("accepted", "1:a", None)
    assert resolved(state, word) == 0


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


def test_only_what_is_decided_and_old_is_forgotten(ledger: Ledger, state: Database) -> None:
    for one, kind in enumerate(("accepted", "refused", "held", "in_doubt")):
        settled(ledger, kind, str(one), now=100)
    settled(ledger, "accepted", "young", now=300)
    with state.write() as connection:
        pruned = prune(connection, before=200)
    assert (pruned.conversions, pruned.rejects, pruned.runs) == (2, 0, 0)
    known = ledger.known(1, ["0", "1", "2", "3", "young"])
    assert set(known) == {2, 3, 4}
    assert state.read("select count(*) from amounts") == [(3,)]


def test_a_claim_can_be_taken_back_after_its_origin_was_forgotten(
    ledger: Ledger, state: Database
) -> None:
    seen = settled(ledger, "refused", "1")
    [batch] = ledger.claim([claim("1", digest="1:b", seen=seen)], now=300)
    with state.write() as connection:
        prune(connection, before=200)
    ledger.release(batch, claim("1"), reason="", now=310)
    assert facts(ledger, "1") == ("refused", "1:a", None)


@pytest.mark.parametrize("table", EXPORTED)
def test_everything_can_be_exported(ledger: Ledger, state: Database, table: str) -> None:
    settled(ledger, "accepted", "1")
    with state.write() as connection:
        runs.keep_rejects(connection, run=ledger._run, rejects=[("a", "too_old")], **NAMES)
    [(columns, rows)] = rows_of(state, table)
    assert len(rows) == 1
    assert len(columns) == len(rows[0])


def test_a_server_s_backup_is_its_operator_s(place: Place, tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    if isinstance(place, Path):
        backup(place, target)
        assert target.exists()
    else:
        with pytest.raises(ConfigurationError, match="pg_dump"):
            backup(place, target)
        assert not target.exists()
