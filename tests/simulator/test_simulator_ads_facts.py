"""What stands beside the campaigns: events, placements, rules, users, history."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from manager import Manager, managed

EVENT: dict[str, object] = {
    "name": "order done", "type": "PURCHASE", "click_window": 14, "view_through_window": 1,
    "retargeting_enabled": "false",
}  # fmt: skip


@pytest.fixture(scope="module")
def manager() -> Iterator[Manager]:
    """An account whose tests make what they need."""
    with managed() as one:
        yield one


def test_a_new_event_takes_conversions(
    manager: Manager,
    conversion: Callable[..., dict[str, object]],
    send: Callable[..., requests.Response],
) -> None:
    made = manager.done("POST", "web_event_tags", **EVENT)
    assert {
        "name": "order done", "type": "PURCHASE", "click_window": 14, "view_through_window": 1,
        "retargeting_enabled": False, "status": "UNVERIFIED", "last_tracked_at": None,
        "deleted": False, "website_tag_id": "o8z6j",
    }.items() <= made.items()  # fmt: skip
    assert made in manager.rows("web_event_tags")
    event_id = f"tw-{made['website_tag_id']}-{made['id']}"
    assert send(manager.address, conversion(event_id=event_id)).status_code == 200
    manager.done("DELETE", f"web_event_tags/{made['id']}")
    assert send(manager.address, conversion(event_id=event_id)).status_code == 404


def test_an_event_is_changed_and_deleted(manager: Manager) -> None:
    made = manager.done("POST", "web_event_tags", **EVENT)
    path = f"web_event_tags/{made['id']}"
    assert manager.done("PUT", path, click_window=30) == {**made, "click_window": 30}
    refused = manager.refused("PUT", path, click_window=1, view_through_window=7)
    assert refused == (400, "INVALID_PARAMETER", "view_through_window")
    assert manager.done("DELETE", path)["deleted"] is True
    for method in ("PUT", "DELETE", "GET"):
        assert manager.refused(method, path)[:2] == (404, "WEB_EVENT_TAG_NOT_FOUND")


@pytest.mark.parametrize("name", EVENT)
def test_an_event_needs_all_of_it(manager: Manager, name: str) -> None:
    refused = manager.refused("POST", "web_event_tags", **(EVENT | {name: None}))
    assert refused == (400, "MISSING_PARAMETER", name)


@pytest.mark.parametrize(
    ("name", "value"), [("click_window", 2), ("click_window", 0), ("view_through_window", 90)]
)
def test_an_event_has_windows_that_x_knows(manager: Manager, name: str, value: int) -> None:
    refused = manager.refused("POST", "web_event_tags", **(EVENT | {name: value}))
    assert refused == (400, "INVALID_PARAMETER", name)


def test_placements_are_told_by_product(manager: Manager) -> None:
    rows = manager.rows("/12/line_items/placements")
    assert {row["product_type"] for row in rows} == {"MEDIA", "PROMOTED_ACCOUNT", "PROMOTED_TWEETS"}
    (row,) = manager.rows("/12/line_items/placements", product_type="MEDIA")
    assert "ALL_ON_TWITTER" in row["placements"]


@pytest.mark.parametrize(
    ("currency", "step"), [("USD", 10_000), ("JPY", 1_000_000), ("KWD", 1_000)]
)
def test_bidding_rules_tell_the_smallest_step(manager: Manager, currency: str, step: int) -> None:
    (row,) = manager.rows("/12/bidding_rules", currency=currency)
    assert row["minimum_denomination"] == step
    assert len(manager.rows("/12/bidding_rules")) > 5


def test_the_users_that_can_be_promoted_are_the_accounts_own_and_a_partner(
    manager: Manager,
) -> None:
    rows = manager.rows("promotable_users")
    assert [(row["user_id"], row["promotable_user_type"]) for row in rows] == [
        (manager.user_id, "FULL"),
        (str(int(manager.user_id) + 99), "RETWEETS_ONLY"),
    ]
    assert manager.done("GET", f"promotable_users/{rows[0]['id']}") == rows[0]


def history(manager: Manager, id_: str, **changes: object) -> list[dict[str, Any]]:
    params = {
        "entity_type": "CAMPAIGN", "entity_id": id_,
        "start_time": "2020-01-01", "end_time": "2100-01-01",
    }  # fmt: skip
    return manager.rows("account_history", **(params | changes))


def test_the_history_tells_who_changed_what(manager: Manager) -> None:
    made = manager.campaign(name="before")["id"]
    manager.done("PUT", f"campaigns/{made}", name="after")
    manager.done("DELETE", f"campaigns/{made}")
    rows = history(manager, made)
    assert [row["change_type"] for row in rows] == ["CREATE", "UPDATE", "DELETE"]
    assert rows[1]["fields"] == {"name": {"before": "before", "after": "after"}}
    assert {row["change_by"]["user_id"] for row in rows} == {manager.user_id}
    assert history(manager, made, entity_type="LINE_ITEM") == []
    assert history(manager, made, end_time="2021-01-01") == []
    assert json.dumps(rows[0]["fields"]["created_at"]["after"]).endswith('Z"')
