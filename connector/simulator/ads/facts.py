"""What can be read beside the entities: placements, bidding rules, promotable users, history."""

from collections.abc import Mapping

from connector.simulator.accounts_route import MADE
from connector.simulator.ads.defaults import DENOMINATIONS, HUNDREDTH, PLACEMENTS
from connector.simulator.ads.entities import Change
from connector.simulator.ads.kinds import entity_id, moment, one_of, said, seconds_of
from connector.simulator.ads.resources import ACCOUNT_PATH, store_of
from connector.simulator.ads.store import TRACED, values_of
from connector.simulator.ads_calls import AdsCall, Operation, Row, answered, listed, one
from connector.simulator.envelope import Answer
from connector.simulator.parameters import LIST, flag, ids

_CURRENCIES = ("CHF", "EUR", "GBP", "USD", *sorted(DENOMINATIONS))
_UNTRACED = frozenset({"active", "updated_at"})
_TIMES = frozenset({"created_at", "start_time", "end_time", "scheduled_at"})


def _placements(call: AdsCall) -> Answer:
    wanted = call.params.get("product_type")
    rows = [
        {"product_type": product, "placements": list(placements)}
        for product, placements in PLACEMENTS.items()
        if wanted in {None, product}
    ]
    return answered(call, rows, {"next_cursor": None})


def _bidding_rules(call: AdsCall) -> Answer:
    wanted = call.params.get("currency")
    rows = [
        {
            "currency": currency,
            "minimum_denomination": DENOMINATIONS.get(currency, HUNDREDTH),
            "minimum_cpe_bid_local_micro": DENOMINATIONS.get(currency, HUNDREDTH),
            "maximum_cpe_bid_local_micro": 1_000_000_000_000,
        }
        for currency in _CURRENCIES
        if wanted in {None, currency}
    ]
    return answered(call, rows, {"next_cursor": None})


def _promotable_users(call: AdsCall) -> Mapping[str, Row]:
    store = store_of(call)
    rows = [
        {
            "id": f"{prefix}{store.account_id[-4:]}",
            "user_id": user_id,
            "promotable_user_type": kind,
            "created_at": MADE,
            "updated_at": MADE,
            "deleted": False,
        }
        for prefix, user_id, kind in (
            ("l", store.user_id, "FULL"),
            ("m", str(int(store.user_id) + 99), "RETWEETS_ONLY"),
        )
    ]
    return {str(row["id"]): row for row in rows}


def _promotable_user_list(call: AdsCall) -> Answer:
    return listed(call, list(_promotable_users(call).values()), ids="promotable_user_ids")


def _promotable_user(call: AdsCall) -> Answer:
    row = _promotable_users(call).get(call.path["id"])
    return one(call, row, code="PROMOTABLE_USER_NOT_FOUND")


def _history(call: AdsCall) -> Answer:
    since, until = (seconds_of(str(call.params[name])) for name in ("start_time", "end_time"))
    asked = (call.params["entity_type"], call.params["entity_id"])
    rows = [
        _change(change)
        for change in store_of(call).changes
        if (TRACED[type(change.after)], change.after.id) == asked and since <= change.at < until
    ]
    return answered(call, rows, {"next_cursor": None})


def _change(change: Change) -> Row:
    old = {} if change.before is None else values_of(change.before)
    new = values_of(change.after)
    made, deleted = change.before is None, change.after.deleted and not old.get("deleted")
    return {
        "entity": TRACED[type(change.after)],
        "entity_id": change.after.id,
        "change_type": "DELETE" if deleted else "CREATE" if made else "UPDATE",
        "change_time": said(change.at),
        "change_by": {"platform": "ADS_API", "user_id": change.user_id},
        "fields": {
            name: {"before": _told(name, old.get(name)), "after": _told(name, value)}
            for name, value in new.items()
            if name not in _UNTRACED and old.get(name) != value
        },
    }


def _told(name: str, value: object) -> object:
    return said(value) if name in _TIMES and isinstance(value, int) else value


OPERATIONS = (
    Operation(
        path="/line_items/placements",
        answer=_placements,
        group="accounts",
        kinds={"product_type": one_of(tuple(PLACEMENTS))},
    ),
    Operation(
        path="/bidding_rules",
        answer=_bidding_rules,
        group="accounts",
        kinds={"currency": one_of(_CURRENCIES)},
    ),
    Operation(
        path=f"{ACCOUNT_PATH}/promotable_users",
        answer=_promotable_user_list,
        kinds={**LIST, "promotable_user_ids": ids},
    ),
    Operation(
        path=f"{ACCOUNT_PATH}/promotable_users/{{id}}",
        answer=_promotable_user,
        kinds={"with_deleted": flag},
    ),
    Operation(
        path=f"{ACCOUNT_PATH}/account_history",
        answer=_history,
        kinds={
            "entity_type": one_of(tuple(TRACED.values())),
            "entity_id": entity_id,
            "start_time": moment,
            "end_time": moment,
        },
        required=("entity_type", "entity_id", "start_time", "end_time"),
    ),
)
