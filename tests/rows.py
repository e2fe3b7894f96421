"""Rows of a made-up warehouse on their way through a mapping."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from connector.conversions.mapper import open_mapper
from connector.errors import ConfigurationError
from connector.project import Mapping as ConversionMapping
from connector.project import rules
from connector.project.judge import judge
from connector.project.mapping import SourceFile, Surroundings
from connector.project.tree import read_tree

NOW = datetime(2026, 11, 2, 12, 0, 0, 417_000, tzinfo=UTC)
PAID_AT = NOW - timedelta(hours=1)
ADA = "ada@example.com"
ADA_HASH = "b5fc85e55755f9e0d030a10ab4429b6b2944855f9a0d60077fe832becbc41d72"
PHONE = "+351912345678"
PHONE_HASH = "00839c79aea2116c94def9e14c0493fa0801add3ffb50434478082030ab88e11"

SECTIONS = {
    "source": "{table: orders}",
    "destination": "{type: x_conversions, connection: x, pixel_id: o8z6j, event_id: o87ne}",
    "identifiers": "{email: email}",
    "fields": "{conversion_time: paid_at, conversion_id: order_id}",
}
"""The least that a mapping needs; one line each, so that line 2 is the source."""

Columns = Mapping[str, Any]
"""Arrays by name; a list is one of texts."""


def with_fields(**more: str) -> str:
    """The section of that name, with other fields than the least."""
    given = {"conversion_time": "paid_at", "conversion_id": "order_id"} | more
    return "".join(f"\n  {name}: {written}" for name, written in given.items())


def sql(expression: str) -> str:
    """An expression as it is written in a mapping."""
    return "{sql: '" + expression.replace("'", "''") + "'}"


def mapping_of(**sections: str) -> ConversionMapping:
    """A mapping of these sections, with the least one for those that are not given."""
    text = "name: purchases\n" + "".join(
        f"{key}: {value}\n" for key, value in (SECTIONS | sections).items()
    )
    tree = read_tree(text.encode())
    surroundings = Surroundings(path="purchases.yaml", places=tree.places, read_file=_no_file)
    mapping, faults = judge(
        ConversionMapping, tree, between_keys=rules.between_keys, context=surroundings
    )
    assert faults == []
    assert mapping is not None
    return mapping


def _no_file(name: str) -> SourceFile:
    raise ValueError(f"names {name}, and there are no files here")


def batch_of(columns: Columns) -> pa.RecordBatch:
    """A batch of columns, and of those that the least mapping needs."""
    arrays = {
        name: column if isinstance(column, pa.Array) else pa.array(column, pa.string())
        for name, column in columns.items()
    }
    rows = len(next(iter(arrays.values()))) if arrays else 1
    usual = {
        "order_id": pa.array([f"order-{n}" for n in range(rows)]),
        "paid_at": pa.array([PAID_AT] * rows, pa.timestamp("us", "UTC")),
        "email": pa.array([ADA] * rows),
    }
    return pa.RecordBatch.from_pydict(usual | arrays)


def mapped(columns: Columns, now: datetime = NOW, /, **sections: str) -> list[dict[str, Any]]:
    """What becomes of the rows; `conversion` is the parsed body of those that are sent."""
    batch = batch_of(columns)
    with open_mapper(mapping_of(**sections), batch.schema, now=now) as mapper:
        rows: list[dict[str, Any]] = mapper.map(batch).to_pylist()
    for row in rows:
        row["conversion"] = json.loads(row["body"]) if row["body"] else None
    return rows


def one(columns: Columns, /, **sections: str) -> dict[str, Any]:
    """What becomes of a single row."""
    (row,) = mapped(columns, **sections)
    return row


def misfits(columns: Columns, /, **sections: str) -> list[str]:
    """What does not fit, as `line:column message`."""
    batch = batch_of(columns)
    with (
        pytest.raises(ConfigurationError) as caught,
        open_mapper(mapping_of(**sections), batch.schema, now=NOW),
    ):
        pass
    assert all(problem.file == "purchases.yaml" for problem in caught.value.problems)
    return [f"{p.line}:{p.column} {p.message}" for p in caught.value.problems]
