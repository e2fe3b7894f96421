"""`stats/accounts/…`: numbers at once, active entities, and how many people were reached."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timezone, tzinfo
from functools import partial

from starlette.routing import Route

from connector.simulator.ads_calls import AdsCall, Operation, ads_routes, answered, refused
from connector.simulator.envelope import Answer, Error, error
from connector.simulator.parameters import Kind, any_text, ids, invalid
from connector.simulator.simulation import Simulation
from connector.simulator.statistics import metrics
from connector.simulator.statistics.activity import MAX_DAYS, active_rows, reach
from connector.simulator.statistics.answering import answer_to
from connector.simulator.statistics.books import Books, books_of
from connector.simulator.statistics.questions import (
    KINDS,
    MAX_IDS,
    Question,
    Terms,
    Window,
    missing,
    question,
    read_window,
    told_time,
)
from connector.simulator.statistics.questions import MAX_DAYS as MAX_CALL_DAYS
from connector.simulator.statistics.series import View
from connector.simulator.world import METRICS_ROLES, Account, events_of

_NO_ANALYTICS = error(
    "INVALID_ACCOUNT_SERVICE_LEVEL", "The account's service level does not allow this request"
)
_SPAN = ("start_time", "end_time")
_OWNERS = ("campaign_ids", "line_item_ids", "funding_instrument_ids")
_OWNED_BY = dict(
    zip(_OWNERS, (metrics.CAMPAIGN, metrics.LINE_ITEM, metrics.FUNDING_INSTRUMENT), strict=True)
)
_ENTITIES = tuple(entity for entity in metrics.ENTITIES if entity != metrics.ACCOUNT)


def routes(simulation: Simulation) -> list[Route]:
    """The reads of the analytics that are answered at once."""
    return ads_routes(simulation, _OPERATIONS)


def books(simulation: Simulation, account: Account) -> Books:
    """The books of an account as they are now."""
    world = simulation.world
    funding = world.funding_instruments.values()
    store = simulation.ads(account.id)
    return books_of(
        store,
        account,
        ads=simulation.shelf.ads(store),
        funding_ids=[one.id for one in funding if one.account_id == account.id],
        events=events_of(world, account.id),
    )


def view(simulation: Simulation) -> View:
    """What there is to see now."""
    return View(seed=simulation.settings.seed, now=simulation.clock())


def asked(call: AdsCall, *, is_job: bool = False) -> tuple[Question, Books]:
    """The question of a call, and the books it is about.

    Raises:
        RefusedError: 400, it is none, or the account has no analytics.
    """
    of_account = _books(call)
    modes = call.simulation.settings.modes
    refuses_network = "no_publisher_network" in modes
    terms = Terms(
        zone=_zone(of_account, call.simulation),
        is_job=is_job,
        placements=[
            placement
            for placement in metrics.PLACEMENTS
            if not (refuses_network and placement == metrics.PUBLISHER_NETWORK)
        ],
    )
    found, errors = question(call.params, terms)
    if found is None:
        raise _refused(call, errors)
    return found, of_account


def _numbers(call: AdsCall) -> Answer:
    found, of_account = asked(call)
    body = answer_to(found, of_account, view(call.simulation))
    return Answer(status=200, body=body, headers=call.headers)


def _active(call: AdsCall) -> Answer:
    of_account, params = _books(call), call.params
    owners = [name for name in _OWNERS if name in params]
    errors = list(missing(params, ("entity",)))
    if not errors and params["entity"] not in _ENTITIES:
        errors.append(invalid(f"one of {', '.join(_ENTITIES)}", str(params["entity"]), "entity"))
    if len(owners) > 1:
        message = f"{' and '.join(owners)} cannot be used together"
        errors.append(error("EXCLUSIVE_PARAMETERS", message, owners[0]))
    window = _window(call, of_account, errors, days=MAX_DAYS)
    owned = _owned(of_account, params, owners)
    rows = active_rows(owned, str(params["entity"]), window, now=call.simulation.clock())
    return _spanned(call, window, list(rows))


def _reached(call: AdsCall, name: str) -> Answer:
    of_account, params = _books(call), call.params
    errors = list(missing(params, (name,)))
    entity_ids = params.get(name)
    wanted = entity_ids if isinstance(entity_ids, list) else []
    if len(wanted) > MAX_IDS:
        errors.append(invalid(f"at most {MAX_IDS} ids", ",".join(wanted), name))
    window = _window(call, of_account, errors, days=MAX_CALL_DAYS)
    entity, seen = _OWNED_BY[name], view(call.simulation)
    ads = of_account.owned(entity)
    rows = []
    for one in (one for one in wanted if one in of_account.known[entity]):
        people, frequency = reach(ads.get(one, ()), of_account, window, view=seen)
        rows.append({"id": one, "total_audience_reach": people, "average_frequency": frequency})
    return _spanned(call, window, rows, {"data_type": "reach"})


def _books(call: AdsCall) -> Books:
    if call.account is None or "no_analytics" in call.simulation.settings.modes:
        raise _refused(call, [_NO_ANALYTICS])
    return books(call.simulation, call.account)


def _zone(of_account: Books, simulation: Simulation) -> tzinfo:
    """Where DAY begins: in the account's zone, or at its offset of today whatever the season."""
    if "offset_of_today" not in simulation.settings.modes:
        return of_account.zone
    offset = datetime.fromtimestamp(simulation.clock(), of_account.zone).utcoffset()
    return of_account.zone if offset is None else timezone(offset)


