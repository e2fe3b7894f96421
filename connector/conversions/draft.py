"""The statement while it grows: layers of columns, each reading the one before it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from connector.conversions.rules import Value
from connector.conversions.sql import ColumnType, identifier

LAYERS = ("read", "given", "trimmed", "clean", "valid", "shown", "judged")


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """What the compiler asks of the mapper's connection.

    `column` gives a source column's quoted name and type, `expression` the type of an expression of
    the mapping. Both raise `ValueError` whose text says what is wrong.
    """

    column: Callable[[str], tuple[str, ColumnType]]
    expression: Callable[[str], ColumnType]


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """Something of the mapping that does not fit the warehouse's columns; `loc` is its place."""

    loc: str
    message: str


class NotCompiledError(Exception):
    """All the refusals of a mapping."""

    def __init__(self, refusals: Iterable[Refusal]) -> None:
        self.refusals = tuple(refusals)
        super().__init__(f"{len(self.refusals)} expressions do not fit")


@dataclass(kw_only=True)
class Draft:
    """A statement in the making.

    `layers` hold columns by name, `values` the fields, `tried` for each field with an expression
    the column that is null where it failed.
    """

    dialect: Dialect
    layers: dict[str, dict[str, str]] = field(default_factory=lambda: {n: {} for n in LAYERS})
    tried: dict[str, str] = field(default_factory=dict)
    values: dict[str, Value] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)

    def add(self, layer: str, name: str, sql: str) -> str:
        """A new column of a layer, its quoted name for the layers after it.

        What is but the name of an earlier column is that column.
        """
        if any(sql == identifier(known) for columns in self.layers.values() for known in columns):
            return sql
        self.layers[layer][name] = sql
        return identifier(name)

    def refuse(self, loc: str, message: str) -> None:
        """Note what does not fit."""
        self.refusals.append(Refusal(loc=loc, message=message))


def tried(sql: str) -> str:
    """An expression of the mapping, NULL where it fails; its value is the member `v`.

    Within a struct, a value that is null is told from a failure.
    """
    return f"TRY({{'v': (\n{sql}\n)}})"


def given_up(draft: Draft) -> Draft:
    """The draft of a statement in which every expression of the mapping has failed."""
    read = {
        name: f"case when false then {sql} end" if identifier(name) in draft.tried.values() else sql
        for name, sql in draft.layers["read"].items()
    }
    return replace(draft, layers=draft.layers | {"read": read})


def statement(draft: Draft, row: Mapping[str, str]) -> str:
    """The SQL of a draft over `source`, with the columns of `row` as its result."""
    layers, before = [], "source"
    for name, columns in draft.layers.items():
        listed = [f"{sql} as {identifier(alias)}" for alias, sql in columns.items()]
        if not listed:
            continue
        items = ",\n    ".join(listed if name == "read" else ["*", *listed])
        layers.append(
            f"{name}_row as not materialized (\n  select\n    {items}\n  from {before}\n)"
        )
        before = f"{name}_row"
    result = ",\n  ".join(f"{sql} as {identifier(alias)}" for alias, sql in row.items())
    return f"with {', '.join(layers)}\nselect\n  {result}\nfrom {before}\n"
