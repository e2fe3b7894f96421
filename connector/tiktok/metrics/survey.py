"""What rows of days come to: whose they are, what they cost, and how far that is from the truth."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from connector.tiktok.metrics.pages import Row, count, day_of, decimal, known_text
from connector.tiktok.metrics.queries import DAY

# What rounding may make of each row's amount.
_HALF_CENT = Decimal("0.005")


@dataclass(frozen=True, kw_only=True)
class Sums:
    """What rows of one day come to; of an advertiser's own sums one may be unknown."""

    rows: int = 0
    impressions: int | None = 0
    cost: Decimal | None = Decimal()


NO_ROWS = Sums()
Totals = Mapping[date, Sums]


@dataclass(frozen=True, kw_only=True)
class Survey:
    """Rows put together: the ads with their ad groups and campaigns, and the sums by day."""

    ads: Mapping[str, tuple[str | None, str | None]] = field(default_factory=dict)
    days: Totals = field(default_factory=dict)


def survey_of(rows: Iterable[Row]) -> Survey:
    """What there is in some rows."""
    ads: dict[str, tuple[str | None, str | None]] = {}
    numbers: Counter[date] = Counter()
    impressions: Counter[date] = Counter()
    cost: defaultdict[date, Decimal] = defaultdict(Decimal)
    for row in rows:
        ads[row["ad_id"]] = (known_text(row, "adgroup_id"), known_text(row, "campaign_id"))
        day = day_of(row, DAY)
        if day is not None:
            numbers[day] += 1
            impressions[day] += count(row, "impressions") or 0
            cost[day] += decimal(row, "spend") or Decimal()
    days = {
        day: Sums(rows=number, impressions=impressions[day], cost=cost[day])
        for day, number in numbers.items()
    }
    return Survey(ads=ads, days=days)


def totals_of(rows: Iterable[Row]) -> Totals:
    """An advertiser's own sums by day."""
    return {
        day: Sums(impressions=count(row, "impressions"), cost=decimal(row, "spend"))
        for row in rows
        if (day := day_of(row, DAY))
    }


def differing(survey: Survey, totals: Totals) -> list[date]:
    """The days on which the ads and the advertiser's own sums differ; none is a sum of nothing.

    Impressions are whole numbers, so that not one may be missing. What rounding explains of the
    cost does not count.
    """
    days = sorted({*survey.days, *totals})
    return [day for day in days if _misses(day, survey, totals) or _costs_else(day, survey, totals)]


def gap_warning(survey: Survey, totals: Totals, currency: str) -> str | None:
    """The sentence about the days whose cost differs, None without one."""
    days = [day for day in sorted({*survey.days, *totals}) if _costs_else(day, survey, totals)]
    if not days:
        return None
    ads = sum((survey.days.get(day, NO_ROWS).cost or Decimal() for day in days), Decimal())
    advertiser = sum((totals.get(day, NO_ROWS).cost or Decimal() for day in days), Decimal())
    when = str(days[0]) if len(days) == 1 else f"{len(days)} days from {days[0]} to {days[-1]}"
    return (
        f"TikTok Ads: {when}: the ads cost {ads} {currency} and the advertiser {advertiser}; the"
        " difference belongs to no ad that TikTok names"
    )


def _misses(day: date, survey: Survey, totals: Totals) -> bool:
    total = totals.get(day, NO_ROWS).impressions
    return total is not None and total != survey.days.get(day, NO_ROWS).impressions


def _costs_else(day: date, survey: Survey, totals: Totals) -> bool:
    total, own = totals.get(day, NO_ROWS).cost, survey.days.get(day, NO_ROWS)
    return total is not None and abs(total - (own.cost or 0)) > own.rows * _HALF_CENT
