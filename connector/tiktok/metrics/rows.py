"""A report's rows as rows of ad metrics."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from connector.metrics.rows import TIKTOK, AdDay, HourRow, Utm
from connector.metrics.utm import Names, of_link, of_pairs, parameters
from connector.tiktok.metrics.entities import ADS, CAMPAIGNS, GROUPS, NOTHING, SMART_ADS, Found
from connector.tiktok.metrics.pages import Row, count, day_of, decimal, known_text
from connector.tiktok.metrics.queries import DAY, HOUR, LINK, VALUES

AD = "AD"


@dataclass(kw_only=True)
class Known:
    """What was learned of an advertiser's campaigns, ad groups and ads, and of their links."""

    campaigns: Found = field(default_factory=lambda: Found(kind=CAMPAIGNS))
    groups: Found = field(default_factory=lambda: Found(kind=GROUPS))
    ads: Found = field(default_factory=lambda: Found(kind=ADS))
    smart_ads: Found = field(default_factory=lambda: Found(kind=SMART_ADS))
    utm: dict[str, Utm] = field(default_factory=dict)


def names_of(row: Row, known: Known) -> Names:
    """What an ad and its surroundings are called: as the report has it, else as the lists do."""
    ad = known.ads.by_id.get(row["ad_id"], NOTHING)
    group_id = known_text(row, "adgroup_id") or ad.group_id or ""
    group = known.groups.by_id.get(group_id, NOTHING)
    campaign_id = known_text(row, "campaign_id") or ad.campaign_id or group.campaign_id or ""
    campaign = known.campaigns.by_id.get(campaign_id, NOTHING)
    return Names(
        campaign_id=campaign_id,
        campaign_name=known_text(row, "campaign_name") or campaign.name,
        ad_group_id=group_id,
        ad_group_name=known_text(row, "adgroup_name") or group.name,
        ad_id=row["ad_id"],
        ad_name=known_text(row, "ad_name") or ad.name,
    )


def utm_of(row: Row, names: Names, known: Known) -> Utm:
    """The UTM parameters of a row's ad, the same for all of its rows.

    The landing page counts before the pages of a Smart+ ad, these before `utm_params` alone, and
    what the report says of the link comes last.
    """
    if names.ad_id not in known.utm:
        ad = known.ads.by_id.get(names.ad_id, NOTHING)
        smart = known.smart_ads.by_id.get(ad.smart_id or "", NOTHING)
        macros = names.macros()
        pairs = of_pairs(ad.pairs or smart.pairs, macros)
        candidates = [
            *(of_link(link, macros) for link in (*ad.links, *smart.links)),
            pairs,
            of_link(known_text(row, LINK), macros),
        ]
        known.utm[names.ad_id] = parameters(candidates, platform=TIKTOK, names=names, filling=pairs)
    return known.utm[names.ad_id]


def ad_days(rows: Iterator[Row], known: Known, currency: str) -> Iterator[AdDay]:
    """Rows of days."""
    for row in rows:
        day = day_of(row, DAY)
        if day is not None:
            yield _ad_day(row, day, known, currency)


def _ad_day(row: Row, day: date, known: Known, currency: str) -> AdDay:
    names, clicks = names_of(row, known), count(row, "clicks")
    return AdDay(
        date=day,
        campaign_id=names.campaign_id,
        campaign_name=names.campaign_name,
        campaign_status=known.campaigns.by_id.get(names.campaign_id, NOTHING).status,
        campaign_currency=currency,
        ad_group_id=names.ad_group_id,
        ad_group_name=names.ad_group_name,
        ad_group_status=known.groups.by_id.get(names.ad_group_id, NOTHING).status,
        ad_id=names.ad_id,
        ad_name=names.ad_name,
        impressions=count(row, "impressions"),
        clicks=clicks,
        url_clicks=clicks,
        conversions=count(row, "conversion"),
        conversion_value=value_of(row),
        cost=decimal(row, "spend"),
        utm=utm_of(row, names, known),
    )


def hour_rows(
    rows: Iterator[Row], known: Known, *, currency: str, zone: ZoneInfo
) -> Iterator[HourRow]:
    """Rows of hours of the advertiser's clock; one that it strikes twice is the first of them."""
    for row in rows:
        clicks = count(row, "clicks")
        yield HourRow(
            hour=hour_of(row, zone),
            entity=AD,
            id=row["ad_id"],
            status=known.ads.by_id.get(row["ad_id"], NOTHING).status,
            campaign_currency=currency,
            impressions=count(row, "impressions"),
            clicks=clicks,
            url_clicks=clicks,
            conversions=count(row, "conversion"),
            conversion_value=value_of(row),
            cost=decimal(row, "spend"),
        )


def hour_of(row: Row, zone: ZoneInfo) -> datetime:
    """When the hour of a row begins, in UTC."""
    return datetime.fromisoformat(row[HOUR]).replace(tzinfo=zone).astimezone(UTC)


def value_of(row: Row) -> Decimal | None:
    """What was bought, wherever it was: each place has a sum of its own."""
    values = [value for name in VALUES if (value := decimal(row, name)) is not None]
    return sum(values, Decimal()) if values else None
