"""What a rule is: the steps that take a value from the warehouse's form to X's, as SQL.

A step reads what the one before it made: `given` is the warehouse's value, `trimmed` has no blanks
at its ends and is NULL when empty, `clean` is normalised, `valid` is what X gets or NULL.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, get_args

from connector.conversions.sql import ColumnType, text, trimmed

StepName = Literal["trimmed", "clean", "valid"]
STEPS: tuple[StepName, ...] = get_args(StepName)

TEXT = frozenset({"text"})
WHOLE = frozenset({"text", "integer", "decimal"})
NUMBER = WHOLE | {"float"}
PLAIN = NUMBER | {"boolean", "date", "timestamp", "timestamptz"}


@dataclass(frozen=True, kw_only=True)
class Value:
    """Where the steps of one field stand in the SQL, its type and its options.

    `options` holds SQL: `timezone` and `unit` of a time, `region` of a phone, `pixel` of an event.
    """

    kind: ColumnType
    given: str
    trimmed: str = ""
    clean: str = ""
    valid: str = ""
    options: Mapping[str, str] = field(default_factory=dict)


Step = Callable[[Value], str]


def as_trimmed(value: Value) -> str:
    """The step of a value that is clean when it is trimmed."""
    return value.trimmed


def as_clean(value: Value) -> str:
    """The step of a value that is valid when it is clean."""
    return value.clean


def trim_text(value: Value) -> str:
    """The value as text without blanks at its ends."""
    return trimmed(text(value.given, value.kind))


def trim_if_text(value: Value) -> str:
    """Text without blanks at its ends; numbers and times as they are."""
    return trim_text(value) if value.kind.family == "text" else value.given


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A kind of field.

    `families` are the types it takes and `advice` what to do about another one. `reason` is SQL for
    the reason that the row is rejected or the identifier dropped, NULL when all is well.
    """

    families: frozenset[str]
    advice: str
    valid: Step
    reason: Step
    trim: Step = trim_text
    clean: Step = as_trimmed


def sql_of(rule: Rule, step: StepName, value: Value) -> str:
    """What a step does to a value; the name of an earlier step where it does nothing."""
    return {"trimmed": rule.trim, "clean": rule.clean, "valid": rule.valid}[step](value)


def after(step: StepName, value: Value, sql: str) -> Value:
    """The value when it is known where a step stands."""
    known = {"trimmed": value.trimmed, "clean": value.clean, "valid": value.valid} | {step: sql}
    return replace(value, trimmed=known["trimmed"], clean=known["clean"], valid=known["valid"])


def unless_valid(reason: str) -> Step:
    """The reason of a value that is there and not valid."""
    return lambda v: f"case when {v.trimmed} is not null and {v.valid} is null then '{reason}' end"


def required(name: str) -> Step:
    """The reasons of a value that has to be there."""
    return lambda v: (
        f"case when {v.trimmed} is null then 'missing_{name}'"
        f" when {v.valid} is null then 'invalid_{name}' end"
    )
