from collections.abc import Callable
from dataclasses import replace

import pytest
from ledgers import claim

from connector.errors import OvertakenError
from connector.state import runs
from connector.state.database import Database
from connector.state.history import rejected
from connector.state.ledger import Ledger
from connector.state.runs import Ending

ENDING = Ending(
    status="succeeded", summary={"rows": {"read": 1}}, rules_digest="rules", cursor="time 5", now=9
)


def begin_run(state: Database, run_id: str, *, mapping: str = "purchases", now: int = 1) -> int:
    with state.write() as connection:
        return runs.begin_run(connection, run_id=run_id, mapping=mapping, target="x", now=now)


def begin_mapping(
    state: Database, *, mapping: str = "purchases", keys: str = "keys", before: int | None = None
) -> None:
    with state.write() as connection:
        runs.begin_mapping(
            connection, target="x", mapping=mapping, keys_digest=keys, now=1, before=before
        )


def end_run(state: Database, run: int, ending: Ending = ENDING) -> None:
    with state.write() as connection:
        runs.end_run(connection, run, ending)


def remembered(state: Database, mapping: str = "purchases") -> runs.Remembered:
    found = runs.remembered(state, target="x", mapping=mapping)
    assert found is not None
    return found


def test_a_mapping_is_unknown_before_it_begins(state: Database) -> None:
    assert runs.remembered(state, target="x", mapping="purchases") is None
    begin_mapping(state)
    assert runs.remembered(state, target="elsewhere", mapping="purchases") is None
    assert remembered(state).keys_digest == "keys"


def test_the_end_of_a_run_moves_the_cursor_of_its_mapping_alone(state: Database) -> None:
    for mapping in ("purchases", "refunds"):
        begin_mapping(state, mapping=mapping)
    end_run(state, begin_run(state, "1"))
    assert remembered(state).cursor == "time 5"
    assert remembered(state).rules_digest == "rules"
    assert remembered(state, "refunds").cursor is None
    assert runs.last_finished(state) == {("purchases", "x"): 9}


def test_an_end_without_a_cursor_leaves_the_one_there_was(state: Database) -> None:
    begin_mapping(state)
    end_run(state, begin_run(state, "1"))
    later = replace(ENDING, cursor=None, rules_digest="other rules", now=20)
    end_run(state, begin_run(state, "2"), later)
    found = remembered(state)
    assert (found.cursor, found.rules_digest, found.finished_at) == ("time 5", "rules", 20)


def test_beginning_again_starts_to_read_from_the_beginning(state: Database) -> None:
    begin_mapping(state)
    end_run(state, begin_run(state, "1"))
    begin_mapping(state, keys="new keys", before=7)
    found = remembered(state)
    assert (found.keys_digest, found.rules_digest, found.begun_before) == ("new keys", "", 7)


def test_to_send_history_takes_an_earlier_limit_back(state: Database) -> None:
    begin_mapping(state, before=7)
    begin_mapping(state)
    assert remembered(state).begun_before is None


def test_a_new_run_ends_the_one_that_was_left_open(state: Database) -> None:
    first, other = begin_run(state, "1"), begin_run(state, "1", mapping="refunds")
    begin_mapping(state)
    begin_run(state, "2", now=5)
    assert [(row.run_id, row.mapping, row.status) for row in rows_of(state)] == [
        ("2", "purchases", "running"), ("1", "refunds", "running"), ("1", "purchases", "failed"),
    ]  # fmt: skip
    end_run(state, other)
    with pytest.raises(OvertakenError):
        end_run(state, first)
    assert remembered(state).cursor is None


def test_only_a_run_that_no_other_one_has_ended_goes_on(state: Database) -> None:
    first = begin_run(state, "1")
    with state.write() as connection:
        runs.require_open(connection, first)
    second = begin_run(state, "2")
    with state.write() as connection:
        runs.require_open(connection, second)
        with pytest.raises(OvertakenError):
            runs.require_open(connection, first)


def rows_of(state: Database) -> list[runs.RunRow]:
    return runs.recent(state, mapping=None, limit=10)


def test_runs_are_told_newest_first_with_their_summaries(state: Database) -> None:
    end_run(state, begin_run(state, "1", now=3))
    begin_run(state, "2", mapping="refunds")
    [newest] = runs.recent(state, mapping=None, limit=1)
    assert newest.run_id == "2"
    [row] = runs.recent(state, mapping="purchases", limit=10)
    assert (row.started_at, row.finished_at, row.status) == (3, 9, "succeeded")
    assert row.summary == {"rows": {"read": 1}}


