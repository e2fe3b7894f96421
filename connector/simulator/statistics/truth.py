"""What only the simulator can tell: the sums that are true, whatever X makes of them."""

from collections.abc import Iterable, Mapping
from datetime import date

from connector.simulator.statistics import metrics
from connector.simulator.statistics.ads import Ad, doubled
from connector.simulator.statistics.answering import tags
from connector.simulator.statistics.books import Books
from connector.simulator.statistics.hours import Hours, bucket_starts, days_between
from connector.simulator.statistics.questions import told_time
from connector.simulator.statistics.series import (
    Segment,
    Series,
    View,
    segmented,
    series_of,
)
from connector.simulator.statistics.sums import added, bucketed, listed, totals

# The numbers that ad metrics are made of, see the design's columns.
NAMES = (
    "impressions", "clicks", "url_clicks", "app_clicks", "retweets", "likes", "engagements",
    "billed_engagements", "billed_charge_local_micro",
    "conversion_purchases.metric", "conversion_purchases.sale_amount",
    "conversion_custom.metric", "conversion_custom.sale_amount",
)  # fmt: skip
_LEVELS = {
    "campaigns": metrics.CAMPAIGN, "line_items": metrics.LINE_ITEM, "ads": metrics.PROMOTED_TWEET,
}  # fmt: skip
_CONVERSIONS = ("conversion_purchases", "conversion_custom")

Sums = Mapping[str, int | None]


def truth(
    books: Books, *, since: date, until: date, view: View, by_day: bool = False
) -> dict[str, object]:
    """The true sums of local days, both inclusive.

    Returns:
        `total`, `days` by date, and by their ids `campaigns`, `line_items` and `ads`, each the
        sums of `NAMES`; what has no numbers is left out. `doubled` is what X answers for the ads
        that it doubles. With `by_day` each entity has its sums by date.
    """
    hours = days_between(since, until, books.zone)
    series = {ad.id: daily(ad, hours, view) for ad in books.ads}
    whole = added(series.values())

    def shown(ads: Iterable[Ad]) -> Mapping[str, object]:
        of_ads = added(series[ad.id] for ad in ads)
        return _by_date(of_ads, hours) if by_day else totals(of_ads, NAMES)

    levels = {name: books.owned(entity) for name, entity in _LEVELS.items()}
    told: dict[str, Mapping[str, Iterable[Ad]]] = {**levels, "doubled": doubled(books.ads)}
    return {
        "account": books.account.id,
        "timezone": books.account.timezone,
        "currency": books.account.currency,
        "since": since.isoformat(),
        "until": until.isoformat(),
        "told_at": told_time(view.now),
        "total": totals(whole, NAMES),
        "days": _by_date(whole, hours),
        **{
            name: {
                one: shown(ads) for one, ads in owners.items() if any(series[ad.id] for ad in ads)
            }
            for name, owners in told.items()
        },
    }


def daily(ad: Ad, hours: Hours, view: View) -> Series:
    """`NAMES` of an ad over all its placements, an item for each local day of the hours."""
    parts = [
        series_of(ad, hours, placement=placement, view=view, groups=_CONVERSIONS)
        for placement in ad.placements
    ]
    series = bucketed(added(parts), hours, "DAY")
    return {name: series[name] for name in NAMES if name in series}


def tag_sums(books: Books, *, since: date, until: date, view: View) -> dict[str, Sums]:
    """What X attributes to each event tag in local days, both inclusive: count and amount."""
    hours = days_between(since, until, books.zone)
    found: dict[str, Sums] = {}
    for label, segment in tags(books.events):
        (name,) = segment.metrics
        parts = [
            _tagged(ad, hours, segment=segment, placement=placement, view=view)
            for ad in books.ads
            for placement in ad.placements
        ]
        sums = totals(added(parts), [f"{name}.metric", f"{name}.sale_amount"])
        found[label["segment_value"]] = {
            key.partition(".")[2]: value for key, value in sums.items()
        }
    return found


def _tagged(ad: Ad, hours: Hours, *, segment: Segment, placement: str, view: View) -> Series:
    """The sums of a tag's conversions."""
    series = series_of(ad, hours, placement=placement, view=view, groups=segment.metrics)
    return bucketed(segmented(series, ad, hours, segment=segment, view=view), hours, "TOTAL")


def _by_date(series: Series, hours: Hours) -> dict[str, Sums]:
    """The sums of each day that has any, by its date."""
    ordinals: list[int] = hours.days[bucket_starts(hours, "DAY")].tolist()
    lists = [listed(series.get(name)) or [None] * len(ordinals) for name in NAMES]
    return {
        date.fromordinal(ordinal).isoformat(): dict(zip(NAMES, numbers, strict=True))
        for ordinal, *numbers in zip(ordinals, *lists, strict=True)
        if any(number is not None for number in numbers)
    }
