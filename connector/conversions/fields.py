"""The fields of a conversion, and every reason the tool gives, as data.

Compiler, validation and documentation read these tables; X's names and meanings are those of the
Conversions API (`POST /12/measurement/conversions/{pixel_id}`).
"""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Field:
    """One field of the destination.

    `kind` names its rule in `connector.conversions.rules`; `key` is X's name for it in the body.
    """

    name: str
    kind: str
    key: str
    required: bool = False


DESTINATION = (
    Field(name="pixel_id", kind="pixel_id", key="", required=True),
    Field(name="event_id", kind="event_id", key="event_id", required=True),
)

IDENTIFIERS = (
    Field(name="twclid", kind="twclid", key="twclid"),
    Field(name="hashed_email", kind="hash", key="hashed_email"),
    Field(name="email", kind="email", key="hashed_email"),
    Field(name="hashed_phone_number", kind="hash", key="hashed_phone_number"),
    Field(name="phone", kind="phone", key="hashed_phone_number"),
    Field(name="ip_address", kind="ip_address", key="ip_address"),
    Field(name="user_agent", kind="text", key="user_agent"),
)

FIELDS = (
    Field(name="conversion_time", kind="time", key="conversion_time", required=True),
    Field(name="conversion_id", kind="conversion_id", key="conversion_id", required=True),
    Field(name="value", kind="money", key="value"),
    Field(name="price_currency", kind="currency", key="price_currency"),
    Field(name="number_items", kind="count", key="number_items"),
    Field(name="description", kind="text", key="description"),
    Field(name="event_source_url", kind="text", key="event_source_url"),
)

CONTENTS = (
    Field(name="content_id", kind="text", key="content_id"),
    Field(name="content_name", kind="text", key="content_name"),
    Field(name="content_type", kind="text", key="content_type"),
    Field(name="content_price", kind="money", key="content_price"),
    Field(name="num_items", kind="count", key="num_items"),
    Field(name="content_group_id", kind="text", key="content_group_id"),
)

# Texts people read, where an e-mail address has no business to be.
PUBLIC_TEXTS = ("description", "event_source_url", "content_name")

REJECTED = {
    "expression_failed": "an `sql:` expression of the mapping failed on this row",
    "missing_pixel_id": "the pixel is empty",
    "invalid_pixel_id": "the pixel is not lower-case base-36",
    "missing_event_id": "the event is empty",
    "invalid_event_id": "the event is not lower-case base-36, or names another pixel",
    "missing_conversion_time": "the conversion time is empty",
    "invalid_conversion_time": "the conversion time is not a time with a zone",
    "in_future": "the conversion time lies further ahead than `limits.max_in_future`",
    "too_old": "the conversion time lies further back than `limits.max_age`",
    "missing_conversion_id": "the conversion id is empty",
    "invalid_conversion_id": "the conversion id has control characters or a fraction",
    "personal_conversion_id": "the conversion id holds an e-mail address",
    "conflicting_conversion_id": "another row of this run has this id with other content",
    "invalid_value": "the value is not a finite decimal number",
    "negative_value": "the value is below zero",
    "missing_price_currency": "there is a value, but no currency",
    "invalid_price_currency": "the currency is not an ISO 4217 code",
    "invalid_number_items": "the number of items is not a whole number above zero",
    "invalid_contents": "an item's price or count breaks its rule, or contents is not a list",
    "missing_identifier": "no identifier is left that X could match",
}

SUPPRESSED = {"no_consent": "the row's consent is not among `consent.granted`"}

DROPPED = {
    "invalid_twclid": "the click id is a digest, or a link or cookie without one",
    "invalid_hash": "not 64 hexadecimal digits",
    "hash_of_nothing": "the hash of an empty or null text",
    "invalid_email": "not one e-mail address with a dotted domain",
    "invalid_phone": "not a valid number of its region, or no plus and no region",
    "invalid_ip_address": "neither IPv4 nor IPv6",
}

WARNINGS = {
    "ambiguous_conversion_time": "in an hour that occurs twice; its second occurrence was taken",
    "skipped_conversion_time": "in an hour that is skipped; moved forward",
    "personal_description": "`description` holds an e-mail address",
    "personal_event_source_url": "`event_source_url` holds an e-mail address",
    "personal_content_name": "`content_name` holds an e-mail address",
}
