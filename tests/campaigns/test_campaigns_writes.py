from collections.abc import Callable
from typing import Any

import pytest

from connector.campaigns.fields import EntityName, texts
from connector.campaigns.writes import (
    Write,
    checked_id,
    creating,
    deleting,
    pausing,
    resuming,
    updating,
)
from connector.errors import ConfigurationError, Exit

CAMPAIGN: dict[str, Any] = {
    "funding_instrument_id": "mq7ze", "name": "spring", "daily_budget_amount_local": "25",
}  # fmt: skip


def refused(call: Callable[..., Write], *args: Any, **how: Any) -> str:  # noqa: ANN401 - of a write
    with pytest.raises(ConfigurationError) as caught:
        call(*args, **how)
    assert caught.value.exit_code is Exit.CONFIGURATION
    return str(caught.value)


def test_what_is_made_is_paused_unless_it_is_to_begin_at_once() -> None:
    assert creating("campaign", CAMPAIGN).params["entity_status"] == "PAUSED"
    assert creating("campaign", CAMPAIGN, active=True).params["entity_status"] == "ACTIVE"
    draft = creating("campaign", CAMPAIGN | {"entity_status": "draft"})
    assert draft.params["entity_status"] == "DRAFT"
    assert "entity_status" not in creating("media", {"media_key": "13_1"}).params


def test_what_begins_at_once_is_asked_for_by_one_word_alone() -> None:
    told = refused(creating, "campaign", CAMPAIGN | {"entity_status": "ACTIVE"})
    assert "entity_status: --active alone begins at once" in told
    refused(creating, "campaign", CAMPAIGN | {"entity_status": "PAUSED"}, active=True)
    creating("campaign", CAMPAIGN | {"entity_status": "ACTIVE"}, active=True)


def test_everything_that_is_wrong_is_told_at_once() -> None:
    told = refused(creating, "line_item", {"name": "x" * 256, "goal": "FAME"}).splitlines()
    assert told[0] == "line item: not sent"
    named = {one.partition(":")[0] for one in told[1:]}
    assert {"name", "goal", "campaign_id", "placements", "end_time"} <= named


def test_a_change_says_only_what_changes() -> None:
    write = updating("campaign", "k2v8c", {"daily_budget_amount_local": "30"})
    assert texts(write.params) == {"daily_budget_amount_local_micro": "30000000"}
    assert (write.verb, write.id) == ("update", "k2v8c")
    assert "nothing is to be changed" in refused(updating, "campaign", "k2v8c", {})


def test_pausing_and_resuming_change_the_status() -> None:
    assert pausing("line_item", "w6n4r").params == {"entity_status": "PAUSED"}
    assert resuming("campaign", "k2v8c").params == {"entity_status": "ACTIVE"}


@pytest.mark.parametrize("verb", [pausing, resuming, lambda one, id_: updating(one, id_, {})])
def test_a_promoted_tweet_has_no_status_and_the_way_round_is_told(
    verb: Callable[[EntityName, str], Write],
) -> None:
    told = refused(verb, "promoted_tweet", "5ft2qa")
    assert "pause its line item (`connector line-items pause ID`)" in told
    assert "delete it and create another one" in told


def test_media_has_no_status_but_can_be_changed() -> None:
    assert "pause the line items that show it" in refused(pausing, "media", "13_1")
    assert updating("media", "13_1", {"title": "pots"}).params == {"title": "pots"}


@pytest.mark.parametrize(
    ("entity", "id_"), [("campaign", "K2V8C"), ("campaign", "../x"), ("media", "k2v8c"),
                        ("campaign", ""), ("promoted_tweet", "x" * 21), ("line_item", "a?b=c")]
)  # fmt: skip
def test_an_id_of_another_form_never_becomes_a_path(entity: EntityName, id_: str) -> None:
    assert "is no id of a" in refused(deleting, entity, id_)


@pytest.mark.parametrize("call", [deleting, pausing, checked_id])
def test_a_made_up_id_is_refused(call: Callable[..., Write]) -> None:
    assert "dry-0a1b2c is made up" in refused(call, "campaign", "dry-0a1b2c")


def test_a_made_up_id_is_refused_within_fields_and_a_name_is_none() -> None:
    assert "dry-0a1b is made up" in refused(
        creating, "promoted_tweet", {"line_item_id": "dry-0a1b", "tweet_ids": "1"}
    )
    creating("campaign", CAMPAIGN | {"name": "dry-cleaning"})


@pytest.mark.parametrize("key", ["", "a b", "x" * 201, "ü", "a\nb"])
def test_a_key_is_what_a_header_can_carry(key: str) -> None:
    assert "an idempotency key is" in refused(creating, "campaign", CAMPAIGN, key=key)


def test_the_campaign_of_a_line_item_is_held_against_it() -> None:
    line_item = {
        "campaign_id": "k2v8c", "objective": "ENGAGEMENTS", "product_type": "PROMOTED_TWEETS",
        "placements": "ALL_ON_TWITTER", "start_time": "2026-03-10", "end_time": "",
        "bid_amount_local": "11",
    }  # fmt: skip
    creating("line_item", line_item)
    parent = {"daily_budget_amount_local_micro": 10_000_000}
    assert "bid_amount_local: is more than" in refused(
        creating, "line_item", line_item, parent=parent
    )
