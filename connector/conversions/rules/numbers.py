"""Amounts and counts; no amount passes through a floating-point number that was not one before."""

from connector.conversions.rules.values import Value
from connector.conversions.sql import all_of, literal, matches

_DECIMAL = r"^[+-]?(\d+\.?\d*|\.\d+)$"
# What is left of such a text without the zeros at both ends.
_PARTS = literal(r"^([+-]?)0*(\d*)(?:\.(\d*?)0*)?$")
_WHOLE = r"^\+?\d+(\.0*)?$"
_WHOLE_DECIMAL = literal(r"^(-?\d+)\.0*$")
_ZEROS_BEHIND = literal(r"^(\d+\.\d{2}\d*?)0+$")
_TWO_DECIMALS = 2
_FLOAT_DECIMALS = 6
_WHOLE_FLOATS = 2**53  # from here on a double has no fraction


# Each may use those before it.
MACROS = {
    "connector_plain_number(value, short)": (
        "case when contains(short, 'e') and not starts_with(short, '-')"
        " then coalesce(cast(try_cast(short as decimal(38, 18)) as varchar), value)"
        " else coalesce(short, value) end"
    ),
    # A number of JSON is a double, of which 15 digits are right.
    "connector_json_number(value, kind)": (
        "case when kind = 'DOUBLE' then"
        " connector_plain_number(value, format('{:.15g}', try_cast(value as double)))"
        " else value end"
    ),
}


def clean_amount(value: Value) -> str:
    """A number as decimal text; a text as its sign, whole part and fraction."""
    given, kind = value.trimmed, value.kind
    if kind.family == "text":
        parts = f"regexp_extract({given}, {_PARTS}, ['sign', 'whole', 'fraction'])"
        return f"case when {matches(given, _DECIMAL)} then {parts} end"
    if kind.family == "float":
        # A cast to a decimal multiplies first, so that large numbers and halves are not exact.
        rounded = f"format('{{:.{_FLOAT_DECIMALS}f}}', abs({given}))"
        # Formatting is not exact for large numbers, which are whole; none is above HUGEINT.
        whole = f"cast(try_cast(abs({given}) as hugeint) as varchar) || '.{'0' * _FLOAT_DECIMALS}'"
        large = f"abs({given}) >= {_WHOLE_FLOATS} then {whole}"
        return f"case when not isfinite({given}) then null when {large} else {rounded} end"
    amount = f"cast({given} as varchar)"
    # DuckDB shows no zero before the point of a decimal that has room for none.
    return f"concat('0', {amount})" if kind.width and kind.width == kind.scale else amount


def valid_amount(value: Value) -> str:
    """At least two decimals, and all others that are not zeros at the end."""
    amount, kind = value.clean, value.kind
    if kind.family == "text":
        length = f"cast(greatest(length({amount}.fraction), {_TWO_DECIMALS}) as integer)"
        fraction = f"rpad({amount}.fraction, {length}, '0')"
        shown = f"concat(coalesce(nullif({amount}.whole, ''), '0'), '.', {fraction})"
        return f"case when {amount} is not null and not {is_negative(value)} then {shown} end"
    scale = _FLOAT_DECIMALS if kind.family == "float" else kind.scale
    if scale > _TWO_DECIMALS:
        shown = rf"regexp_replace({amount}, {_ZEROS_BEHIND}, '\1')"
    else:
        shown = amount + ("", " || '0'", " || '.00'")[_TWO_DECIMALS - scale]
    return f"case when {value.trimmed} >= 0 then {shown} end"


def is_negative(value: Value) -> str:
    """True for an amount below zero, also for one that rounds to zero."""
    given, amount = value.trimmed, value.clean
    if value.kind.family == "text":
        digits = f"concat({amount}.whole, {amount}.fraction)"
        return all_of(f"{amount}.sign = '-'", f"{digits} <> ''")
    below = f"{given} < 0"
    return all_of(f"isfinite({given})", below) if value.kind.family == "float" else f"({below})"


def amount_reason(value: Value) -> str:
    """Why an amount is not taken."""
    return (
        f"case when {value.trimmed} is null or {value.valid} is not null then null"
        f" when {is_negative(value)} then 'negative_value' else 'invalid_value' end"
    )


def whole_text(decimal: str) -> str:
    """A decimal without a fraction as text without a point, NULL for any other."""
    return f"nullif(regexp_extract(cast({decimal} as varchar), {_WHOLE_DECIMAL}, 1), '')"


def clean_count(value: Value) -> str:
    """A whole number as BIGINT, NULL for one with a fraction or beyond that type."""
    given, family = value.trimmed, value.kind.family
    if family == "text":
        digits = f"try_cast(regexp_extract({given}, '[0-9]+') as bigint)"
        return f"case when {matches(given, _WHOLE)} then {digits} end"
    if family == "decimal":
        return f"try_cast({whole_text(given)} as bigint)"
    whole = f"try_cast({given} as bigint)"
    return f"case when {given} = trunc({given}) then {whole} end" if family == "float" else whole


def valid_count(value: Value) -> str:
    """Above zero."""
    return f"case when {value.clean} > 0 then {value.clean} end"
