"""Pixel, event and conversion id: what a conversion is counted under."""

from connector.conversions.rules.numbers import whole_text
from connector.conversions.rules.values import Value
from connector.conversions.sql import CONTROL, any_of, holds_address, literal, matches

_BASE_36 = "^[0-9a-z]+$"
_EVENT = literal("^(?:tw-([0-9a-z]+)-)?([0-9a-z]+)$")


def valid_pixel(value: Value) -> str:
    """Lower-case base-36."""
    return f"case when {matches(value.clean, _BASE_36)} then {value.clean} end"


def clean_event(value: Value) -> str:
    """The event in its parts; both are empty when it is none."""
    return f"regexp_extract({value.trimmed}, {_EVENT}, ['pixel', 'event'])"


def valid_event(value: Value) -> str:
    """The short form of an event; NULL for one of another pixel."""
    named, pixel = f"{value.clean}.pixel", value.options["pixel"]
    # Without a pixel there is nothing to compare with, and that has a reason of its own.
    is_own = f"{named} in ('', coalesce({pixel}, {named}))"
    return f"case when {is_own} then nullif({value.clean}.event, '') end"


def clean_id(value: Value) -> str:
    """The id as text; NULL for a decimal with a fraction."""
    if value.kind.family == "decimal":
        return whole_text(value.trimmed)
    return value.trimmed if value.kind.family == "text" else f"cast({value.trimmed} as varchar)"


def valid_id(value: Value) -> str:
    """Text without control characters that is no e-mail address."""
    if value.kind.family != "text":
        return value.clean
    wrong = any_of(matches(value.clean, CONTROL), holds_address(value.clean))
    return f"case when not {wrong} then {value.clean} end"


def id_reason(value: Value) -> str:
    """Why a conversion id is not taken; it may be invalid and personal."""
    bad = f"{value.clean} is null or {matches(value.clean, CONTROL)}"
    both = (
        f"case when {bad} then 'invalid_conversion_id' end",
        f"case when {holds_address(value.clean)} then 'personal_conversion_id' end",
    )
    return (
        f"case when {value.trimmed} is null then 'missing_conversion_id'"
        f" when {value.valid} is null then concat_ws(' ', {', '.join(both)}) end"
    )
