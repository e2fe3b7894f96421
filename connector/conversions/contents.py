"""The rule of `contents`: a list of structs, or JSON, becomes the items of X's `contents` as JSON.

The steps are lambdas over the items, with the rules of single fields; an item that breaks one
becomes the text `!`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from connector.conversions.fields import Field
from connector.conversions.rules import RULES, STEPS, StepName, Value, after, sql_of
from connector.conversions.sql import (
    ColumnType,
    all_of,
    any_of,
    identifier,
    json_text,
    lines,
    literal,
    trimmed,
)
from connector.source.selection import suggestion

_TEXT = ColumnType(family="text", name="VARCHAR")
_BROKEN = "!"
_SHOWN = {"money": """'"' || {} || '"'""", "count": "{}"}


@dataclass(frozen=True, kw_only=True)
class Member:
    """One member of an item: its steps over `item`, and its path when the item is JSON."""

    field: Field
    value: Value
    path: str | None = None
    constant: bool = False


def is_list(kind: ColumnType) -> bool:
    """Whether contents of this type are a list of structs; else they are JSON."""
    return kind.members is not None


def misfit(kind: ColumnType) -> str | None:
    """Why a column of this type cannot be contents."""
    if is_list(kind) or kind.family in ("text", "json"):
        return None
    return f"is {kind.name} in the warehouse; it has to be a LIST of STRUCT, or JSON"


def member(entry: Field, name: str, kind: ColumnType) -> Member:
    """The member `name` of the items of a list of structs, or of JSON objects.

    Raises:
        ValueError: the struct has no such member.
    """
    if kind.members is not None:
        of = kind.members.get(name.lower())
        if of is None:
            near, known = suggestion(name, kind.members), ", ".join(kind.members)
            raise ValueError(f"an item has no member {name!r}{near} (it has {known})")
        return Member(field=entry, value=Value(kind=of, given=f"item.{identifier(name)}"))
    # A pointer, since in a path even a quoted * would mean every member.
    path = literal("/" + name.replace("~", "~0").replace("/", "~1"))
    given = f"json_extract_string(item, {path})"
    if entry.kind != "text":
        given = f"connector_json_number({given}, json_type(item, {path}))"
    return Member(field=entry, value=Value(kind=_TEXT, given=given), path=path)


def constant(entry: Field, text: str) -> Member:
    """The same text for each item."""
    return Member(field=entry, value=Value(kind=_TEXT, given=literal(text)), constant=True)


def items(given: str, kind: ColumnType) -> str:
    """The list of items; NULL when JSON text holds anything but a list."""
    return given if is_list(kind) else f"""TRY(from_json({_text(given)}, '["JSON"]'))"""


def is_no_list(given: str, item_texts: str, kind: ColumnType) -> str:
    """True where there is JSON that is no list."""
    if is_list(kind):
        return "false"
    return all_of(f"{item_texts} is null", f"coalesce({_text(given)}, 'null') <> 'null'")


def has_broken(item_texts: str) -> str:
    """True where an item breaks a rule."""
    return f"coalesce(list_contains({item_texts}, '{_BROKEN}'), false)"


def _text(given: str) -> str:
    return trimmed(f"cast({given} as varchar)")


def texts(item_list: str, members: Sequence[Member]) -> str:
    """The items as JSON texts: NULL for an empty one, `!` for one that breaks a rule."""
    broken = {"broken": _not_an_object(members)} if any(m.path for m in members) else {}
    known, result = broken, item_list
    for step in STEPS:
        members, new = _stepped(members, step)
        if new:
            result = _each(result, _struct(known | new))
            known = {name: f"item.{identifier(name)}" for name in known | new}
    return _each(result, _item_text(members, broken="item.broken" if broken else "false"))


def _each(item_list: str, made: str) -> str:
    return f"list_transform({item_list}, lambda item: {made})"


def _struct(entries: Mapping[str, str]) -> str:
    return "{" + lines(*(f"{identifier(name)}: {sql}" for name, sql in entries.items())) + "}"


def _stepped(members: Iterable[Member], step: StepName) -> tuple[list[Member], dict[str, str]]:
    """The members after a step, and what it adds to the struct of an item."""
    made, new = [], {}
    for one in members:
        sql = sql_of(RULES[one.field.kind], step, one.value)
        if sql not in (one.value.trimmed, one.value.clean):
            name = f"{one.field.name}.{step}"
            new[name], sql = sql, f"item.{identifier(name)}"
        made.append(replace(one, value=after(step, one.value, sql)))
    return made, new


def _not_an_object(members: Iterable[Member]) -> str:
    paths = [m.path for m in members if m.path is not None]
    nested = [f"coalesce(json_type(item, {path}) in ('OBJECT', 'ARRAY'), false)" for path in paths]
    return any_of("coalesce(json_type(item) not in ('OBJECT', 'NULL'), false)", *nested)


def _item_text(members: Sequence[Member], *, broken: str) -> str:
    wrong = [
        f"({m.value.trimmed} is not null and {m.value.valid} is null)"
        for m in members
        if m.value.valid != m.value.trimmed
    ]
    # What is the same in each item says nothing of one that has nothing else.
    telling = [f"{m.value.valid} is null" for m in members if not m.constant]
    empty = all_of(*telling) if telling else "false"
    body = f"concat('{{', concat_ws(',',{lines(*map(_pair, members))}), '}}')"
    return f"case when {any_of(broken, *wrong)} then '{_BROKEN}' when not {empty} then {body} end"


def _pair(one: Member) -> str:
    shown = _SHOWN.get(one.field.kind, json_text("{}")).format(one.value.valid)
    return f"""'"{one.field.key}":' || {shown}"""
