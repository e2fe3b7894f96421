"""Warehouses whose drivers declare the types of a result, by SQLAlchemy's name of the dialect."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from connector.source.texts import INSTANT, MOMENT, decimal

JSON = b"json"

# One column of PEP 249's `description`: name, type, …, precision, scale, …
Description = Sequence[Any]
Declared = tuple[pa.DataType, bytes | None]

TEXT: Declared = (pa.string(), None)


@dataclass(frozen=True, kw_only=True)
class Warehouse:
    """What is particular to one: its types, how a session begins, and how a bound is written.

    `arguments` are for the driver's connect; `bounds` are forms of a time with a zone, one without,
    and a date.
    """

    declared: Callable[[Description], Declared]
    arguments: Mapping[str, Any] = field(default_factory=dict)
    begin: tuple[str, ...] = ()
    bounds: Mapping[str, str] = field(default_factory=dict)


BOUNDS = {
    "instant": "timestamp '{}+00:00'",
    "moment": "timestamp '{}'",
    "date": "date '{}'",
}

SNOWFLAKE: dict[int, Declared] = {
    1: (pa.float64(), None),
    3: (pa.date32(), None),
    5: (pa.string(), JSON),
    6: (INSTANT, None),
    7: (INSTANT, None),
    8: (MOMENT, None),
    9: (pa.string(), JSON),
    10: (pa.string(), JSON),
    11: (pa.binary(), None),
    13: (pa.bool_(), None),
}
BIGQUERY: dict[str, Declared] = {
    "INTEGER": (pa.int64(), None),
    "INT64": (pa.int64(), None),
    "FLOAT": (pa.float64(), None),
    "FLOAT64": (pa.float64(), None),
    "NUMERIC": (pa.decimal128(38, 9), None),
    "BOOLEAN": (pa.bool_(), None),
    "BOOL": (pa.bool_(), None),
    "DATE": (pa.date32(), None),
    "DATETIME": (MOMENT, None),
    "TIMESTAMP": (INSTANT, None),
    "BYTES": (pa.binary(), None),
    "JSON": (pa.string(), JSON),
    "RECORD": (pa.string(), JSON),
    "STRUCT": (pa.string(), JSON),
}
# Redshift keeps PostgreSQL's numbers of types; its driver tells no precision.
REDSHIFT: dict[int, Declared] = {
    16: (pa.bool_(), None),
    20: (pa.int64(), None),
    21: (pa.int16(), None),
    23: (pa.int32(), None),
    700: (pa.float32(), None),
    701: (pa.float64(), None),
    1082: (pa.date32(), None),
    1114: (MOMENT, None),
    1184: (INSTANT, None),
    4000: (pa.string(), JSON),
}


def _snowflake(described: Description) -> Declared:
    if described[1] == 0:
        return decimal(described[4], described[5]), None
    return SNOWFLAKE.get(described[1], TEXT)


WAREHOUSES = {
    "snowflake": Warehouse(
        declared=_snowflake,
        arguments={"session_parameters": {"TIMEZONE": "UTC"}},
        bounds=BOUNDS | {"instant": "'{}+00:00'::timestamp_tz", "moment": "'{}'::timestamp_ntz"},
    ),
    "bigquery": Warehouse(
        declared=lambda described: BIGQUERY.get(described[1], TEXT),
        bounds=BOUNDS | {"moment": "datetime '{}'"},
    ),
    "redshift": Warehouse(
        declared=lambda described: REDSHIFT.get(described[1], TEXT),
        begin=("set timezone to 'UTC'",),
        bounds=BOUNDS | {"instant": "timestamptz '{}+00:00'"},
    ),
}
