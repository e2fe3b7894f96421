"""What X tells of one ad, line item or campaign as rows of ad metrics."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from connector.metrics.days import ONE_DAY
from connector.metrics.rows import METRICS, AdDay, AdGroupDay, HourRow, X
from connector.metrics.utm import Names, parameters
from connector.x.metrics.entities import NO_TWEET, Known
from connector.x.metrics.questions import AD, CAMPAIGN, LINE_ITEM
from connector.x.metrics.slots import Slots
from connector.x.metrics.statistics import Complete, Sums

MICRO_PLACES = 6
MONEY = frozenset({"cost", "conversion_value"})
BILLED = "billed_engagements"


@dataclass(frozen=True, kw_only=True)
class Book:
    """What rows take beside numbers: what is known of the account, and its currency."""

    known: Known
    currency: str


def money(micros: int) -> Decimal:
    """An amount that X tells in millionths, whatever the currency."""
    return Decimal(micros).scaleb(-MICRO_PLACES)


def ad_days(complete: Complete, book: Book, since: date) -> Iterator[AdDay]:
    """The rows of an ad; its first slot is the day `since`."""
    ad = book.known.of(AD, complete.id)
    tweet = book.known.tweets.get(ad.tweet_id or "", NO_TWEET)
    group = _group(ad.parent, book)
    names = Names(
        campaign_id=group["campaign_id"], campaign_name=group["campaign_name"],
        ad_group_id=ad.parent, ad_group_name=group["ad_group_name"], ad_id=complete.id,
        ad_name=tweet.name,
    )  # fmt: skip
    utm = parameters([tweet.tags], platform=X, names=names)
    for at, numbers in _told(complete.sums, METRICS):
        yield AdDay(
            date=since + at * ONE_DAY, ad_id=complete.id, ad_name=tweet.name, utm=utm,
            tweet_id=ad.tweet_id, **group, **numbers,
        )  # fmt: skip


def group_days(complete: Complete, book: Book, since: date) -> Iterator[AdGroupDay]:
    """The rows of a line item, likewise."""
    group = _group(complete.id, book)
    for at, numbers in _told(complete.sums, METRICS):
        yield AdGroupDay(date=since + at * ONE_DAY, **group, **numbers)


def hour_rows(complete: Complete, book: Book, slots: Slots) -> Iterator[HourRow]:
    """The rows of whatever it is by hours."""
    entity = book.known.of(complete.entity, complete.id)
    currency = entity.currency or _group(entity.parent, book)["campaign_currency"]
    for at, numbers in _told(complete.sums, (*METRICS, BILLED)):
        yield HourRow(
            hour=datetime.fromtimestamp(slots.starts[at], UTC), entity=complete.entity,
            id=complete.id, status=entity.status, campaign_currency=currency, **numbers,
        )  # fmt: skip


def _group(item_id: str, book: Book) -> dict[str, Any]:
    item = book.known.of(LINE_ITEM, item_id)
    campaign = book.known.of(CAMPAIGN, item.parent)
    return {
        "campaign_id": item.parent,
        "campaign_name": campaign.name,
        "campaign_status": campaign.status,
        "campaign_currency": campaign.currency or item.currency or book.currency,
        "ad_group_id": item_id,
        "ad_group_name": item.name,
        "ad_group_status": item.status,
    }


def _told(sums: Sums, names: tuple[str, ...]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The numbers of each slot that has any; a null is none."""
    columns = [(name, sums[name]) for name in names if name in sums]
    for at in range(max((len(column) for _, column in columns), default=0)):
        numbers = {name: column[at] for name, column in columns if column[at] is not None}
        if numbers:
            yield (
                at,
                {
                    name: money(number) if name in MONEY else number  # type: ignore[arg-type]
                    for name, number in numbers.items()
                },
            )
