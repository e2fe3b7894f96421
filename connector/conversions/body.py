"""The JSON body of a conversion, and the columns of a mapped row, as SQL over the valid values.

DuckDB writes a new text for each call, so that calls with many arguments replace many of them.
"""

from collections.abc import Iterable, Iterator, Mapping

from connector.conversions.fields import IDENTIFIERS
from connector.conversions.rules import Value
from connector.conversions.sql import NULL_TEXT, all_of, identifier, json_text, lines

DIGEST_VERSION = 2
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
_TEXTS = ("description", "event_source_url")
_AS_JSON = ("twclid", "user_agent", "conversion_id", *_TEXTS)
# Enough of a digest to tell two rows of one conversion_id apart: SHA-256 takes as long for 56 bytes
# as for 119.
_PART_OF_HASH = 24


def identifier_value(values: Mapping[str, Value], key: str) -> str:
    """What X gets as `key`: the given hash before the one made of the raw value."""
    names = [entry.name for entry in IDENTIFIERS if entry.key == key and entry.name in values]
    found = [values[name].valid for name in names]
    return f"coalesce({', '.join(found)})" if len(found) > 1 else (found or [NULL_TEXT])[0]


def is_mapped(values: Mapping[str, Value], key: str) -> bool:
    """Whether anything of the mapping fills `key`."""
    return any(entry.key == key and entry.name in values for entry in IDENTIFIERS)


def shown(values: Mapping[str, Value]) -> dict[str, str]:
    """Columns with the values that have something to escape, as JSON has them."""
    columns = {_name(name): json_text(values[name].valid) for name in _AS_JSON if name in values}
    if "contents" in values:
        joined = f"list_aggregate({values['contents'].valid}, 'string_agg', ',')"
        columns[_name("contents")] = joined
    return columns


def shown_as(name: str) -> str:
    """What `shown` calls a value."""
    return identifier(_name(name))


def _name(name: str) -> str:
    return f"{name}.shown"


def _member(values: Mapping[str, Value], key: str, before: str) -> str:
    """The arguments for `"key":"value"`, which stands after `before`."""
    if key in _PLAIN:
        return f"""'{before}"{key}":"', {identifier_value(values, key)}, '"'"""
    return f"""'{before}"{key}":', {shown_as(key)}"""


def _lone(values: Mapping[str, Value]) -> str | None:
    """The members that a lone address or agent adds to another identifier's object."""
    mapped = [key for key in ("ip_address", "user_agent") if is_mapped(values, key)]
    members = {
        key: f"case when {identifier_value(values, key)} is not null"
        f" then concat({_member(values, key, ',')}) end"
        for key in mapped
    }
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
        joined = _member(values, key, "{")
        if lone:
            # X refuses a lone address or agent as an object of its own, so it joins the first one.
            is_first = all_of(*(f"{other} is null" for other in stronger))
            joined += f", case when {is_first} then {lone} end" if stronger else f", {lone}"
        yield f"case when {value} is not null then concat({joined}, '}}') end"
        stronger.append(value)
    if all(is_mapped(values, key) for key in SUFFICIENT["ip_user_agent"]):
        keys = SUFFICIENT["ip_user_agent"]
        there = all_of(*(f"{identifier_value(values, key)} is not null" for key in keys))
        pair = (_member(values, key, mark) for key, mark in zip(keys, "{,", strict=True))
        yield f"case when {there} then concat({', '.join(pair)}, '}}') end"


def conversion(values: Mapping[str, Value]) -> str:
    """The conversion as X takes it, keys in the order of X's documentation.

    Of a row that is not sendable it may be anything.
    """
    time = f"make_timestamp({values['conversion_time'].valid} * 1000)"
    objects = list(_objects(values))
    parts = [
        """'{"conversion_time":"'""",
        f"strftime({time}, '%Y-%m-%dT%H:%M:%S.%gZ')",
        """'","event_id":"tw-'""",
        values["pixel_id"].valid,
        "'-'",
        values["event_id"].valid,
        """'","identifiers":['""",
        f"concat_ws(',',{lines(*objects)})" if len(objects) > 1 else "".join(objects),
        "']'",
    ]
    if "value" in values:
        value, currency = values["value"].valid, values["price_currency"].valid
        pair = f"""',"value":"', {value}, '","price_currency":"', {currency}, '"'"""
        parts.append(_if_there([value, currency], pair))
    if "number_items" in values:
        items = values["number_items"].valid
        parts.append(_if_there([items], f"""',"number_items":', {items}"""))
    parts.append(f"""',"conversion_id":', {shown_as("conversion_id")}""")
    parts.extend(
        _if_there([values[name].valid], f"""',"{name}":', {shown_as(name)}""")
        for name in _TEXTS
        if name in values
    )
    if "contents" in values:
        items = shown_as("contents")
        parts.append(_if_there([items], f"""',"contents":[', {items}, ']'"""))
    parts.append("'}'")
    return f"concat({lines(*parts)})"


def _if_there(values: Iterable[str], arguments: str) -> str:
    """The arguments joined, NULL unless the values are there."""
    there = " and ".join(f"{value} is not null" for value in values)
    return f"case when {there} then concat({arguments}) end"


def _told_apart(values: Mapping[str, Value]) -> str:
    """A short text that differs where two bodies of one pixel, event and conversion_id differ.

    A part begins with a mark of its own and is there when its value is. It has no blank, but in
    texts of JSON, which say where they end.
    """
    parts = {"t": shown_as("twclid")} if is_mapped(values, "twclid") else {}
    for mark, key in (("e", "hashed_email"), ("p", "hashed_phone_number")):
        if is_mapped(values, key):
            parts[mark] = f"left({identifier_value(values, key)}, {_PART_OF_HASH})"
    if is_mapped(values, "ip_address"):
        parts["i"] = identifier_value(values, "ip_address")
    if "value" in values:
        parts["v"] = f"{values['value'].valid} || {values['price_currency'].valid}"
    if "number_items" in values:
        parts["n"] = values["number_items"].valid
    marks = {"a": "user_agent", "d": "description", "u": "event_source_url", "c": "contents"}
    parts |= {mark: shown_as(name) for mark, name in marks.items() if name in values}
    marked = [f"' {mark}' || {part}" for mark, part in parts.items()]
    return f"concat({lines(values['conversion_time'].valid, *marked)})"


def _key(values: Mapping[str, Value]) -> Iterator[str]:
    return (values[name].valid for name in ("pixel_id", "event_id", "conversion_id"))


def row(values: Mapping[str, Value]) -> Mapping[str, str]:
    """The columns of a mapped row.

    `outcome` is sendable, suppressed or rejected; `reasons`, `dropped`, `warnings` and `hashed`
    hold words with blanks between them; `identifiers` has the bits of `COVERAGE`; `key` is the same
    for rows of one pixel, event and conversion_id, and seldom for others.
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
        "digest": f"case when {sendable} then concat('{DIGEST_VERSION}:',"
        f" left(sha256({_told_apart(values)}), 32)) end",
        "key": f"case when {sendable} then hash({', '.join(_key(values))}) end",
        "cursor": '"cursor"',
    }
