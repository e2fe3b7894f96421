from collections.abc import Callable
from pathlib import Path

import pytest
from ledgers import claim, facts

from connector.errors import ConfigurationError
from connector.state import runs, upkeep
from connector.state.database import Database
from connector.state.history import is_run, rejected, trace
from connector.state.journal import Journal, Meant
from connector.state.ledger import Amount, Kept, Ledger
from connector.state.place import Place
from connector.state.upkeep import EXPORTED, Pruned, backup, mappings_sent, prune, rows_of

Begin = Callable[..., Ledger]
NAMES = {"mapping": "purchases", "target": "x"}


@pytest.fixture
def ledger(begin: Begin) -> Ledger:
    made = begin()
    made.make_destination(target="x", pixel_id="o8z6j", event_id="o87ne")
    return made


def settled(ledger: Ledger, state: str, *ids: str, now: int = 100) -> int:
    [batch] = ledger.claim([claim(*ids)], now=now)
    ledger.mark_sent([batch], now=now)
    kept = Kept(reason="why", unclear=state in ("in_doubt", "held"))
    amount = Amount(day="2026-11-21", currency="EUR", conversions=1, amount="1")
    ledger.settle(batch, state, now=now, kept=kept, amounts=[amount])
    return batch


def pruned(state: Database, *, before: int, pauses: list[float] | None = None) -> Pruned:
    waited: list[float] = [] if pauses is None else pauses
    return prune(state, before=before, pause=waited.append)


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


def test_only_what_is_decided_and_old_is_forgotten(ledger: Ledger, state: Database) -> None:
    for one, kind in enumerate(("accepted", "refused", "held", "in_doubt")):
        settled(ledger, kind, str(one), now=100)
    settled(ledger, "accepted", "young", now=300)
    forgotten = pruned(state, before=200)
    assert (forgotten.conversions, forgotten.rejects, forgotten.runs) == (2, 0, 0)
    known = ledger.known(1, ["0", "1", "2", "3", "young"])
    assert set(known) == {2, 3, 4}
    assert state.read("select count(*) from amounts") == [(3,)]


def test_a_claim_can_be_taken_back_after_its_origin_was_forgotten(
    ledger: Ledger, state: Database
) -> None:
    seen = settled(ledger, "refused", "1")
    [batch] = ledger.claim([claim("1", digest="1:b", seen=seen)], now=300)
    assert pruned(state, before=200).conversions == 0
    ledger.release(batch, claim("1"), reason="", now=310)
    assert facts(ledger, "1") == ("refused", "1:a", None)


def test_a_claim_that_is_taken_back_during_a_prune_keeps_its_batch(
    ledger: Ledger, state: Database
) -> None:
    seen = settled(ledger, "refused", "1", "2")
    [batch] = ledger.claim([claim("1", digest="1:b", seen=seen)], now=300)
    taken_back: list[bool] = []

    def pause(_seconds: float) -> None:
        if not taken_back:
            ledger.release(batch, claim("1"), reason="", now=310)
            taken_back.append(True)

    assert prune(state, before=200, pause=pause).conversions == 1
    assert facts(ledger, "1") == ("refused", "1:a", None)
    assert facts(ledger, "2") is None


def test_much_is_forgotten_in_portions_between_which_others_write(
    ledger: Ledger, state: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "_KEYS_AT_ONCE", 3)
    monkeypatch.setattr(upkeep, "_BATCHES_AT_ONCE", 2)
    for number in range(7):
        settled(ledger, "accepted", f"old-{number}", now=100)
        settled(ledger, "accepted", f"young-{number}", now=300)
    pauses: list[float] = []
    assert pruned(state, before=200, pauses=pauses).conversions == 7
    assert len(pauses) == 5 + 4  # 14 ids in threes, 7 batches in twos
    names = [f"{age}-{number}" for age in ("old", "young") for number in range(7)]
    assert set(ledger.known(1, names)) == set(range(7, 14))
    assert state.read("select count(*) from batches") == [(7,)]
    assert state.read("select count(*) from amounts") == [(7,)]
    assert pruned(state, before=200) == Pruned(conversions=0, rejects=0, runs=0)


def test_a_sync_writes_while_a_prune_is_under_way(ledger: Ledger, state: Database) -> None:
    settled(ledger, "accepted", "old", now=100)
    prune(state, before=200, pause=lambda _seconds: _claim_more(ledger))
    assert facts(ledger, "old") is None
    assert facts(ledger, "new") == ("accepted", "1:a", None)
    assert state.read("select count(*) from batches") == [(1,)]


def _claim_more(ledger: Ledger) -> None:
    if facts(ledger, "new") is None:
        settled(ledger, "accepted", "new", now=300)


def test_a_run_is_forgotten_with_the_last_that_names_it(begin: Begin, state: Database) -> None:
    ledger = begin()
    ledger.make_destination(target="x", pixel_id="o8z6j", event_id="o87ne")
    settled(ledger, "accepted", "old", now=100)
    with state.write() as connection:
        runs.keep_rejects(connection, run=ledger._run, rejects=[("a", "too_old")], **NAMES)
        runs.abandon_run(connection, ledger._run, status="failed", now=150)
    assert pruned(state, before=120) == Pruned(conversions=1, rejects=0, runs=0)
    assert pruned(state, before=200) == Pruned(conversions=0, rejects=1, runs=1)


def test_the_mappings_that_sent_something_are_known(ledger: Ledger, state: Database) -> None:
    assert mappings_sent(state) == []
    settled(ledger, "accepted", "1")
    assert mappings_sent(state) == ["purchases"]


@pytest.mark.parametrize("table", EXPORTED)
def test_everything_can_be_exported(ledger: Ledger, state: Database, table: str) -> None:
    settled(ledger, "accepted", "1")
    with state.write() as connection:
        runs.keep_rejects(connection, run=ledger._run, rejects=[("a", "too_old")], **NAMES)
    meant = Meant(entity="campaign", what="POST campaigns", intent="i", digest="d")
    journal = Journal(state, target="x", account_id="18ce54d4x5t", run="a", now=lambda: 1.0)
    journal.plan(meant, key="k", token=None, who="ana@host")
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
