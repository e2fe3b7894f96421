"""The hours of a span, and the days they belong to in an account's zone."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

HOUR_SECONDS = 3600

Integers: TypeAlias = npt.NDArray[np.int64]
Flags: TypeAlias = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, eq=False)
class Hours:
    """Consecutive hours, one item of each array for each.

    Attributes:
        starts: epoch seconds.
        days: the local day as its proleptic ordinal, see `date.toordinal`.
        clock: full hours since the local midnight, 0 to 24.
        zone: where days begin.
    """

    starts: Integers
    days: Integers
    clock: Integers
    zone: tzinfo

    def day_at(self, moment: float) -> int:
        """The local day of a moment (epoch seconds)."""
        return datetime.fromtimestamp(moment, self.zone).toordinal()


def hours_between(start: int, end: int, zone: tzinfo) -> Hours:
    """The hours that begin at `start` and follow it, before `end` (epoch seconds)."""
    starts = np.arange(start, end, HOUR_SECONDS, dtype=np.int64)
    first = datetime.fromtimestamp(start, zone).date()
    midnights = np.array(list(_midnights(first, end, zone)), dtype=np.int64)
    at = np.searchsorted(midnights, starts, side="right") - 1
    return Hours(
        starts=starts,
        days=at + first.toordinal(),
        clock=(starts - midnights[at]) // HOUR_SECONDS,
        zone=zone,
    )


def day_start(day: date, zone: tzinfo) -> int:
    """The epoch second a local day begins at, also where its midnight was skipped."""
    return int(datetime.combine(day, time(), zone).timestamp())


def days_between(since: date, until: date, zone: tzinfo) -> Hours:
    """The hours of local days, both inclusive."""
    return hours_between(day_start(since, zone), day_start(until + timedelta(days=1), zone), zone)


def bucket_starts(hours: Hours, granularity: str) -> Integers:
    """The places in `hours` at which buckets of HOUR, DAY or TOTAL begin."""
    size = len(hours.starts)
    if granularity == "HOUR":
        return np.arange(size, dtype=np.int64)
    if granularity == "DAY":
        return np.flatnonzero(np.diff(hours.days, prepend=hours.days[:1] - 1)).astype(np.int64)
    return np.zeros(min(size, 1), dtype=np.int64)


def _midnights(day: date, end: int, zone: tzinfo) -> Iterator[int]:
    moment = day_start(day, zone)
    while moment < end:
        yield moment
        day += timedelta(days=1)
        moment = day_start(day, zone)
