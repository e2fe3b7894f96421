from decimal import Decimal
from typing import Any

import pytest

from connector.campaigns.fields import ENTITIES, EntityName, Verb, read, texts, told
from connector.cli.entities import asked
from connector.errors import ConfigurationError

CAMPAIGN = {
    "funding_instrument_id": "mq7ze",
    "name": "spring",
    "daily_budget_amount_local": "25.50",
}
LINE_ITEM: dict[str, Any] = {
    "campaign_id": "k2v8c", "objective": "ENGAGEMENTS", "product_type": "PROMOTED_TWEETS",
    "placements": "ALL_ON_TWITTER", "start_time": "2026-03-10", "end_time": "",
    "bid_amount_local": "1.5",
}  # fmt: skip


def test_what_is_read_is_what_the_documentation_sends() -> None:
    params, wrong = read("campaign", "create", CAMPAIGN)
    assert not wrong
    assert texts(params) == {
        "funding_instrument_id": "mq7ze", "name": "spring",
        "daily_budget_amount_local_micro": "25500000",
    }  # fmt: skip


def test_the_end_of_a_line_item_is_always_said_if_only_that_there_is_none() -> None:
    params, wrong = read("line_item", "create", LINE_ITEM)
    assert not wrong
    assert texts(params)["end_time"] == ""
    without = {name: value for name, value in LINE_ITEM.items() if name != "end_time"}
    assert read("line_item", "create", without)[1] == [
        "end_time: is missing; say when it ends; '' for no end"
    ]


@pytest.mark.parametrize("entity", ENTITIES)
def test_everything_that_is_missing_is_told_at_once(entity: EntityName) -> None:
    _, wrong = read(entity, "create", {})
    required = [one.name for one in ENTITIES[entity].fields if one.required]
    assert [one.partition(":")[0] for one in wrong] == required
    assert required


@pytest.mark.parametrize(
    ("entity", "verb", "name", "value", "said"),
    [
        ("campaign", "update", "funding_instrument_id", "x", "can't be changed once the campaign"),
        ("line_item", "update", "objective", "REACH", "can't be changed once the line item"),
        ("campaign", "create", "nonsense", "x", "is no field of a campaign"),
        (
            "campaign", "create", "daily_budget_amount_local_micro", 25_500_000,
            "money is written in currency units, as daily_budget_amount_local",
        ),
        ("campaign", "update", "name", "", "must not be empty"),
        ("campaign", "update", "name", "x" * 256, "has 256 characters"),
        ("campaign", "update", "purchase_order_number", "x" * 51, "has 51 characters"),
        ("line_item", "update", "placements", "TREND,MARS", "must be one of ALL_ON_TWITTER"),
        ("line_item", "update", "duration_in_days", "2", "must be one of 1, 7, 30"),
        ("promoted_tweet", "create", "tweet_ids", ",".join(map(str, range(51))), "names 51"),
    ],
)  # fmt: skip
def test_a_field_that_is_wrong_is_named_with_what_is_wrong(
    entity: EntityName, verb: Verb, name: str, value: object, said: str
) -> None:
    _, wrong = read(entity, verb, {name: value})
    assert any(one.startswith(f"{name}: ") and said in one for one in wrong), wrong


def test_an_empty_text_takes_a_field_away_where_x_can_do_without_it() -> None:
    params, wrong = read(
        "line_item", "update", {"end_time": "", "total_budget_amount_local": None, "name": ""}
    )
    assert not wrong
    assert texts(params) == {"end_time": "", "total_budget_amount_local_micro": "", "name": ""}


def test_what_is_empty_says_nothing_where_something_is_made() -> None:
    params, wrong = read("campaign", "create", {**CAMPAIGN, "purchase_order_number": ""})
    assert not wrong
    assert "purchase_order_number" not in params


def test_a_row_of_x_comes_back_as_it_was_written() -> None:
    row = {
        "id": "w6n4r", "name": "spring [c7f3x9qk2]", "campaign_id": "k2v8c",
        "objective": "ENGAGEMENTS", "product_type": "PROMOTED_TWEETS",
        "placements": ["ALL_ON_TWITTER"], "start_time": "2026-03-10T00:00:00Z", "end_time": None,
        "bid_amount_local_micro": 1_500_000, "categories": [], "currency": "EUR",
        "standard_delivery": True, "servable": False,
    }  # fmt: skip
    found = told("line_item", row)
    assert found == {
        "name": "spring", "campaign_id": "k2v8c", "objective": "ENGAGEMENTS",
        "product_type": "PROMOTED_TWEETS", "placements": ("ALL_ON_TWITTER",),
        "start_time": "2026-03-10T00:00:00Z", "end_time": "", "bid_amount_local": Decimal("1.50"),
        "standard_delivery": True,
    }  # fmt: skip
    params, wrong = read("line_item", "create", found)
    assert not wrong
    assert params["bid_amount_local_micro"] == 1_500_000
    assert params["placements"] == ("ALL_ON_TWITTER",)


def test_fields_are_called_as_x_calls_them_but_for_money() -> None:
    for entity in ENTITIES.values():
        for one in entity.fields:
            is_money = one.kind == "money"
            assert one.name == (one.api.removesuffix("_micro") if is_money else one.api)
            assert is_money == one.api.endswith("_local_micro")
            assert one.help.endswith(".")


def test_tweets_are_numbers() -> None:
    for tweets in ("abc", "1,x", "1" * 20, "٣"):
        _, wrong = read("promoted_tweet", "create", {"line_item_id": "w6n4r", "tweet_ids": tweets})
        assert wrong == ["tweet_ids: must be the id of a tweet, digits only"]


@pytest.mark.parametrize("entity", ["campaign", "line_item", "promoted_tweet", "media"])
def test_whoever_leaves_out_what_is_needed_is_told_what_to_say(entity: EntityName) -> None:
    _, wrong = read(entity, "create", {})
    assert wrong
    assert all(": is missing; say " in one and not one.endswith(".") for one in wrong)


def test_a_list_is_filtered_by_as_many_ids_as_x_takes() -> None:
    ids = ",".join(["k2v8c"] * 200)
    assert asked({"campaign_ids": ids, "q": None}) == {"campaign_ids": ids}
    with pytest.raises(ConfigurationError, match="--campaign-ids names 201, and X takes 200 at"):
        asked({"campaign_ids": f"{ids},k2v8d"})
