"""What a file and X differ in, and that nothing is left once the difference is made."""

from typing import Any

import pytest
from campaigns_apply.trees import PlainX, applied, nodes_of, text_of

from connector.campaigns.difference import Change, Difference, difference
from connector.campaigns.kinds import Value
from connector.campaigns.naming import named
from connector.campaigns.plan import planned
from connector.campaigns.tree import Made

TWEETS = ["101", "102", "103"]
CAMPAIGN = {"name": "spring 0", "funding_instrument_id": "fund1", "entity_status": "PAUSED",
            "daily_budget_amount_local_micro": 25_000_000}  # fmt: skip
ITEM = {"objective": "ENGAGEMENTS", "product_type": "PROMOTED_TWEETS", "name": "pots 0",
        "placements": ["ALL_ON_TWITTER"], "start_time": "2027-03-10T00:00:00Z",
        "bid_amount_local_micro": 1_500_000, "entity_status": "PAUSED"}  # fmt: skip
ONE = text_of("fund1", TWEETS, campaigns=1, items=1)


def made(text: str = ONE) -> PlainX:
    """An X that is as a file has it."""
    x = PlainX()
    applied(nodes_of(text), x)
    return x


def told(found: Difference) -> list[tuple[str, str, dict[str, tuple[Value, Value]]]]:
    return [(one.kind, one.entity, _fields(one)) for one in found.changes]


def _fields(one: Change) -> dict[str, tuple[Value, Value]]:
    return {each.known.name: (each.before, each.after) for each in one.fields}


def against(text: str, x: PlainX, **more: Any) -> Difference:  # noqa: ANN401 - of `difference`
    return difference(nodes_of(text), x.things(), **({"known": {}} | more))


def only(found: Difference) -> Change:
    [change] = found.changes
    return change


def test_what_is_not_there_is_made_with_all_that_is_below() -> None:
    found = against(ONE, PlainX())
    assert [(one.kind, one.entity) for one in found.changes] == [
        ("create", "campaign"), ("create", "line_item"), ("create", "targeting_criterion"),
        ("create", "targeting_criterion"), ("create", "promoted_tweet"),
        ("create", "promoted_tweet"),
    ]  # fmt: skip
    assert not found.faults


def test_what_was_made_makes_no_difference_although_its_names_have_tokens() -> None:
    x = made()
    assert x.things()[0].name == "spring 0 [c12345678]"
    found = against(ONE, x)
    assert found.changes == ()
    assert len(found.things) == 6


def test_a_long_name_that_was_cut_for_its_token_makes_no_difference() -> None:
    text = ONE.replace("spring 0", "x" * 255)
    assert against(text, made(text)).changes == ()


def test_a_changed_field_is_told_from_before_to_after() -> None:
    found = against(ONE.replace("25.00", "30.00"), made())
    assert told(found) == [
        ("update", "campaign", {"daily_budget_amount_local": (25_000_000, 30_000_000)})
    ]


def test_what_a_file_does_not_say_is_left_as_it_is() -> None:
    x = made()
    for row in x.rows["line_item"].values():
        row["goal"] = "LINK_CLICKS"
    assert against(ONE, x).changes == ()


def test_lists_that_a_file_does_not_have_are_left_as_they_are() -> None:
    lines = [line for line in ONE.splitlines() if "targeting_criteria" not in line]
    lines = [line for line in lines if "promoted_tweets" not in line]
    assert against("\n".join(lines), made()).changes == ()
    assert against("\n".join(lines), made(), prune=True).changes == ()


def test_an_empty_value_takes_a_field_away() -> None:
    x = made()
    for row in x.rows["line_item"].values():
        row["end_time"] = "2027-04-01T00:00:00Z"
    assert told(against(ONE, x)) == [
        ("update", "line_item", {"end_time": ("2027-04-01T00:00:00Z", None)})
    ]


def test_the_order_of_placements_says_nothing() -> None:
    both = ONE.replace("[ALL_ON_TWITTER]", "[TWITTER_SEARCH, TWITTER_TIMELINE]")
    x = made(both)
    assert against(both.replace("SEARCH, TWITTER_TIMELINE", "TIMELINE, TWITTER_SEARCH"), x).is_empty
    one = both.replace("TWITTER_SEARCH, ", "")
    assert [one.entity for one in against(one, x).changes] == ["line_item"]


def test_a_field_that_x_does_not_tell_is_not_compared_and_said_to_be_so() -> None:
    x = made()
    for row in x.rows["line_item"].values():
        del row["bid_amount_local_micro"]
    found = against(ONE, x)
    assert found.changes == ()
    assert found.untold == {"bid_amount_local"}


def test_what_stands_at_x_and_not_in_the_file_is_told_and_left() -> None:
    x = made(text_of("fund1", TWEETS, campaigns=1, items=2))
    found = against(ONE, x)
    assert [(one.kind, one.entity) for one in found.changes] == [("unmanaged", "line_item")]
    assert found.is_empty


