"""The writes of a difference: their order, the requests they leave in, and what they cost."""

from typing import Any

import pytest
from campaigns_apply.trees import PlainX, applied, nodes_of, text_of

from connector.campaigns.difference import difference
from connector.campaigns.plan import Planned, digest_of, planned, raises, requests

TWEETS = [str(100 + one) for one in range(60)]
ONE = text_of("fund1", TWEETS, campaigns=1, items=1)


def writes(text: str, x: PlainX, **more: Any) -> list[Planned]:  # noqa: ANN401 - of `difference`
    found = difference(nodes_of(text), x.things(), **({"known": {}} | more))
    assert not found.faults
    return planned(found)


def brief(many: list[Planned]) -> list[str]:
    return list(dict.fromkeys(f"{one.verb} {one.entity}" for one in many))


def made(text: str = ONE) -> PlainX:
    x = PlainX()
    applied(nodes_of(text), x)
    return x


def spent(text: str, x: PlainX) -> list[str]:
    return list(raises(difference(nodes_of(text), x.things(), known={})))


def test_what_is_made_is_made_from_the_top() -> None:
    assert brief(writes(ONE, PlainX())) == [
        "create campaign", "create line_item", "create targeting_criterion",
        "create promoted_tweet",
    ]  # fmt: skip


def test_what_is_to_be_active_is_made_paused_and_begins_last() -> None:
    many = writes(ONE.replace("PAUSED", "ACTIVE"), PlainX())
    assert {one.values["entity_status"] for one in many if one.verb == "create" and
            "entity_status" in one.values} == {"PAUSED"}  # fmt: skip
    assert [(one.verb, one.entity, one.values) for one in many[-2:]] == [
        ("update", "line_item", {"entity_status": "ACTIVE"}),
        ("update", "campaign", {"entity_status": "ACTIVE"}),
    ]


def test_a_draft_is_made_as_a_draft() -> None:
    [campaign, *_] = writes(ONE.replace("PAUSED", "DRAFT"), PlainX())
    assert campaign.values["entity_status"] == "DRAFT"


def test_without_a_status_everything_is_made_paused() -> None:
    text = "".join(one for one in ONE.splitlines(keepends=True) if "entity_status" not in one)
    many = writes(text, PlainX())
    assert [one.values["entity_status"] for one in many[:2]] == ["PAUSED", "PAUSED"]
    assert "update" not in {one.verb for one in many}


def test_what_begins_to_run_does_so_after_its_other_changes() -> None:
    text = ONE.replace("PAUSED", "ACTIVE").replace("25.00", "30.00")
    many = writes(text, made())
    assert [(one.entity, dict(one.values)) for one in many] == [
        ("campaign", {"daily_budget_amount_local_micro": 30_000_000}),
        ("line_item", {"entity_status": "ACTIVE"}),
        ("campaign", {"entity_status": "ACTIVE"}),
    ]


def test_what_is_paused_is_paused_before_anything_is_made() -> None:
    more = text_of("fund1", TWEETS, campaigns=1, items=2)
    assert brief(writes(more, made(ONE.replace("PAUSED", "ACTIVE"))))[:3] == [
        "update campaign", "update line_item", "create line_item",
    ]  # fmt: skip


def test_what_is_deleted_goes_first_and_from_the_bottom() -> None:
    x = made(text_of("fund1", TWEETS, campaigns=1, items=2))
    many = writes(ONE.replace("pots 0", "pans"), x, prune=True)
    assert brief(many) == [
        "delete promoted_tweet", "delete targeting_criterion", "delete line_item",
        "create line_item", "create targeting_criterion", "create promoted_tweet",
    ]  # fmt: skip


def test_a_line_item_that_stays_has_its_new_audience_before_the_old_one_goes() -> None:
    text = ONE.replace("place0", "elsewhere").replace("[100, 101]", "[105]")
    assert brief(writes(text, made(), prune=True)) == [
        "create targeting_criterion", "delete targeting_criterion", "create promoted_tweet",
        "delete promoted_tweet",
    ]  # fmt: skip


