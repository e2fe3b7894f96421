"""The parameters of a call of the Ads API: read as X reads them, and repeated as it does."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import NoReturn
from urllib.parse import parse_qsl

from starlette.requests import Request

from connector.simulator.envelope import JSON, Error, error

MAX_IDS = 200
MAX_COUNT = 1000
DEFAULT_COUNT = 200

# A parameter's value out of its text; raises ValueError with what was expected.
Kind = Callable[[str], object]

_ID = re.compile(r"[0-9a-z]{1,20}")
_CURSOR = re.compile(r"c-[0-9a-f]{9}")
_SORT = re.compile(r"([a-z_]+)-(?:asc|desc)")
_FLAGS = {"true": True, "false": False}


def read(
    pairs: str, kinds: Mapping[str, Kind], *, strict: bool = False
) -> tuple[dict[str, object], list[Error]]:
    """The values of a query or form, and what is wrong with it.

    Unknown names do not matter, as X's own clients send whole rows back; `strict` minds them.
    """
    values: dict[str, object] = {}
    errors: list[Error] = []
    for name, text in parse_qsl(pairs, keep_blank_values=True):
        if name not in kinds:
            if strict and not name.startswith("oauth_"):
                message = f'"{name}" is not a valid parameter'
                errors.append(error("INVALID_PARAMETER", message, name))
            continue
        try:
            values[name] = (_again if name in values else kinds[name])(text)
        except ValueError as expected:
            errors.append(invalid(str(expected), text, name))
    if "cursor" in values and values.get("with_total_count"):
        message = "with_total_count and cursor cannot be used together"
        errors.append(error("EXCLUSIVE_PARAMETERS", message, "with_total_count"))
    return values, errors


def missing(
    values: Mapping[str, object], required: Sequence[str], errors: Sequence[Error] = ()
) -> list[Error]:
    """An error for each required parameter that has no value, unless one names it already."""
    named = {entry.get("parameter") for entry in errors}
    return [
        error("MISSING_PARAMETER", f'"{name}" is a required parameter', name)
        for name in required
        if values.get(name) in (None, "") and name not in named
    ]


def document(request: Request, body: bytes, errors: list[Error]) -> object:
    """The JSON body of a call; what is wrong with it goes to `errors`."""
    if not request.headers.get("content-type", "").startswith(JSON):
        errors.append(error("INVALID_PARAMETER", f"Expected a body of the type {JSON}"))
        return None
    try:
        read: object = json.loads(body, parse_constant=not_json)
    except (ValueError, RecursionError):
        errors.append(error("INVALID_PARAMETER", "Expected JSON as the body"))
        return None
    return read


def not_json(constant: str) -> NoReturn:
    """Refuse NaN and Infinity, which are Python's, not JSON's."""
    raise ValueError(constant)


def _again(_: str) -> object:
    raise ValueError("one value")


def invalid(expected: str, got: str, name: str) -> Error:
    """The error for a value of another form than `expected`."""
    entry = error("INVALID_PARAMETER", f'Expected {expected}, got "{got}" for {name}', name)
    return {**entry, "value": got}


def ids(text: str) -> list[str]:
    """Ids joined by commas."""
    found = text.split(",")
    if len(found) > MAX_IDS:
        raise ValueError(f"at most {MAX_IDS} ids")
    if not all(_ID.fullmatch(one) for one in found):
        raise ValueError("ids in base 36")
    return found


def integer(low: int, high: int) -> Kind:
    """A whole number from `low` to `high`."""

    def number(text: str) -> int:
        if text.isascii() and text.isdigit() and len(text) <= len(str(high)):
            found = int(text)
            if low <= found <= high:
                return found
        raise ValueError(f"Integer from {low} to {high}")

    return number


# How many rows a page may have.
count = integer(1, MAX_COUNT)


def flag(text: str) -> bool:
    """On or off, in any case, as Python's own words for it come in from X's SDK."""
    try:
        return _FLAGS[text.lower()]
    except KeyError:
        raise ValueError("Boolean") from None


def any_text(text: str) -> str:
    """Text as it is."""
    return text


def cursor(text: str) -> str:
    """The place a page begins at, as `cursor_at` wrote it."""
    if not _CURSOR.fullmatch(text):
        raise ValueError("a cursor of an earlier answer")
    return text


def cursor_at(offset: int) -> str:
    """The cursor of a place in a list."""
    return f"c-{offset:09x}"


def offset_of(text: str) -> int:
    """The place that `cursor_at` wrote."""
    return int(text.removeprefix("c-"), 16)


def sorting(attributes: Sequence[str]) -> Kind:
    """Attributes to sort by, joined by commas."""

    def sort_by(text: str) -> list[str]:
        found = text.split(",")
        names = [match[1] for match in map(_SORT.fullmatch, found) if match]
        if len(names) < len(found) or not set(names) <= set(attributes):
            raise ValueError(f"one of {', '.join(attributes)} with -asc or -desc")
        return found

    return sort_by


# What every list takes, beside its own filters and what it can be sorted by.
LIST: Mapping[str, Kind] = {
    "count": count,
    "cursor": cursor,
    "with_deleted": flag,
    "with_total_count": flag,
}
