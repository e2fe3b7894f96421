"""Line items as they are made, changed and deleted."""

from collections.abc import Iterator
from typing import Any

import pytest
from manager import LINE_ITEM, Manager, managed


@pytest.fixture(scope="module")
def manager() -> Iterator[Manager]:
    """An account whose tests make what they need."""
    with managed() as one:
        yield one


@pytest.fixture(scope="module")
def campaign_id(manager: Manager) -> str:
    """A campaign of a hundred a day and a thousand in all."""
    made = manager.campaign(
        daily_budget_amount_local_micro=100_000_000, total_budget_amount_local_micro=1_000_000_000
    )
    return str(made["id"])


def test_a_new_line_item_is_as_x_shows_it(manager: Manager) -> None:
    campaign = manager.campaign()
    answer = manager.ask("POST", "line_items", **LINE_ITEM, campaign_id=campaign["id"])
    params, row = answer.json()["request"]["params"], answer.json()["data"]
    assert params["placements"] == ["ALL_ON_TWITTER"]
    assert params["start_time"] == "2026-03-10T00:00:00Z"
    expected = {
        "advertiser_user_id": manager.user_id, "name": None, "placements": ["ALL_ON_TWITTER"],
        "start_time": "2026-03-10T00:00:00Z", "bid_amount_local_micro": 1_500_000,
        "advertiser_domain": None, "target_cpa_local_micro": None, "primary_web_event_tag": None,
        "goal": "ENGAGEMENT", "daily_budget_amount_local_micro": None, "end_time": None,
        "product_type": "PROMOTED_TWEETS", "bid_strategy": "MAX", "duration_in_days": None,
        "standard_delivery": True, "total_budget_amount_local_micro": None,
        "objective": "ENGAGEMENTS", "entity_status": "PAUSED", "automatic_tweet_promotion": None,
        "frequency_cap": None, "android_app_store_identifier": None, "categories": [],
        "currency": "USD", "pay_by": "ENGAGEMENT", "ios_app_store_identifier": None,
        "campaign_id": campaign["id"], "creative_source": "MANUAL", "deleted": False,
    }  # fmt: skip
    assert expected.items() <= row.items()
    assert set(row) - set(expected) == {"id", "created_at", "updated_at", "audience_expansion"}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"bid_amount_local_micro": None}, {"bid_strategy": "AUTO"}),
        ({"objective": "REACH"}, {"bid_strategy": "TARGET", "goal": "MAX_REACH",
                                  "pay_by": "IMPRESSION"}),
        ({"objective": "WEBSITE_CLICKS", "goal": "SITE_VISITS"}, {"pay_by": "IMPRESSION"}),
        ({"objective": "VIDEO_VIEWS", "goal": "VIEW_6S"}, {"pay_by": "VIEW_6S"}),
        ({"end_time": "2026-04-01T12:00:00+0200"}, {"end_time": "2026-04-01T10:00:00Z"}),
        ({"objective": "APP_INSTALLS", "ios_app_store_identifier": "12345"},
         {"goal": "APP_CLICKS"}),
        ({"placements": "PUBLISHER_NETWORK,TWITTER_TIMELINE", "categories": "IAB1,IAB2",
          "advertiser_domain": "shop.example.org"}, {"categories": ["IAB1", "IAB2"]}),
        ({"frequency_cap": 3, "duration_in_days": 7}, {"frequency_cap": 3}),
    ],
)  # fmt: skip
def test_a_line_item_is_completed(
    manager: Manager, changes: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert expected.items() <= manager.line_item(**changes).items()


@pytest.mark.parametrize(
    ("changes", "code", "parameter"),
    [
        *(({name: None}, "MISSING_PARAMETER", name)
          for name in ("campaign_id", "objective", "product_type", "placements", "start_time")),
        ({"objective": "TWEET_ENGAGEMENTS"}, "INVALID_PARAMETER", "objective"),
        ({"placements": "EVERYWHERE"}, "INVALID_PARAMETER", "placements"),
        ({"product_type": "PROMOTED_ACCOUNT", "placements": "TREND"}, "INVALID_PLACEMENT_TYPE",
         "placements"),
        ({"start_time": "soon"}, "INVALID_PARAMETER", "start_time"),
        ({"end_time": "2026-03-10"}, "INVALID_TIME_WINDOW", "end_time"),
        ({"bid_strategy": "TARGET"}, "INVALID_PARAMETER", "bid_strategy"),
        ({"bid_strategy": "MAX", "bid_amount_local_micro": None}, "MISSING_PARAMETER",
         "bid_amount_local_micro"),
        ({"objective": "REACH", "bid_strategy": "MAX"}, "INVALID_PARAMETER", "bid_strategy"),
        ({"bid_amount_local_micro": 0}, "INVALID_PARAMETER", "bid_amount_local_micro"),
        ({"bid_amount_local_micro": 1_500_001}, "INVALID_DENOMINATION", "bid_amount_local_micro"),
        ({"bid_amount_local_micro": 100_010_000}, "SPEND_EXCEEDS_BUDGET",
         "bid_amount_local_micro"),
        ({"total_budget_amount_local_micro": 1_000_010_000}, "SPEND_EXCEEDS_BUDGET",
         "total_budget_amount_local_micro"),
        ({"daily_budget_amount_local_micro": 60_000_000,
          "total_budget_amount_local_micro": 50_000_000}, "SPEND_EXCEEDS_BUDGET",
         "daily_budget_amount_local_micro"),
        ({"goal": "WEBSITE_CONVERSIONS"}, "MISSING_PARAMETER", "primary_web_event_tag"),
        ({"objective": "APP_INSTALLS"}, "MISSING_PARAMETER", "android_app_store_identifier"),
        ({"placements": "PUBLISHER_NETWORK"}, "MISSING_PARAMETER", "advertiser_domain"),
        ({"frequency_cap": 3}, "INCLUSIVE_PARAMETERS", "frequency_cap"),
        ({"frequency_cap": 3, "duration_in_days": 5}, "INVALID_PARAMETER", "duration_in_days"),
        ({"goal": "CLICKS"}, "INVALID_PARAMETER", "goal"),
    ],
)  # fmt: skip
def test_a_line_item_with_something_wrong_is_not_made(
    manager: Manager, campaign_id: str, changes: dict[str, Any], code: str, parameter: str
) -> None:
    values = {**LINE_ITEM, "campaign_id": campaign_id, **changes}
    assert manager.refused("POST", "line_items", **values) == (400, code, parameter)
    assert manager.rows("line_items", campaign_ids=campaign_id) == []


def test_a_goal_needs_an_event_of_the_account(manager: Manager) -> None:
    params = {"objective": "WEBSITE_CLICKS", "goal": "WEBSITE_CONVERSIONS"}
    made = manager.line_item(**params, primary_web_event_tag="o87ne")
    assert made["primary_web_event_tag"] == "o87ne"
    values = {**LINE_ITEM, **params, "campaign_id": made["campaign_id"]}
    refused = manager.refused("POST", "line_items", **values, primary_web_event_tag="zzzzz")
    assert refused == (404, "WEB_EVENT_TAG_NOT_FOUND", "primary_web_event_tag")


def test_a_campaign_has_one_objective(manager: Manager) -> None:
    made = manager.line_item()
    values = {**LINE_ITEM, "campaign_id": made["campaign_id"], "objective": "VIDEO_VIEWS"}
    refused = manager.refused("POST", "line_items", **values)
    assert refused == (400, "INVALID_PARAMETER", "objective")


def test_a_line_item_is_changed_deleted_and_checked_again(manager: Manager) -> None:
    made = manager.line_item(name="one")
    path = f"line_items/{made['id']}"
    changed = manager.done(
        "PUT", path, end_time="2026-05-01", bid_amount_local_micro=2_000_000, objective="REACH"
    )
    assert changed["end_time"] == "2026-05-01T00:00:00Z"
    assert changed["objective"] == "ENGAGEMENTS"
    assert manager.done("PUT", path, end_time="", name="")["end_time"] is None
    assert manager.done("PUT", path, entity_status="ACTIVE")["entity_status"] == "ACTIVE"
    refused = manager.refused("PUT", path, end_time="2026-03-01")
    assert refused == (400, "INVALID_TIME_WINDOW", "end_time")
    assert manager.refused("PUT", path, entity_status="DRAFT")[2] == "entity_status"
    assert manager.refused("PUT", path, bid_amount_local_micro="")[1] == "MISSING_PARAMETER"
    assert manager.done("DELETE", path)["deleted"] is True
    assert manager.refused("DELETE", path)[:2] == (404, "LINE_ITEM_NOT_FOUND")


def test_a_campaign_has_a_hundred_line_items(manager: Manager) -> None:
    campaign = manager.campaign()["id"]
    item = {"operation_type": "Create", "params": {**LINE_ITEM, "campaign_id": campaign}}
    path = f"/12/batch/accounts/{manager.account_id}/line_items"
    for size in (40, 40, 20):
        manager.done("POST", path, json=[item] * size)
    refused = manager.refused("POST", "line_items", **LINE_ITEM, campaign_id=campaign)
    assert refused[:2] == (400, "TOO_MANY_LINE_ITEMS")


def test_a_campaign_that_gets_an_ad_runs(manager: Manager) -> None:
    item = manager.line_item(entity_status="ACTIVE")
    path = f"campaigns/{item['campaign_id']}"
    manager.done("PUT", path, entity_status="ACTIVE")
    assert manager.done("GET", path)["reasons_not_servable"] == ["INCOMPLETE"]
    tweet = manager.tweet(f"for {item['id']}")["tweet_id"]
    manager.done("POST", "promoted_tweets", line_item_id=item["id"], tweet_ids=tweet)
    assert manager.done("GET", path)["servable"] is True
    manager.done("PUT", f"line_items/{item['id']}", end_time="2026-03-11")
    assert manager.done("GET", path)["reasons_not_servable"] == ["EXPIRED"]
