"""What the ledger says was accepted, beside what X attributes, by day and event."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from connector.metrics.summing import divided


@dataclass(frozen=True, kw_only=True, slots=True)
class Accepted:
    """Conversions of an event that X took, by the day (UTC) on which they happened."""

    day: date
    event: str
    conversions: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Attributed:
    """Conversions that X attributes to ads (`CONVERSION_TAGS`), by the account's day.

    The day is that of the ad's click or view. `value` is None where X says none.
    """

    day: date
    event: str
    conversions: int
    value: Decimal | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Reconciled:
    """Both numbers of an event and a day, or of all days when `day` is None.

    `attributed` is None where X said nothing of them, which is not a zero. The share of a day may
    be above one: X books a conversion on the day of the ad, the ledger on its own.
    """

    day: date | None
    event: str
    accepted: int
    attributed: int | None
    value: Decimal | None

    @property
    def share(self) -> Decimal | None:
        """Which part of what was accepted X attributed; None when there is nothing to compare."""
        return divided(self.attributed, self.accepted)


def reconciled(
    accepted: Iterable[Accepted], attributed: Iterable[Attributed]
) -> tuple[list[Reconciled], list[Reconciled]]:
    """The days of each event, in order, and a total for each event.

    What comes in parts for one day and event, such as one for each placement, is added up. A day
    that only one side knows is there too.
    """
    ours: dict[tuple[date, str], int] = {}
    theirs: dict[tuple[date, str], tuple[int, Decimal | None]] = {}
    for one in accepted:
        key = (one.day, one.event)
        ours[key] = ours.get(key, 0) + one.conversions
    for other in attributed:
        key = (other.day, other.event)
        count, value = theirs.get(key, (0, None))
        theirs[key] = (count + other.conversions, _plus(value, other.value))
    days = [
        _line(day, event, ours.get((day, event), 0), [theirs.get((day, event))])
        for day, event in sorted({*ours, *theirs})
    ]
    totals = [
        _line(
            None,
            event,
            sum(number for (_, of), number in ours.items() if of == event),
            [number for (_, of), number in theirs.items() if of == event],
        )
        for event in sorted({line.event for line in days})
    ]
    return days, totals


def _line(
    day: date | None,
    event: str,
    accepted: int,
    attributed: Iterable[tuple[int, Decimal | None] | None],
) -> Reconciled:
    there = [one for one in attributed if one is not None]
    value = None
    for _, part in there:
        value = _plus(value, part)
    return Reconciled(
        day=day,
        event=event,
        accepted=accepted,
        attributed=sum(count for count, _ in there) if there else None,
        value=value,
    )


def _plus(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return one if other is None else other if one is None else one + other
