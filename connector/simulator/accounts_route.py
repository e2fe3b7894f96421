"""Ad accounts, who may do what on them, what pays for them, and the events of their pixels."""

from collections.abc import Mapping

from starlette.routing import Route

from connector.simulator.ads_calls import (
    AdsCall,
    Operation,
    Row,
    ads_routes,
    answered,
    listed,
    one,
)
from connector.simulator.envelope import Answer
from connector.simulator.parameters import LIST, Kind, any_text, flag, ids, sorting
from connector.simulator.simulation import Simulation
from connector.simulator.world import Account, Event, FundingInstrument, events_of

MADE, _CHANGED = "2024-02-10T15:21:07Z", "2026-01-19T08:02:33Z"
_BY_ID: Mapping[str, Kind] = {"with_deleted": flag}
_SORTED = ("created_at", "updated_at", "name")


def routes(simulation: Simulation) -> list[Route]:
    """The reads that need no campaign."""
    return ads_routes(simulation, _OPERATIONS)


def _accounts(call: AdsCall) -> Answer:
    wanted = str(call.params.get("q", "")).lower()
    accounts = [call.simulation.world.accounts[account_id] for account_id in call.user.roles]
    rows = [_account_row(account) for account in accounts if wanted in account.name.lower()]
    return listed(call, rows, ids="account_ids")


def _account(call: AdsCall) -> Answer:
    row = {**_account_row(call.account), "industry_type": "RETAIL"} if call.account else None
    return one(call, row, code="ACCOUNT_NOT_FOUND")


def _access(call: AdsCall) -> Answer:
    roles = call.user.roles[call.account.id] if call.account else ()
    return answered(call, {"user_id": call.user.id, "permissions": list(roles)})


def _funding(call: AdsCall) -> dict[str, Row]:
    every = call.simulation.world.funding_instruments.values()
    account_id = call.account.id if call.account else ""
    return {one.id: _funding_row(one) for one in every if one.account_id == account_id}


def _event_tags(call: AdsCall) -> dict[str, Row]:
    account_id = call.account.id if call.account else ""
    return {event.id: event_row(event) for event in events_of(call.simulation.world, account_id)}


def _funding_list(call: AdsCall) -> Answer:
    return listed(call, list(_funding(call).values()), ids="funding_instrument_ids")


def _funding_one(call: AdsCall) -> Answer:
    return one(call, _funding(call).get(call.path["id"]), code="FUNDING_INSTRUMENT_NOT_FOUND")


def _event_tag_list(call: AdsCall) -> Answer:
    return listed(call, list(_event_tags(call).values()), ids="web_event_tag_ids")


def _event_tag_one(call: AdsCall) -> Answer:
    return one(call, _event_tags(call).get(call.path["id"]), code="WEB_EVENT_TAG_NOT_FOUND")


def _account_row(account: Account) -> Row:
    return {
        "name": account.name,
        "business_name": None,
        "timezone": account.timezone,
        "timezone_switch_at": MADE,
        "id": account.id,
        "created_at": MADE,
        "updated_at": _CHANGED,
        "business_id": None,
        "approval_status": "ACCEPTED",
        "deleted": False,
    }


def _funding_row(instrument: FundingInstrument) -> Row:
    return {
        "start_time": MADE,
        "description": instrument.description,
        "credit_limit_local_micro": 350_000_000,
        "end_time": None,
        "id": instrument.id,
        "entity_status": "ACTIVE",
        "account_id": instrument.account_id,
        "reasons_not_able_to_fund": ["DELETED"] if instrument.deleted else [],
        "io_header": None,
        "currency": instrument.currency,
        "funded_amount_local_micro": 812_500_000,
        "created_at": MADE,
        "type": "CREDIT_CARD",
        "able_to_fund": not instrument.deleted,
        "updated_at": _CHANGED,
        "credit_remaining_local_micro": None,
        "deleted": instrument.deleted,
    }


def event_row(event: Event) -> Row:
    """An event tag as X shows it."""
    tracking = event.tracking and not event.deleted
    return {
        "name": event.name,
        "view_through_window": event.view_through_window,
        "click_window": event.click_window,
        "embed_code": f"<script>twq('event', '{event.full_id}', {{}});</script>",
        "id": event.id,
        "retargeting_enabled": event.retargeting_enabled,
        "last_tracked_at": _CHANGED if tracking else None,
        "status": "TRACKING" if tracking else "UNVERIFIED",
        "type": event.type,
        "website_tag_id": event.pixel_id,
        "deleted": event.deleted,
    }


_OPERATIONS = (
    Operation(
        path="/accounts",
        answer=_accounts,
        group="accounts",
        kinds={**LIST, "account_ids": ids, "q": any_text, "sort_by": sorting(_SORTED)},
    ),
    Operation(path="/accounts/{account_id}", answer=_account, kinds=_BY_ID),
    Operation(path="/accounts/{account_id}/authenticated_user_access", answer=_access),
    Operation(
        path="/accounts/{account_id}/funding_instruments",
        answer=_funding_list,
        kinds={**LIST, "funding_instrument_ids": ids, "sort_by": sorting(_SORTED[:2])},
    ),
    Operation(
        path="/accounts/{account_id}/funding_instruments/{id}", answer=_funding_one, kinds=_BY_ID
    ),
    Operation(
        path="/accounts/{account_id}/web_event_tags",
        answer=_event_tag_list,
        kinds={**LIST, "web_event_tag_ids": ids, "sort_by": sorting(("name", "type"))},
    ),
    Operation(
        path="/accounts/{account_id}/web_event_tags/{id}", answer=_event_tag_one, kinds=_BY_ID
    ),
)
