"""What a field is made of: a column, an SQL expression or a constant, and its options."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cache
from typing import Annotated, Any, Literal, get_args
from zoneinfo import available_timezones

from pydantic import (
    BaseModel,
    GetCoreSchemaHandler,
    GetPydanticSchema,
)
from pydantic_core import core_schema

from connector.project.scalars import (
    STRICT,
    ColumnName,
    Constant,
    Sql,
    choice,
    listed,
    reader,
    refused,
    written,
)
from connector.project.tree import Resolved, Scalar

Kind = Literal["column", "sql", "value"]
KINDS: tuple[Kind, ...] = get_args(Kind)

BASE_36 = r"[0-9a-z]+"
FULL_EVENT = r"tw-([0-9a-z]+)-([0-9a-z]+)"

NOT_IN_DUCKDB = {"localtime", "posixrules", "Factory"}


@dataclass(frozen=True, kw_only=True)
class Expression:
    """Where a value comes from.

    `text` is the column's name (or the item's member), the SQL, or the constant as written;
    `resolved` what YAML takes a constant for, else None. `line` and `column` of the file count
    from 1 and point at the text.
    """

    kind: Kind
    text: str
    resolved: Resolved
    line: int
    column: int


@dataclass(frozen=True, kw_only=True)
class ConversionTime:
    """The expression of the time, and how to read it where its type alone does not say."""

    expression: Expression
    timezone: str | None
    unit: Literal["s", "ms"] | None


@dataclass(frozen=True, kw_only=True)
class Phone:
    """The expression of the number; `region` is a constant (ISO 3166 alpha-2), a column or None."""

    expression: Expression
    region: Expression | None


@dataclass(frozen=True, kw_only=True)
class Consent:
    """The expression that is judged, and the constants that stand for consent, as written."""

    expression: Expression
    granted: tuple[Scalar, ...]


def one_of(found: Sequence[str], names: Sequence[str]) -> str:
    """What to say about a block that holds none or several of keys that exclude each other."""
    needs = f"needs exactly one of {', '.join(names)}"
    return f"{needs}; it has {' and '.join(found)}" if found else needs


class ExpressionKeys(BaseModel):
    """What may stand in the braces of an expression."""

    model_config = STRICT
    column: ColumnName | None = None
    sql: Sql | None = None
    value: Constant | None = None


class MemberKeys(BaseModel):
    """What may stand in the braces of a member of an item."""

    model_config = STRICT
    column: ColumnName | None = None
    value: Constant | None = None


@cache
def zones() -> frozenset[str]:
    """The names of time zones that both Python and DuckDB know."""
    return frozenset(available_timezones() - NOT_IN_DUCKDB)


def _zone(scalar: Scalar) -> str:
    if scalar in zones():
        return str(scalar)
    near = get_close_matches(scalar, zones(), n=1)
    meant = f"; did you mean {near[0]}?" if near else ", such as America/New_York"
    raise ValueError(f"must be the name of a time zone{meant}")


def _expression(keys: BaseModel) -> Expression:
    # Several at once are found by `rules`, together with all else that is wrong.
    given = [(kind, scalar) for kind in KINDS if (scalar := getattr(keys, kind, None)) is not None]
    if not given:
        raise refused(one_of((), tuple(kind for kind in KINDS if kind in type(keys).model_fields)))
    kind, scalar = given[0]
    return Expression(
        kind=kind,
        text=str(scalar),
        resolved=scalar.resolved if kind == "value" else None,
        line=scalar.mark.line,
        column=scalar.mark.column,
    )


def _constant_like(pattern: str, rule: str) -> Callable[[BaseModel], Expression]:
    def build(keys: BaseModel) -> Expression:
        expression = _expression(keys)
        if expression.kind == "value" and not re.fullmatch(pattern, expression.text):
            raise refused(rule)
        # An id is its text, whatever YAML takes it for.
        return replace(expression, resolved=expression.text if expression.kind == "value" else None)

    return build


def _region(keys: BaseModel) -> Expression:
    # Loaded here, since only a constant region needs the tables of phone numbers.
    from phonenumbers import SUPPORTED_REGIONS  # noqa: PLC0415

    expression = _expression(keys)
    if expression.kind == "value" and expression.text not in SUPPORTED_REGIONS:
        raise refused("must be a country as two capital letters (ISO 3166), such as US")
    return expression


def _made_of(
    keys: type[BaseModel], build: Callable[[Any], object], *, bare: Kind | None, rule: str
) -> GetPydanticSchema:
    """A type that `build` makes from keys in braces; a bare scalar is its key `bare`."""

    def start(raw: object) -> object:
        return raw if isinstance(raw, dict) or not bare else {bare: written(raw, rule)}

    # Ids may look like numbers, names of columns may not.
    bare_type = str if bare == "column" else str | int | float

    def schema(_: object, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        block = handler.generate_schema(keys)
        shapes = core_schema.union_schema([handler.generate_schema(bare_type), block])
        braces = core_schema.no_info_before_validator_function(
            start, block, json_schema_input_schema=shapes
        )
        return core_schema.no_info_after_validator_function(build, braces)

    return GetPydanticSchema(schema)


_BRACES = "or one of {column: …}, {sql: …}, {value: …}"
_PIXEL = "must be a pixel's id in lower-case letters and digits, such as o8z6j"
_EVENT = "must be an event's id in lower-case letters and digits, such as o87ne or tw-o8z6j-o87ne"

Column = Annotated[
    Expression,
    _made_of(
        ExpressionKeys, _expression, bare="column", rule=f"must be a column's name, {_BRACES}"
    ),
]
Member = Annotated[
    Expression,
    _made_of(
        MemberKeys,
        _expression,
        bare="column",
        rule="must be a member's name, or one of {column: …}, {value: …}",
    ),
]
PixelId = Annotated[
    Expression,
    _made_of(
        ExpressionKeys, _constant_like(BASE_36, _PIXEL), bare="value", rule=f"{_PIXEL}, {_BRACES}"
    ),
]
EventId = Annotated[
    Expression,
    _made_of(
        ExpressionKeys,
        _constant_like(f"{BASE_36}|{FULL_EVENT}", _EVENT),
        bare="value",
        rule=f"{_EVENT}, {_BRACES}",
    ),
]
Region = Annotated[
    Expression,
    _made_of(
        MemberKeys,
        _region,
        bare="value",
        rule="must be a country as two capital letters, such as US, or {column: …}",
    ),
]


class ConversionTimeKeys(BaseModel):
    """What may stand in the braces of `conversion_time`."""

    model_config = STRICT
    column: ColumnName | None = None
    sql: Sql | None = None
    value: Constant | None = None
    timezone: Annotated[str, reader(_zone, "must be the name of a time zone")] | None = None
    unit: Annotated[Literal["s", "ms"], choice("s", "ms")] | None = None


class PhoneKeys(BaseModel):
    """What may stand in the braces of `phone`."""

    model_config = STRICT
    column: ColumnName | None = None
    sql: Sql | None = None
    value: Constant | None = None
    region: Region | None = None


class ConsentKeys(BaseModel):
    """What may stand in the braces of `consent`."""

    model_config = STRICT
    column: ColumnName | None = None
    sql: Sql | None = None
    granted: Annotated[tuple[Constant, ...], listed("[true, granted]")]


def _time(keys: ConversionTimeKeys) -> ConversionTime:
    return ConversionTime(expression=_expression(keys), timezone=keys.timezone, unit=keys.unit)


def _phone(keys: PhoneKeys) -> Phone:
    return Phone(expression=_expression(keys), region=keys.region)


def _consent(keys: ConsentKeys) -> Consent:
    return Consent(expression=_expression(keys), granted=keys.granted)


TimeColumn = Annotated[
    ConversionTime,
    _made_of(
        ConversionTimeKeys,
        _time,
        bare="column",
        rule="must be a column's name, or {column: …, timezone: …}",
    ),
]
PhoneColumn = Annotated[
    Phone,
    _made_of(
        PhoneKeys, _phone, bare="column", rule="must be a column's name, or {column: …, region: …}"
    ),
]
ConsentColumn = Annotated[
    Consent,
    _made_of(ConsentKeys, _consent, bare="column", rule="must be {column: …, granted: […]}"),
]
