"""Campaigns as they are made, changed and deleted."""

from collections.abc import Iterator
from typing import Any

import pytest
from manager import LINE_ITEM, UNLIMITED, Manager, managed

from connector.simulator.settings import Settings


@pytest.fixture(scope="module")
def manager() -> Iterator[Manager]:
    """An account whose tests make what they need."""
    with managed() as one:
        yield one


def test_a_new_campaign_is_as_x_shows_it(manager: Manager) -> None:
    funding = manager.funding
    answer = manager.ask(
        "POST", "campaigns", funding_instrument_id=funding, name="spring",
        daily_budget_amount_local_micro=25_000_000, entity_status="PAUSED",
        budget_optimization="LINE_ITEM",
    )  # fmt: skip
    body = answer.json()
    assert body["request"]["params"] == {
        "name": "spring", "budget_optimization": "LINE_ITEM",
        "daily_budget_amount_local_micro": 25_000_000, "funding_instrument_id": funding,
        "entity_status": "PAUSED", "account_id": manager.account_id,
    }  # fmt: skip
    row = body["data"]
    assert row["reasons_not_servable"] == ["PAUSED_BY_ADVERTISER", "INCOMPLETE"]
    assert row["created_at"] == row["updated_at"]
    expected = {
        "name": "spring", "budget_optimization": "LINE_ITEM", "servable": False,
        "purchase_order_number": None, "effective_status": "UNKNOWN",
        "daily_budget_amount_local_micro": 25_000_000, "funding_instrument_id": funding,
        "duration_in_days": None, "standard_delivery": None, "deleted": False,
        "total_budget_amount_local_micro": None, "entity_status": "PAUSED", "frequency_cap": None,
        "currency": "USD",
    }  # fmt: skip
    assert expected.items() <= row.items()
    assert set(row) - set(expected) == {"id", "created_at", "updated_at", "reasons_not_servable"}
    assert manager.done("GET", f"campaigns/{row['id']}") == row


def test_a_campaign_is_active_unless_it_is_said(manager: Manager) -> None:
    made = manager.campaign(entity_status=None)
    assert made["entity_status"] == "ACTIVE"
    manager.done("DELETE", f"campaigns/{made['id']}")


def test_parameters_may_come_as_a_form_and_not_as_json(manager: Manager) -> None:
    form = {
        "funding_instrument_id": manager.funding, "name": "form",
        "daily_budget_amount_local_micro": "25000000", "entity_status": "PAUSED",
    }  # fmt: skip
    answer = manager.session.post(manager.url("campaigns"), data=form, timeout=5)
    assert answer.json()["data"]["name"] == "form"
    assert manager.refused("POST", "campaigns", json=form)[:2] == (400, "MISSING_PARAMETER")


@pytest.mark.parametrize(
    ("changes", "status", "code", "parameter"),
    [
        ({"name": None}, 400, "MISSING_PARAMETER", "name"),
        ({"name": ""}, 400, "INVALID_PARAMETER", "name"),
        ({"name": "x" * 256}, 400, "INVALID_PARAMETER", "name"),
        ({"funding_instrument_id": None}, 400, "MISSING_PARAMETER", "funding_instrument_id"),
        ({"funding_instrument_id": "zz"}, 404, "FUNDING_INSTRUMENT_NOT_FOUND",
         "funding_instrument_id"),
        ({"daily_budget_amount_local_micro": None}, 400, "MISSING_PARAMETER",
         "daily_budget_amount_local_micro"),
        ({"daily_budget_amount_local_micro": "25.5"}, 400, "INVALID_PARAMETER",
         "daily_budget_amount_local_micro"),
        ({"daily_budget_amount_local_micro": 25_000_001}, 400, "INVALID_DENOMINATION",
         "daily_budget_amount_local_micro"),
        ({"total_budget_amount_local_micro": 20_000_000}, 400, "INVALID_PARAMETER",
         "daily_budget_amount_local_micro"),
        ({"entity_status": "RUNNING"}, 400, "INVALID_PARAMETER", "entity_status"),
        ({"budget_optimization": "CAMPAIGN"}, 400, "INVALID_PARAMETER", "budget_optimization"),
        ({"purchase_order_number": "x" * 51}, 400, "INVALID_PARAMETER", "purchase_order_number"),
        ({"standard_delivery": "perhaps"}, 400, "INVALID_PARAMETER", "standard_delivery"),
    ],
)  # fmt: skip
def test_a_campaign_with_something_wrong_is_not_made(
    manager: Manager, changes: dict[str, Any], status: int, code: str, parameter: str
) -> None:
    before = len(manager.rows("campaigns", with_deleted="true"))
    sound = {
        "funding_instrument_id": manager.funding, "name": "wrong",
        "daily_budget_amount_local_micro": 25_000_000, "entity_status": "PAUSED",
    }  # fmt: skip
    assert manager.refused("POST", "campaigns", **(sound | changes)) == (status, code, parameter)
    assert len(manager.rows("campaigns", with_deleted="true")) == before


