"""The rows of a report: which there are, what is told of them, and how it is written."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from connector.simulator.tiktok_ads import Ad, Flags, Integers, Stock
from connector.simulator.tiktok_calendar import Calendar, calendar_of
from connector.simulator.tiktok_columns import (
    ATTRIBUTES,
    METRIC_COLUMNS,
    MISSING,
    OF_ADVERTISER,
    OF_CONVERSIONS,
    Entity,
    decimals_of,
)
from connector.simulator.tiktok_kinds import TOP_VIEW
from connector.simulator.tiktok_numbers import Values, delivers, told
from connector.simulator.tiktok_query import AD_V2, DAY, HOUR, Query

MOST_ADS = 20_000
"""An answer is about so many ads, the newest ones."""

_HOURS = 24


@dataclass(frozen=True, kw_only=True, eq=False)
class Found:
    """Rows that were found, one item of each array for each.

    Attributes:
        places: of the ad, ad group or campaign among those of the stock.
        days: places in the calendar; 0 without a dimension of time.
        hours: of the clock, where the report is by hour.
        values: what is told, where finding the rows took it already.
    """

    places: Integers
    days: Integers
    hours: Integers | None = None
    values: Values | None = None

    def at(self, chosen: Integers | slice) -> "Found":
        """Some of the rows."""
        return Found(
            places=self.places[chosen],
            days=self.days[chosen],
            hours=None if self.hours is None else self.hours[chosen],
            values=self.values and {name: one[chosen] for name, one in self.values.items()},
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Report:
    """What a query is about, at one moment."""

    stock: Stock
    query: Query
    calendar: Calendar
    ads: Flags
    is_cut: bool

    @property
    def cells(self) -> int:
        """How large the query is: ids times days, or hours."""
        query = self.query
        ids = np.unique(_places(self)[self.ads]).size
        times = len(self.calendar.ordinals) if query.time else 1
        return ids * times * (_HOURS if query.time == HOUR else 1)


def report_of(stock: Stock, query: Query, *, now: float, whole: bool = False) -> Report:
    """A report as of `now` (epoch seconds); `whole` without the cut of the newest ads."""
    calendar = calendar_of(query.since, query.until, zone=stock.advertiser.timezone, now=now)
    ads = _chosen(stock, query)
    is_by_ids = any(name.endswith(("_ids", "_v2")) for name in query.filters)
    is_cut = query.level == "AUCTION_AD" and not whole and not is_by_ids and ads.sum() >= MOST_ADS
    if is_cut:
        ads = ads & (np.cumsum(ads[::-1])[::-1] <= MOST_ADS)
    return Report(stock=stock, query=query, calendar=calendar, ads=ads, is_cut=bool(is_cut))


def found(report: Report) -> Found:
    """The rows of a report, those of the newest entities first."""
    query, calendar = report.query, report.calendar
    delivering = delivers(report.stock, calendar.ordinals) & report.ads[:, None]
    delivering &= (calendar.shown > 0)[None, :]
    ads, days = np.nonzero(delivering[::-1])
    ads = len(delivering) - 1 - ads
    hours = None
    if query.time == HOUR:
        ads, days = np.repeat(ads, _HOURS), np.repeat(days, _HOURS)
        hours = np.tile(np.arange(_HOURS, dtype=np.int64), len(ads) // _HOURS)
    rows = Found(places=ads, days=days, hours=hours)
    if query.id == "ad_id" and query.time == DAY:
        return rows
    return _summed(report, valued(report, rows))


def valued(report: Report, rows: Found) -> Found:
    """Rows of ads with their numbers."""
    values = rows.values or told(
        report.stock, report.calendar, ads=rows.places, days=rows.days, hours=rows.hours
    )
    return Found(places=rows.places, days=rows.days, hours=rows.hours, values=values)


def totals(report: Report, rows: Found) -> dict[str, str]:
    """The sums over all rows; what cannot be summed is missing."""
    values = valued(report, rows).values or {}
    sums = {name: np.array([one.sum()], np.int64) for name, one in values.items()}
    decimals = decimals_of(report.stock.advertiser.currency)
    return {
        name: METRIC_COLUMNS[name](sums, decimals)[0] if name in METRIC_COLUMNS else MISSING
        for name in report.query.metrics
    }


def columns(report: Report, rows: Found) -> Iterator[tuple[str, Sequence[str]]]:
    """The columns of some rows by name, dimensions first."""
    rows = valued(report, rows)
    entities = _entities(report, rows.places)
    if report.query.id:
        yield report.query.id, [_id(report, entity) for entity in entities]
    if report.query.time:
        yield report.query.time, list(_times(report, rows))
    decimals = decimals_of(report.stock.advertiser.currency)
    for name in report.query.metrics:
        if name in METRIC_COLUMNS:
            texts = METRIC_COLUMNS[name](rows.values or {}, decimals)
            yield name, _as_told(report, name, rows.places, texts)
        elif name in OF_ADVERTISER:
            yield name, [OF_ADVERTISER[name](report.stock.advertiser)] * len(entities)
        else:
            read = ATTRIBUTES[name]
            yield name, [read(_told_of(report, name, one)) or MISSING for one in entities]


def _chosen(stock: Stock, query: Query) -> Flags:
    """The ads that a report is about."""
    deleted = {"AUCTION_AD": stock.are_deleted}.get(query.level, stock.are_closed)
    is_all = query.level == "AUCTION_ADVERTISER" or query.status == "STATUS_ALL"
    chosen = np.ones(len(stock.ads), np.bool_)
    if not is_all:
        chosen = deleted if query.status == "STATUS_DELETE" else ~deleted
    buying = query.filters.get("buying_type")
    if buying or query.level != "AUCTION_ADVERTISER":
        kinds = [ad.group.campaign.kind.buying for ad in stock.ads]
        chosen = chosen & [kind in buying if buying else kind != TOP_VIEW for kind in kinds]
    for name, read in _FILTERED.items():
        wanted = set(query.filters.get(name, ()))
        if wanted:
            chosen = chosen & [read(stock, at) in wanted for at in range(len(stock.ads))]
    return chosen


_FILTERED: Mapping[str, Callable[[Stock, int], str]] = {
    "campaign_ids": lambda stock, at: stock.ads[at].group.campaign.id,
    "adgroup_ids": lambda stock, at: stock.ads[at].group.id,
    "ad_ids": lambda stock, at: stock.ads[at].id,
    "ad_ids_v2": lambda stock, at: stock.ads[at].group.smart_plus_ad_id or stock.ads[at].id,
    "campaign_automation_type": lambda stock, at: stock.ads[at].group.campaign.kind.automation,
}


def _places(report: Report) -> Integers:
    """For each ad the place of the entity whose row it is in."""
    stock = report.stock
    by_id = {
        "ad_id": np.arange(len(stock.ads), dtype=np.int64),
        AD_V2: stock.smart_of,
        "adgroup_id": stock.group_of,
        "campaign_id": stock.campaign_of,
    }
    return by_id.get(report.query.id or "", np.zeros(len(stock.ads), np.int64))


def _summed(report: Report, rows: Found) -> Found:
    """Rows of ads put together to those of their entities and times; those without numbers go."""
    hours = np.zeros_like(rows.days) if rows.hours is None else rows.hours
    days = rows.days if report.query.time else np.zeros_like(rows.days)
    width = len(report.calendar.ordinals) * _HOURS
    keys = _places(report)[rows.places] * width + days * _HOURS + hours
    distinct, at = np.unique(keys, return_inverse=True)
    sums: dict[str, Integers] = {}
    for name, values in (rows.values or {}).items():
        sums[name] = np.zeros(len(distinct), np.int64)
        np.add.at(sums[name], at, values)
    summed = Found(
        places=distinct // width,
        days=distinct % width // _HOURS,
        hours=None if rows.hours is None else distinct % _HOURS,
        values=sums,
    )
    if rows.hours is None:
        return summed.at(np.arange(len(distinct), dtype=np.int64)[::-1])
    has_numbers = np.any(np.stack(list(sums.values())), axis=0)
    return summed.at(np.flatnonzero(has_numbers)[::-1].astype(np.int64))


def _entities(report: Report, places: Integers) -> list[Entity]:
    stock, at = report.stock, places.tolist()
    if report.query.level == "AUCTION_AD":
        return [stock.ads[place] for place in at]
    if report.query.level == "AUCTION_ADGROUP":
        return [stock.groups[place] for place in at]
    if report.query.level == "AUCTION_CAMPAIGN":
        return [stock.campaigns[place] for place in at]
    return [None] * len(at)


def _id(report: Report, entity: Entity) -> str:
    if entity is None:
        return report.stock.advertiser.id
    if report.query.id == AD_V2:
        return ATTRIBUTES[AD_V2](entity) or entity.id
    return entity.id


def _told_of(report: Report, name: str, entity: Entity) -> Entity:
    """What an attribute is read from: by `ad_id_v2` an upgraded Smart+ ad is no creative."""
    is_whole = report.query.id == AD_V2 and name == "campaign_automation_type"
    return entity.group.campaign if is_whole and isinstance(entity, Ad) else entity


def _times(report: Report, rows: Found) -> Iterator[str]:
    since = report.query.since
    hours = [0] * len(rows.days) if rows.hours is None else rows.hours.tolist()
    for day, hour in zip(rows.days.tolist(), hours, strict=True):
        yield f"{since + timedelta(days=day)} {hour:02d}:00:00"


def _as_told(report: Report, name: str, places: Integers, texts: list[str]) -> list[str]:
    """The texts of a metric with the oddities of single ads."""
    if report.query.level != "AUCTION_AD":
        return texts
    ads = [report.stock.ads[place] for place in places.tolist()]
    if name in OF_CONVERSIONS:
        return [text if ad.kind.told else MISSING for ad, text in zip(ads, texts, strict=True)]
    odd = {"clicks": "{}.00", "ctr": "{}%"}.get(name)
    if odd is None:
        return texts
    return [
        odd.format(text) if ad.kind.pointed else text for ad, text in zip(ads, texts, strict=True)
    ]
