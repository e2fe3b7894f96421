from typing import Any

import pytest

from connector.campaigns.checks import problems

_DAILY, _TOTAL = "daily_budget_amount_local_micro", "total_budget_amount_local_micro"
_BID = "bid_amount_local_micro"
LINE_ITEM: dict[str, Any] = {"objective": "ENGAGEMENTS", "placements": ("ALL_ON_TWITTER",)}
PARENT: dict[str, Any] = {
    "daily_budget_amount_local_micro": 10_000_000, "total_budget_amount_local_micro": 50_000_000,
    "currency": "EUR",
}  # fmt: skip


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({"bid_strategy": "MAX"}, "bid_amount_local: is missing; the bid_strategy MAX needs it"),
        ({"bid_strategy": "TARGET"}, "bid_amount_local: is missing"),
        (
            {"objective": "REACH", "bid_strategy": "MAX", "bid_amount_local_micro": 1},
            "bid_strategy: MAX does not go with the objective REACH",
        ),
        (
            {"bid_strategy": "TARGET", "bid_amount_local_micro": 1},
            "bid_strategy: TARGET does not go with the objective ENGAGEMENTS",
        ),
        ({"goal": "WEBSITE_CONVERSIONS"}, "primary_web_event_tag: is missing"),
        ({"frequency_cap": 3}, "frequency_cap: goes with duration_in_days"),
        ({"duration_in_days": 7}, "frequency_cap: goes with duration_in_days"),
        ({"objective": "APP_INSTALLS"}, "android_app_store_identifier: or ios_app_store"),
        ({"placements": ("PUBLISHER_NETWORK",)}, "advertiser_domain: is missing"),
        ({"placements": ("PUBLISHER_NETWORK",), "advertiser_domain": "a.b"}, "categories: is miss"),
        (
            {"start_time": "2026-03-10T00:00:00Z", "end_time": "2026-03-10T00:00:00Z"},
            "end_time: must be after start_time",
        ),
        (
            {_DAILY: 3_000_000, _TOTAL: 2_000_000},
            "daily_budget_amount_local: is more than the total budget, 2.00",
        ),
    ],
)  # fmt: skip
def test_what_does_not_go_together_is_told_before_it_is_sent(
    params: dict[str, Any], told: str
) -> None:
    found = problems("line_item", "create", LINE_ITEM | params)
    assert any(one.startswith(told) for one in found), found


@pytest.mark.parametrize(
    "params",
    [
        {"bid_strategy": "AUTO"},
        {"bid_strategy": "MAX", "bid_amount_local_micro": 1_500_000},
        {"objective": "WEBSITE_CLICKS", "bid_strategy": "TARGET", "bid_amount_local_micro": 10_000},
        {"goal": "WEBSITE_CONVERSIONS", "primary_web_event_tag": "p3kx7"},
        {"frequency_cap": 3, "duration_in_days": 7},
        {"objective": "APP_INSTALLS", "ios_app_store_identifier": "1"},
        {"start_time": "2026-03-10T00:00:00Z", "end_time": None},
    ],
)
def test_what_goes_together_passes(params: dict[str, Any]) -> None:
    assert problems("line_item", "create", LINE_ITEM | params, parent=PARENT) == []


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({_BID: 11_000_000}, "bid_amount_local: is more than the campaign's daily"),
        ({_BID: 51_000_000}, "bid_amount_local: is more than the campaign's total"),
        ({_TOTAL: 60_000_000}, "total_budget_amount_local: is more than the"),
        ({_BID: 1_005_000}, "bid_amount_local: must be a multiple of 0.01 in EUR"),
    ],
)  # fmt: skip
def test_a_line_item_keeps_within_its_campaign(params: dict[str, Any], told: str) -> None:
    found = problems("line_item", "create", LINE_ITEM | params, parent=PARENT)
    assert any(one.startswith(told) for one in found), found


@pytest.mark.parametrize(
    ("currency", "micros", "is_fine"),
    [("JPY", 500_000, False), ("JPY", 1_000_000, True), ("KWD", 1_000, True), ("KWD", 100, False)],
)
def test_amounts_are_multiples_of_the_currencys_step(
    currency: str, micros: int, *, is_fine: bool
) -> None:
    params = {"daily_budget_amount_local_micro": micros}
    assert (problems("campaign", "create", params, currency=currency) == []) is is_fine


def test_an_update_is_held_against_what_is_there_only_where_that_is_known() -> None:
    change: dict[str, Any] = {"daily_budget_amount_local_micro": 30_000_000}
    before = {"total_budget_amount_local_micro": 20_000_000, "currency": "EUR"}
    assert problems("campaign", "update", change) == []
    assert problems("campaign", "update", change, before=before)
    assert problems("line_item", "update", {"frequency_cap": 3}) == []
    assert problems("line_item", "update", {"bid_strategy": "MAX"}) == []


def test_a_draft_is_made_and_not_gone_back_to() -> None:
    assert problems("campaign", "create", {"entity_status": "DRAFT"}) == []
    [told] = problems("campaign", "update", {"entity_status": "DRAFT"})
    assert told.startswith("entity_status: must be ACTIVE or PAUSED")
