"""The requests that several writes share, and what answers to them mean; of plain values."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from connector.api import batches
from connector.api.parts import Part, Work, answered, call_of, looked
from connector.api.writing import Desk
from connector.campaigns.fields import EntityName
from connector.campaigns.finding import Question
from connector.campaigns.writes import Write
from connector.errors import ConfigurationError, UnreachableError
from connector.state import database
from connector.state.journal import Entry, Journal
from connector.state.place import place_of
from connector.x.management import Call, Reply

Row = dict[str, Any]


def entry(key: str, token: str | None = None, seen: tuple[str, ...] | None = None) -> Entry:
    return Entry(
        key=key, target="x", account_id="a", entity="campaign", what="POST campaigns", intent=key,
        digest=key, token=token, seen=seen, run="r", who="w", planned_at=0,
    )  # fmt: skip


def creation(entity: EntityName, number: int, **params: Any) -> Work:  # noqa: ANN401 - fields
    write = Write(entity=entity, verb="create", params=params)
    part = Part(write=write, title=f"{entity} {number}")
    return Work(part=part, entry=entry(str(number), f"c0000000{number}", seen=("old",)))


def promotion(number: int, tweet: str) -> Work:
    return creation("promoted_tweet", number, line_item_id="w6n4r", tweet_ids=(tweet,))


def campaign(number: int) -> Work:
    return creation(
        "campaign", number, name=f"spring {number}", standard_delivery=True,
        daily_budget_amount_local_micro=25_000_000,
    )  # fmt: skip


def test_a_batch_says_numbers_as_numbers_lists_as_texts_and_nothing_as_the_empty_text() -> None:
    work = creation(
        "line_item", 1, name="pots", placements=("A", "B"), end_time=None, frequency_cap=3,
        standard_delivery=True,
    )  # fmt: skip
    call = call_of([work])
    assert (call.method, call.path) == ("POST", "line_items")
    assert call.document == [
        {
            "operation_type": "Create",
            "params": {
                "name": "pots [c00000001]", "placements": "A,B", "end_time": "",
                "frequency_cap": 3, "standard_delivery": True,
            },
        }
    ]  # fmt: skip
    assert json.loads(json.dumps(call.document)) == call.document


def test_changes_and_deletions_name_what_they_are_about() -> None:
    change = Write(entity="campaign", verb="update", id="k2v8c", params={"name": "x"})
    deletion = Write(entity="targeting_criterion", verb="delete", id="t1")
    changed = Work(part=Part(write=change, title="x"), entry=entry("1"))
    deleted = Work(part=Part(write=deletion, title="x"), entry=entry("2"))
    assert call_of([changed]).document == [
        {"operation_type": "Update", "params": {"name": "x", "campaign_id": "k2v8c"}}
    ]
    assert call_of([deleted]).document == [
        {"operation_type": "Delete", "params": {"targeting_criterion_id": "t1"}}
    ]


def test_tweets_of_a_line_item_leave_together_and_go_one_by_one() -> None:
    call = call_of([promotion(1, "10"), promotion(2, "11")])
    assert (call.method, call.path, call.document) == ("POST", "promoted_tweets", None)
    assert call.params == {"line_item_id": "w6n4r", "tweet_ids": "10,11"}
    write = Write(entity="promoted_tweet", verb="delete", id="5ft2qa")
    call = call_of([Work(part=Part(write=write, title="x"), entry=entry("1"))])
    assert (call.method, call.path, call.params) == ("DELETE", "promoted_tweets/5ft2qa", {})


def test_the_same_writes_have_the_same_key_and_others_another() -> None:
    first = call_of([campaign(1), campaign(2)]).key
    assert first == call_of([campaign(1), campaign(2)]).key
    assert first != call_of([campaign(1)]).key
    assert len(first) == 32


def test_rows_are_in_the_order_of_the_operations() -> None:
    rows = [{"id": "k1"}, {"id": "k2"}]
    assert answered([campaign(1), campaign(2)], rows) == ["k1", "k2"]


@pytest.mark.parametrize("rows", [[], [{"id": "k1"}], [{"id": "k1"}] * 3])
def test_an_answer_of_another_length_does_not_fit(rows: list[Row]) -> None:
    assert answered([campaign(1), campaign(2)], rows) is None


def test_promoted_tweets_are_told_by_their_tweets_and_the_rest_is_copies() -> None:
    works = [promotion(1, "10"), promotion(2, "11"), promotion(3, "12")]
    rows = [
        {"id": "p12", "tweet_id": "12"}, {"id": "p90", "tweet_id": "90"},
        {"id": "p10", "tweet_id": "10"},
    ]  # fmt: skip
    assert answered(works, rows) == ["p10", "p90", "p12"]


def looking(works: Sequence[Work], rows: Sequence[Row]) -> dict[str, str]:
    """The ids that are found, by titles."""
    found = looked(works, lambda _question: rows)
    return {one.part.title: found[id(one)] for one in works if id(one) in found}


def test_what_was_made_is_found_by_its_token_whatever_the_order() -> None:
    rows = [{"id": "k9", "name": "x"}, {"id": "k2", "name": "spring 2 [c00000002]"}]
    assert looking([campaign(1), campaign(2)], rows) == {"campaign 2": "k2"}


def test_criteria_are_found_by_what_they_are_on_the_same_line_item() -> None:
    works = [
        creation("targeting_criterion", number, line_item_id=item, targeting_type="LOCATION",
                 targeting_value="x")
        for number, item in enumerate(("w1", "w2"))
    ]  # fmt: skip
    rows = [
        {"id": "t1", "line_item_id": "w2", "targeting_type": "LOCATION", "targeting_value": "x",
         "operator_type": "EQ"},
        {"id": "t2", "line_item_id": "w1", "targeting_type": "LOCATION", "targeting_value": "x",
         "operator_type": "NE"},
    ]  # fmt: skip
    assert looking(works, rows) == {"targeting_criterion 1": "t1"}


def test_what_is_gone_is_deleted_and_what_is_as_meant_is_changed() -> None:
    gone = Work(
        part=Part(write=Write(entity="campaign", verb="delete", id="k1"), title="k1"),
        entry=entry("1"),
    )
    there = Work(
        part=Part(write=Write(entity="campaign", verb="delete", id="k2"), title="k2"),
        entry=entry("2"),
    )
    assert looking([gone, there], [{"id": "k2"}]) == {"k1": "k1"}
    write = Write(entity="campaign", verb="update", id="k1", params={"entity_status": "PAUSED"})
    change = Work(part=Part(write=write, title="k1"), entry=entry("3"))
    assert looking([change], [{"id": "k1", "entity_status": "PAUSED"}]) == {"k1": "k1"}
    assert looking([change], [{"id": "k1", "entity_status": "ACTIVE"}]) == {}
    assert looking([change], [{"id": "k1"}]) == {}
    assert looking([change], []) == {}


# -- carried out, against an X that answers as it is told


@dataclass(kw_only=True)
class Script:
    """Replies and rows, one after the other; the last rows stay."""

    replies: list[Reply]
    rows: list[list[Row]]
    calls: list[Call] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    waited: list[float] = field(default_factory=list)

    def send(self, call: Call, _: object) -> Reply:
        self.calls.append(call)
        return self.replies.pop(0)

    def ask(self, question: Question) -> list[Row]:
        self.questions.append(question)
        return self.rows.pop(0) if len(self.rows) > 1 else self.rows[0]


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    place = place_of("sqlite:///connector.db", tmp_path)
    database.create(place)
    with database.opened(place) as state:
        yield Journal(state, target="x", account_id="a", run="run", now=lambda: 1.0)


def desk(journal: Journal, script: Script) -> Desk:
    return Desk(
        journal=journal, account_id="a", who="who", take=lambda _operation: None,
        send=script.send, ask=script.ask, pause=script.waited.append, stopping=lambda: False,
        warn=lambda _text: None, reached=lambda _step: None, began=1.0,
    )  # fmt: skip


UNCLEAR = Reply(meaning="unclear", error=UnreachableError("lost"), code="no answer")
DUPLICATE = Reply(
    meaning="refused", error=ConfigurationError("promoted already"), status=400, code="DUPLICATE"
)


def tweets(*ids: str) -> list[Part]:
    return [Part(write=promotion(1, one).write, title=f"tweet {one}", seen=()) for one in ids]


def test_a_refusal_after_an_unclear_answer_may_mean_that_it_was_done(journal: Journal) -> None:
    rows = [{"id": "p1", "tweet_id": "10"}, {"id": "p2", "tweet_id": "11"}]
    script = Script(replies=[UNCLEAR, DUPLICATE], rows=[[], [], [], rows])
    assert batches.carried_out(tweets("10", "11"), desk(journal, script)) == ["p1", "p2"]
    assert script.waited == [3.0, 7.0]
    assert {one.state for one in journal.entries()} == {"adopted"}


def test_a_refusal_is_one_when_nothing_is_there(journal: Journal) -> None:
    script = Script(replies=[UNCLEAR, DUPLICATE], rows=[[]])
    with pytest.raises(ConfigurationError, match="promoted already; it is the tweet 10"):
        batches.carried_out(tweets("10"), desk(journal, script))
    assert {one.state for one in journal.entries()} == {"refused"}


def test_only_what_is_missing_is_sent_again(journal: Journal) -> None:
    found = [{"id": "p1", "tweet_id": "10"}]
    done = Reply(meaning="done", rows=({"id": "p2", "tweet_id": "11"},))
    script = Script(replies=[UNCLEAR, done], rows=[found])
    assert batches.carried_out(tweets("10", "11"), desk(journal, script)) == ["p1", "p2"]
    assert [call.params["tweet_ids"] for call in script.calls] == ["10,11", "11"]


def test_an_answer_that_does_not_fit_is_an_unclear_one(journal: Journal) -> None:
    short = Reply(meaning="done", rows=({"id": "p1", "tweet_id": "10"},))
    rows = [{"id": "p1", "tweet_id": "10"}, {"id": "p2", "tweet_id": "11"}]
    script = Script(replies=[short], rows=[rows])
    assert batches.carried_out(tweets("10", "11"), desk(journal, script)) == ["p1", "p2"]


def test_x_is_waited_for_as_long_as_it_says(journal: Journal) -> None:
    passing = Reply(meaning="passing", error=UnreachableError("later"), seconds=42.0, status=429)
    done = Reply(meaning="done", rows=({"id": "p1", "tweet_id": "10"},))
    script = Script(replies=[passing, passing, done], rows=[[]])
    assert batches.carried_out(tweets("10"), desk(journal, script)) == ["p1"]
    assert script.waited == [42.0, 42.0]
    assert script.questions == []


def test_a_wait_of_more_than_a_quarter_of_an_hour_ends_it(journal: Journal) -> None:
    passing = Reply(meaning="passing", error=UnreachableError("later"), seconds=3600.0)
    script = Script(replies=[passing], rows=[[]])
    with pytest.raises(UnreachableError, match="run the same command again"):
        batches.carried_out(tweets("10"), desk(journal, script))
    [left] = journal.entries()
    assert (left.state, left.is_doubtful) == ("planned", False)


def test_line_items_are_looked_for_in_their_campaigns_drafts_too(journal: Journal) -> None:
    writes = [
        Write(entity="line_item", verb="create", key=f"key{one}",
              params={"campaign_id": f"k{one % 2}", "name": f"pots {one}"})
        for one in range(3)
    ]  # fmt: skip
    script = Script(replies=[UNCLEAR] * 3, rows=[[]])
    with pytest.raises(UnreachableError):
        batches.carried_out(
            [Part(write=one, title="x") for one in writes], desk(journal, script)
        )  # fmt: skip
    assert script.questions[0].query == {
        "with_draft": "true", "sort_by": "created_at-desc", "campaign_ids": "k0,k1",
    }  # fmt: skip