def test_it_is_deleted_with_all_that_is_below_when_that_is_said() -> None:
    x = made(text_of("fund1", TWEETS, campaigns=1, items=2))
    found = against(ONE, x, prune=True)
    assert [(one.kind, one.entity, one.lasts) for one in found.changes] == [
        ("delete", "line_item", True), ("delete", "targeting_criterion", False),
        ("delete", "targeting_criterion", False), ("delete", "promoted_tweet", False),
        ("delete", "promoted_tweet", False),
    ]  # fmt: skip


def test_other_campaigns_are_left_alone() -> None:
    x = made(text_of("fund1", TWEETS, campaigns=2))
    found = against(text_of("fund1", TWEETS, campaigns=1), x, prune=True)
    assert found.changes == ()


def test_a_criterion_with_another_operator_is_another_one() -> None:
    x = made()
    text = ONE.replace("targeting_value: place0", "targeting_value: place0, operator_type: NE")
    found = against(text, x)
    assert [(one.kind, one.title) for one in found.changes] == [
        ("create", "targeting LOCATION NE place0"),
        ("unmanaged", f"targeting LOCATION place0 ({next(iter(x.rows['targeting_criterion']))})"),
    ]


def test_a_tweet_that_is_promoted_twice_is_wanted_twice() -> None:
    x = made()
    again = dict(next(iter(x.rows["promoted_tweet"].values())))
    x.put("promoted_tweet", {"line_item_id": again["line_item_id"], "tweet_id": again["tweet_id"]})
    assert against(ONE, x, prune=True).changes == ()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("objective: ENGAGEMENTS", "objective: REACH"), "objective can't be changed at X"),
        (("fund1", "fund2"), "funding_instrument_id can't be changed at X, where it is fund1"),
        (("1.50", "30.00"), "bid_amount_local is more than the campaign's daily budget, 25.00"),
        (("entity_status: PAUSED", "entity_status: DRAFT"), "entity_status must be ACTIVE"),
        (("25.00", "25.005"), "daily_budget_amount_local must be a multiple of 0.01 in EUR"),
    ],
)  # fmt: skip
def test_what_x_would_not_take_is_told_before_anything_is_sent(
    change: tuple[str, str], said: str
) -> None:
    found = against(ONE.replace(*change), made())
    assert said in found.faults[0].message
    assert found.faults[0].mark.line > 1


@pytest.mark.parametrize("key", ["funding_instrument_id", "objective", "start_time", "end_time"])
def test_what_is_made_needs_its_required_fields(key: str) -> None:
    lines = [line for line in ONE.splitlines() if not line.strip().startswith(key)]
    found = against("\n".join(lines), PlainX())
    assert f"{key!r} is missing, and it is made" in found.faults[0].message


def test_what_is_there_needs_none_of_them() -> None:
    x = made()
    id_ = x.things()[0].id
    assert against(f"campaigns: [{{id: {id_}}}]", x).changes == ()


def test_an_id_that_is_not_there_is_told_once_and_nothing_is_made_of_it() -> None:
    found = against(ONE.replace("name: spring 0", "name: spring 0\n    id: k2v8c"), PlainX())
    assert found.changes == ()
    [fault] = found.faults
    assert "X has no such id here" in fault.message
    assert fault.mark.line == 3


def test_a_child_is_checked_against_what_its_campaign_will_be() -> None:
    text = ONE.replace("25.00", "40.00").replace("1.50", "30.00")
    assert not against(text, made()).faults


def test_whatever_is_wrong_names_the_thing_without_its_token() -> None:
    found = against(ONE.replace("fund1", "fund2"), made())
    assert found.faults[0].message.startswith("campaign spring 0: ")


def test_what_an_interrupted_run_made_is_found_by_its_token_under_any_name() -> None:
    x = PlainX(token=None)
    id_ = x.put("campaign", {**CAMPAIGN, "name": named("of before", "c12345678")})
    node = nodes_of(ONE)[0]
    known = {node.path: Made(token="c12345678", is_open=True, is_doubtful=True)}
    found = difference([node], x.things(), known=known)
    assert found.things[node.path].id == id_
    assert told(found)[0] == ("update", "campaign", {"name": (f"{'of before'} [c12345678]",
                                                              "spring 0")})  # fmt: skip


def test_planned_writes_of_an_empty_difference_are_none() -> None:
    assert planned(against(ONE, made())) == []


@pytest.mark.parametrize(("prune", "is_refused"), [(False, True), (True, False)])
def test_a_campaign_takes_one_objective_beside_what_stays_at_x(
    *, prune: bool, is_refused: bool
) -> None:
    x = made()
    other = ONE.replace("pots 0", "readers").replace("ENGAGEMENTS", "REACH")
    found = against(other, x, prune=prune)
    wanted = "objective must be ENGAGEMENTS, as that of the campaign's other line items"
    assert [wanted in fault.message for fault in found.faults] == [True] * is_refused
