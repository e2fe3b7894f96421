"""An ad as the numbers know it: what it belongs to, and when it ran."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from connector.simulator.statistics.hours import HOUR_SECONDS, Flags, Hours

# from and until, in epoch seconds; until may be infinite
Span = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Ad:
    """A promoted tweet, deleted ones too.

    Attributes:
        ids: the ids that own it by the entity, see `metrics.ENTITIES`; its own among them.
        tweet_id: what it promotes.
        objective: its line item's.
        placements: those of statistics that it runs on.
        spans: when it, its line item and its campaign all were active, in order.
    """

    ids: Mapping[str, str]
    tweet_id: str
    objective: str
    placements: tuple[str, ...]
    spans: tuple[Span, ...]

    @property
    def id(self) -> str:
        """Its own id."""
        return self.ids["PROMOTED_TWEET"]


def active_hours(spans: Iterable[Span], hours: Hours, now: float) -> Flags:
    """Which hours an ad ran in, if only for a moment before `now`."""
    flags = np.zeros(len(hours.starts), dtype=np.bool_)
    for since, until in spans:
        until_now = min(until, now)
        if since < until_now:
            flags |= (hours.starts < until_now) & (hours.starts + HOUR_SECONDS > since)
    return flags


def told_hours(spans: Iterable[Span], hours: Hours, now: float) -> Flags:
    """Which hours have numbers: those of the local days on which an ad ran, before `now`.

    The others are null. On a day on which it ran, an hour in which it did not is zero.
    """
    flags = np.zeros(len(hours.starts), dtype=np.bool_)
    for since, until in spans:
        until_now = min(until, now)
        if since < until_now:
            last = hours.day_at(math.ceil(until_now) - 1)
            flags |= (hours.days >= hours.day_at(since)) & (hours.days <= last)
    return flags & (hours.starts < now)


def doubled(ads: Iterable[Ad]) -> dict[str, tuple[Ad, ...]]:
    """The ads whose tweet is promoted in another campaign as well, with all ads of that tweet.

    X is known to answer for each of them with the numbers of all of them.
    """
    by_tweet: defaultdict[str, list[Ad]] = defaultdict(list)
    for ad in ads:
        by_tweet[ad.tweet_id].append(ad)
    return {
        ad.id: tuple(same)
        for same in by_tweet.values()
        if len({ad.ids["CAMPAIGN"] for ad in same}) > 1
        for ad in same
    }
