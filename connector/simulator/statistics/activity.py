"""Which entities were active, and how many people they reached."""

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from connector.simulator.statistics.ads import Ad, Span
from connector.simulator.statistics.answering import Json
from connector.simulator.statistics.books import Books
from connector.simulator.statistics.hours import hours_between
from connector.simulator.statistics.questions import Window, told_time
from connector.simulator.statistics.series import View, series_of
from connector.simulator.statistics.sums import added, totals

MAX_DAYS = 90

# How long after it an ad's activity still counts as a change: its spend is an estimate so long.
LATE_SECONDS = 3 * 24 * 3600

# Out of a hundred who saw an ad an hour ago, how many are somebody new.
_NEW_PEOPLE = 73


class Activity(NamedTuple):
    """When something ran, in epoch seconds, and where."""

    start: float
    end: float
    placements: tuple[str, ...]


def active_rows(books: Books, entity: str, window: Window, *, now: float) -> Iterator[Json]:
    """A row for each entity whose numbers changed in a span, as X lists them.

    The activity may begin before the span, and even be over before it, since spend is still
    corrected for days afterwards.
    """
    for entity_id, ads in books.reported(entity).items():
        found = activity(ads, window, now=now)
        if found is not None:
            yield {
                "entity_id": entity_id,
                "activity_start_time": told_time(found.start),
                "activity_end_time": told_time(math.ceil(found.end)),
                "placements": list(found.placements),
            }


def activity(ads: Iterable[Ad], window: Window, *, now: float) -> Activity | None:
    """When ads ran that a span shows as changed, None where none did."""
    ran = [(span, ad) for ad in ads for span in _within(ad.spans, window, now)]
    if not ran:
        return None
    placements = {placement for _, ad in ran for placement in ad.placements}
    return Activity(
        start=min(since for (since, _), _ in ran),
        end=max(until for (_, until), _ in ran),
        placements=tuple(sorted(placements)),
    )


def reach(ads: Sequence[Ad], books: Books, window: Window, *, view: View) -> tuple[int, float]:
    """How many people ads reached, and how often each on average; not additive."""
    hours = hours_between(window.start, window.end, books.zone)
    parts = [
        series_of(ad, hours, placement=placement, view=view, groups=())
        for ad in ads
        for placement in ad.placements
    ]
    impressions = totals(added(parts), ["impressions"])["impressions"] or 0
    people = -(-impressions * _NEW_PEOPLE // 100)
    return people, round(impressions / people, 2) if people else 0.0


def _within(spans: Iterable[Span], window: Window, now: float) -> Iterator[Span]:
    first = window.start - LATE_SECONDS
    for since, until in spans:
        begins, ends = max(since, first), min(until, window.end, now)
        if begins < ends:
            yield begins, ends
