"""Many writes in one call."""

import json
import math
from collections.abc import Iterator
from typing import Any

import pytest
from manager import LINE_ITEM, Manager, managed


@pytest.fixture(scope="module")
def manager() -> Iterator[Manager]:
    """An account whose tests make what they need."""
    with managed() as one:
        yield one


def path(manager: Manager, kind: str = "campaigns") -> str:
    return f"/12/batch/accounts/{manager.account_id}/{kind}"


def create(manager: Manager, name: str, **changes: object) -> dict[str, Any]:
    params = {
        "funding_instrument_id": manager.funding, "name": name, "entity_status": "PAUSED",
        "daily_budget_amount_local_micro": 25_000_000,
    } | changes  # fmt: skip
    return {"operation_type": "Create", "params": params}


def test_a_batch_makes_changes_and_deletes_in_order(manager: Manager) -> None:
    one, other = manager.campaign(name="one")["id"], manager.campaign(name="other")["id"]
    operations = [
        create(manager, "three"),
        {"operation_type": "Update", "params": {"campaign_id": one, "name": "first",
                                                "total_budget_amount_local_micro": None}},
        {"operation_type": "Delete", "params": {"campaign_id": other}},
    ]  # fmt: skip
    body = manager.ask("POST", path(manager), json=operations).json()
    names = [(row["name"], row["deleted"]) for row in body["data"]]
    assert names == [("three", False), ("first", False), ("other", True)]
    assert body["request"][1] == {
        "params": {**operations[1]["params"], "account_id": manager.account_id},
        "operation_type": "Update",
    }
    assert manager.done("GET", f"campaigns/{one}")["name"] == "first"


def test_a_batch_with_one_thing_wrong_does_nothing(manager: Manager) -> None:
    one = manager.campaign(name="kept")["id"]
    before = manager.rows("campaigns", with_deleted="true")
    operations = [
        create(manager, "never"),
        {"operation_type": "Update", "params": {"campaign_id": one, "name": "changed"}},
        create(manager, "wrong", daily_budget_amount_local_micro=1),
    ]
    answer = manager.ask("POST", path(manager), json=operations)
    body = answer.json()
    assert answer.status_code == 400
    assert "errors" not in body  # those are of the request as a whole
    assert [[e["code"] for e in errors] for errors in body["operation_errors"]] == [
        [], [], ["INVALID_DENOMINATION"],
    ]  # fmt: skip
    assert manager.rows("campaigns", with_deleted="true") == before


@pytest.mark.parametrize(
    ("operation", "code"),
    [
        ({"operation_type": "Create", "params": {"name": "x"}}, "MISSING_PARAMETER"),
        ({"operation_type": "Create", "params": {"name": {"a": 1}}}, "INVALID_PARAMETER"),
        ({"operation_type": "Create"}, "MISSING_PARAMETER"),
        ({"operation_type": "Destroy", "params": {}}, "INVALID_PARAMETER"),
        ({"params": {}}, "INVALID_PARAMETER"),
        ({"operation_type": "Update", "params": {"name": "x"}}, "MISSING_PARAMETER"),
        ({"operation_type": "Update", "params": {"campaign_id": "zz"}}, "CAMPAIGN_NOT_FOUND"),
        ({"operation_type": "Update", "params": {"campaign_id": "zz", "name": ""}},
         "INVALID_PARAMETER"),
        ({"operation_type": "Delete", "params": {"campaign_id": []}}, "CAMPAIGN_NOT_FOUND"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_by_operation(
    manager: Manager, operation: dict[str, object], code: str
) -> None:
    answer = manager.ask("POST", path(manager), json=[operation])
    assert answer.status_code == 400
    assert code in {entry["code"] for entry in answer.json()["operation_errors"][0]}


@pytest.mark.parametrize("body", [{}, [], "x", [1], None])
def test_a_batch_is_an_array_of_operations(manager: Manager, body: object) -> None:
    assert manager.refused("POST", path(manager), json=body)[:2] == (400, "INVALID_PARAMETER")


def test_a_body_with_a_number_that_json_lacks_is_refused_as_json(manager: Manager) -> None:
    text = json.dumps([create(manager, "no number", daily_budget_amount_local_micro=math.nan)])
    answer = manager.session.post(
        manager.url(path(manager)), data=text.encode(), timeout=5,
        headers={"Content-Type": "application/json"},
    )  # fmt: skip
    assert (answer.status_code, "NaN" in answer.text) == (400, False)


def test_a_batch_has_forty_operations(manager: Manager) -> None:
    forty = [create(manager, f"forty {number}") for number in range(40)]
    assert len(manager.done("POST", path(manager), json=forty)) == 40
    refused = manager.refused("POST", path(manager), json=[*forty, forty[0]])
    assert refused[:2] == (400, "INVALID_PARAMETER")
    assert len(manager.rows("campaigns", q="forty")) == 40


def test_targeting_is_batched_by_hundreds_and_not_changed(manager: Manager) -> None:
    item = manager.line_item()["id"]
    operations = [
        {
            "operation_type": "Create",
            "params": {"line_item_id": item, "targeting_type": "BROAD_KEYWORD",
                       "targeting_value": f"pot {number}"},
        }
        for number in range(500)
    ]  # fmt: skip
    where = path(manager, "targeting_criteria")
    made = manager.done("POST", where, json=operations)
    assert len({row["id"] for row in made}) == 500
    assert manager.ask("POST", where, json=[*operations, operations[0]]).status_code == 400
    update = {"operation_type": "Update", "params": {"targeting_criterion_id": made[0]["id"]}}
    assert manager.ask("POST", where, json=[update]).status_code == 400
    gone = {"operation_type": "Delete", "params": {"targeting_criterion_id": made[0]["id"]}}
    assert manager.done("POST", where, json=[gone])[0]["deleted"] is True


def test_lists_in_a_batch_are_json_or_joined(manager: Manager) -> None:
    campaign = manager.campaign()["id"]
    for placements in (["TWITTER_SEARCH", "TWITTER_TIMELINE"], "TWITTER_SEARCH,TWITTER_TIMELINE"):
        params = {**LINE_ITEM, "campaign_id": campaign, "placements": placements}
        operation = {"operation_type": "Create", "params": params}
        (row,) = manager.done("POST", path(manager, "line_items"), json=[operation])
        assert row["placements"] == ["TWITTER_SEARCH", "TWITTER_TIMELINE"]


def test_who_may_only_look_sends_no_batch(manager: Manager) -> None:
    refused = manager.as_user("analyst").refused(
        "POST", path(manager), json=[create(manager, "never")]
    )
    assert refused[:2] == (403, "ACTION_NOT_ALLOWED")
