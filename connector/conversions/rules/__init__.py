"""The rules: how each kind of field becomes what X takes, as DuckDB SQL in steps."""

from connector.conversions.rules.people import is_hashed
from connector.conversions.rules.table import MACROS, RULES, column
from connector.conversions.rules.times import (
    has_wall_time,
    is_ambiguous,
    is_date_alone,
    is_skipped,
    microseconds,
    misfit,
)
from connector.conversions.rules.values import PLAIN, STEPS, Rule, StepName, Value, after, sql_of

__all__ = [
    "MACROS",
    "PLAIN",
    "RULES",
    "STEPS",
    "Rule",
    "StepName",
    "Value",
    "after",
    "column",
    "has_wall_time",
    "is_ambiguous",
    "is_date_alone",
    "is_hashed",
    "is_skipped",
    "microseconds",
    "misfit",
    "sql_of",
]
