"""The parameters of a call of the Ads API: read as X reads them, and repeated as it does."""

import re
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import parse_qsl

from connector.simulator.envelope import Error, error

MAX_IDS = 200
MAX_COUNT = 1000
DEFAULT_COUNT = 200

# A parameter's value out of its text; raises ValueError with what was expected.
Kind = Callable[[str], object]

_ID = re.compile(r"[0-9a-z]{1,20}")
_CURSOR = re.compile(r"c-[0-9a-f]{9}")
_SORT = re.compile(r"([a-z_]+)-(?:asc|desc)")
_FLAGS = {"true": True, "false": False}


def read(pairs: str, kinds: Mapping[str, Kind]) -> tuple[dict[str, object], list[Error]]:
    """The values of a query or form, and what is wrong with it; unknown names do not matter."""
    values: dict[str, object] = {}
    errors: list[Error] = []
    for name, text in parse_qsl(pairs, keep_blank_values=True):
        if name not in kinds:
            continue
        try:
            values[name] = (_again if name in values else kinds[name])(text)
        except ValueError as expected:
            errors.append(invalid(str(expected), text, name))
    if "cursor" in values and values.get("with_total_count"):
        message = "with_total_count and cursor cannot be used together"
        errors.append(error("EXCLUSIVE_PARAMETERS", message, "with_total_count"))
    return values, errors


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


def count(text: str) -> int:
    """How many rows a page may have."""
    if text.isascii() and text.isdigit() and len(text) <= len(str(MAX_COUNT)):
        number = int(text)
        if 1 <= number <= MAX_COUNT:
            return number
    raise ValueError(f"Integer from 1 to {MAX_COUNT}")


def flag(text: str) -> bool:
    """On or off."""
    try:
        return _FLAGS[text]
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
