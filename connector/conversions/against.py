"""How payloads change between two versions of a mapping, on the rows of the warehouse."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pyarrow as pa

from connector.conversions.mapper import open_mapper
from connector.conversions.reading import selection
from connector.project import Mapping as ConversionMapping
from connector.source import Source

ROWS_AT_ONCE = 50_000
# A changed key is a new conversion for X and the ledger, a changed hash another person.
BREAKING = ("pixel_id", "event_id", "conversion_id", "hashed_email", "hashed_phone_number")
_COMPARED = ("outcome", "pixel_id", "event_id", "conversion_id", "digest", "body")

Row = Mapping[str, Any]


@dataclass(kw_only=True)
class Comparison:
    """Rows by what differs: `changed` by field, `outcomes` as `before → after`.

    With another query rows are matched by conversion id; `added` and `removed` have no match.
    """

    rows: int = 0
    changed: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    added: int = 0
    removed: int = 0
    other_query: bool = False

    @property
    def breaking(self) -> list[str]:
        """The changed fields that make conversions count anew or for someone else."""
        return [name for name in BREAKING if self.changed[name]]

    def add(self, before: Row, after: Row) -> None:
        """Count the differences of one row."""
        self.rows += 1
        if before["outcome"] != after["outcome"]:
            self.outcomes[f"{before['outcome']} → {after['outcome']}"] += 1
        keys = ("pixel_id", "event_id", "conversion_id")
        self.changed.update(name for name in keys if before[name] != after[name])
        if before["body"] and after["body"] and before["digest"] != after["digest"]:
            one, other = _flat(before["body"]), _flat(after["body"])
            names = dict.fromkeys((*one, *other))
            self.changed.update(name for name in names if one.get(name) != other.get(name))


def _flat(body: str) -> dict[str, Any]:
    """The fields of a conversion, each identifier as one of its own, without the keys."""
    found = json.loads(body)
    for identifier in found.pop("identifiers"):
        found |= identifier
    return {name: value for name, value in found.items() if name not in BREAKING[1:3]}


def compare(
    before: ConversionMapping, after: ConversionMapping, source: Source, *, now: datetime
) -> Comparison:
    """Map the rows of the warehouse by both versions and count what differs.

    Raises:
        ConfigurationError: one of them does not fit the warehouse.
    """
    if selection(before) == selection(after):
        return _side_by_side(before, after, source, now=now)
    result = Comparison(other_query=True)
    old = {_key(row): row for row in _rows(before, source, now=now)}
    for row in _rows(after, source, now=now):
        match = old.pop(_key(row), None)
        if match is None:
            result.rows += 1
            result.added += 1
        else:
            result.add(match, row)
    result.removed = len(old)
    return result


def _side_by_side(
    before: ConversionMapping, after: ConversionMapping, source: Source, *, now: datetime
) -> Comparison:
    wanted, result = selection(after), Comparison()
    schema = source.schema(wanted)
    with (
        open_mapper(before, schema, now=now) as one,
        open_mapper(after, schema, now=now) as other,
    ):
        for batch in source.batches(wanted, rows=ROWS_AT_ONCE):
            if batch.num_rows:
                pairs = zip(_listed(one.map(batch)), _listed(other.map(batch)), strict=True)
                for old, new in pairs:
                    result.add(old, new)
    return result


def _rows(mapping: ConversionMapping, source: Source, *, now: datetime) -> Iterator[Row]:
    wanted = selection(mapping)
    with open_mapper(mapping, source.schema(wanted), now=now) as mapper:
        for batch in source.batches(wanted, rows=ROWS_AT_ONCE):
            if batch.num_rows:
                yield from _listed(mapper.map(batch))


def _listed(mapped: pa.RecordBatch) -> Iterable[Row]:
    rows: list[Row] = mapped.select(_COMPARED).to_pylist()
    return rows


def _key(row: Row) -> tuple[Any, ...]:
    return row["pixel_id"], row["event_id"], row["conversion_id"]
