"""Line items: what may be said about one, and what is wrong with what is said."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from connector.simulator.ads import defaults
from connector.simulator.ads.campaigns import written
from connector.simulator.ads.entities import ACTIVE, DRAFT, PAUSED, Campaign, LineItem
from connector.simulator.ads.kinds import (
    amount,
    each,
    entity_id,
    integer_of,
    moment,
    one_of,
    optional,
    seconds_of,
    some_of,
    text,
    user_id,
)
from connector.simulator.ads.resources import Resource
from connector.simulator.ads.store import Store
from connector.simulator.ads.writing import NotDoneError, Writing, check_amounts, not_found, wrong
from connector.simulator.envelope import Error, error
from connector.simulator.parameters import flag, integer

MAX_PER_CAMPAIGN = 100

_BID, _DAILY = "bid_amount_local_micro", "daily_budget_amount_local_micro"
_TOTAL = "total_budget_amount_local_micro"
_WRITTEN = (
    "name", "placements", _BID, _DAILY, _TOTAL, "start_time", "end_time", "entity_status", "goal",
    "pay_by", "bid_strategy", "advertiser_domain", "advertiser_user_id", "categories",
    "primary_web_event_tag", "frequency_cap", "duration_in_days", "audience_expansion",
    "standard_delivery", "android_app_store_identifier", "ios_app_store_identifier",
)  # fmt: skip
_APP_STORES = ("android_app_store_identifier", "ios_app_store_identifier")
_STRATEGIES = ("AUTO", "MAX", "TARGET")

# The objectives that a strategy of bidding does not go with, and those it does.
_NO_MAX = frozenset({"REACH", "FOLLOWERS"})
_TARGET = frozenset({"REACH", "FOLLOWERS", "WEBSITE_CLICKS"})


def _create(writing: Writing) -> LineItem:
    values, store = writing.values, writing.store
    campaign = store.campaigns.get(values["campaign_id"])
    if campaign is None or campaign.deleted:
        raise not_found("CAMPAIGN_NOT_FOUND", "campaign_id")
    objective = values["objective"]
    goal = values.get("goal") or defaults.GOALS[objective]
    by_bid = "TARGET" if objective in _NO_MAX else "MAX"
    line_item = LineItem(
        id=next(store.ids),
        campaign_id=campaign.id,
        objective=objective,
        product_type=values["product_type"],
        placements=(),
        currency=campaign.currency,
        goal=goal,
        pay_by=defaults.PAID_FOR[goal],
        bid_strategy=by_bid if values.get(_BID) else "AUTO",
        advertiser_user_id=store.user_id,
        created_at=writing.now,
        updated_at=writing.now,
    )
    _check_siblings(store, line_item)
    return _checked(writing, replace(line_item, **_values(writing)), campaign)


def _check_siblings(store: Store, line_item: LineItem) -> None:
    siblings = [
        one
        for one in store.line_items.values()
        if one.campaign_id == line_item.campaign_id and not one.deleted
    ]
    if len(siblings) >= MAX_PER_CAMPAIGN:
        message = f"A campaign has at most {MAX_PER_CAMPAIGN} line items"
        raise wrong("TOO_MANY_LINE_ITEMS", message)
    kinds = {(one.objective, one.product_type) for one in siblings}
    if kinds and (line_item.objective, line_item.product_type) not in kinds:
        message = "A campaign has one objective and one product type"
        raise wrong("INVALID_PARAMETER", message, "objective")


def _change(writing: Writing, line_item: LineItem) -> LineItem:
    if writing.values.get("entity_status") == DRAFT:
        raise wrong("INVALID_PARAMETER", "Expected one of ACTIVE, PAUSED", "entity_status")
    changed = replace(line_item, **_values(writing))
    return _checked(writing, changed, writing.store.campaigns[line_item.campaign_id])


def _values(writing: Writing) -> dict[str, Any]:
    values = written(writing.values, _WRITTEN)
    for name in ("start_time", "end_time"):
        if values.get(name) is not None:
            values[name] = seconds_of(values[name])
    return values


def _checked(writing: Writing, line_item: LineItem, campaign: Campaign) -> LineItem:
    check_amounts(writing.values, line_item.currency)
    errors = [
        *_missing(line_item),
        *_bid_errors(line_item),
        *_window_errors(line_item),
        *_money_errors(line_item, campaign),
    ]
    if errors:
        raise NotDoneError(errors)
    tag = line_item.primary_web_event_tag
    if "primary_web_event_tag" in writing.values and tag is not None and tag not in writing.tags:
        raise not_found("WEB_EVENT_TAG_NOT_FOUND", "primary_web_event_tag")
    return writing.put(line_item)


def _missing(line_item: LineItem) -> Iterator[Error]:
    """What a line item must have because of something else it has."""

    def lacks(name: str, because: str) -> Error:
        return error("MISSING_PARAMETER", f'"{name}" is a required parameter {because}', name)

    if line_item.goal == "WEBSITE_CONVERSIONS" and not line_item.primary_web_event_tag:
        yield lacks("primary_web_event_tag", "for the goal WEBSITE_CONVERSIONS")
    if line_item.bid_strategy != "AUTO" and line_item.bid_amount_local_micro is None:
        yield lacks(_BID, f"for the bid_strategy {line_item.bid_strategy}")
    if "APP_" in line_item.objective and not any(getattr(line_item, one) for one in _APP_STORES):
        yield lacks(_APP_STORES[0], f"for the objective {line_item.objective}")
    if "PUBLISHER_NETWORK" in line_item.placements:
        for name in ("advertiser_domain", "categories"):
            if not getattr(line_item, name):
                yield lacks(name, "for the placement PUBLISHER_NETWORK")
    if (line_item.frequency_cap is None) != (line_item.duration_in_days is None):
        message = "frequency_cap and duration_in_days must be used together"
        yield error("INCLUSIVE_PARAMETERS", message, "frequency_cap")


def _bid_errors(line_item: LineItem) -> Iterator[Error]:
    strategy, objective = line_item.bid_strategy, line_item.objective
    if (strategy == "MAX" and objective in _NO_MAX) or (
        strategy == "TARGET" and objective not in _TARGET
    ):
        message = f"bid_strategy {strategy} does not go with the objective {objective}"
        yield error("INVALID_PARAMETER", message, "bid_strategy")
    allowed = defaults.PLACEMENTS[line_item.product_type]
    if not set(line_item.placements) <= set(allowed):
        message = f"The placements for {line_item.product_type} are {', '.join(allowed)}"
        yield error("INVALID_PLACEMENT_TYPE", message, "placements")


def _window_errors(line_item: LineItem) -> Iterator[Error]:
    start, end = line_item.start_time, line_item.end_time
    if start is not None and end is not None and end <= start:
        yield error("INVALID_TIME_WINDOW", "end_time must be after start_time", "end_time")


def _money_errors(line_item: LineItem, campaign: Campaign) -> Iterator[Error]:
    """Why a line item would spend more than it or its campaign may."""
    budgets = {"daily": campaign.daily_budget_amount_local_micro,
               "total": campaign.total_budget_amount_local_micro}  # fmt: skip
    for what, amounts in (
        (_BID, budgets),
        (_TOTAL, {"total": budgets["total"]}),
        (_DAILY, {"line item's total": line_item.total_budget_amount_local_micro}),
    ):
        value = getattr(line_item, what)
        for name, budget in amounts.items():
            if value is not None and budget is not None and value > budget:
                yield error("SPEND_EXCEEDS_BUDGET", f"{what} exceeds the {name} budget", what)


LINE_ITEMS = Resource(
    kind=LineItem,
    path="/line_items",
    name="line_item",
    ids="line_item_ids",
    group="entity_reads",
    filters={
        "campaign_ids": "campaign_id",
        "funding_instrument_ids": "funding_instrument_id",
    },
    searched=("name",),
    sortable=("created_at", "updated_at", "name", "entity_status", "start_time", "end_time"),
    list_kinds={"with_draft": flag},
    create=_create,
    change=_change,
    can_delete=True,
    kinds={
        "campaign_id": entity_id,
        "objective": one_of(defaults.OBJECTIVES),
        "product_type": one_of(tuple(defaults.PLACEMENTS)),
        "placements": some_of(defaults.PLACEMENTS["PROMOTED_TWEETS"]),
        "name": optional(text()),
        _BID: optional(amount),
        _DAILY: optional(amount),
        _TOTAL: optional(amount),
        "start_time": moment,
        "end_time": optional(moment),
        "entity_status": one_of((ACTIVE, DRAFT, PAUSED)),
        "goal": one_of(tuple(defaults.PAID_FOR)),
        "pay_by": one_of(defaults.PAY_BY),
        "bid_strategy": one_of(_STRATEGIES),
        "advertiser_domain": optional(text()),
        "advertiser_user_id": user_id,
        "categories": each(text(10), of="categories"),
        "primary_web_event_tag": optional(entity_id),
        "frequency_cap": optional(integer(1, 100)),
        "duration_in_days": optional(integer_of(1, 7, 30)),
        "audience_expansion": optional(one_of(("BROAD", "DEFINED", "EXPANDED"))),
        "standard_delivery": flag,
        "android_app_store_identifier": optional(text()),
        "ios_app_store_identifier": optional(text()),
    },
    fixed=frozenset({"campaign_id", "objective", "product_type"}),
    required=("campaign_id", "objective", "product_type", "placements", "start_time"),
)
