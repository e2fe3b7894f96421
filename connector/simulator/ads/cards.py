"""Cards: made of components or slides, and shown flat where they are looked up."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

from connector.simulator.ads.entities import Card
from connector.simulator.ads.kinds import card_uris, url
from connector.simulator.ads.listing import selected
from connector.simulator.ads.resources import ACCOUNT_PATH, Resource, view_of
from connector.simulator.ads.rows import flat_card
from connector.simulator.ads.writing import NotDoneError, Writing, needed, not_found, wrong
from connector.simulator.ads_calls import AdsCall, Operation, one, page
from connector.simulator.envelope import Answer, Error
from connector.simulator.parameters import LIST, flag, invalid

MAX_NAME = 80
MIN_SLIDES, MAX_SLIDES = 2, 6

Component = Mapping[str, Any]

# The kinds of components that may stand together, in X's order.
_MIXES = (
    ("MEDIA",),
    ("MEDIA", "DETAILS"),
    ("MEDIA", "BUTTON"),
    ("MEDIA", "DETAILS", "BUTTON"),
    ("SWIPEABLE_MEDIA",),
    ("SWIPEABLE_MEDIA", "DETAILS"),
    ("SWIPEABLE_MEDIA", "BUTTON"),
    ("SWIPEABLE_MEDIA", "DETAILS", "BUTTON"),
)
_APPS = frozenset({"ios_app_store_identifier", "googleplay_app_id"})
_KINDS = frozenset(chain.from_iterable(_MIXES))


def _create(writing: Writing) -> Card:
    values = _document(writing)
    needed(values, "name")
    if ("components" in values) == ("slides" in values):
        code = "EXCLUSIVE_PARAMETERS" if "slides" in values else "MISSING_PARAMETER"
        raise wrong(code, "Expected either components or slides", "components")
    card = Card(
        id=next(writing.store.ids),
        card_uri=f"card://{next(writing.store.numbers)}",
        name="",
        card_type="",
        created_at=writing.now,
        updated_at=writing.now,
    )
    return writing.put(replace(card, **_parts(writing, values)))


def _change(writing: Writing, card: Card) -> Card:
    values = _document(writing)
    return writing.put(replace(card, **_parts(writing, values)))


def _document(writing: Writing) -> Mapping[str, Any]:
    values = writing.values
    if not isinstance(values, Mapping):
        raise wrong("INVALID_PARAMETER", "Expected a JSON object")
    return values


def _parts(writing: Writing, values: Mapping[str, Any]) -> dict[str, Any]:
    parts: dict[str, Any] = {}
    if "name" in values:
        name = values["name"]
        if not isinstance(name, str) or not 1 <= len(name) <= MAX_NAME:
            raise _invalid(f"String of 1 to {MAX_NAME} characters", name, "name")
        parts["name"] = name
    if values.get("components") is not None:
        rows = [_mixed(writing, values["components"], "components")]
        parts |= {"components": rows[0], "slides": ()}
    elif values.get("slides") is not None:
        slides = values["slides"]
        if not isinstance(slides, list) or not MIN_SLIDES <= len(slides) <= MAX_SLIDES:
            raise _invalid(f"Array of {MIN_SLIDES} to {MAX_SLIDES} arrays", slides, "slides")
        rows = [_mixed(writing, slide, "slides") for slide in slides]
        parts |= {"slides": tuple(rows), "components": ()}
    else:
        return parts
    every = list(chain.from_iterable(rows))
    return parts | _derived(writing, every, swipes=len(rows) > 1)


def _mixed(writing: Writing, components: object, parameter: str) -> tuple[Component, ...]:
    """The components of one slide, or of a card without slides.

    Raises:
        NotDoneError: they do not go together, or one is not whole.
    """
    if not isinstance(components, list) or not all(isinstance(one, dict) for one in components):
        raise _invalid("Array of objects", components, parameter)
    kinds = tuple(str(one.get("type")) for one in components)
    if not _KINDS.issuperset(kinds):
        raise _invalid(f"one of {', '.join(sorted(_KINDS))}", kinds, "type")
    if kinds not in _MIXES:
        message = f"The components {', '.join(kinds)} do not go together"
        raise wrong("INVALID_CARD_COMPONENTS_COMBINATION", message, parameter)
    for component in components:
        for key in _keys(component):
            if key not in writing.store.media or writing.store.media[key].deleted:
                raise not_found("MEDIA_NOT_FOUND", "media_key")
        _check_destination(component)
    return tuple(components)


def _keys(component: Component) -> Iterator[str]:
    match component["type"]:
        case "MEDIA":
            yield str(component.get("media_key"))
        case "SWIPEABLE_MEDIA":
            keys = component.get("media_keys")
            yield from map(str, keys if isinstance(keys, list) else [None])


def _check_destination(component: Component) -> None:
    if component["type"] not in {"DETAILS", "BUTTON"}:
        return
    destination = component.get("destination")
    if not isinstance(destination, dict):
        raise wrong("MISSING_PARAMETER", '"destination" is a required parameter', "destination")
    if "url" in destination:
        try:
            url(str(destination["url"]))
        except ValueError as expected:
            raise _invalid(str(expected), destination["url"], "url") from None
    elif not _APPS.intersection(destination):
        raise wrong("MISSING_PARAMETER", '"url" is a required parameter', "url")


def _url(component: Component) -> str | None:
    destination = component.get("destination")
    found = destination.get("url") if isinstance(destination, dict) else None
    return None if found is None else str(found)


def _derived(writing: Writing, components: Sequence[Component], *, swipes: bool) -> dict[str, Any]:
    keys = [key for component in components for key in _keys(component)]
    moving = any(writing.store.media[key].media_category != "TWEET_IMAGE" for key in keys)
    details = next((one for one in components if one["type"] == "DETAILS"), {})
    address = next(filter(None, map(_url, components)), None)
    kind = "WEBSITE" if address else "APP_DOWNLOAD"
    several = swipes or len(keys) > 1
    shape = "MIXED_MEDIA_CAROUSEL" if several else "VIDEO" if moving else "IMAGE"
    return {"card_type": f"{shape}_{kind}", "title": details.get("title"), "url": address}


def _invalid(expected: str, got: object, name: str) -> NotDoneError:
    entry: Error = invalid(expected, str(got), name)
    return NotDoneError([entry])


def _all(call: AdsCall) -> Answer:
    view = view_of(call)
    cards = list(view.store.cards.values())
    kept = selected(call, view.store, cards, filters={"card_uris": "card_uri"})
    return page(call, kept, flat_card)


def _all_one(call: AdsCall) -> Answer:
    card = view_of(call).store.cards.get(call.path["id"])
    return one(call, None if card is None else flat_card(card), code="CARD_NOT_FOUND")


CARDS = Resource(
    kind=Card,
    path="/cards",
    name="card",
    ids="card_ids",
    filters={"card_uris": "card_uri"},
    searched=("name",),
    sortable=("created_at", "updated_at", "name"),
    list_kinds={"card_uris": card_uris},
    create=_create,
    change=_change,
    can_delete=True,
    takes_json=True,
)

OPERATIONS = (
    Operation(
        path=f"{ACCOUNT_PATH}/cards/all",
        answer=_all,
        kinds={**LIST, "card_uris": card_uris},
        required=("card_uris",),
    ),
    Operation(
        path=f"{ACCOUNT_PATH}/cards/all/{{id}}", answer=_all_one, kinds={"with_deleted": flag}
    ),
)