def test_every_error_is_named_at_once(manager: Manager) -> None:
    answer = manager.ask("POST", "campaigns", name="", entity_status="x")
    errors = {(entry["code"], entry["parameter"]) for entry in answer.json()["errors"]}
    assert errors == {
        ("INVALID_PARAMETER", "name"),
        ("INVALID_PARAMETER", "entity_status"),
        ("MISSING_PARAMETER", "funding_instrument_id"),
    }
    assert answer.json()["request"] == {"params": {"account_id": manager.account_id}}


def test_a_funding_instrument_that_cannot_pay_is_refused(manager: Manager) -> None:
    every = manager.rows("funding_instruments", with_deleted="true")
    unable = next(row["id"] for row in every if not row["able_to_fund"])
    refused = manager.refused("POST", "campaigns", funding_instrument_id=unable, name="x")
    assert refused[:2] == (400, "INVALID_FUNDING_INSTRUMENT")


def test_a_change_touches_only_what_it_names(manager: Manager) -> None:
    made = manager.campaign(total_budget_amount_local_micro=90_000_000)
    changed = manager.done("PUT", f"campaigns/{made['id']}", name="summer")
    assert {**made, "name": "summer", "updated_at": changed["updated_at"]} == changed
    unset = manager.done("PUT", f"campaigns/{made['id']}", total_budget_amount_local_micro="")
    assert unset["total_budget_amount_local_micro"] is None
    refused = manager.refused("PUT", f"campaigns/{made['id']}", name="")
    assert refused == (400, "INVALID_PARAMETER", "name")


def test_a_daily_budget_is_not_unset(manager: Manager) -> None:
    path, name = f"campaigns/{manager.campaign()['id']}", "daily_budget_amount_local_micro"
    assert manager.refused("PUT", path, **{name: ""}) == (400, "MISSING_PARAMETER", name)
    assert manager.done("GET", path)[name] == 25_000_000


def test_a_campaign_does_not_go_back_to_a_draft(manager: Manager) -> None:
    made = manager.campaign(entity_status="DRAFT")
    assert made["entity_status"] == "DRAFT"
    assert manager.done("PUT", f"campaigns/{made['id']}", entity_status="PAUSED")
    refused = manager.refused("PUT", f"campaigns/{made['id']}", entity_status="DRAFT")
    assert refused == (400, "INVALID_PARAMETER", "entity_status")


def test_deleting_is_for_good(manager: Manager) -> None:
    item = manager.line_item()
    path = f"campaigns/{item['campaign_id']}"
    gone = manager.done("DELETE", path)
    assert gone["deleted"] is True
    for method in ("DELETE", "PUT", "GET"):
        assert manager.refused(method, path)[:2] == (404, "CAMPAIGN_NOT_FOUND")
    shown = manager.done("GET", f"line_items/{item['id']}", with_deleted="true")
    assert shown["deleted"] is False
    refused = manager.refused("POST", "line_items", **LINE_ITEM, campaign_id=gone["id"])
    assert refused == (404, "CAMPAIGN_NOT_FOUND", "campaign_id")


def test_a_header_for_idempotency_does_nothing(manager: Manager) -> None:
    params = {
        "funding_instrument_id": manager.funding, "name": "twice",
        "daily_budget_amount_local_micro": "25000000", "entity_status": "PAUSED",
    }  # fmt: skip
    headers = {"Idempotency-Key": "one"}
    for _ in range(2):
        manager.session.post(manager.url("campaigns"), params=params, headers=headers, timeout=5)
    assert len(manager.rows("campaigns", q="twice")) == 2


def test_who_may_only_look_changes_nothing(manager: Manager) -> None:
    analyst = manager.as_user("analyst")
    funding = manager.funding
    for method, path in (("POST", "campaigns"), ("PUT", "campaigns/x"), ("DELETE", "campaigns/x")):
        refused = analyst.refused(method, path, funding_instrument_id=funding, name="x")
        assert refused[:2] == (403, "ACTION_NOT_ALLOWED")


def test_active_campaigns_have_a_number() -> None:
    # the account has five active ones, and 39 that hold two hundred ads each
    with managed(Settings(ads=39_000, limits=UNLIMITED)) as manager:
        refused = None
        for _ in range(2):
            made = manager.ask(
                "POST", "campaigns", funding_instrument_id=manager.funding, name="more",
                daily_budget_amount_local_micro=25_000_000,
            )  # fmt: skip
            refused = made.json().get("errors", [{}])[0].get("code")
        assert refused == "TOO_MANY_CAMPAIGNS"
        paused = manager.campaign()
        refused = manager.refused("PUT", f"campaigns/{paused['id']}", entity_status="ACTIVE")
        assert refused[1] == "TOO_MANY_CAMPAIGNS"
