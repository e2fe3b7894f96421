"""Which days to import, in the ad account's own days, and which of them are final.

A day is a calendar day of the account's time zone, so it may have 23 or 25 hours. Ends are
inclusive.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from connector.errors import ConfigurationError
from connector.metrics.rows import TIKTOK, Platform, X

LONGEST_SPAN = 30
"""Days that are asked for, and replaced, at once: as many as TikTok answers."""
LONGEST_BACKFILL = 365
LONGEST_HOURS = 7 * 24
FINAL_AFTER = {X: 14, TIKTOK: 7}
"""By platform the days after a day's end in which its numbers may still change."""
RESUMES_WITHIN = timedelta(hours=24)
"""A backfill that stopped goes on from there when it is asked for again this soon."""
ONE_DAY = timedelta(days=1)
FIRST_ZONE = "Pacific/Kiritimati"
"""Where each day begins and ends first."""


@dataclass(frozen=True, kw_only=True)
class Days:
    """Some days in a row, both ends included."""

    since: date
    until: date

    def __len__(self) -> int:
        """How many they are."""
        return (self.until - self.since).days + 1

    def __contains__(self, day: date) -> bool:
        """Whether a day is one of them."""
        return self.since <= day <= self.until


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a command says of days; `backfill` is how many up to the last one."""

    since: date | None = None
    until: date | None = None
    backfill: int | None = None


@dataclass(frozen=True, kw_only=True)
class Habits:
    """What the configuration says: when a day is first read, and how many are read again."""

    wait_days: int
    lookback_days: int


@dataclass(frozen=True, kw_only=True)
class Earlier:
    """An import that was made; `finished_at` is aware."""

    days: Days
    finished_at: datetime


def refuse_contradictions(asked: Asked, *, now: datetime | None = None) -> None:
    """Refuse what is wrong in whatever time zone.

    Args:
        asked: what the command says.
        now: an aware moment, at which days that are asked for must be over somewhere.

    Raises:
        ConfigurationError: `--backfill` beside `--since` or out of bounds, ends that crossed, or a
            day that is over nowhere.
    """
    if asked.backfill is not None and asked.since is not None:
        raise ConfigurationError("--backfill and --since both say where to begin; give one of them")
    if asked.backfill is not None and not 1 <= asked.backfill <= LONGEST_BACKFILL:
        raise ConfigurationError(f"--backfill must be of 1 to {LONGEST_BACKFILL} days")
    if asked.since and asked.until and asked.since > asked.until:
        raise ConfigurationError(f"--since {asked.since} is after --until {asked.until}")
    for option, day in (("--until", asked.until), ("--since", asked.since)):
        if now is not None and day is not None and day >= today_in(FIRST_ZONE, now):
            raise ConfigurationError(
                f"{option} {day} is not over yet, in whatever time zone; the last day that may be"
                f" asked for is {today_in(FIRST_ZONE, now) - ONE_DAY}"
            )


def days_to_import(
    asked: Asked,
    *,
    habits: Habits,
    earlier: Sequence[Earlier],
    now: datetime,
    timezone: str,
) -> Days | None:
    """The days to import now, None when there is none.

    Args:
        asked: what the command says; dates are taken exactly.
        habits: what the configuration says.
        earlier: the account's imports so far, in any order.
        now: an aware moment.
        timezone: the account's, as the platform says it today.

    Raises:
        ConfigurationError: the dates contradict each other, or end after the account's yesterday.
    """
    refuse_contradictions(asked)
    yesterday = today_in(timezone, now) - ONE_DAY

    def last_day(then: datetime) -> date:
        return today_in(timezone, then) - habits.wait_days * ONE_DAY

    until = asked.until or last_day(now)
    for option, day in (("--until", asked.until), ("--since", asked.since)):
        if day is not None and day > yesterday:
            raise ConfigurationError(
                f"{option} {day} is not over yet in the account's time zone {timezone}: the last"
                f" day that is, is {yesterday}"
            )
    if asked.since is not None:
        since = asked.since
    elif asked.backfill is not None:
        whole = Days(since=until - (asked.backfill - 1) * ONE_DAY, until=until)
        recent = [one for one in earlier if now - one.finished_at <= RESUMES_WITHIN]
        since = _resumed(whole, recent, last_day)
    else:
        since = _usual(until, habits.lookback_days, earlier)
    return Days(since=since, until=until) if since <= until else None


def _usual(until: date, lookback: int, earlier: Iterable[Earlier]) -> date:
    last = reached(earlier)
    if last is None:
        return until - (max(lookback, 1) - 1) * ONE_DAY
    # An account that moved west may have been imported up to a day that is not over there.
    return min(last, until) - (lookback - 1) * ONE_DAY


def reached(earlier: Iterable[Earlier]) -> date | None:
    """The day up to which nothing is missing since the first import, None without one.

    Days that were asked for alone, beyond a gap, do not count: the next import fills the gap.
    """
    last: date | None = None
    for one in sorted(earlier, key=lambda one: (one.finished_at, one.days.since)):
        if last is None or one.days.since <= last + ONE_DAY:
            last = one.days.until if last is None else max(last, one.days.until)
    return last


def _resumed(whole: Days, recent: Iterable[Earlier], last_day: Callable[[datetime], date]) -> date:
    """Where a backfill begins: at its first day, unless it stopped on its way not long ago.

    What had come to the last day of its time did not stop, though a day is over since.
    """
    day, ended = whole.since, whole.until
    for one in sorted(recent, key=lambda one: one.days.since):
        if day in one.days:
            day = one.days.until + ONE_DAY
            ended = min(whole.until, last_day(one.finished_at))
    return day if day <= ended else whole.since


def spans(days: Days) -> list[Days]:
    """The days in parts of at most 30, the oldest first."""
    starts = range(0, len(days), LONGEST_SPAN)
    firsts = [days.since + start * ONE_DAY for start in starts]
    return [
        Days(since=first, until=min(first + (LONGEST_SPAN - 1) * ONE_DAY, days.until))
        for first in firsts
    ]


def hours_to_import(last: datetime | None, *, now: datetime) -> tuple[datetime, datetime] | None:
    """The whole hours to import, from the first's start to the last's end, in UTC.

    The last hour that is held is read again; seven days back at most.
    """
    until = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    earliest = until - timedelta(hours=LONGEST_HOURS)
    since = max(last.astimezone(UTC), earliest) if last else earliest
    return (since, until) if since < until else None


def zone_of(timezone: str) -> ZoneInfo:
    """The time zone of a name of the tz database.

    Raises:
        ConfigurationError: this machine does not know it.
    """
    try:
        return ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ConfigurationError(
            f"the account's time zone {timezone[:64]!r} is not known here; a newer package tzdata"
            " may know it"
        ) from None


def today_in(timezone: str, now: datetime) -> date:
    """The calendar day that it is there."""
    return now.astimezone(zone_of(timezone)).date()


def starts(day: date, timezone: str) -> datetime:
    """The moment a day begins there, in UTC; where midnight is skipped, that is when it is."""
    return datetime.combine(day, time(), zone_of(timezone)).astimezone(UTC)


def is_final(day: date, *, platform: Platform, today: date) -> bool:
    """Whether a platform no longer changes a day's numbers, as of the account's today."""
    return (today - day).days > FINAL_AFTER[platform]


def final_through(until: date, *, platform: Platform, today: date) -> date:
    """The last day, `until` at most, up to which all are final."""
    return min(until, today - (FINAL_AFTER[platform] + 1) * ONE_DAY)
