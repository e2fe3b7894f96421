"""Which conversions X takes, and what it says about the others. Pure: JSON values in, errors out.

Messages are X's word for word where they are known; the wordings X's pages do not give
(money, counts, texts, missing time) follow its general form `Expected …, got "…" for …`.
"""

import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from connector.simulator.envelope import Error, error
from connector.simulator.poison import NO_POISON, Poison, poison_errors
from connector.simulator.world import Tags

MAX_CONVERSIONS = 500

NO_IDENTIFIER = "At least one user identifier must be provided"
TIME_FORM = "Time in yyyy-MM-ddTHH:mm:ss.SSSZ"
TOO_MANY = f"Conversion count limit is {MAX_CONVERSIONS}"

_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T"
    r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{3})?"
    r"(?:Z|[+-][0-9]{2}:?[0-9]{2})",
)
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")
_DECIMAL = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_CURRENCY = re.compile(r"[A-Za-z]{3}")
_CLICK_ID = re.compile(r"[0-9a-zA-Z]{26}")

_HASHES = ("hashed_email", "hashed_phone_number")
_SUFFICIENT = frozenset({"twclid", *_HASHES})
_SUFFICIENT_TOGETHER = frozenset({"ip_address", "user_agent"})

Conversion = Mapping[str, object]


@dataclass(frozen=True, kw_only=True)
class Strictness:
    """Checks that X has been seen to make at some time, or might make."""

    formats: bool = False
    refuse_integers: bool = False
    poison: Poison = NO_POISON


def batch_errors(
    conversions: Sequence[object],
    *,
    tags: Tags,
    strictness: Strictness,
) -> list[Error]:
    """All errors of a request in the order of its conversions; identical ones once."""
    found: dict[tuple[tuple[str, str], ...], Error] = {}
    for conversion in conversions:
        for entry in conversion_errors(conversion, tags=tags, strictness=strictness):
            found.setdefault(tuple(entry.items()), entry)
    return list(found.values())


def conversion_errors(
    conversion: object,
    *,
    tags: Tags,
    strictness: Strictness,
) -> list[Error]:
    """What is wrong with one conversion, nothing for a sound one. Unknown keys do not matter."""
    if not isinstance(conversion, dict):
        return [_unexpected("Object", conversion, "conversions")]
    return [
        *_event_errors(conversion, tags),
        *_time_errors(conversion),
        *_identifier_errors(conversion.get("identifiers"), strictness),
        *_field_errors(conversion, _FIELDS, strictness),
        *_contents_errors(conversion.get("contents"), strictness),
        *poison_errors(conversion, strictness.poison),
    ]


def short_event_id(event_id: object, *, pixel_id: str) -> str | None:
    """The event's own part of a short or full id; None where a full one names another pixel."""
    if not isinstance(event_id, str):
        return None
    if not event_id.startswith("tw-"):
        return event_id
    _, _, rest = event_id.partition("-")
    pixel, _, event = rest.partition("-")
    return event if pixel == pixel_id else None


def _event_errors(conversion: Conversion, tags: Tags) -> Iterable[Error]:
    event_id = conversion.get("event_id")
    if event_id is None or event_id == "":
        return (error("MISSING_PARAMETER", "Event ID was not found", "event_id"),)
    short = short_event_id(event_id, pixel_id=tags.pixel_id)
    if short in tags.events:
        return ()
    subject = f"event_id ({_shown(event_id)})"
    foreign = f"{subject} does not belong to provided account"
    not_single = f"{subject} is not a single event tag (SET)"
    not_a_set = error("INVALID_PARAMETER", not_single, "event_id")
    if short in tags.pixels:
        return (not_a_set,)
    return (error("NOT_FOUND", foreign, "event_id"), not_a_set)


def _time_errors(conversion: Conversion) -> Iterable[Error]:
    time = conversion.get("conversion_time")
    stamp = conversion.get("conversion_timestamp")
    if time is not None:
        return () if _is_time(time) else (_unexpected(TIME_FORM, time, "conversion_time"),)
    if stamp is not None:
        return () if _is_count(stamp) else (_unexpected("Long", stamp, "conversion_timestamp"),)
    return (error("MISSING_PARAMETER", "conversion_time is required", "conversion_time"),)


