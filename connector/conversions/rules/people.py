"""What tells X who converted: addresses, numbers, their hashes, click ids."""

import hashlib

from connector.conversions.rules.values import Step, Value
from connector.conversions.sql import BLANK, any_of, literal, matches, trimmed

_LABEL = f"[^@.{BLANK}]+"
_EMAIL = rf"^[^@{BLANK}]+@{_LABEL}(\.{_LABEL})+$"
_BYTE = r"(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_IPV4 = rf"^({_BYTE}\.){{3}}{_BYTE}$"
_CLICK_IN_LINK = r"(?:^|[?&#;])twclid=([^&#;\s]*)"
_HEX_64 = "^[0-9a-fA-F]{64}$"
_NOTHING = ("", "null", "none", "nan", "n/a", "NULL", "NONE", "NAN", "N/A",
            "Null", "None", "Nan", "NaN")  # fmt: skip
_HASHES_OF_NOTHING = tuple(hashlib.sha256(word.encode()).hexdigest() for word in _NOTHING)
# Not `in`: DuckDB makes a join of that, which all rows go through, whether they are digests or not.
_OF_NOTHING = matches("lower(value)", f"^({'|'.join(_HASHES_OF_NOTHING)})$")


def is_hashed(value: Value) -> str:
    """True for a raw identifier that already is a digest."""
    return _is_digest(value.trimmed)


def _is_digest(text: str) -> str:
    return f"connector_is_digest({text})"


def _reason(otherwise: str) -> Step:
    return lambda v: (
        f"case when {v.trimmed} is null or {v.valid} is not null then null"
        f" when {is_hashed(v)} then 'hash_of_nothing' else '{otherwise}' end"
    )


hash_reason = _reason("invalid_hash")
email_reason = _reason("invalid_email")
phone_reason = _reason("invalid_phone")


def valid_hash(value: Value) -> str:
    """64 hexadecimal digits in lower case."""
    return f"connector_digest({value.trimmed})"


def _hashed(value: Value, normalised: str) -> str:
    """The value where it is a digest, else the digest of its normalised form."""
    return f"coalesce(connector_digest({value.trimmed}), sha256({normalised}))"


def clean_email(value: Value) -> str:
    """Lower case as Python has it."""
    address = value.trimmed
    # DuckDB's lower differs at a dotted capital I and at a final sigma.
    special = any_of(f"contains({address}, '\u0130')", f"contains({address}, '\u03a3')")
    return f"case when {special} then connector_lower({address}) else lower({address}) end"


def valid_email(value: Value) -> str:
    """One @ and a dotted domain, hashed."""
    address = value.clean
    return _hashed(value, f"case when connector_is_address({address}) then {address} end")


def valid_phone(value: Value) -> str:
    """E.164 with its plus, hashed."""
    return _hashed(value, f"connector_phone({value.clean}, {value.options['region']})")


def clean_twclid(value: Value) -> str:
    """The click id of a cookie or a link, else the text as it is."""
    given = value.trimmed
    decoded = f"case when {matches(given, '^%7[Bb]')} then url_decode({given}) else {given} end"
    in_link = f"regexp_extract({given}, {literal(_CLICK_IN_LINK)}, 1)"
    # A broken escape or broken JSON raises, and the row would be in the error.
    return (
        f"case when {matches(given, '^(%7[Bb]|[{])')}"
        f" then {trimmed(f'TRY(connector_cookie({decoded}))')}"
        f" when contains({given}, 'twclid=') then {trimmed(f'TRY(url_decode({in_link}))')}"
        f" else {given} end"
    )


def valid_twclid(value: Value) -> str:
    """Neither a digest nor a link."""
    wrong = any_of(
        f"{value.clean} = ''", _is_digest(value.clean), f"contains({value.clean}, '://')"
    )
    return f"case when not {wrong} then {value.clean} end"


def valid_ip(value: Value) -> str:
    """IPv4 or IPv6, as it is written."""
    return (
        f"case when connector_is_ipv4({value.clean}) then {value.clean}"
        f" when contains({value.clean}, ':') then connector_ipv6({value.clean}) end"
    )


MACROS = {
    "connector_cookie(value)": (
        "case when json_type(value, '$.twclid') = 'VARCHAR'"
        " then json_extract_string(value, '$.twclid') end"
    ),
    "connector_is_digest(value)": (
        f"case when strlen(value) = 64 then {matches('value', _HEX_64)} else false end"
    ),
    "connector_is_address(value)": matches("value", _EMAIL),
    "connector_is_ipv4(value)": matches("value", _IPV4),
    "connector_digest(value)": (
        f"case when connector_is_digest(value) and not {_OF_NOTHING} then lower(value) end"
    ),
}
