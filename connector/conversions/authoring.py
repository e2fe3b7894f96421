"""What the author of a mapping looks at: the statement, a few mapped rows, and whether all fits."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from connector.conversions.mapper import open_mapper
from connector.conversions.reading import selection
from connector.errors import ConfigurationError, Problem
from connector.project import Mapping
from connector.source import Source


def statement(mapping: Mapping, source: Source, *, now: datetime) -> str:
    """The SQL of a mapping, with the words it uses defined before it.

    Raises:
        ConfigurationError: it does not fit the warehouse.
    """
    schema = source.schema(selection(mapping))
    with open_mapper(mapping, schema, now=now) as mapper:
        words = [f"create macro {name} as {sql};" for name, sql in mapper.words.items()]
        return "\n".join([*words, "", mapper.statement])


def preview(
    mapping: Mapping, source: Source, *, rows: int, now: datetime
) -> Iterator[dict[str, Any]]:
    """The first rows of the source, each as what would become of it.

    Raises:
        ConfigurationError: the mapping does not fit the warehouse.
    """
    wanted = selection(mapping, rows)
    with open_mapper(mapping, source.schema(wanted), now=now) as mapper:
        for batch in source.batches(wanted, rows=max(rows, 1)):
            if batch.num_rows:
                yield from map(_shown, mapper.map(batch).to_pylist())


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    if row["outcome"] == "sendable":
        return {"pixel_id": row["pixel_id"], "conversion": json.loads(row["body"])}
    reasons = row["reasons"].split(" ") if row["reasons"] else ["no_consent"]
    return {"conversion_id": row["conversion_id"], row["outcome"]: reasons}


def misfits(mapping: Mapping, source: Source, *, now: datetime) -> tuple[Problem, ...]:
    """Everything of a mapping that does not fit the warehouse; nothing when it can be synced."""
    try:
        with open_mapper(mapping, source.schema(selection(mapping)), now=now):
            return ()
    except ConfigurationError as error:
        if error.problems:
            return error.problems
        mark = mapping.place("source")
        return (Problem(mapping.path, str(error), mark.line, mark.column),)
