"""The events of pixels, as they are made, changed and deleted."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from connector.simulator.accounts_route import event_row
from connector.simulator.ads.kinds import integer_of, text
from connector.simulator.ads.resources import ACCOUNT_PATH, account_of, done, write
from connector.simulator.ads.writing import not_found, wrong
from connector.simulator.ads_calls import AdsCall, answered
from connector.simulator.envelope import Answer
from connector.simulator.parameters import Kind, flag
from connector.simulator.world import Event, World, events_of

_PATH = f"{ACCOUNT_PATH}/web_event_tags"
_KINDS: Mapping[str, Kind] = {
    "name": text(),
    "type": text(50),
    "click_window": integer_of(1, 7, 14, 30),
    "view_through_window": integer_of(0, 1, 7, 14, 30),
    "retargeting_enabled": flag,
}


def _create(call: AdsCall) -> Answer:
    def created() -> Event:
        world, account = call.simulation.world, account_of(call)
        pixels = (one for one in world.pixels.values() if one.account_id == account.id)
        pixel = next(pixels, None)
        if pixel is None:
            raise wrong("FEATURE_NOT_AVAILABLE", "The account has no pixel")
        id_ = next(one for one in call.simulation.ads(account.id).ids if one not in world.events)
        return Event(id=id_, pixel_id=pixel.id, tracking=False, **_said(call))

    return _stored(call, done(call, created))


def _change(call: AdsCall) -> Answer:
    return _stored(call, replace(done(call, lambda: _found(call)), **_said(call)))


def _delete(call: AdsCall) -> Answer:
    return _stored(call, replace(done(call, lambda: _found(call)), deleted=True))


def _said(call: AdsCall) -> dict[str, Any]:
    return {name: call.params[name] for name in _KINDS if name in call.params}


def _found(call: AdsCall) -> Event:
    mine = events_of(call.simulation.world, account_of(call).id)
    for event in mine:
        if event.id == call.path["id"] and not event.deleted:
            return event
    raise not_found("WEB_EVENT_TAG_NOT_FOUND")


def _stored(call: AdsCall, event: Event) -> Answer:
    """Keep an event, for conversions too."""

    def checked() -> None:
        if event.view_through_window > event.click_window:
            message = "view_through_window cannot exceed click_window"
            raise wrong("INVALID_PARAMETER", message, "view_through_window")

    done(call, checked)
    world: World = call.simulation.world
    call.simulation.world = replace(world, events={**world.events, event.id: event})
    return answered(call, event_row(event))


OPERATIONS = (
    write(_PATH, "POST", _create, kinds=_KINDS, required=tuple(_KINDS)),
    write(f"{_PATH}/{{id}}", "PUT", _change, kinds=_KINDS),
    write(f"{_PATH}/{{id}}", "DELETE", _delete),
)
