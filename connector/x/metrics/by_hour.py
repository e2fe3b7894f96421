"""The numbers of some line items hour by hour, in the requests that their sums would take."""

from collections.abc import Collection, Iterator
from datetime import datetime

from connector.x.metrics.active import active_in
from connector.x.metrics.questions import CONVERSIONS, LINE_ITEM, NUMBERS, planned
from connector.x.metrics.reading import Source, asking_of
from connector.x.metrics.slots import HOUR_SECONDS, LONGEST_CALL, Slots
from connector.x.metrics.statistics import answers, completed

SPAN_SECONDS = 4 * LONGEST_CALL
"""What is asked at once: X likes windows of at most 30 days."""
Hours = dict[int, dict[str, int]]
"""By the start of an hour (epoch seconds) and our name of a number; money is in millionths."""


def by_hour(
    source: Source, ids: Collection[str], *, since: datetime, until: datetime
) -> dict[str, Hours]:
    """The hours of line items by id, from that of `since` to that of `until`, both included.

    The times are aware. What X does not tell is not there.

    Raises:
        ConnectorError: X does not give them.
    """
    found: dict[str, Hours] = {id_: {} for id_ in ids}
    asking = asking_of(source)
    for slots in _spans(since, until):
        active = [one for one in active_in(asking, LINE_ITEM, slots) if one.id in found]
        plan = planned(active, slots, (NUMBERS, CONVERSIONS))
        given = answers(asking, plan, slots, refused=source.refused)
        for complete in completed(given, plan, slots):
            for name, numbers in complete.sums.items():
                for hour, number in zip(slots.starts, numbers, strict=False):
                    if number is not None:
                        found[complete.id].setdefault(hour, {})[name] = number
    return found


def _spans(since: datetime, until: datetime) -> Iterator[Slots]:
    first = int(since.timestamp()) // HOUR_SECONDS * HOUR_SECONDS
    end = -(-int(until.timestamp()) // HOUR_SECONDS) * HOUR_SECONDS
    for begin in range(first, end, SPAN_SECONDS):
        last = min(begin + SPAN_SECONDS, end)
        yield Slots(starts=tuple(range(begin, last + 1, HOUR_SECONDS)))
