from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from connector.errors import OvertakenError
from connector.state.database import Database
from connector.state.export import export
from connector.state.journal import OPEN, STEPS, Entry, Journal, Meant

MEANT = Meant(entity="campaign", what="POST campaigns", intent="i", digest="d")


@dataclass
class Clock:
    now: float = 1_795_000_000.25

    def __call__(self) -> float:
        self.now += 1
        return self.now


@dataclass(kw_only=True)
class Steps:
    told: list[str] = field(default_factory=list)

    def __call__(self, step: str) -> None:
        self.told.append(step)


def journal(state: Database, run: str = "a", **instead: object) -> Journal:
    how: dict[str, object] = {
        "target": "x", "account_id": "18ce54d4x5t", "now": Clock(), "reached": lambda _step: None,
    }  # fmt: skip
    return Journal(state, run=run, **(how | instead))  # type: ignore[arg-type]


def plan(journal: Journal, key: str = "k", meant: Meant = MEANT) -> Entry:
    return journal.plan(meant, key=key, token="c7f3x9qk2", who="ana@host")


def test_a_write_is_on_disk_before_anything_of_it_leaves(
    state: Database, another: Database
) -> None:
    planned = plan(journal(state))
    seen = journal(another, "b").last("i")
    assert seen == planned
    assert (planned.state, planned.sendings, planned.token) == ("planned", 0, "c7f3x9qk2")
    assert planned.planned_at == 1_795_000_001_250


def test_each_change_is_on_disk_when_it_is_told(state: Database, another: Database) -> None:
    other, states = journal(another, "b"), []
    first = journal(state, reached=lambda _step: states.append(other.last("i")))
    entry = first.settle(
        first.doubt(first.send(plan(first), seen=["old"]), reason="500"), "adopted",
        entity_ids=["k2v8c"],
    )  # fmt: skip
    first.tell(entry)
    assert [one.state for one in states if one] == [
        "planned", "sent", "unclear", "adopted", "adopted",
    ]  # fmt: skip
    last = states[-1]
    assert last is not None
    assert (last.entity_ids, last.seen, last.sendings) == (("k2v8c",), ("old",), 1)
    assert last.is_doubtful
    assert last.told_at is not None


def test_changes_together_are_on_disk_together_and_told_after_that(
    state: Database, another: Database
) -> None:
    other, seen = journal(another, "b"), []
    one = journal(state, reached=lambda step: seen.append((step, len(other.entries()))))
    with one.together():
        plan(one, "k1")
        plan(one, "k2")
        assert seen == []
        assert other.entries() == []
    assert seen == [("planned", 2), ("planned", 2)]
    plan(one, "k3")
    assert seen[-1] == ("planned", 3)


def test_of_changes_together_all_or_none_is_kept(state: Database) -> None:
    steps = Steps()
    one = journal(state, reached=steps)
    first = plan(one, "k1")
    one.send(first)

    def both() -> None:
        with one.together():
            plan(one, "k2")
            one.send(first)

    with pytest.raises(OvertakenError):
        both()
    assert [entry.key for entry in one.entries()] == ["k1"]
    assert steps.told == ["planned", "sent"]


def test_every_step_it_tells_is_on_the_list(state: Database) -> None:
    steps = Steps()
    one = journal(state, reached=steps)
    sent = one.send(one.take(plan(one)))
    doubted = one.doubt(one.send(one.not_sent(sent)), reason="no answer")
    one.tell(one.settle(doubted, "done", entity_ids=["a"]))
    one.settle(plan(one, "k2"), "refused", reason="INVALID_PARAMETER", is_told=True)
    one.settle(plan(one, "k3"), "adopted", entity_ids=["a"])
    assert set(steps.told) | {"answered", "looked"} == set(STEPS)


def test_the_last_of_what_was_meant_counts(state: Database) -> None:
    one = journal(state)
    assert one.last("i") is None
    one.settle(plan(one), "done", entity_ids=["a"])
    later = plan(one, "k2")
    assert one.last("i") == later
    assert [entry.key for entry in one.entries()] == ["k", "k2"]


def test_accounts_and_targets_are_kept_apart(state: Database) -> None:
    plan(journal(state))
    assert journal(state, account_id="other").last("i") is None
    assert journal(state, target="http://127.0.0.1:8490").entries() == []


