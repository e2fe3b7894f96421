"""What holds between the keys of a mapping.

Each rule looks at the file's tree, whatever its shape, so that all that is wrong is told at once;
what is wrong within one value is told by that value's own type.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches

from connector.project.config import X_ADS
from connector.project.expressions import FULL_EVENT, KINDS, one_of
from connector.project.mapping import SUFFICIENT, ContentFields, Fields, Identifiers
from connector.project.tree import Path, Raw, Scalar, at

Finding = tuple[Path, str]
Rule = Callable[[Raw], Iterator[Finding]]

IDENTIFIERS = tuple(name for name in Identifiers.model_fields if name != "sufficient")

EXACTLY_ONE: tuple[tuple[Path, tuple[str, ...]], ...] = (
    (("source",), ("query", "table", "file")),
    (("destination", "pixel_id"), KINDS),
    (("destination", "event_id"), KINDS),
    *((("identifiers", name), KINDS) for name in IDENTIFIERS),
    (("identifiers", "phone", "region"), ("column", "value")),
    *((("fields", name), KINDS) for name in Fields.model_fields),
    (("contents", "from"), KINDS),
    *((("contents", "fields", name), ("column", "value")) for name in ContentFields.model_fields),
    (("consent",), ("column", "sql")),
    (("tests", "*", "expect"), ("conversion", "rejected", "suppressed")),
)
"""Blocks that hold exactly one of some keys; `*` is any item of a list."""

MADE_BY: dict[str, tuple[tuple[str, ...], ...]] = {
    "twclid": (("twclid",),),
    "email": (("email",), ("hashed_email",)),
    "phone": (("phone",), ("hashed_phone_number",)),
    "ip_user_agent": (("ip_address", "user_agent"),),
}
"""For each identifier the sets of keys of which one must be mapped whole."""


def _matching(root: Raw, pattern: Path) -> Iterator[Path]:
    if "*" not in pattern:
        yield pattern
        return
    star = pattern.index("*")
    items = at(root, *pattern[:star])
    for index in range(len(items)) if isinstance(items, list) else ():
        yield (*pattern[:star], str(index), *pattern[star + 1 :])


def exactly_one(root: Raw) -> Iterator[Finding]:
    """Of keys that exclude each other one is there."""
    for pattern, names in EXACTLY_ONE:
        for path in _matching(root, pattern):
            block = at(root, *path)
            found = [name for name in names if at(block, name) is not None]
            if isinstance(block, dict) and len(found) != 1:
                yield path, one_of(found, names)


def _constant(raw: Raw | None) -> str | None:
    value = raw if isinstance(raw, Scalar) else at(raw, "value")
    return str(value) if isinstance(value, Scalar) else None


def event_of_pixel(root: Raw) -> Iterator[Finding]:
    """The middle part of an event in its full form is the pixel."""
    pixel = _constant(at(root, "destination", "pixel_id"))
    event = re.fullmatch(FULL_EVENT, _constant(at(root, "destination", "event_id")) or "")
    if pixel and event and event[1] != pixel:
        yield (
            ("destination", "event_id"),
            f"is an event of pixel {event[1]}, but pixel_id is another one",
        )


def value_with_currency(root: Raw) -> Iterator[Finding]:
    """A value is nothing without its currency."""
    if at(root, "fields", "value") is not None and at(root, "fields", "price_currency") is None:
        yield (
            ("fields", "value"),
            "needs price_currency beside it, such as price_currency: currency",
        )


def time_read_in_one_way(root: Raw) -> Iterator[Finding]:
    """A number is in UTC, so that `unit` leaves nothing for `timezone` to say."""
    time = at(root, "fields", "conversion_time")
    if at(time, "timezone") is not None and at(time, "unit") is not None:
        yield (
            ("fields", "conversion_time", "unit"),
            "excludes timezone: unit is for numbers, timezone for what has no zone of its own",
        )


def lookback_with_cursor(root: Raw) -> Iterator[Finding]:
    """Without a cursor there is nothing to look back from."""
    if at(root, "source", "lookback") is not None and at(root, "source", "cursor") is None:
        yield ("source", "lookback"), "needs cursor beside it, such as cursor: updated_at"


def _is_made(mapped: dict[str, Raw], identifier: str) -> bool:
    return any(all(key in mapped for key in keys) for keys in MADE_BY[identifier])


def _how_made(identifier: str) -> str:
    return " or ".join(" and ".join(keys) for keys in MADE_BY[identifier])


def identifiers_are_mapped(root: Raw) -> Iterator[Finding]:
    """What is sufficient can be formed, and there is something to form."""
    mapped = at(root, "identifiers")
    if not isinstance(mapped, dict):
        return
    if not any(key in mapped for key in IDENTIFIERS):
        yield ("identifiers",), f"needs at least one of {', '.join(IDENTIFIERS)}"
        return
    explicit = at(mapped, "sufficient")
    if isinstance(explicit, list):
        for index, name in enumerate(explicit):
            if isinstance(name, Scalar) and name in MADE_BY and not _is_made(mapped, name):
                path = ("identifiers", "sufficient", str(index))
                yield path, f"needs {_how_made(name)} to be mapped"
    elif not any(_is_made(mapped, name) for name in SUFFICIENT):
        yield (
            ("identifiers",),
            "makes no row sendable: ip_address and user_agent count together, or map another one",
        )


def contents_say_something(root: Raw) -> Iterator[Finding]:
    """An item has at least one member that is sent."""
    if at(root, "contents", "fields") == {}:
        known = ", ".join(ContentFields.model_fields)
        yield ("contents", "fields"), f"needs at least one of {known}"


RULES: tuple[Rule, ...] = (
    exactly_one,
    event_of_pixel,
    value_with_currency,
    time_read_in_one_way,
    lookback_with_cursor,
    identifiers_are_mapped,
    contents_say_something,
)


def connection_exists(root: Raw, connections: Mapping[str, str]) -> Iterator[Finding]:
    """The destination's connection is one of the config's, and of X."""
    name = at(root, "destination", "connection")
    known = [str(connection) for connection, platform in connections.items() if platform == X_ADS]
    if isinstance(name, Scalar) and name in connections and name not in known:
        rule = f"is of platform {connections[name]}; x_conversions needs one of {X_ADS}"
        listed = f" (of that platform: {', '.join(known) or 'none'})"
        yield ("destination", "connection"), rule + listed
    elif isinstance(name, Scalar) and name.resolved is not None and name not in known:
        near = get_close_matches(name, known, n=1)
        meant = f"; did you mean {near[0]!r}?" if near else ""
        rule = f"is no connection of the config{meant} (known there: {', '.join(known) or 'none'})"
        yield ("destination", "connection"), rule


def between_keys(root: Raw, connections: Mapping[str, str] | None = None) -> Iterator[Finding]:
    """What is wrong between the keys of a mapping, each with its path.

    `connections` are the platforms of those in the config by name, None while they are not known.
    """
    for rule in RULES:
        yield from rule(root)
    if connections is not None:
        yield from connection_exists(root, connections)
