"""The days of an advertiser: their hours, and how far what TikTok tells of them has come."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]

CORRECTIONS = 7  # so many daily corrections change a day once it is over
_CORRECTED_AT = 12  # o'clock in UTC
_DELAY = timedelta(minutes=30)
_HOURS_OF_DAY = 24
# How much of a day falls into each of its hours.
_WEIGHTS = (3, 2, 1, 1, 1, 2, 4, 6, 7, 7, 8, 9, 10, 10, 9, 8, 8, 9, 11, 13, 14, 12, 8, 5)


@dataclass(frozen=True, kw_only=True, eq=False)
class Calendar:
    """Consecutive days of an advertiser at one moment, one item of each array for each.

    Attributes:
        ordinals: see `date.toordinal`.
        corrections: how many there were since the day's end, at most `CORRECTIONS`.
        shown: full hours of the clock that are told, 0 to 24.
        upto: weight of the hours before each hour of the clock; 25 to a day.
    """

    ordinals: Integers
    corrections: Integers
    shown: Integers
    upto: Integers


def calendar_of(since: date, until: date, *, zone: str, now: float) -> Calendar:
    """The days from `since` to `until`, both included; `now` in epoch seconds."""
    place, moment = ZoneInfo(zone), datetime.fromtimestamp(now, tz=UTC)
    days = [since + timedelta(days=number) for number in range((until - since).days + 1)]
    hours = [_hours(day, place) for day in days]
    return Calendar(
        ordinals=np.array([day.toordinal() for day in days], np.int64),
        corrections=np.array([_corrections(of_day[-1], moment) for of_day in hours], np.int64),
        shown=np.array([_shown(of_day, moment) for of_day in hours], np.int64),
        upto=np.array([_upto(of_day) for of_day in hours], np.int64).reshape(-1, 25),
    )


def _hours(day: date, zone: ZoneInfo) -> list[datetime]:
    """When each hour of the clock begins, and when the day ends; an hour skipped lasts nothing."""
    following = day + timedelta(days=1)
    clock = [datetime.combine(day, time(hour), zone) for hour in range(_HOURS_OF_DAY)]
    end = datetime.combine(following, time(), zone)
    return [moment.astimezone(UTC) for moment in (*clock, end)]


def _upto(hours: list[datetime]) -> list[int]:
    weights = (weight if hours[at + 1] > hours[at] else 0 for at, weight in enumerate(_WEIGHTS))
    return list(accumulate(weights, initial=0))


def _shown(hours: list[datetime], now: datetime) -> int:
    return sum(end <= now - _DELAY for end in hours[1:])


def _corrections(end: datetime, now: datetime) -> int:
    first = end.replace(hour=_CORRECTED_AT, minute=0, second=0, microsecond=0)
    first += timedelta(days=first <= end)
    return min(max((now - first) // timedelta(days=1) + 1, 0), CORRECTIONS)
