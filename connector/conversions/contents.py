"""The rule of `contents`: a list of structs, or JSON, becomes the JSON of X's `contents`.

Each step is a lambda over the items; an item that breaks a rule becomes the text `!`.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from connector.conversions.fields import Field
from connector.conversions.rules import RULES, Value
from connector.conversions.sql import (
    ColumnType,
    any_of,
    identifier,
    json_text,
    literal,
    matches,
)

_TEXT = ColumnType(family="text", name="VARCHAR")
_BROKEN = "!"
_QUOTED = {"money": """'"' || {} || '"'""", "count": "{}"}


@dataclass(frozen=True, kw_only=True)
class Member:
    """One member of an item: its SQL over `item`, its type, and its path when the item is JSON."""

    field: Field
    given: str
    kind: ColumnType = _TEXT
    path: str | None = None

    @property
    def value(self) -> Value:
        """The member's steps inside the lambdas."""
        trimmed, clean, valid = (
            f"item.{identifier(f'{self.field.name}.{step}')}"
            for step in ("trimmed", "clean", "valid")
        )
        return Value(kind=self.kind, given=self.given, trimmed=trimmed, clean=clean, valid=valid)


def member(entry: Field, name: str, kind: ColumnType) -> Member:
    """The member `name` of the items of a list of structs, or of JSON objects.

    Raises:
        KeyError: the struct has no such member.
    """
    if kind.members is not None:
        of = kind.members[name.lower()]
        return Member(field=entry, given=f"item.{identifier(name)}", kind=of)
    path = literal('$."' + name.replace('"', '\\"') + '"')
    return Member(field=entry, given=f"json_extract_string(item, {path})", path=path)


def constant(entry: Field, text: str) -> Member:
    """The same text for each item."""
    return Member(field=entry, given=literal(text))


def parsed(given: str, kind: ColumnType) -> str:
    """The list of items; NULL when JSON text holds anything but a list."""
    return given if kind.family == "list" else f"""TRY(from_json({given}, '["JSON"]'))"""


def texts(parsed_list: str, members: Sequence[Member]) -> str:
    """The items as JSON texts: NULL for an empty one, `!` for one that breaks a rule."""
    kept = {m.value.trimmed: f"{m.field.name}.trimmed" for m in members}
    trim = _packed(members, "trimmed", lambda m: RULES[m.field.kind].trim(m.value))
    clean = _packed(members, "clean", lambda m: RULES[m.field.kind].clean(m.value))
    valid = _packed(members, "valid", lambda m: RULES[m.field.kind].valid(m.value))
    carried = [f"{identifier(name)}: {sql}" for sql, name in kept.items()]
    steps = (
        _struct([*trim, f"broken: {_not_an_object(members)}"]),
        _struct([*carried, *clean, "broken: item.broken"]),
        _struct([*carried, *valid, "broken: item.broken"]),
        _item_text(members),
    )
    result = parsed_list
    for step in steps:
        result = f"list_transform({result}, lambda item: {step})"
    return result


def is_broken(given: str, parsed_list: str, item_texts: str, kind: ColumnType) -> str:
    """True where contents is not a list, or an item breaks a rule."""
    broken = f"coalesce(list_contains({item_texts}, '{_BROKEN}'), false)"
    if kind.family == "list":
        return broken
    lost = f"{given} is not null and {parsed_list} is null and not {matches(given, '^null$')}"
    return any_of(f"({lost})", broken)


def _packed(members: Iterable[Member], step: str, sql: Callable[[Member], str]) -> list[str]:
    return [f"{identifier(f'{m.field.name}.{step}')}: {sql(m)}" for m in members]


def _struct(entries: Iterable[str]) -> str:
    return "{" + ", ".join(entries) + "}"


def _not_an_object(members: Iterable[Member]) -> str:
    paths = [m.path for m in members if m.path is not None]
    nested = [f"coalesce(json_type(item, {path}) in ('OBJECT', 'ARRAY'), false)" for path in paths]
    item = ["coalesce(json_type(item) not in ('OBJECT', 'NULL'), false)"] if paths else []
    return any_of(*item, *nested)


def _item_text(members: Iterable[Member]) -> str:
    broken, pairs = ["item.broken"], []
    for m in members:
        value = m.value
        broken.append(f"({value.trimmed} is not null and {value.valid} is null)")
        shown = _QUOTED.get(m.field.kind, json_text("{}")).format(value.valid)
        pairs.append(f"""'"{m.field.key}":' || {shown}""")
    body = "nullif('{' || concat_ws(',', " + ", ".join(pairs) + ") || '}', '{}')"
    return f"case when {any_of(*broken)} then '{_BROKEN}' else {body} end"
