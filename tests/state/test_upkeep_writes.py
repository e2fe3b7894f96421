"""What is forgotten of writes to ad accounts, and what they are known again by."""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

import pytest

from connector.state import experiments, upkeep, uploads
from connector.state.database import Database
from connector.state.journal import Entry, Journal, Meant
from connector.state.upkeep import Pruned, prune

BEFORE = 200_000
OLD, YOUNG = 100.0, 300.0
_KEYS = count()


@dataclass(kw_only=True)
class Clock:
    now: float = OLD

    def __call__(self) -> float:
        return self.now


@dataclass(kw_only=True)
class Diary:
    """A journal, and a clock that is set by hand."""

    state: Database
    clock: Clock = field(default_factory=Clock)

    @property
    def journal(self) -> Journal:
        return Journal(
            self.state, target="x", account_id="18ce54d4x5t", run="a", now=self.clock
        )  # fmt: skip

    def planned(self, what: str, *, intent: str = "d", entity: str = "campaign") -> Entry:
        meant = Meant(entity=entity, what=what, intent=intent, digest="d")
        return self.journal.plan(meant, key=f"k{next(_KEYS)}", token=None, who="ana@host")

    def done(self, what: str, *, is_told: bool = True, **how: str) -> Entry:
        sent = self.journal.send(self.planned(what, **how))
        return self.journal.settle(sent, "done", entity_ids=["k2v8c"], is_told=is_told)

    def left(self) -> list[str]:
        return [entry.key for entry in self.journal.entries()]


@pytest.fixture
def diary(state: Database) -> Diary:
    return Diary(state=state)


def pruned(state: Database, pauses: list[float] | None = None) -> Pruned:
    waited: list[float] = [] if pauses is None else pauses
    return prune(state, before=BEFORE, pause=waited.append)


def test_settled_writes_are_forgotten_when_they_are_old(diary: Diary) -> None:
    for what in ("POST campaigns", "PUT campaigns/k2v8c", "DELETE line_items/w6n4r"):
        diary.done(what)
    diary.journal.settle(diary.planned("POST campaigns"), "refused", is_told=True)
    diary.clock.now = YOUNG
    young = diary.done("POST campaigns")
    assert pruned(diary.state).writes == 4
    assert diary.left() == [young.key]


def test_what_is_not_settled_is_never_forgotten(diary: Diary) -> None:
    journal = diary.journal
    kept = [
        diary.planned("POST campaigns"), journal.send(diary.planned("PUT campaigns/k2v8c")),
        journal.doubt(journal.send(diary.planned("DELETE campaigns/k2v8c")), reason="500"),
    ]  # fmt: skip
    assert pruned(diary.state).writes == 0
    assert sorted(diary.left()) == sorted(one.key for one in kept)


Make = Callable[[Diary], Entry]


@pytest.mark.parametrize(
    "make",
    [
        lambda diary: diary.done("POST campaigns", intent="of a key or of a file"),
        lambda diary: diary.done("POST promoted_tweets", entity="promoted_tweet"),
        lambda diary: diary.done("POST campaigns", is_told=False),
    ],
)
def test_what_the_same_command_is_answered_with_stays_until_another_takes_its_place(
    diary: Diary, make: Make
) -> None:
    first = make(diary)
    assert pruned(diary.state).writes == 0
    diary.clock.now += 1
    second = make(diary)
    assert pruned(diary.state).writes == 1
    assert first.key != second.key
    assert diary.left() == [second.key]


def test_a_refusal_does_not_take_the_place_of_what_was_made(diary: Diary) -> None:
    made = diary.done("POST campaigns", intent="of a key")
    diary.clock.now += 1
    again = diary.planned("POST campaigns", intent="of a key")
    diary.journal.settle(again, "refused", is_told=True)
    assert pruned(diary.state).writes == 1
    assert diary.left() == [made.key]


def test_many_writes_are_forgotten_in_portions(
    diary: Diary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "_WRITES_AT_ONCE", 2)
    for _ in range(5):
        diary.done("PUT campaigns/k2v8c")
    pauses: list[float] = []
    assert pruned(diary.state, pauses).writes == 5
    assert len(pauses) == 2
    assert diary.left() == []


@pytest.mark.parametrize(
    ("how", "expires_at", "changed_at", "is_forgotten"),
    [
        ("sending", BEFORE - 1, BEFORE - 1, True),
        ("sent", BEFORE - 1, BEFORE - 1, True),
        ("ready", BEFORE - 1, BEFORE - 1, False),
        ("sending", BEFORE + 1, BEFORE - 1, False),
        ("sending", BEFORE - 1, BEFORE + 1, False),
    ],
)
def test_files_are_forgotten_that_x_has_given_up(
    state: Database, how: uploads.State, expires_at: int, changed_at: int, *, is_forgotten: bool
) -> None:
    meant = uploads.Meant(target="x", account_id="a", digest="d", category="tweet_image")
    now = uploads.Kept(
        media_id="1", media_key="3_1", segment_bytes=1, state=how, expires_at=expires_at
    )
    uploads.keep(state, meant, now, changed_at=changed_at)
    assert pruned(state).uploads == is_forgotten
    assert (uploads.kept(state, meant) is None) is is_forgotten


def test_experiments_are_never_forgotten(state: Database) -> None:
    named = experiments.Named(target="x", account_id="a", name="bids")
    kept = experiments.Kept(campaign_id="k2v8c", digest="d", variants={"control": "w6n4r"})
    experiments.keep(state, named, kept)
    pruned(state)
    assert experiments.kept(state, named) == kept
