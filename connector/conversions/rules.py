"""The rule of each kind of field, as DuckDB SQL in three steps: trimmed, clean, valid.

A step reads what the one before it made: `given` is the warehouse's value, `trimmed` has no blanks
at its ends and is NULL when empty, `clean` is normalised, `valid` is what X gets or NULL.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from iso4217 import Currency

from connector.conversions import sql
from connector.conversions.sql import (
    EMAIL_INSIDE,
    HEX_64,
    INVISIBLE,
    SPACE,
    ColumnType,
    identifier,
    literal,
    matches,
    text,
    trimmed,
)

_NOTHING = ("", "null", "none", "nan", "n/a")
_HASHES_OF_NOTHING = tuple(
    hashlib.sha256(word.encode()).hexdigest()
    for word in (*_NOTHING, *(w.upper() for w in _NOTHING[1:]), "None", "Null", "NaN", "Nan")
)
_CURRENCIES = tuple(sorted(currency.code for currency in Currency))
_LABEL = f"[^@.{SPACE}{INVISIBLE}]+"
_EMAIL = rf"^[^@{SPACE}{INVISIBLE}]+@{_LABEL}(\.{_LABEL})+$"
_BASE_36 = "^[0-9a-z]+$"
_EVENT = "^(?:tw-([0-9a-z]+)-)?([0-9a-z]+)$"
_DECIMAL = r"^[+-]?(\d+\.?\d*|\.\d+)$"
_WHOLE = r"^\+?\d+(\.0*)?$"
_ISO_8601 = (
    r"^(\d{4}-\d{2}-\d{2})[Tt ]((?:[01]\d|2[0-3]):[0-5]\d)(?::([0-5]\d)(?:[.,](\d+))?)?"
    r" ?(Z|z|[+-](?:[01]\d|2[0-3])(?::?[0-5]\d)?)?$"
)
_CLICK_IN_LINK = r"(?:^|[?&#;])twclid=([^&#;\s]*)"
_DATE_ALONE = r"^\d{4}-\d{2}-\d{2}$"
_FIRST_SECOND, _LAST_SECOND = -62_135_596_800, 253_402_300_799
_TWO_DECIMALS = 2

TEXT = frozenset({"text"})
WHOLE = frozenset({"text", "integer", "decimal"})
NUMBER = WHOLE | {"float"}
PLAIN = NUMBER | {"boolean", "date", "timestamp", "timestamptz"}
TIME = frozenset({"text", "timestamp", "timestamptz", "integer", "decimal", "float"})


@dataclass(frozen=True, kw_only=True)
class Value:
    """Where the steps of one field stand in the SQL, its type and its options.

    `options` holds SQL: `timezone` and `unit` of a time, `region` of a phone, `pixel` of an event.
    """

    kind: ColumnType
    given: str
    trimmed: str
    clean: str
    valid: str
    options: Mapping[str, str] = field(default_factory=dict)


Step = Callable[[Value], str]


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A kind of field.

    `reason` is SQL for the reason a row is rejected or an identifier dropped, NULL when all is
    well; `families` are the types it takes and `advice` what to write instead of another one.
    """

    families: frozenset[str]
    advice: str
    reason: Step
    valid: Step
    clean: Step = lambda value: value.trimmed
    trim: Step = lambda value: trimmed(text(value.given, value.kind))


def unless_valid(reason: str) -> Step:
    """The reason of a value that is there and not valid."""
    return lambda v: f"case when {v.trimmed} is not null and {v.valid} is null then '{reason}' end"


def required(name: str, otherwise: str | None = None) -> Step:
    """The reasons of a value that has to be there."""
    return lambda v: (
        f"case when {v.trimmed} is null then 'missing_{name}'"
        f" when {v.valid} is null then '{otherwise or f'invalid_{name}'}' end"
    )


def _trim_number(value: Value) -> str:
    return trimmed(value.given) if value.kind.family == "text" else value.given


def _clean_money(value: Value) -> str:
    given, family = value.trimmed, value.kind.family
    if family == "float":
        rounded = f"try_cast(case when isfinite({given}) then {given} end as decimal(38, 6))"
        return f"cast({rounded} as varchar)"
    return given if family == "text" else f"cast({given} as varchar)"