def test_an_empty_end_is_said_where_something_is_made() -> None:
    item = next(one for one in writes(ONE, PlainX()) if one.entity == "line_item")
    assert item.values["end_time"] is None


def test_a_write_names_what_it_stands_below_once_that_has_an_id() -> None:
    [_, item, criterion, *_, tweet] = writes(ONE, PlainX())
    ids = {("campaigns", "0"): "k2v8c", ("campaigns", "0", "line_items", "0"): "w6n4r"}
    assert item.write(ids, "key").params["campaign_id"] == "k2v8c"
    assert criterion.write(ids, "key").params["line_item_id"] == "w6n4r"
    assert tweet.write(ids, "key").params == {"line_item_id": "w6n4r", "tweet_ids": ("101",)}
    with pytest.raises(KeyError):
        item.write({}, "key")


def test_forty_writes_of_one_kind_share_a_request_and_fifty_tweets_of_one_line_item() -> None:
    text = text_of("fund1", TWEETS, campaigns=1, items=3, ads=60, criteria=30)
    many = list(requests(writes(text, PlainX())))
    assert [(one.entity, len(one.writes), one.is_batch) for one in many] == [
        ("campaign", 1, True), ("line_item", 3, True),
        *[("targeting_criterion", 40, True)] * 2, ("targeting_criterion", 10, True),
        *[("promoted_tweet", 50, False), ("promoted_tweet", 10, False)] * 3,
    ]  # fmt: skip


def test_promoted_tweets_are_deleted_one_at_a_time() -> None:
    many = list(requests(writes(ONE.replace("[100, 101]", "[]"), made(), prune=True)))
    assert [(one.entity, one.verb, len(one.writes)) for one in many] == [
        ("promoted_tweet", "delete", 1), ("promoted_tweet", "delete", 1),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("25.00", "25.00\n    total_budget_amount_local: 90", []),
        ("25.00\n    total_budget_amount_local: 90", "25.00\n    total_budget_amount_local: ''",
         ["total_budget_amount_local 90.00 → no limit EUR"]),
        ("25.00\n    total_budget_amount_local: 90", "25.00\n    total_budget_amount_local: 91",
         ["total_budget_amount_local 90.00 → 91.00 EUR"]),
        ("25.00\n    total_budget_amount_local: 90", "25.00\n    total_budget_amount_local: 89",
         []),
        ("25.00", "25.01", ["daily_budget_amount_local 25.00 → 25.01 EUR"]),
        ("25.00", "24.99", []),
        ("1.50", "1.75", []),
        ("PAUSED", "ACTIVE", ["becomes active, up to 25.00 EUR a day", "becomes active"]),
    ],
)  # fmt: skip
def test_budgets_that_rise_or_go_and_what_begins_to_run_let_more_be_spent(
    before: str, after: str, told: list[str]
) -> None:
    x = made(ONE.replace("25.00", before) if before.startswith("25") else ONE)
    text = ONE.replace("25.00" if before.startswith("25") else before, after)
    found = spent(text, x)
    assert len(found) == len(told)
    assert all(one.endswith(end) for one, end in zip(found, told, strict=True))


def test_what_is_made_paused_lets_nothing_be_spent() -> None:
    assert spent(ONE, PlainX()) == []
    assert len(spent(ONE.replace("PAUSED", "ACTIVE"), PlainX())) == 2


def test_what_was_active_already_does_not_begin_again() -> None:
    active = ONE.replace("PAUSED", "ACTIVE")
    assert spent(active, made(active)) == []


def test_the_order_in_which_x_lists_things_makes_no_other_plan() -> None:
    x = made(text_of("fund1", TWEETS, campaigns=1, items=3))
    before = digest_of(nodes_of(ONE), x.things(), prune=False)
    for rows in x.rows.values():
        items = list(rows.items())[::-1]
        rows.clear()
        rows.update(items)
    assert digest_of(nodes_of(ONE), x.things(), prune=False) == before
    x.rows["line_item"][next(iter(x.rows["line_item"]))]["goal"] = "LINK_CLICKS"
    assert digest_of(nodes_of(ONE), x.things(), prune=False) != before
