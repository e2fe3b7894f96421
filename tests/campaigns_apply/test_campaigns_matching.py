"""Which thing at X a node of a file is."""

from typing import Any

import pytest

from connector.campaigns.fields import EntityName
from connector.campaigns.matching import awaited, candidates, matched
from connector.campaigns.naming import named
from connector.campaigns.tree import Made, Node, Thing, thing
from connector.project.tree import Path


def node(name: str, at: int = 0, id_: str | None = None) -> Node:
    return Node(entity="campaign", path=("campaigns", str(at)), values={"name": name}, id=id_)


def tweet(id_: str, at: int = 0) -> Node:
    return Node(entity="promoted_tweet", path=("tweets", str(at)), values={"tweet_id": id_})


def things(entity: EntityName = "campaign", **rows: dict[str, Any]) -> list[Thing]:
    return [thing(entity, {"id": id_, **row}) for id_, row in rows.items()]


def found(nodes: list[Node], there: list[Thing], **known: Made) -> dict[str, str]:
    """The ids that nodes are matched with, by their number."""
    key = "campaigns" if nodes[0].entity == "campaign" else "tweets"
    made: dict[Path, Made] = {(key, number[1:]): one for number, one in known.items()}
    result = matched(nodes, there, made)
    assert not result.faults
    return {path[1]: one.id for path, one in result.things.items()}


def test_an_id_in_the_file_counts_before_every_name() -> None:
    there = things(a1={"name": "x"}, a2={"name": "y"})
    assert found([node("x", id_="a2"), node("y", 1)], there) == {"0": "a2"}
    assert found([node("x", 0), node("z", 1, "a2")], there) == {"0": "a1", "1": "a2"}


@pytest.mark.parametrize("name", ["spring", "spring [c12345678]"])
def test_a_name_is_found_with_or_without_a_token(name: str) -> None:
    assert found([node("spring")], things(a1={"name": name}, a2={"name": "other"})) == {"0": "a1"}


def test_a_long_name_is_found_although_it_was_cut() -> None:
    long = "x" * 250
    assert found([node(long)], things(a1={"name": named(long, "c12345678")})) == {"0": "a1"}


def test_what_the_journal_knows_counts_before_a_name() -> None:
    there = things(a1={"name": "spring"}, a2={"name": "renamed"})
    assert found([node("spring")], there, _0=Made(ids=("a2",))) == {"0": "a2"}
    there = things(a1={"name": "spring"}, a2={"name": "renamed [c12345678]"})
    assert found([node("spring")], there, _0=Made(token="c12345678", is_open=True)) == {"0": "a2"}


def test_what_the_journal_knew_and_is_gone_is_found_by_its_name() -> None:
    assert found([node("spring")], things(a1={"name": "spring"}), _0=Made(ids=("a9",))) == {
        "0": "a1"
    }


def test_two_of_one_name_are_not_guessed() -> None:
    result = matched([node("spring")], things(a1={"name": "spring"}, a2={"name": "spring"}), {})
    assert result.things == {}
    assert result.unclear == {("campaigns", "0")}
    assert "say which by its id: a1, a2" in result.faults[0].message


def test_one_thing_is_not_two_nodes() -> None:
    result = matched([node("x", 0, "a1"), node("y", 1, "a1")], things(a1={"name": "x"}), {})
    assert "is a1, as is line 1; take one out" in result.faults[0].message


def test_what_nobody_wants_is_left() -> None:
    result = matched([node("x")], things(a1={"name": "x"}, a2={"name": "y"}), {})
    assert [one.id for one in result.left] == ["a2"]


def test_copies_of_other_users_tweets_are_known_by_the_journal() -> None:
    there = things("promoted_tweet", p1={"tweet_id": "900"}, p2={"tweet_id": "100"})
    assert found([tweet("55"), tweet("100", 1)], there, _0=Made(ids=("p1",))) == {
        "0": "p1", "1": "p2",
    }  # fmt: skip
    assert found([tweet("55"), tweet("100", 1)], there) == {"1": "p2"}


def test_copies_whose_answer_was_lost_are_what_is_new_on_the_line_item() -> None:
    there = things(
        "promoted_tweet", p1={"tweet_id": "900"}, p2={"tweet_id": "901"}, p3={"tweet_id": "7"}
    )
    doubtful = Made(is_open=True, is_doubtful=True, seen=("p3",))
    assert found([tweet("55"), tweet("56", 1)], there, _0=doubtful, _1=doubtful) == {
        "0": "p1", "1": "p2",
    }  # fmt: skip
    planned = Made(is_open=True, seen=("p3",))
    assert found([tweet("55")], there, _0=planned) == {}


def test_a_tweet_that_is_wanted_as_it_is_is_no_copy_of_another() -> None:
    there = things("promoted_tweet", p1={"tweet_id": "56"})
    doubtful = Made(is_open=True, is_doubtful=True, seen=())
    assert found([tweet("55"), tweet("56", 1)], there, _0=doubtful) == {"1": "p1"}


def test_only_campaigns_that_a_node_may_be_are_looked_into() -> None:
    rows: list[dict[str, Any]] = [
        {"id": "a1", "name": "spring [c12345678]"}, {"id": "a2", "name": "autumn"},
        {"id": "a3", "name": "other [c87654321]"}, {"id": "a4", "name": None},
        {"id": "a5", "name": "done"}, {"id": "a6", "name": "nobody's"},
    ]  # fmt: skip
    nodes = [node("spring"), node("x", 1, "a2"), node("y", 2), node("z", 3)]
    known: dict[Path, Made] = {
        ("campaigns", "2"): Made(token="c87654321"),
        ("campaigns", "3"): Made(ids=("a5",)),
    }
    assert [row["id"] for row in candidates(nodes, known, rows)] == ["a1", "a2", "a3", "a5"]


def test_only_what_may_be_on_its_way_is_waited_for() -> None:
    one = node("spring")
    assert not awaited([one], {}, {})
    assert not awaited([one], {}, {one.path: Made(is_open=True)})
    assert awaited([one], {}, {one.path: Made(is_open=True, is_doubtful=True)})
    there = things(a1={"name": "spring"})[0]
    assert not awaited([one], {one.path: there}, {one.path: Made(is_doubtful=True)})