def _decimals_cut(amount: str) -> str:
    pattern = literal(r"^(\d+\.\d{2}\d*?)0+$")
    return rf"regexp_replace({amount}, {pattern}, '\1')"


def _valid_money(value: Value) -> str:
    kind, amount = value.kind, value.clean
    if kind.family == "text":
        whole = f"ltrim(regexp_extract({amount}, '^[+-]?([0-9]*)', 1), '0')"
        fraction = f"regexp_extract({amount}, '[.]([0-9]*)$', 1)"
        padded = f"rpad({fraction}, greatest(length({fraction}), 2), '0')"
        joined = f"coalesce(nullif({whole}, ''), '0') || '.' || {padded}"
        wanted = f"{matches(amount, _DECIMAL)} and not {is_negative(value)}"
        return f"case when {wanted} then {_decimals_cut(joined)} end"
    scale = {"integer": 0, "float": 6}.get(kind.family, kind.scale)
    if scale > _TWO_DECIMALS:
        shown = _decimals_cut(amount)
    else:
        shown = amount + ("", " || '0'", " || '.00'")[_TWO_DECIMALS - scale]
    return f"case when {value.trimmed} >= 0 then {shown} end"


def is_negative(value: Value) -> str:
    """True for an amount below zero, also for one that rounds to zero."""
    if value.kind.family == "text":
        amount = f"{matches(value.clean, _DECIMAL)} and {value.clean} like '-%'"
        return f"({amount} and {matches(value.clean, '[1-9]')})"
    below = f"{value.trimmed} < 0"
    return (
        f"(isfinite({value.trimmed}) and {below})" if value.kind.family == "float" else f"({below})"
    )


def _money_reason(value: Value) -> str:
    return (
        f"case when {value.trimmed} is null or {value.valid} is not null then null"
        f" when {is_negative(value)} then 'negative_value' else 'invalid_value' end"
    )


def _clean_count(value: Value) -> str:
    given = value.trimmed
    if value.kind.family == "text":
        digits = f"try_cast(regexp_extract({given}, '[0-9]+') as bigint)"
        return f"case when {matches(given, _WHOLE)} then {digits} end"
    return f"case when {given} = floor({given}) then try_cast({given} as bigint) end"


def _clean_id(value: Value) -> str:
    given, family = value.trimmed, value.kind.family
    if family == "decimal":
        whole = f"cast({given} as decimal(38, 0))"
        return f"case when {given} = {whole} then cast({whole} as varchar) end"
    return given if family == "text" else f"cast({given} as varchar)"


def _valid_id(value: Value) -> str:
    wrong = f"{matches(value.clean, chr(92) + 'p{Cc}')} or {matches(value.clean, EMAIL_INSIDE)}"
    return f"case when not ({wrong}) then {value.clean} end"


def _id_reason(value: Value) -> str:
    return (
        f"case when {value.trimmed} is null then 'missing_conversion_id'"
        f" when {value.valid} is not null then null"
        f" when {matches(value.clean, EMAIL_INSIDE)} then 'personal_conversion_id'"
        " else 'invalid_conversion_id' end"
    )


def _valid_event(value: Value) -> str:
    parts = f"regexp_extract({value.trimmed}, {literal(_EVENT)}"
    fits = f"{parts}, 1) in ('', {value.options['pixel']})"
    return f"case when {fits} then nullif({parts}, 2), '') end"


def _clean_time(value: Value) -> str:
    given = value.trimmed
    if value.kind.family == "text":
        names = "['day', 'minute', 'second', 'fraction', 'zone']"
        return f"regexp_extract({given}, {literal(_ISO_8601)}, {names})"
    if value.kind.name == "TIMESTAMP_NS":
        return f"make_timestamp(epoch_ns({given}) // 1000)"
    return f"cast({given} as timestamp)" if value.kind.family == "timestamp" else given


def local_time(value: Value) -> str:
    """The wall time of a value that has no zone of its own, NULL for others."""
    parts = value.clean
    if value.kind.family == "text":
        return f"case when {parts}.zone = '' then try_cast({_wall_text(parts)} as timestamp) end"
    return parts if value.kind.family == "timestamp" else "cast(null as timestamp)"


