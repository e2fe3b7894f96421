"""The JSON body of a conversion, and the columns of a mapped row, as SQL over the valid values."""

from collections.abc import Mapping

from connector.conversions.fields import IDENTIFIERS
from connector.conversions.rules import Value
from connector.conversions.sql import json_text

DIGEST_VERSION = 1
STRONG = ("twclid", "hashed_email", "hashed_phone_number")
SUFFICIENT = {
    "twclid": ("twclid",),
    "email": ("hashed_email",),
    "phone": ("hashed_phone_number",),
    "ip_user_agent": ("ip_address", "user_agent"),
}
# The bits of a row's `identifiers`, in the order of the summary.
COVERAGE = {
    "twclid": ("twclid",),
    "hashed_email": ("hashed_email",),
    "hashed_phone_number": ("hashed_phone_number",),
    "ip_address_user_agent": ("ip_address", "user_agent"),
}
_NULL = "cast(null as varchar)"


def identifier_value(values: Mapping[str, Value], key: str) -> str:
    """What X gets as `key`: the given hash before the one made of the raw value."""
    names = [entry.name for entry in IDENTIFIERS if entry.key == key and entry.name in values]
    found = [values[name].valid for name in names]
    return f"coalesce({', '.join(found)})" if len(found) > 1 else (found or [_NULL])[0]


def is_mapped(values: Mapping[str, Value], key: str) -> bool:
    """Whether anything of the mapping fills `key`."""
    return any(entry.key == key and entry.name in values for entry in IDENTIFIERS)


def _identifiers(values: Mapping[str, Value]) -> str:
    address, agent = (identifier_value(values, key) for key in ("ip_address", "user_agent"))
    address_pair = f"""'"ip_address":"' || {address} || '"'"""
    agent_pair = f"""'"user_agent":' || {json_text(agent)}"""
    lone = (
        f"case when {agent} is null then ',' || {address_pair}"
        f" when {address} is null then ',' || {agent_pair} end"
    )
    objects: list[str] = []
    stronger: list[str] = []
    for key in STRONG:
        if not is_mapped(values, key):
            continue
        value = identifier_value(values, key)
        first = " and ".join([f"{other} is null" for other in stronger]) or "true"
        # X refuses a lone address or agent as an object of its own, so it joins the first one.
        joined = f"case when {first} then coalesce({lone}, '') else '' end"
        objects.append(f"""'{{"{key}":' || {json_text(value)} || {joined} || '}}'""")
        stronger.append(value)
    objects.append(f"'{{' || {address_pair} || ',' || {agent_pair} || '}}'")
    return f"concat_ws(',', {', '.join(objects)})"


def conversion(values: Mapping[str, Value]) -> str:
    """The conversion as X takes it, keys in the order of X's documentation."""
    time = f"make_timestamp({values['conversion_time'].valid} * 1000)"
    parts = [
        """'{"conversion_time":"'""",
        f"strftime({time}, '%Y-%m-%dT%H:%M:%S.%gZ')",
        """'","event_id":"'""",
        values["event_id"].trimmed,
        """'","identifiers":['""",
        _identifiers(values),
        "']'",
    ]
    if "value" in values:
        value, currency = values["value"].valid, values["price_currency"].valid
        parts.append(f"""',"value":"' || {value} || '","price_currency":"' || {currency} || '"'""")
    if "number_items" in values:
        parts.append(f"""',"number_items":' || {values["number_items"].valid}""")
    parts.extend(
        f"""',"{name}":' || {json_text(values[name].valid)}"""
        for name in ("conversion_id", "description", "event_source_url")
        if name in values
    )
    if "contents" in values:
        joined = f"nullif(array_to_string({values['contents'].valid}, ','), '')"
        parts.append(f"""',"contents":[' || {joined} || ']'""")
    parts.append("'}'")
    return f"concat({', '.join(parts)})"


def row(values: Mapping[str, Value]) -> Mapping[str, str]:
    """The columns of a mapped row.

    `outcome` is sendable, suppressed or rejected; `reasons`, `dropped`, `warnings` and `hashed`
    hold words with blanks between them; `identifiers` has the bits of `COVERAGE`.
    """
    sendable = "not suppressed and reasons is null"
    bits = [
        f"case when {' and '.join(f'{identifier_value(values, k)} is not null' for k in keys)}"
        f" then {1 << position} else 0 end"
        for position, keys in enumerate(COVERAGE.values())
    ]
    value, currency = (
        values[n].valid if n in values else _NULL for n in ("value", "price_currency")
    )
    return {
        "outcome": "case when suppressed then 'suppressed' when reasons is null then 'sendable'"
        " else 'rejected' end",
        "reasons": "case when not suppressed then reasons end",
        "dropped": "case when not suppressed then dropped end",
        "warnings": "case when not suppressed then warnings end",
        "hashed": "case when not suppressed then hashed end",
        "identifiers": f"cast(case when {sendable} then {' + '.join(bits)} else 0 end as utinyint)",
        "pixel_id": values["pixel_id"].valid,
        "event_id": values["event_id"].valid,
        "conversion_id": values["conversion_id"].valid,
        "time_ms": values["conversion_time"].valid,
        "value": f"case when {sendable} then {value} end",
        "currency": f"case when {sendable} and {value} is not null then {currency} end",
        "body": f"case when {sendable} then body end",
        "digest": f"case when {sendable} then '{DIGEST_VERSION}:' || left(sha256(body), 32) end",
        '"cursor"': '"cursor"',
    }
