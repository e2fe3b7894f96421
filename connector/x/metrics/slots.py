"""Time as numbers are added up in it: days of an ad account, or hours, and the buckets of X."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Literal

from connector.metrics.days import ONE_DAY, Days, starts, zone_of

HOUR_SECONDS = 3600
LONGEST_CALL = 7 * 24 * HOUR_SECONDS
Granularity = Literal["HOUR", "DAY"]
Series = Sequence[int | None]
_DAY_SECONDS = 24 * HOUR_SECONDS


@dataclass(frozen=True, kw_only=True)
class Slots:
    """Slots of time, one after the other.

    Attributes:
        starts: epoch seconds at which each begins, and the end of the last.
        granularity: what X is asked for, so that a slot is made of whole buckets.
    """

    starts: tuple[int, ...]
    granularity: Granularity = "HOUR"

    def __len__(self) -> int:
        """How many they are."""
        return len(self.starts) - 1


def slots_of_days(days: Days, timezone: str, *, now: float) -> Slots:
    """The days of an account, of 23 to 25 hours each.

    Hours are what X adds up the same way all year, whereas it may count `DAY` by today's offset
    from UTC. Where a day begins within an hour of UTC, hours would belong to two days, and `DAY` is
    right as long as today's offset held then; after it changed, hours are asked for from midnight
    on, if they make whole days.

    Raises:
        ConfigurationError: this machine does not know the time zone.
    """
    every = [days.since + number * ONE_DAY for number in range(len(days) + 1)]
    moments = tuple(int(starts(day, timezone).timestamp()) for day in every)
    zone = zone_of(timezone)
    offsets = {datetime.fromtimestamp(moment, zone).utcoffset() for moment in (*moments, now)}
    are_hours = all((end - start) % HOUR_SECONDS == 0 for start, end in pairwise(moments))
    is_split = any(moment % HOUR_SECONDS for moment in moments)
    by_day = is_split and (len(offsets) == 1 or not are_hours)
    return Slots(starts=moments, granularity="DAY" if by_day else "HOUR")


def slots_of_hours(since: datetime, until: datetime) -> Slots:
    """The whole hours that begin from `since` on and end by `until`, aware both."""
    first, end = -(-int(since.timestamp()) // HOUR_SECONDS), int(until.timestamp()) // HOUR_SECONDS
    return Slots(starts=tuple(hour * HOUR_SECONDS for hour in range(first, max(end, first) + 1)))


def pieces(slots: Slots, first: int, last: int) -> Iterator[tuple[int, int]]:
    """The slots from `first` on and before `last`, in parts that a call answers: 168 hours each."""
    while first < last:
        end = first + 1
        while end < last and slots.starts[end + 1] - slots.starts[first] <= LONGEST_CALL:
            end += 1
        yield first, end
        first = end


def cuts(slots: Slots, first: int, last: int) -> list[int]:
    """Where in a series of X's each slot from `first` on begins, and where it ends at `last`."""
    begin = slots.starts[first]
    if slots.granularity == "DAY":
        return list(range(last - first + 1))
    return [(start - begin) // HOUR_SECONDS for start in slots.starts[first : last + 1]]


def summed(series: Series, at: Sequence[int]) -> list[int | None]:
    """The sum of each part of a series; None where nothing is told, which is not a zero."""
    return [_sum(series[start:end]) for start, end in pairwise(at)]


def _sum(part: Series) -> int | None:
    told = [number for number in part if number is not None]
    return sum(told) if told else None


def within(slots: Slots, begin: float, end: float) -> tuple[int, int]:
    """The slots that a span of time touches, the second number exclusive; `end` is, too."""
    first = max(bisect_right(slots.starts, begin) - 1, 0)
    return first, min(bisect_left(slots.starts, end), len(slots))


def said(moment: float) -> str:
    """A moment as X wants it, in UTC."""
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%dT%H:%M:%SZ}"
