"""Ads, books and moments for tests of the simulator's numbers, with the calendar done by hand."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from math import inf
from zoneinfo import ZoneInfo

from connector.simulator.statistics.ads import Ad, Span
from connector.simulator.statistics.books import Books
from connector.simulator.statistics.hours import days_between
from connector.simulator.statistics.series import Series, View, series_of
from connector.simulator.world import Account, Event

NEW_YORK = ZoneInfo("America/New_York")
ALWAYS: tuple[Span, ...] = ((0.0, inf),)
EVERYWHERE = "ALL_ON_TWITTER"
EVERYTHING = ("ENGAGEMENT", "BILLING", "VIDEO", "WEB_CONVERSION", "MOBILE_CONVERSION")


def at(text: str, zone: ZoneInfo = NEW_YORK) -> float:
    """The epoch second of a local time such as `2026-03-01 14:30`."""
    return datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()


def utc(moment: float) -> str:
    """A moment as X writes it."""
    return datetime.fromtimestamp(moment, UTC).isoformat().replace("+00:00", "Z")


def an_ad(
    name: str = "ad1",
    *,
    spans: Sequence[Span] = ALWAYS,
    objective: str = "WEBSITE_CLICKS",
    placements: Sequence[str] = (EVERYWHERE,),
    **ids: str,
) -> Ad:
    """An ad; keywords name its `line_item`, `campaign` and `tweet`."""
    return Ad(
        ids={
            "ACCOUNT": "acc",
            "FUNDING_INSTRUMENT": ids.get("funding", "fund"),
            "CAMPAIGN": ids.get("campaign", "camp1"),
            "LINE_ITEM": ids.get("line_item", "line1"),
            "PROMOTED_TWEET": name,
        },
        tweet_id=ids.get("tweet", f"tweet of {name}"),
        objective=objective,
        placements=tuple(placements),
        spans=tuple(spans),
    )


def books_with(*ads: Ad, timezone: str = "America/New_York", events: Iterable[Event] = ()) -> Books:
    """The books of an account with these ads."""
    levels = ("ACCOUNT", "FUNDING_INSTRUMENT", "CAMPAIGN", "LINE_ITEM", "PROMOTED_TWEET")
    return Books(
        account=Account(id="acc", name="Garden shop", timezone=timezone, currency="EUR"),
        ads=ads,
        known={level: frozenset(ad.ids[level] for ad in ads) for level in levels},
        events=tuple(events),
    )


def seen_at(text: str, *, settled: bool = False, seed: int = 0) -> View:
    """What there is to see at a local time of New York."""
    return View(seed=seed, now=at(text), settled=settled)


def numbers(ad: Ad, day: str, view: View, *, placement: str = EVERYWHERE, days: int = 1) -> Series:
    """The hours of some local days of New York."""
    since = date.fromisoformat(day)
    hours = days_between(since, since + timedelta(days=days - 1), NEW_YORK)
    return series_of(ad, hours, placement=placement, view=view, groups=EVERYTHING)


def sums(series: Series) -> Mapping[str, int]:
    """The sum of every column."""
    return {name: int(column.values.sum()) for name, column in series.items()}