def test_a_row_that_was_rejected_before_is_known(state: Database) -> None:
    def keep(run: int, **rejects: str) -> None:
        with state.write() as connection:
            runs.keep_rejects(
                connection, target="x", mapping="purchases", run=run, rejects=rejects.items()
            )

    keep(1, a="too_old", b="missing_identifier")
    keep(2, a="too_old", b="missing_identifier too_old", c="too_old")
    asked = {"target": "x", "row_keys": ["a", "c", "d", "null"]}
    assert runs.rejected_before(state, mapping="purchases", **asked) == {"a", "c"}  # type: ignore[arg-type] # one dict for all
    assert runs.rejected_before(state, mapping="refunds", **asked) == frozenset()  # type: ignore[arg-type] # one dict for all
    assert state.read("select row_key, reasons, run from rejects order by 1") == [
        ("a", "too_old", 1), ("b", "missing_identifier too_old", 2), ("c", "too_old", 2),
    ]  # fmt: skip


def test_what_the_ledger_holds_is_counted_by_mapping_and_state(state: Database) -> None:
    with state.write() as connection:
        connection.execute("insert into destinations values (1, 'x', 'o8z6j', 'o87ne')")
        connection.execute(
            "insert into batches (id, run, mapping, destination, state, rules_digest, claimed_at)"
            " values (1, 1, 'purchases', 1, 'accepted', 'rules', 1),"
            " (2, 1, 'purchases', 1, 'held', 'rules', 1),"
            " (3, 1, 'refunds', 1, 'accepted', 'rules', 1)"
        )
        connection.execute(
            "insert into conversions (destination, conversion_id, batch, digest)"
            " values (1, 'a', 1, '1:a'), (1, 'b', 1, '1:a'), (1, 'c', 2, '1:a'), (1, 'd', 3, '1:a')"
        )
    assert runs.standing(state) == [
        ("purchases", "x", "accepted", 2), ("purchases", "x", "held", 1),
        ("refunds", "x", "accepted", 1),
    ]  # fmt: skip


DAY = 86_400_000


@pytest.fixture
def rejecting(begin: Callable[..., Ledger], state: Database) -> Ledger:
    """The first run, which rejected a and b."""
    ledger = begin()
    ledger.make_destination(target="x", pixel_id="o8z6j", event_id="o87ne")
    _keep(state, ledger, "a", "b")
    return ledger


def _keep(state: Database, ledger: Ledger, *keys: str, now: int = 1) -> list[str]:
    """What is rejected after a run that rejected these."""
    names = {"target": "x", "mapping": "purchases"}
    with state.write() as connection:
        runs.forget_rejects(connection, now=now, **names)
        rejects = [(key, "too_old") for key in keys]
        runs.keep_rejects(connection, run=ledger._run, rejects=rejects, **names)
    return [row.row_key for row in rejected(state)]


def test_what_a_later_run_claimed_is_not_rejected_any_more(
    rejecting: Ledger, begin: Callable[..., Ledger], state: Database
) -> None:
    later = begin()
    later.claim([claim("a")], now=5)
    assert _keep(state, later) == ["b"]


def test_what_lost_to_a_row_of_the_same_run_stays_rejected(
    rejecting: Ledger, state: Database
) -> None:
    rejecting.claim([claim("a")], now=5)
    assert _keep(state, rejecting) == ["a", "b"]


def test_what_is_rejected_after_it_was_claimed_stays_so(
    rejecting: Ledger, begin: Callable[..., Ledger], state: Database
) -> None:
    begin().claim([claim("a")], now=5)
    assert _keep(state, begin(), "a") == ["a", "b"]
    assert _keep(state, begin()) == ["a", "b"]


def test_other_mappings_and_targets_end_no_reject(
    rejecting: Ledger, begin: Callable[..., Ledger], state: Database
) -> None:
    rejecting.make_destination(target="elsewhere", pixel_id="o8z6j", event_id="o87ne")
    begin("refunds").claim([claim("a")], now=5)
    begin().claim([claim("b", destination=2)], now=5)
    assert _keep(state, begin()) == ["a", "b"]


def test_a_reject_that_is_not_found_again_is_forgotten_in_time(
    rejecting: Ledger, begin: Callable[..., Ledger], state: Database
) -> None:
    later = begin()
    assert _keep(state, later, "a", now=90 * DAY) == ["a", "b"]
    assert _keep(state, later, "a", now=91 * DAY) == ["a"]


def test_summaries_are_of_one_mapping_and_target_and_the_oldest_comes_first(
    state: Database,
) -> None:
    for number, mapping in enumerate(["purchases", "refunds", "purchases", "purchases"], 1):
        ending = replace(ENDING, summary={"number": number})
        end_run(state, begin_run(state, str(number), mapping=mapping, now=number), ending)
    begin_run(state, "5", now=5)

    def numbers(*, target: str = "x", since: int = 0, limit: int = 9) -> list[tuple[int, int]]:
        found = runs.summaries(state, target=target, mapping="purchases", since=since, limit=limit)
        return [(at, summary["number"]) for at, summary in found]

    assert numbers() == [(1, 1), (3, 3), (4, 4)]
    assert numbers(since=3) == numbers(limit=2) == [(3, 3), (4, 4)]
    assert numbers(target="elsewhere") == []