def _window(call: AdsCall, of_account: Books, errors: Sequence[Error], *, days: int) -> Window:
    absent = list(missing(call.params, _SPAN))
    window, found = (
        (None, absent) if absent else read_window(call.params, zone=of_account.zone, days=days)
    )
    if window is None or errors:
        raise _refused(call, [*errors, *found])
    return window


def _owned(of_account: Books, params: Mapping[str, object], owners: Sequence[str]) -> Books:
    """The books of what belongs to the owners that a call names."""
    if not owners:
        return of_account
    entity, wanted = _OWNED_BY[owners[0]], params[owners[0]]
    ids_of_owners = wanted if isinstance(wanted, list) else []
    kept = tuple(ad for ad in of_account.ads if ad.ids[entity] in ids_of_owners)
    return Books(account=of_account.account, ads=kept, known=of_account.known)


def _spanned(
    call: AdsCall, window: Window, rows: Sequence[object], more: Mapping[str, object] | None = None
) -> Answer:
    """The answer with rows, the span repeated in UTC."""
    times = {"start_time": told_time(window.start), "end_time": told_time(window.end)}
    answer = answered(call, list(rows), more)
    body = {**answer.body, "request": {"params": {**call.params, **times}}}
    return Answer(status=200, body=body, headers=call.headers)


def _refused(call: AdsCall, errors: Sequence[Error]) -> Exception:
    return refused(400, errors, account=call.account, headers=call.headers)


_TIMES: Mapping[str, Kind] = dict.fromkeys(_SPAN, any_text)
_PATH = "/stats/accounts/{account_id}"

_OPERATIONS = (
    Operation(path=_PATH, answer=_numbers, group="analytics", kinds=KINDS, roles=METRICS_ROLES),
    Operation(
        path=f"{_PATH}/active_entities",
        answer=_active,
        group="analytics",
        kinds={"entity": any_text, **_TIMES, **dict.fromkeys(_OWNERS, ids)},
        roles=METRICS_ROLES,
    ),
    *(
        Operation(
            path=f"{_PATH}/reach/{name.removesuffix('_ids')}s",
            answer=partial(_reached, name=name),
            group="analytics",
            kinds={name: ids, **_TIMES},
            roles=METRICS_ROLES,
        )
        for name in ("campaign_ids", "funding_instrument_ids")
    ),
)