def test_what_had_been_sent_when_its_run_died_may_have_reached_x(state: Database) -> None:
    one, two = journal(state, "a"), journal(state, "b")
    taken = two.take(one.send(plan(one)))
    assert (taken.state, taken.is_doubtful, taken.reason) == ("unclear", True, "interrupted")
    fresh = two.take(plan(one, "k2"))
    assert (fresh.state, fresh.is_doubtful) == ("planned", False)


def test_a_doubt_outlives_an_answer_that_a_later_sending_was_not_processed(state: Database) -> None:
    one = journal(state)
    fresh = one.not_sent(one.send(plan(one)))
    assert (fresh.state, fresh.is_doubtful) == ("planned", False)
    doubted = one.doubt(one.send(fresh), reason="500")
    assert one.not_sent(one.send(doubted)).state == "unclear"
    assert one.last("i") == one.take(one.entries()[0])


def test_what_was_there_before_the_first_sending_is_kept(state: Database) -> None:
    one = journal(state)
    sent = one.send(plan(one), seen=[])
    assert sent.seen == ()
    again = one.send(one.not_sent(sent), seen=["new"])
    assert again.seen == ()
    assert one.entries() == [again]


@pytest.mark.parametrize("change", ["send", "doubt", "not_sent", "settle"])
def test_who_was_overtaken_changes_nothing(state: Database, another: Database, change: str) -> None:
    one, two = journal(state, "a"), journal(another, "b")
    sent = one.send(plan(one))
    taken = two.take(sent)
    changes: dict[str, Callable[[], Entry]] = {
        "send": lambda: one.send(sent), "doubt": lambda: one.doubt(sent, reason="x"),
        "not_sent": lambda: one.not_sent(sent),
        "settle": lambda: one.settle(sent, "done", entity_ids=["a"]),
    }  # fmt: skip
    assert not one.is_mine(sent)
    assert two.is_mine(taken)
    with pytest.raises(OvertakenError, match="POST campaigns: another process goes on"):
        changes[change]()
    assert two.last("i") == taken


def test_only_one_of_two_takes_over_what_a_third_left(state: Database, another: Database) -> None:
    left = journal(state, "dead").send(plan(journal(state, "dead")))
    journal(state, "a").take(left)
    with pytest.raises(OvertakenError):
        journal(another, "b").take(left)


def test_who_hears_of_the_end_of_another_runs_write_says_so(state: Database) -> None:
    done = journal(state, "dead").settle(plan(journal(state, "dead")), "done", entity_ids=["a"])
    journal(state, "b").tell(done)
    last = journal(state).last("i")
    assert last is not None
    assert last.told_at is not None


def test_a_change_that_fails_is_not_half_there(state: Database) -> None:
    one = journal(state)
    planned = plan(one)
    with suppress(ZeroDivisionError), _aborted(state):
        one.send(planned)
        raise ZeroDivisionError
    assert one.last("i") == planned


def _aborted(state: Database) -> AbstractContextManager[object]:
    return state.write()


def test_states_that_are_open_can_still_end_either_way(state: Database) -> None:
    one = journal(state)
    assert plan(one).state in OPEN
    assert one.settle(plan(one, "k2"), "refused").state not in OPEN


def test_the_journal_is_exported_without_digests(state: Database, tmp_path: Path) -> None:
    one = journal(state)
    one.settle(one.send(plan(one)), "done", entity_ids=["k2v8c"], is_told=True)
    export(state, tmp_path)
    [row] = pq.read_table(tmp_path / "writes.parquet").to_pylist()
    assert (row["what"], row["state"], row["entity_ids"]) == ("POST campaigns", "done", '["k2v8c"]')
    assert row["sendings"] == 1
    assert row["planned_at"].year == 2026
    assert {"digest", "intent"}.isdisjoint(row)


def test_what_is_open_comes_before_what_is_settled_whatever_the_hosts_clocks_say(
    state: Database,
) -> None:
    ahead, behind = journal(state), journal(state, now=Clock(now=1.0))
    ahead.settle(ahead.send(plan(ahead)), "done", is_told=True)
    left = behind.send(plan(behind, "k2"))
    assert ahead.last("i") == left
    assert [entry.key for entry in ahead.entries()] == ["k", "k2"]
