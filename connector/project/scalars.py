"""What one scalar of a file may be: each kind is a type that pydantic fills from a `tree.Scalar`.

A refusal is the end of a sentence that begins with the key: "must be true or false".
"""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Any, TypeVar

from pydantic import BeforeValidator, ConfigDict, InstanceOf, SecretStr
from pydantic_core import PydanticCustomError, PydanticUndefined

from connector.project.durations import Rate, parse_duration, parse_rate
from connector.project.tree import Scalar

STRICT = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)
REFUSED = "refused"

Value = TypeVar("Value")


def refused(rule: str) -> PydanticCustomError:
    """The error to raise for a value that is not as `rule` says."""
    # The rule travels as context, since pydantic wants constants for templates.
    return PydanticCustomError(REFUSED, "{rule}", {"rule": rule})


def written(raw: object, rule: str) -> Scalar:
    """The scalar that stands in the file; refuses a null, a block and a list."""
    if not isinstance(raw, Scalar):
        raise refused(rule)
    if raw.resolved is None:
        raise refused(f"has no value; it {rule}")
    return raw


def reader(
    read: Callable[[Scalar], Value], rule: str, schema: object = PydanticUndefined
) -> BeforeValidator:
    """A kind of scalar: `read` gives its value or raises ValueError, whose text may be a rule.

    `schema` is the type an editor is told to expect in the file, when it is not the type itself.
    """

    def validate(raw: object) -> Value:
        scalar = written(raw, rule)
        try:
            return read(scalar)
        except ValueError as error:
            raise refused(str(error) or rule) from None

    return BeforeValidator(validate, json_schema_input_type=schema)


def _need(truth: object, rule: str = "") -> None:
    if not truth:
        raise ValueError(rule)


def matching(pattern: str, rule: str) -> BeforeValidator:
    """The text as written, whatever YAML takes it for, when the whole of it fits the pattern."""
    compiled = re.compile(pattern)

    def read(scalar: Scalar) -> str:
        _need(compiled.fullmatch(scalar))
        return str(scalar)

    return reader(read, rule, str | int)


def choice(*names: str) -> BeforeValidator:
    """One of a few words."""
    rule = f"must be {'one of ' if len(names) > 1 else ''}{', '.join(names)}"

    def read(scalar: Scalar) -> str:
        _need(scalar in names)
        return str(scalar)

    return reader(read, rule)


def _flag(scalar: Scalar) -> bool:
    _need(isinstance(scalar.resolved, bool))
    return scalar.resolved is True


def _text(scalar: Scalar) -> str:
    _need(isinstance(scalar.resolved, str) and scalar.strip() and "\0" not in scalar)
    return str(scalar)


def _secret(scalar: Scalar) -> SecretStr:
    _need(scalar.strip(), "is empty; it must be a secret, such as ${NAME} with NAME set")
    _need(scalar == scalar.strip(), "has blanks or line breaks at its start or end; take them off")
    _need(scalar.isprintable(), "holds characters that can't be printed, such as a line break")
    return SecretStr(str(scalar))


def _token(scalar: Scalar) -> SecretStr:
    secret = _secret(scalar)
    _need(scalar.isascii() and " " not in scalar, "holds blanks or characters beyond ASCII")
    return secret


def _address(scalar: Scalar) -> SecretStr:
    secret = _secret(scalar)
    _need(re.match(r"[A-Za-z][A-Za-z0-9+_.-]*://", scalar))
    return secret


def _filled(scalar: Scalar) -> Scalar:
    _need(scalar.strip())
    return scalar


def _column(scalar: Scalar) -> Scalar:
    _need(isinstance(scalar.resolved, str))
    return _filled(scalar)


def _span(scalar: Scalar) -> timedelta:
    span = parse_duration(scalar)
    _need(span, "must be above zero")
    return span


def _lookback(scalar: Scalar) -> timedelta | int:
    if isinstance(scalar.resolved, int) and not isinstance(scalar.resolved, bool):
        _need(scalar.resolved >= 0)
        return scalar.resolved
    try:
        return parse_duration(scalar)
    except ValueError:
        raise ValueError(_LOOKBACK) from None


def _share(scalar: Scalar) -> float:
    match = re.fullmatch(r"([0-9]{1,3}(?:\.[0-9]{1,6})?) ?(%?)", scalar)
    share = float(match[1]) / (100 if match[2] else 1) if match else 2
    _need(share <= 1)
    return share


_COLUMN = (
    "must be a column's name; a constant is written {value: …},"
    " a name that looks like a number or like true needs quotes"
)
_NAME = r"[a-z0-9_-]+"
_URL = "must be an address such as sqlite:///state/connector.db or postgresql+psycopg://…"
_SPAN = "must be a span of time such as 90 days, 36h or 50m"
_LOOKBACK = "must be a span of time such as 2 days, or a whole number for an integer cursor"

Flag = Annotated[bool, reader(_flag, "must be true or false")]
Text = Annotated[str, reader(_text, "must be text; what looks like a number needs quotes")]
Token = Annotated[SecretStr, reader(_token, "must be a secret, such as ${NAME}", str | int)]
Url = Annotated[SecretStr, reader(_address, _URL, str)]
Span = Annotated[timedelta, reader(parse_duration, _SPAN, str)]
SpanAboveZero = Annotated[timedelta, reader(_span, _SPAN, str)]
Lookback = Annotated[timedelta | int, reader(_lookback, _LOOKBACK, str | int)]
Share = Annotated[float, reader(_share, "must be a share such as 10% or 0.1", str | float)]
PerTime = Annotated[Rate, reader(parse_rate, "must be a rate such as 60000 per 15 minutes", str)]
Name = Annotated[
    str, matching(_NAME, "must be of lower-case letters, digits, - and _, such as purchases")
]
Tag = Annotated[
    str, matching(r"[A-Za-z0-9_.-]+", "must be of letters, digits, -, _ and ., such as hourly")
]
ColumnName = Annotated[InstanceOf[Scalar], reader(_column, _COLUMN, str)]
Sql = Annotated[InstanceOf[Scalar], reader(_filled, "must be an SQL expression", str | int)]
Constant = Annotated[
    InstanceOf[Scalar], reader(_filled, "must be a single value", str | int | float | bool)
]


def is_name(text: str) -> bool:
    """Whether a text can be the name of a mapping."""
    return re.fullmatch(_NAME, text) is not None


def listed(example: str) -> BeforeValidator:
    """A list of at least one thing, to be held as a tuple."""

    def validate(raw: object) -> tuple[Any, ...]:
        if isinstance(raw, list) and raw:
            return tuple(raw)
        if isinstance(raw, list):
            raise refused(f"is empty; it must hold at least one, such as {example}")
        written(raw, f"must be a list, such as {example}")
        raise refused(f"must be a list, such as {example}")

    return BeforeValidator(validate)