def _wall_text(parts: str) -> str:
    second = f"coalesce(nullif({parts}.second, ''), '00')"
    cut = f"rpad(left({parts}.fraction, 3), 3, '0')"
    return f"concat({parts}.day, ' ', {parts}.minute, ':', {second}, '.', {cut})"


def _milliseconds(instant: str) -> str:
    # epoch_ms rounds microseconds; a conversion is never moved forward.
    return f"case when isfinite({instant}) then epoch_us({instant}) // 1000 end"


def _epoch(value: Value) -> str:
    number, seconds = value.clean, value.options["unit"] == "s"
    scale = 1 if seconds else 1000
    if value.kind.family == "float":
        cut = f"floor(round({number} * {1_000_000 // scale}) / 1000)"
    elif value.kind.family == "integer":
        cut = f"try_cast({number} as bigint) * {1000 // scale}"
    else:
        cut = f"floor(try_cast({number} as decimal(38, 9)) * {1000 // scale})"
    first, last = _FIRST_SECOND * scale, _LAST_SECOND * scale
    return f"case when {number} between {first} and {last} then cast({cut} as bigint) end"


def _valid_time(value: Value) -> str:
    if value.kind.family in ("integer", "decimal", "float"):
        return _epoch(value)
    if value.kind.family == "timestamptz":
        return _milliseconds(value.clean)
    zone = value.options.get("timezone")
    local = local_time(value)
    zoned = _milliseconds(f"timezone({zone}, {local})") if zone else "cast(null as bigint)"
    if value.kind.family == "timestamp":
        return zoned
    parts = value.clean
    offset = f"replace(upper({parts}.zone), 'Z', '+00')"
    own = _milliseconds(f"try_cast(concat({_wall_text(parts)}, {offset}) as timestamptz)")
    return f"case when {parts}.zone = '' then {zoned} else {own} end"


def _time_reason(value: Value) -> str:
    return (
        f"case when {value.trimmed} is null then 'missing_conversion_time'"
        f" when {value.valid} is null then 'invalid_conversion_time'"
        f" when {value.valid} > $latest_ms then 'in_future'"
        f" when {value.valid} < $earliest_ms then 'too_old' end"
    )


def is_date_alone(value: Value) -> str:
    """True for a text that is a day without a time."""
    return matches(value.trimmed, _DATE_ALONE) if value.kind.family == "text" else "false"


def _clean_email(value: Value) -> str:
    address = value.trimmed
    # DuckDB's lower differs from Python's at a dotted capital I and at a final sigma.
    special = f"contains({address}, '\u0130') or contains({address}, '\u03a3')"
    return f"case when {special} then connector_lower({address}) else lower({address}) end"


def is_hashed(value: Value) -> str:
    """True for a raw identifier that already is a digest."""
    return matches(value.trimmed, HEX_64)


def _valid_hash(value: Value) -> str:
    return f"connector_digest({value.trimmed})"


def _hash_reason(value: Value) -> str:
    return (
        f"case when {value.trimmed} is null or {value.valid} is not null then null"
        f" when {is_hashed(value)} then 'hash_of_nothing' else 'invalid_hash' end"
    )


def _hashed_or(value: Value, raw: str) -> str:
    return f"coalesce(connector_digest({value.trimmed}), {raw})"


def _raw_reason(reason: str) -> Step:
    return lambda v: (
        f"case when {v.trimmed} is null or {v.valid} is not null then null"
        f" when {is_hashed(v)} then 'hash_of_nothing' else '{reason}' end"
    )


def _valid_email(value: Value) -> str:
    address = value.clean
    hashed = f"case when {matches(address, _EMAIL)} then sha256({address}) end"
    return _hashed_or(value, hashed)


def _valid_phone(value: Value) -> str:
    number = f"connector_phone({value.clean}, {value.options['region']})"
    return _hashed_or(value, f"sha256({number})")


def _clean_twclid(value: Value) -> str:
    given = value.trimmed
    link = f"regexp_extract({given}, {literal(_CLICK_IN_LINK)}, 1)"
    decoded = f"case when {matches(given, '^%7[Bb]')} then url_decode({given}) else {given} end"
    cookie = f"TRY(json_extract_string({decoded}, '$.twclid'))"
    return (
        f"case when contains({given}, 'twclid=') then url_decode({link})"
        f" when {matches(given, '^(%7[Bb]|[{])')} then {cookie} else {given} end"
    )


