"""Campaigns: what may be said about one, and what is wrong with what is said."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from connector.simulator.ads.entities import ACTIVE, DRAFT, PAUSED, Campaign
from connector.simulator.ads.kinds import amount, entity_id, one_of, optional, text
from connector.simulator.ads.resources import Resource
from connector.simulator.ads.writing import (
    Writing,
    check_amounts,
    needed,
    not_found,
    wrong,
)
from connector.simulator.parameters import flag

MAX_ACTIVE = 200

_DAILY, _TOTAL = "daily_budget_amount_local_micro", "total_budget_amount_local_micro"
_WRITTEN = (
    "name", _DAILY, _TOTAL, "budget_optimization", "entity_status", "purchase_order_number",
    "standard_delivery",
)  # fmt: skip


def _create(writing: Writing) -> Campaign:
    values = writing.values
    funding = values["funding_instrument_id"]
    if funding in writing.unfunded:
        message = f"Funding instrument {funding} cannot pay"
        raise wrong("INVALID_FUNDING_INSTRUMENT", message, "funding_instrument_id")
    if funding not in writing.funded:
        raise not_found("FUNDING_INSTRUMENT_NOT_FOUND", "funding_instrument_id")
    campaign = Campaign(
        id=next(writing.store.ids),
        funding_instrument_id=funding,
        currency=writing.store.currency,
        created_at=writing.now,
        updated_at=writing.now,
        **written(values, _WRITTEN),
    )
    return _checked(writing, campaign)


def _change(writing: Writing, campaign: Campaign) -> Campaign:
    if writing.values.get("entity_status") == DRAFT:
        raise wrong("INVALID_PARAMETER", "Expected one of ACTIVE, PAUSED", "entity_status")
    return _checked(writing, replace(campaign, **written(writing.values, _WRITTEN)))


def _checked(writing: Writing, campaign: Campaign) -> Campaign:
    check_amounts(writing.values, campaign.currency)
    # the accounts here have cards, which need it: it can't be unset either
    needed({_DAILY: campaign.daily_budget_amount_local_micro}, _DAILY)
    daily, total = (getattr(campaign, name) for name in (_DAILY, _TOTAL))
    if total is not None and daily > total:
        raise wrong("INVALID_PARAMETER", f"{_DAILY} cannot exceed {_TOTAL}", _DAILY)
    others = (
        one
        for one in writing.store.campaigns.values()
        if one.entity_status == ACTIVE and not one.deleted and one.id != campaign.id
    )
    before = writing.store.campaigns.get(campaign.id)
    begins = campaign.entity_status == ACTIVE and (before is None or before.entity_status != ACTIVE)
    if begins and sum(1 for _ in others) >= MAX_ACTIVE:
        raise wrong("TOO_MANY_CAMPAIGNS", f"At most {MAX_ACTIVE} campaigns can be active")
    return writing.put(campaign)


def written(values: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """Those of some values that were said, lists as tuples."""
    return {
        name: tuple(values[name]) if isinstance(values[name], list) else values[name]
        for name in names
        if name in values
    }


CAMPAIGNS = Resource(
    kind=Campaign,
    path="/campaigns",
    name="campaign",
    ids="campaign_ids",
    group="entity_reads",
    filters={"funding_instrument_ids": "funding_instrument_id"},
    searched=("name",),
    sortable=("created_at", "updated_at", "name", "entity_status"),
    list_kinds={"with_draft": flag},
    create=_create,
    change=_change,
    can_delete=True,
    kinds={
        "funding_instrument_id": entity_id,
        "name": text(),
        _DAILY: optional(amount),
        _TOTAL: optional(amount),
        "budget_optimization": one_of(("LINE_ITEM",)),
        "entity_status": one_of((ACTIVE, DRAFT, PAUSED)),
        "purchase_order_number": optional(text(50)),
        "standard_delivery": flag,
    },
    fixed=frozenset({"funding_instrument_id"}),
    required=("funding_instrument_id", "name"),
)