def _is_time(value: object) -> bool:
    if not isinstance(value, str) or not _TIME.fullmatch(value):
        return False
    try:
        datetime.fromisoformat(value)  # a thirtieth of February passes the pattern
    except ValueError:
        return False
    return True


def _identifier_errors(identifiers: object, strictness: Strictness) -> Iterable[Error]:
    elements = identifiers if isinstance(identifiers, list) else []
    if not elements or not all(map(_identifies, elements)):
        yield error("INVALID_PARAMETER", NO_IDENTIFIER, "")
    for element in elements:
        if isinstance(element, dict):
            yield from _element_errors(element, strictness)


def _identifies(element: object) -> bool:
    """Each element must name a person by itself: a lone address or user agent fails the request."""
    if not isinstance(element, dict):
        return False
    present = {key for key, value in element.items() if isinstance(value, str) and value.strip()}
    return not present.isdisjoint(_SUFFICIENT) or present >= _SUFFICIENT_TOGETHER


def _element_errors(element: Conversion, strictness: Strictness) -> Iterator[Error]:
    for key in _HASHES:
        value = element.get(key)
        if value and not (isinstance(value, str) and _SHA256.fullmatch(value)):
            message = f"{key} ({_shown(value)}) is not a valid SHA-256 hash"
            yield error("INVALID_PARAMETER", message, key)
    click_id = element.get("twclid")
    if strictness.formats and click_id and not _CLICK_ID.fullmatch(str(click_id)):
        yield _unexpected("Click ID", click_id, "twclid")


def _is_money(value: object, strictness: Strictness) -> bool:
    if isinstance(value, str):
        return _DECIMAL.fullmatch(value) is not None
    if isinstance(value, float):
        return math.isfinite(value)
    return _is_integer(value) and not strictness.refuse_integers


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_count(value: object, _: Strictness | None = None) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _is_currency(value: object, _: Strictness) -> bool:
    return isinstance(value, str) and _CURRENCY.fullmatch(value) is not None


def _is_text(value: object, _: Strictness) -> bool:
    """Numbers pass for text: clients send order numbers so, and X is not known to refuse them."""
    return isinstance(value, str | int | float) and not isinstance(value, bool)


# key, what X expected, whether a value is that
_Field = tuple[str, str, Callable[[object, Strictness], bool]]

_FIELDS: tuple[_Field, ...] = (
    ("value", "Double", _is_money),
    ("price_currency", "Currency", _is_currency),
    ("number_items", "Integer", _is_count),
    ("conversion_id", "String", _is_text),
    ("description", "String", _is_text),
    ("event_source_url", "String", _is_text),
)

_CONTENT_FIELDS: tuple[_Field, ...] = (
    ("content_id", "String", _is_text),
    ("content_group_id", "String", _is_text),
    ("content_name", "String", _is_text),
    ("content_type", "String", _is_text),
    ("content_price", "Double", _is_money),
    ("num_items", "Integer", _is_count),
)


def _field_errors(
    values: Conversion,
    fields: tuple[_Field, ...],
    strictness: Strictness,
) -> Iterable[Error]:
    for key, expected, is_sound in fields:
        value = values.get(key)
        if value is not None and not is_sound(value, strictness):
            yield _unexpected(expected, value, key)


def _contents_errors(contents: object, strictness: Strictness) -> Iterator[Error]:
    if contents is None:
        return
    if not isinstance(contents, list):
        yield _unexpected("Array", contents, "contents")
        return
    for item in contents:
        if isinstance(item, dict):
            yield from _field_errors(item, _CONTENT_FIELDS, strictness)
        else:
            yield _unexpected("Object", item, "contents")


def _unexpected(expected: str, value: object, parameter: str) -> Error:
    message = f'Expected {expected}, got "{_shown(value)}" for {parameter}'
    return error("INVALID_PARAMETER", message, parameter)


def _shown(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
