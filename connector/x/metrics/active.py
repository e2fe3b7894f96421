"""Who was active in a span of days: X has thousands of ads of which few have numbers."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from connector.x.metrics.asking import Asking, Json
from connector.x.metrics.questions import EVERYWHERE, Active
from connector.x.metrics.slots import HOUR_SECONDS, Slots, said, within

OPERATION = "stats/accounts/:id/active_entities"


def active_in(asking: Asking, entity: str, slots: Slots) -> list[Active]:
    """Whoever of a kind was active in some slots, 90 days of them at most, deleted ones too.

    X names what changed: activity may begin before the span and even be over before it.

    Raises:
        ConnectorError: X does not tell.
    """
    begin = slots.starts[0] // HOUR_SECONDS * HOUR_SECONDS
    end = -(-slots.starts[-1] // HOUR_SECONDS) * HOUR_SECONDS
    query = {"entity": entity, "start_time": said(begin), "end_time": said(end)}
    found: dict[str, Active] = {}
    for row in asking.rows(OPERATION, query):
        for one in _clamped(row, entity, slots):
            found[one.id] = _both(found[one.id], one) if one.id in found else one
    return list(found.values())


def _clamped(row: Json, entity: str, slots: Slots) -> Iterator[Active]:
    """The slots of a row's activity within the span; nothing for one that is over before it."""
    begin = _moment(row.get("activity_start_time"), slots.starts[0])
    end = _moment(row.get("activity_end_time"), slots.starts[-1])
    first, last = within(slots, begin, end)
    id_, told = row.get("entity_id"), row.get("placements")
    placements = frozenset(map(str, told)) if isinstance(told, list) else frozenset[str]()
    if id_ and first < last:
        yield Active(
            entity=entity, id=str(id_), first=first, last=last,
            placements=placements or frozenset({EVERYWHERE}),
        )  # fmt: skip


def _both(one: Active, other: Active) -> Active:
    return Active(
        entity=one.entity, id=one.id, first=min(one.first, other.first),
        last=max(one.last, other.last), placements=one.placements | other.placements,
    )  # fmt: skip


def _moment(text: Any, otherwise: int) -> float:  # noqa: ANN401 - whatever X says
    """A moment that X told; one that cannot be read bounds nothing."""
    try:
        return datetime.fromisoformat(str(text)).timestamp()
    except ValueError:
        return otherwise
