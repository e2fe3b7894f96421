"""Where the next sync starts to read: pure functions over cursors as whole numbers.

A cursor is microseconds since 1970 (UTC) for times and dates, the number itself for integers;
kept as text with its kind, such as `time 1795161845417000`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal

Kind = Literal["time", "date", "integer"]

_DEFAULT_LOOKBACK = timedelta(days=2)
_MICROSECOND = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Cursor:
    """How far a mapping has been read."""

    kind: Kind
    position: int

    def __str__(self) -> str:
        """The text that the state keeps."""
        return f"{self.kind} {self.position}"


def parse(text: str) -> Cursor:
    """The cursor that `str` made."""
    kind, _, position = text.partition(" ")
    kinds: dict[str, Kind] = {"time": "time", "date": "date", "integer": "integer"}
    return Cursor(kind=kinds[kind], position=int(position))


def microseconds(instant: datetime) -> int:
    """The position of a time."""
    return (instant - _EPOCH) // _MICROSECOND


@dataclass(frozen=True, kw_only=True)
class Reach:
    """How a mapping reads: its cursor's kind, the overlap, and how far back a first run goes."""

    kind: Kind
    lookback: timedelta | int | None
    max_age: timedelta


def start(kept: Cursor | None, *, reach: Reach, now: datetime) -> datetime | date | int | None:
    """The smallest cursor to read, None for everything.

    Without a kept cursor (a first run, or rules that changed) times go back to `max_age`. A time
    before the year 1 is everything too.
    """
    kind, lookback = reach.kind, reach.lookback
    if kind == "integer":
        back = lookback if isinstance(lookback, int) else 0
        return None if kept is None or kept.kind != kind else kept.position - back
    span = lookback if isinstance(lookback, timedelta) else _DEFAULT_LOOKBACK
    try:
        if kept is None or kept.kind != kind:
            moment = now - reach.max_age - span
        else:
            moment = _EPOCH + timedelta(microseconds=kept.position) - span
    except OverflowError:
        return None
    return moment.date() if kind == "date" else moment


def move(
    kept: Cursor | None, *, kind: Kind, largest: int | None, unfinished: Iterable[int],
    began: datetime,
) -> Cursor | None:  # fmt: skip
    """The cursor after a run that read up to `largest` (None: no row had a cursor).

    `unfinished` are the cursors of rows that are pending, in doubt or in the future.
    """
    if largest is None:
        return kept
    latest = [] if kind == "integer" else [microseconds(began)]
    return Cursor(kind=kind, position=min([largest, *latest, *unfinished]))