def _valid_twclid(value: Value) -> str:
    wrong = f"[{SPACE}]|://"
    bad = f"{matches(value.clean, HEX_64)} or {matches(value.clean, wrong)} or {value.clean} = ''"
    return f"case when not ({bad}) then {value.clean} end"


_BYTE = r"(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"


def _valid_ip(value: Value) -> str:
    is_v4 = matches(value.clean, rf"^({_BYTE}\.){{3}}{_BYTE}$")
    six = f"case when contains({value.clean}, ':') then connector_ipv6({value.clean}) end"
    return f"case when {is_v4} then {value.clean} else {six} end"


# What the statement's words stand for; the mapper defines them before it runs the statement.
MACROS = {
    **sql.MACROS,
    "connector_digest(value)": (
        f"case when {matches('value', HEX_64)} and lower(value) not in"
        f" ({', '.join(map(literal, _HASHES_OF_NOTHING))}) then lower(value) end"
    ),
    "connector_currency(value)": (
        f"case when upper(value) in ({', '.join(map(literal, _CURRENCIES))}) then upper(value) end"
    ),
}


RULES: Mapping[str, Rule] = {
    "pixel_id": Rule(
        families=frozenset({"text", "integer"}), advice="cast it to VARCHAR",
        valid=lambda v: f"case when {matches(v.clean, _BASE_36)} then {v.clean} end",
        reason=required("pixel_id"),
    ),
    "event_id": Rule(
        families=frozenset({"text", "integer"}), advice="cast it to VARCHAR",
        valid=_valid_event, reason=required("event_id"),
    ),
    "time": Rule(
        families=TIME, advice="it needs a time of day and a zone: a TIMESTAMP WITH TIME ZONE, "
        "a TIMESTAMP or text with `timezone:`, or a number with `unit: s` or `unit: ms`",
        trim=_trim_number, clean=_clean_time, valid=_valid_time, reason=_time_reason,
    ),
    "conversion_id": Rule(
        families=WHOLE, advice="cast it to VARCHAR or to a whole number in the query",
        trim=_trim_number, clean=_clean_id, valid=_valid_id, reason=_id_reason,
    ),
    "money": Rule(
        families=NUMBER, advice="cast it to DECIMAL in the query",
        trim=_trim_number, clean=_clean_money, valid=_valid_money, reason=_money_reason,
    ),
    "currency": Rule(
        families=TEXT, advice="it is text such as EUR",
        valid=lambda v: f"connector_currency({v.clean})",
        reason=required("price_currency"),
    ),
    "count": Rule(
        families=NUMBER, advice="cast it to BIGINT in the query",
        trim=_trim_number, clean=_clean_count,
        valid=lambda v: f"case when {v.clean} > 0 then {v.clean} end",
        reason=unless_valid("invalid_number_items"),
    ),
    "text": Rule(
        families=PLAIN, advice="cast it to VARCHAR in the query",
        valid=lambda v: v.clean, reason=lambda _: "cast(null as varchar)",
    ),
    "email": Rule(
        families=TEXT, advice="it is text",
        trim=lambda v: f"connector_trimmed_address({text(v.given, v.kind)})",
        clean=_clean_email, valid=_valid_email, reason=_raw_reason("invalid_email"),
    ),
    "phone": Rule(
        families=WHOLE - {"decimal"}, advice="it is text, or a whole number",
        valid=_valid_phone, reason=_raw_reason("invalid_phone"),
    ),
    "hash": Rule(
        families=TEXT, advice="it is text of 64 hexadecimal digits",
        valid=_valid_hash, reason=_hash_reason,
    ),
    "twclid": Rule(
        families=TEXT, advice="it is text", clean=_clean_twclid, valid=_valid_twclid,
        reason=unless_valid("invalid_twclid"),
    ),
    "ip_address": Rule(
        families=TEXT, advice="it is text", valid=_valid_ip,
        reason=unless_valid("invalid_ip_address"),
    ),
}  # fmt: skip


def column(step: str, name: str) -> str:
    """The name a step of a field has in the compiled statement."""
    return identifier(f"{name}.{step}")
