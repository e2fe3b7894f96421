"""Every reason a row counts under, with what to do about it and an example, as data.

The page `docs/reasons.md` is made from this table by a test, which holds it against the rules'.
"""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Advice:
    """What a person does about a reason, and a row that has it."""

    action: str
    example: str


_CAST = "cast or clean the column in the query"

ADVICE = {
    "expression_failed": Advice(
        action="guard the expression, such as `try_cast(x as decimal(18, 2))`",
        example='`{sql: "cast(note as integer)"}` on the note `fragile`',
    ),
    "missing_pixel_id": Advice(action="fill the column, or name the pixel itself", example="NULL"),
    "invalid_pixel_id": Advice(action="take the id from Events Manager", example="`O8Z6J`"),
    "missing_event_id": Advice(action="fill the column, or name the event itself", example="NULL"),
    "invalid_event_id": Advice(
        action="take the event of this pixel from Events Manager",
        example="`tw-p3k9d-p3kx7` for pixel `o8z6j`",
    ),
    "missing_conversion_time": Advice(action="leave such rows out in the query", example="blank"),
    "invalid_conversion_time": Advice(
        action="write ISO 8601 with a zone, or give `timezone`", example="`31.12.2025 10:00`"
    ),
    "in_future": Advice(
        action="check the zone of the column; the row is read again", example="tomorrow noon"
    ),
    "too_old": Advice(
        action="raise `limits.max_age` when X should get it all the same",
        example="last year's order",
    ),
    "missing_conversion_id": Advice(action="map a key of the row", example="blank"),
    "invalid_conversion_id": Advice(action=_CAST, example="`7.5`, or an id with a line break"),
    "personal_conversion_id": Advice(
        action="map another key, or hash it in the query", example="`ada@example.com`"
    ),
    "conflicting_conversion_id": Advice(
        action="make the id say what tells the rows apart; the earlier one is sent",
        example="two orders 7 of different value",
    ),
    "invalid_value": Advice(action=_CAST, example="`1,999.00`, `1e3`, infinity"),
    "negative_value": Advice(action="leave refunds out in the query", example="`-5.00`"),
    "missing_price_currency": Advice(
        action="map `price_currency`, or write `{value: EUR}`",
        example="value `5.00`, currency NULL",
    ),
    "invalid_price_currency": Advice(action="map the ISO 4217 code", example="`Euro`, `€`"),
    "invalid_number_items": Advice(action=_CAST, example="`0`, `2.5`"),
    "invalid_contents": Advice(
        action="clean the items in the query", example="an item with the price `free`"
    ),
    "missing_identifier": Advice(
        action="map more identifiers; look at `dropped_identifiers` too",
        example="no e-mail, and a phone number that is none",
    ),
    "no_consent": Advice(action="nothing: it must not be sent", example="`denied`, NULL"),
    "invalid_twclid": Advice(
        action="store the value of the URL parameter `twclid` as it is", example="a SHA-256 of it"
    ),
    "invalid_hash": Advice(
        action="store SHA-256 in hexadecimal, or map the raw column", example="an MD5"
    ),
    "hash_of_nothing": Advice(
        action="store NULL instead of hashing it", example="the SHA-256 of the empty text"
    ),
    "invalid_email": Advice(
        action="check the form it comes from; `connector hash --email --explain`",
        example="`ada@example`",
    ),
    "invalid_phone": Advice(
        action="give `region`; try it with `connector hash --phone --explain`",
        example="`555-0100` without a region",
    ),
    "invalid_ip_address": Advice(
        action="map the client's address alone", example="`10.0.0.1, 10.0.0.2`"
    ),
    "ambiguous_conversion_time": Advice(
        action="store times with their zone", example="01:30 on the last Sunday of October"
    ),
    "skipped_conversion_time": Advice(
        action="store times with their zone", example="02:30 on the last Sunday of March"
    ),
    "personal_description": Advice(action="map another text", example="`for ada@example.com`"),
    "personal_event_source_url": Advice(
        action="cut the query off the URL", example="`/thanks?mail=ada@example.com`"
    ),
    "personal_content_name": Advice(
        action="map another text", example="`gift card ada@example.com`"
    ),
}

DEDUPLICATED = {
    "accepted_before": "X accepted it in an earlier run",
    "repeated_in_run": "the same row stands in this query more than once",
    "accepted_by_other_mapping": "another mapping sent it",
    "begun_before": "it is from before the time of `state begin --before`",
}
PENDING = {
    "dry_run": "this run sends nothing",
    "first_sync": "a first sync with a history; see `connector state begin`",
    "keys_changed": "pixel, event or conversion_id is made in another way; see `state begin`",
    "anomaly": "the run is unlike the last ones; see `limits.anomaly` and `--accept-anomalies`",
    "not_confirmed": "a replay was not agreed to, so it sent nothing",
    "claimed_by_other_mapping": "another mapping is sending it",
    "rate_budget": "the rate budget has no room before the run must end",
    "interrupted": "the run was stopped",
    "deadline": "`--max-runtime` was over",
}
HELD = {
    "in_doubt": "sent without a clear answer, and not to be sent again without a person's word",
    "outside_dedup_window": "older than 48 hours, beside a web pixel that fires the same id",
}


def advice(reason: str) -> str:
    """What to do about a reason of the rules."""
    return ADVICE[reason].action if reason in ADVICE else "look it up in the documentation"
