"""The JSON body of a conversion, and the columns of a mapped row, as SQL over the valid values."""

from collections.abc import Iterator, Mapping

from connector.conversions.fields import IDENTIFIERS
from connector.conversions.rules import Value
from connector.conversions.sql import NULL_TEXT, all_of, json_text, lines

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
# What has nothing to escape.
_PLAIN = {"hashed_email", "hashed_phone_number", "ip_address"}
_TEXTS = ("conversion_id", "description", "event_source_url")


def identifier_value(values: Mapping[str, Value], key: str) -> str:
    """What X gets as `key`: the given hash before the one made of the raw value."""
    names = [entry.name for entry in IDENTIFIERS if entry.key == key and entry.name in values]
    found = [values[name].valid for name in names]
    return f"coalesce({', '.join(found)})" if len(found) > 1 else (found or [NULL_TEXT])[0]


def is_mapped(values: Mapping[str, Value], key: str) -> bool:
    """Whether anything of the mapping fills `key`."""
    return any(entry.key == key and entry.name in values for entry in IDENTIFIERS)


def _member(key: str, value: str) -> str:
    """`"key":"value"`, NULL without a value."""
    if key in _PLAIN:
        return f"""'"{key}":"' || {value} || '"'"""
    return f"""'"{key}":' || {json_text(value)}"""


def _lone(values: Mapping[str, Value]) -> str | None:
    """The members that a lone address or agent adds to another identifier's object."""
    mapped = [key for key in ("ip_address", "user_agent") if is_mapped(values, key)]
    members = {key: f"',' || {_member(key, identifier_value(values, key))}" for key in mapped}
    if len(mapped) < len(SUFFICIENT["ip_user_agent"]):
        return next(iter(members.values()), None)
    address, agent = (identifier_value(values, key) for key in mapped)
    return (
        f"case when {agent} is null then {members['ip_address']}"
        f" when {address} is null then {members['user_agent']} end"
    )


def _objects(values: Mapping[str, Value]) -> Iterator[str]:
    """The objects of `identifiers`, each NULL without its value."""
    lone = _lone(values)
    stronger: list[str] = []
    for key in STRONG:
        if not is_mapped(values, key):
            continue
        value = identifier_value(values, key)
        joined = f"'{{', {_member(key, value)}"
        if lone:
            # X refuses a lone address or agent as an object of its own, so it joins the first one.
            is_first = all_of(*(f"{other} is null" for other in stronger))
            joined += f", case when {is_first} then {lone} end" if stronger else f", {lone}"
        yield f"case when {value} is not null then concat({joined}, '}}') end"
        stronger.append(value)
    if all(is_mapped(values, key) for key in SUFFICIENT["ip_user_agent"]):
        pair = [_member(key, identifier_value(values, key)) for key in SUFFICIENT["ip_user_agent"]]
        yield f"'{{' || {pair[0]} || ',' || {pair[1]} || '}}'"


def conversion(values: Mapping[str, Value]) -> str:
    """The conversion as X takes it, keys in the order of X's documentation."""
    time = f"make_timestamp({values['conversion_time'].valid} * 1000)"
    parts = [
        """'{"conversion_time":"'""",
        f"strftime({time}, '%Y-%m-%dT%H:%M:%S.%gZ')",
        """'","event_id":"tw-'""",
        values["pixel_id"].valid,
        "'-'",
        values["event_id"].valid,
        """'","identifiers":['""",
        f"concat_ws(',',{lines(*_objects(values))})",
        "']'",
    ]
    if "value" in values:
        value, currency = values["value"].valid, values["price_currency"].valid
        parts.append(f"""',"value":"' || {value} || '","price_currency":"' || {currency} || '"'""")
    if "number_items" in values:
        parts.append(f"""',"number_items":' || {values["number_items"].valid}""")
    parts.extend(f"',' || {_member(n, values[n].valid)}" for n in _TEXTS if n in values)
    if "contents" in values:
        joined = f"list_aggregate({values['contents'].valid}, 'string_agg', ',')"
        parts.append(f"""',"contents":[' || {joined} || ']'""")
    parts.append("'}'")
    return f"concat({lines(*parts)})"


def row(values: Mapping[str, Value]) -> Mapping[str, str]:
    """The columns of a mapped row.

    `outcome` is sendable, suppressed or rejected; `reasons`, `dropped`, `warnings` and `hashed`
    hold words with blanks between them; `identifiers` has the bits of `COVERAGE`.
    """
    sendable = "not suppressed and reasons = ''"
    bits = [
        f"case when {all_of(*(f'{identifier_value(values, k)} is not null' for k in keys))}"
        f" then {1 << position} else 0 end"
        for position, keys in enumerate(COVERAGE.values())
    ]
    value, currency = (
        values[n].valid if n in values else NULL_TEXT for n in ("value", "price_currency")
    )
    return {
        "outcome": "case when suppressed then 'suppressed' when reasons = '' then 'sendable'"
        " else 'rejected' end",
        **{
            words: f"case when not suppressed and {words} <> '' then {words} end"
            for words in ("reasons", "dropped", "warnings", "hashed")
        },
        "identifiers": f"cast(case when {sendable} then {' + '.join(bits)} else 0 end as utinyint)",
        "pixel_id": values["pixel_id"].valid,
        "event_id": values["event_id"].valid,
        "conversion_id": values["conversion_id"].valid,
        "time_ms": values["conversion_time"].valid,
        "value": f"case when {sendable} then {value} end",
        "currency": f"case when {sendable} and {value} is not null then {currency} end",
        "body": f"case when {sendable} then body end",
        "digest": f"case when {sendable} then '{DIGEST_VERSION}:' || left(sha256(body), 32) end",
        "cursor": '"cursor"',
    }
