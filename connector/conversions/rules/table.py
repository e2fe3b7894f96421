"""The rule of each kind of field, and the words that the statement uses."""

from collections.abc import Mapping

from iso4217 import Currency

from connector.conversions import sql
from connector.conversions.rules import keys, numbers, people, times
from connector.conversions.rules.values import (
    NUMBER,
    PLAIN,
    TEXT,
    WHOLE,
    Rule,
    as_clean,
    required,
    trim_if_text,
    unless_valid,
)
from connector.conversions.sql import NULL_TEXT, identifier, literal

_CURRENCIES = ", ".join(literal(code) for code in sorted(currency.code for currency in Currency))

# What the statement's words stand for; the mapper defines them before it runs the statement.
MACROS: Mapping[str, str] = {
    **sql.MACROS,
    **numbers.MACROS,
    **people.MACROS,
    **times.MACROS,
    "connector_currency(value)": f"case when upper(value) in ({_CURRENCIES}) then upper(value) end",
}

RULES: Mapping[str, Rule] = {
    "pixel_id": Rule(
        families=frozenset({"text", "integer"}), advice="cast it to VARCHAR",
        valid=keys.valid_pixel, reason=required("pixel_id"),
    ),
    "event_id": Rule(
        families=frozenset({"text", "integer"}), advice="cast it to VARCHAR",
        clean=keys.clean_event, valid=keys.valid_event, reason=required("event_id"),
    ),
    "time": Rule(
        families=times.FAMILIES, advice="it needs a time of day and a zone: a TIMESTAMP WITH TIME "
        "ZONE, a TIMESTAMP or text with `timezone:`, or a number with `unit: s` or `unit: ms`",
        trim=trim_if_text, clean=times.clean_time, valid=times.valid_time,
        reason=times.time_reason,
    ),
    "conversion_id": Rule(
        families=WHOLE, advice="cast it to VARCHAR or to a whole number in the query",
        trim=trim_if_text, clean=keys.clean_id, valid=keys.valid_id, reason=keys.id_reason,
    ),
    "money": Rule(
        families=NUMBER, advice="cast it to DECIMAL in the query",
        trim=trim_if_text, clean=numbers.clean_amount, valid=numbers.valid_amount,
        reason=numbers.amount_reason,
    ),
    "currency": Rule(
        families=TEXT, advice="it is text such as EUR",
        valid=lambda v: f"connector_currency({v.clean})", reason=required("price_currency"),
    ),
    "count": Rule(
        families=NUMBER, advice="cast it to BIGINT in the query",
        trim=trim_if_text, clean=numbers.clean_count, valid=numbers.valid_count,
        reason=unless_valid("invalid_number_items"),
    ),
    "text": Rule(
        families=PLAIN, advice="cast it to VARCHAR in the query",
        valid=as_clean, reason=lambda _: NULL_TEXT,
    ),
    "email": Rule(
        families=TEXT, advice="it is text",
        clean=people.clean_email, valid=people.valid_email, reason=people.email_reason,
    ),
    "phone": Rule(
        families=frozenset({"text", "integer"}), advice="it is text, or a whole number",
        valid=people.valid_phone, reason=people.phone_reason,
    ),
    "hash": Rule(
        families=TEXT, advice="it is text of 64 hexadecimal digits",
        valid=people.valid_hash, reason=people.hash_reason,
    ),
    "twclid": Rule(
        families=TEXT | {"json"}, advice="it is text",
        clean=people.clean_twclid, valid=people.valid_twclid, reason=unless_valid("invalid_twclid"),
    ),
    "ip_address": Rule(
        families=TEXT, advice="it is text",
        valid=people.valid_ip, reason=unless_valid("invalid_ip_address"),
    ),
}  # fmt: skip


def column(step: str, name: str) -> str:
    """The name a step of a field has in the compiled statement."""
    return identifier(f"{name}.{step}")
