"""Digests that tell whether a mapping still says the same."""

import hashlib
import json
from importlib.metadata import version

from connector.conversions.rules import MACROS
from connector.project.expressions import Expression
from connector.project.mapping import Mapping


def _digest(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts, default=str).encode()).hexdigest()[:32]


def _key(expression: Expression) -> tuple[str, str]:
    return expression.kind, expression.text.strip()


def keys_digest(mapping: Mapping) -> str:
    """Changes with the expressions for pixel, event and conversion_id.

    A constant event counts as the same in its short and in its full form.
    """
    kind, event = _key(mapping.destination.event_id)
    if kind == "value":
        event = event.rpartition("-")[2]
    return _digest(
        _key(mapping.destination.pixel_id), (kind, event), _key(mapping.fields.conversion_id)
    )


def rules_digest(mapping: Mapping, statement: str) -> str:
    """Changes with anything that changes how rows are read or map.

    `statement` is the compiled mapping, so that rules of the tool and types of the warehouse count.
    """
    source = mapping.source
    query = source.file.text if source.file else source.query or source.table
    limits = mapping.limits
    return _digest(
        query, source.cursor, statement, MACROS, version("phonenumbers"),
        limits.max_age, limits.max_in_future,
    )  # fmt: skip
