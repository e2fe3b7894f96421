"""What X documents of fields together, asked before a request leaves."""

from collections.abc import Callable, Iterator, Mapping

from connector.campaigns.amounts import step_of, units_of
from connector.campaigns.fields import ENTITIES, EntityName, Row, Verb
from connector.campaigns.kinds import Value

_DAILY, _TOTAL = "daily_budget_amount_local_micro", "total_budget_amount_local_micro"
_BID = "bid_amount_local_micro"
_APP_STORES = ("android_app_store_identifier", "ios_app_store_identifier")
_NO_MAX = frozenset({"REACH", "FOLLOWERS"})
_TARGET = frozenset({"REACH", "FOLLOWERS", "WEBSITE_CLICKS"})
Params = Mapping[str, Value]


def problems(
    entity: EntityName, verb: Verb, params: Params, *,
    parent: Row | None = None, before: Row | None = None, currency: str | None = None,
) -> list[str]:  # fmt: skip
    """What is wrong between fields, each as `field: sentence`; nothing that X alone can know.

    Args:
        entity: of what.
        verb: what is to be done with it.
        params: its fields as X has them, see `fields.read`.
        parent: the row of a line item's campaign, where it is known.
        before: the row that is changed, where it is known.
        currency: of the ad account, where it is known otherwise.
    """
    known, is_whole = {**(before or {}), **params}, verb == "create" or before is not None
    spent_in = currency or known.get("currency") or (parent or {}).get("currency")
    found = [*_steps(params, spent_in), *_status(verb, params)]
    for rule in _RULES.get(entity, ()):
        found += rule(known, parent or {})
    for need in _NEEDS.get(entity, ()) if is_whole else ():
        found += need(known)
    mine = {one.api for one in ENTITIES[entity].fields if verb in one.on}
    return [f"{name.removesuffix('_micro')}: {told}" for name, told in found if name in mine]


Found = Iterator[tuple[str, str]]


def _steps(params: Params, currency: str | None) -> Found:
    if currency is None:
        return
    step = step_of(currency)
    for name, value in params.items():
        if name.endswith("_local_micro") and isinstance(value, int) and value % step:
            yield name, f"must be a multiple of {units_of(step).normalize()} in {currency}"


def _status(verb: Verb, params: Params) -> Found:
    if verb == "update" and params.get("entity_status") == "DRAFT":
        yield "entity_status", "must be ACTIVE or PAUSED once it is made"


def _below(what: str, most: str, budget: object, value: object) -> Found:
    if isinstance(value, int) and isinstance(budget, int) and value > budget:
        yield what, f"is more than the {most}, {units_of(budget)}"


def _budgets(known: Row, _: Row) -> Found:
    yield from _below(_DAILY, "total budget", known.get(_TOTAL), known.get(_DAILY))


def _within_campaign(known: Row, campaign: Row) -> Found:
    yield from _below(_BID, "campaign's daily budget", campaign.get(_DAILY), known.get(_BID))
    yield from _below(_BID, "campaign's total budget", campaign.get(_TOTAL), known.get(_BID))
    yield from _below(_TOTAL, "campaign's total budget", campaign.get(_TOTAL), known.get(_TOTAL))


def _strategy(known: Row, _: Row) -> Found:
    strategy, objective = known.get("bid_strategy"), known.get("objective")
    if objective is None:
        return
    if (strategy == "MAX" and objective in _NO_MAX) or (
        strategy == "TARGET" and objective not in _TARGET
    ):
        yield "bid_strategy", f"{strategy} does not go with the objective {objective}"


def _window(known: Row, _: Row) -> Found:
    start, end = known.get("start_time"), known.get("end_time")
    if start and end and str(end) <= str(start):
        yield "end_time", "must be after start_time"


def _bid(known: Row) -> Found:
    strategy = known.get("bid_strategy")
    if strategy in {"MAX", "TARGET"} and known.get(_BID) is None:
        yield _BID, f"is missing; the bid_strategy {strategy} needs it"


def _goal(known: Row) -> Found:
    if known.get("goal") == "WEBSITE_CONVERSIONS" and not known.get("primary_web_event_tag"):
        yield "primary_web_event_tag", "is missing; the goal WEBSITE_CONVERSIONS needs it"


def _frequency(known: Row) -> Found:
    if (known.get("frequency_cap") is None) != (known.get("duration_in_days") is None):
        yield "frequency_cap", "goes with duration_in_days, neither alone"


def _app(known: Row) -> Found:
    objective = str(known.get("objective") or "")
    if objective.startswith("APP_") and not any(known.get(one) for one in _APP_STORES):
        yield _APP_STORES[0], f"or {_APP_STORES[1]} is missing; the objective {objective} needs it"


def _network(known: Row) -> Found:
    if "PUBLISHER_NETWORK" in (known.get("placements") or ()):
        for name in ("advertiser_domain", "categories"):
            if not known.get(name):
                yield name, "is missing; the placement PUBLISHER_NETWORK needs it"


# Of what is said; then of what is not, which only the whole can show.
_RULES: Mapping[EntityName, tuple[Callable[[Row, Row], Found], ...]] = {
    "campaign": (_budgets,),
    "line_item": (_budgets, _within_campaign, _strategy, _window),
}
_NEEDS: Mapping[EntityName, tuple[Callable[[Row], Found], ...]] = {
    "line_item": (_bid, _goal, _frequency, _app, _network),
}
