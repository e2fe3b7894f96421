"""What holds of every difference: once it is made, none is left."""

from collections.abc import Mapping, Sequence
from typing import Any

from campaigns_apply.trees import PlainX, applied
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.campaigns.difference import difference
from connector.campaigns.fields import EntityName
from connector.campaigns.kinds import Value
from connector.campaigns.tree import Node

STATUS = st.sampled_from(["ACTIVE", "PAUSED"])
MONEY = st.sampled_from([1_000_000, 2_000_000, 3_500_000])
LARGE = st.sampled_from([50_000_000, 60_000_000])
MOST = st.sampled_from([None, 100_000_000, 200_000_000])
END = st.sampled_from([None, "2027-04-01T00:00:00Z"])
PLACES = st.sampled_from([["ALL_ON_TWITTER"], ["TWITTER_SEARCH", "TWITTER_TIMELINE"]])
LEAVES = st.lists(st.sampled_from(["1", "2", "3", "4"]), unique=True, max_size=4)


def names(most: int) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(["a", "b", "c d", "e" * 255]), unique=True, max_size=most)


@st.composite
def line_items(draw: st.DrawFn) -> list[dict[str, Any]]:
    return [
        {
            "name": name, "objective": "ENGAGEMENTS", "product_type": "PROMOTED_TWEETS",
            "placements": draw(PLACES), "start_time": "2027-03-10T00:00:00Z",
            "end_time": draw(END), "entity_status": draw(STATUS),
            "bid_amount_local_micro": draw(MONEY), "tweets": draw(LEAVES), "places": draw(LEAVES),
        }
        for name in draw(names(3))
    ]  # fmt: skip


@st.composite
def campaigns(draw: st.DrawFn) -> list[dict[str, Any]]:
    return [
        {
            "name": name, "funding_instrument_id": "fund1", "entity_status": draw(STATUS),
            "daily_budget_amount_local_micro": draw(LARGE),
            "total_budget_amount_local_micro": draw(MOST), "items": draw(line_items()),
        }
        for name in draw(names(3))
    ]  # fmt: skip


def wanted_of(tree: Sequence[Mapping[str, Any]], ids: Mapping[str, str]) -> tuple[Node, ...]:
    """The nodes of a file with such a tree; those of `ids` have theirs."""
    return tuple(
        _node("campaign", ("campaigns", str(at)), one, ids, {
            "line_item": tuple(
                _node("line_item", ("campaigns", str(at), "line_items", str(place)), item, {}, {
                    "targeting_criterion": _leaves("targeting_criterion", (at, place), item),
                    "promoted_tweet": _leaves("promoted_tweet", (at, place), item),
                })
                for place, item in enumerate(one["items"])
            )
        })
        for at, one in enumerate(tree)
    )  # fmt: skip


def _node(
    entity: EntityName, path: tuple[str, ...], one: Mapping[str, Any], ids: Mapping[str, str],
    below: Mapping[EntityName, tuple[Node, ...]],
) -> Node:  # fmt: skip
    values = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in one.items() if name not in {"items", "tweets", "places"}
    }  # fmt: skip
    return Node(entity=entity, path=path, values=values, id=ids.get(one["name"]), below=below)


def _leaves(
    entity: EntityName, at: tuple[int, int], item: Mapping[str, Any]
) -> tuple[Node, ...]:  # fmt: skip
    said: list[dict[str, Value]] = [{"tweet_id": one} for one in item["tweets"]]
    if entity == "targeting_criterion":
        said = [{"targeting_type": "LOCATION", "targeting_value": one} for one in item["places"]]
    above = ("campaigns", str(at[0]), "line_items", str(at[1]), entity)
    return tuple(
        Node(entity=entity, path=(*above, str(number)), values=values)
        for number, values in enumerate(said)
    )


def x_of(tree: Sequence[Mapping[str, Any]], token: str | None) -> PlainX:
    x = PlainX(token=token)
    applied(wanted_of(tree, {}), x)
    return x


@given(
    before=campaigns(),
    after=campaigns(),
    token=st.sampled_from([None, "c12345678"]),
    prune=st.booleans(),
)
@settings(deadline=None, max_examples=150)
def test_a_difference_that_was_made_leaves_none(
    *, before: list[dict[str, Any]], after: list[dict[str, Any]], token: str | None, prune: bool
) -> None:
    x = x_of(before, token)
    wanted = wanted_of(after, {})
    applied(wanted, x, prune=prune)
    found = difference(wanted, x.things(), known={}, prune=prune)
    assert found.is_empty
    assert prune is False or found.changes == ()


@given(campaigns(), campaigns())
@settings(deadline=None, max_examples=60)
def test_pruning_what_was_told_leaves_nothing_to_tell(
    before: list[dict[str, Any]], after: list[dict[str, Any]]
) -> None:
    x = x_of(before, None)
    wanted = wanted_of(after, {})
    applied(wanted, x)
    applied(wanted, x, prune=True)
    assert difference(wanted, x.things(), known={}).changes == ()


@given(campaigns(), st.data())
@settings(deadline=None, max_examples=60)
def test_what_is_known_by_its_id_may_have_any_name(
    tree: list[dict[str, Any]], data: st.DataObject
) -> None:
    x = x_of(tree, None)
    ids = {row["name"]: id_ for id_, row in x.rows.get("campaign", {}).items()}
    for row in x.rows.get("campaign", {}).values():
        row["name"] = data.draw(st.sampled_from([row["name"], f"{row['name'][:200]} by hand"]))
    wanted = wanted_of(tree, ids)
    found = difference(wanted, x.things(), known={})
    assert {one.kind for one in found.changes} <= {"update"}
    applied(wanted, x)
    assert difference(wanted, x.things(), known={}).changes == ()
