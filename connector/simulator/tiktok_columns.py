"""The columns of a report as texts: every number is one, and what is missing is a dash."""

from collections.abc import Callable, Mapping

import numpy as np

from connector.simulator.tiktok_ads import Ad, Campaign, Group, Integers
from connector.simulator.tiktok_kinds import APP, CREATIVE, SHOP, UPGRADED, WEBSITE
from connector.simulator.tiktok_numbers import Values
from connector.simulator.world import Advertiser

MISSING = "-"
_WITHOUT_CENTS = frozenset({"JPY"})

Entity = Ad | Group | Campaign | None
Column = Callable[[Values, int], list[str]]


def decimals_of(currency: str) -> int:
    """How many digits an amount has behind its point."""
    return 0 if currency in _WITHOUT_CENTS else 2


def amount(units: int, decimals: int) -> str:
    """An amount of the smallest unit, as TikTok writes it."""
    return f"{units // 100}.{units % 100:02d}" if decimals else str(units)


def _count(name: str) -> Column:
    return lambda values, _: list(map(str, values[name].tolist()))


def _money(name: str) -> Column:
    return lambda values, decimals: [amount(one, decimals) for one in values[name].tolist()]


def _reached(values: Values) -> Integers:
    return values["impressions"] - values["impressions"] // 5


def _ratio(above: str, below: str, *, times: int = 1) -> Column:
    def column(values: Values, decimals: int) -> list[str]:
        unit = 10**decimals if above == "spend" else 1
        shares = values[above] * times / unit / np.maximum(values[below], 1)
        return [f"{share:.2f}" for share in shares.tolist()]

    return column


def _frequency(values: Values, _: int) -> list[str]:
    shares = values["impressions"] / np.maximum(_reached(values), 1)
    return [f"{share:.2f}" for share in shares.tolist()]


METRIC_COLUMNS: Mapping[str, Column] = {
    "spend": _money("spend"),
    "impressions": _count("impressions"),
    "clicks": _count("clicks"),
    "conversion": _count("conversion"),
    "real_time_conversion": _count("real_time_conversion"),
    "complete_payment": _count("complete_payment"),
    "total_complete_payment_rate": _money(WEBSITE),
    "total_purchase_value": _money(APP),
    "total_onsite_shopping_value": _money(SHOP),
    "reach": lambda values, _: list(map(str, _reached(values).tolist())),
    "frequency": _frequency,
    "ctr": _ratio("clicks", "impressions", times=100),
    "cpc": _ratio("spend", "clicks"),
    "cpm": _ratio("spend", "impressions", times=1000),
}
"""The numbers by their names in a report, money in the smallest unit behind so many digits."""

OF_CONVERSIONS = frozenset({
    "conversion", "real_time_conversion", "complete_payment", "total_complete_payment_rate",
    "total_purchase_value", "total_onsite_shopping_value",
})  # fmt: skip


def _campaign(entity: Entity) -> Campaign | None:
    if isinstance(entity, Ad):
        return entity.group.campaign
    return entity.campaign if isinstance(entity, Group) else _if_campaign(entity)


def _if_campaign(entity: Entity) -> Campaign | None:
    return entity if isinstance(entity, Campaign) else None


def _group(entity: Entity) -> Group | None:
    if isinstance(entity, Ad):
        return entity.group
    return entity if isinstance(entity, Group) else None


def _ad_url(ad: Ad) -> str | None:
    return ad.kind.url or next(iter(ad.kind.urls), None)


def _automation(entity: Entity, campaign: Campaign) -> str:
    kind = campaign.kind.automation
    return CREATIVE if isinstance(entity, Ad) and kind == UPGRADED else kind


def _of_ad(read: Callable[[Ad], str | None]) -> Callable[[Entity], str | None]:
    return lambda entity: read(entity) if isinstance(entity, Ad) else None


def _of_group(read: Callable[[Group], str]) -> Callable[[Entity], str | None]:
    return lambda entity: read(group) if (group := _group(entity)) else None


def _of_campaign(read: Callable[[Entity, Campaign], str]) -> Callable[[Entity], str | None]:
    return lambda entity: read(entity, found) if (found := _campaign(entity)) else None


ATTRIBUTES: Mapping[str, Callable[[Entity], str | None]] = {
    "campaign_id": _of_campaign(lambda _, campaign: campaign.id),
    "campaign_name": _of_campaign(lambda _, campaign: campaign.kind.name),
    "objective_type": _of_campaign(lambda _, campaign: campaign.kind.objective),
    "campaign_automation_type": _of_campaign(_automation),
    "adgroup_id": _of_group(lambda group: group.id),
    "adgroup_name": _of_group(lambda group: group.name),
    "ad_id": _of_ad(lambda ad: ad.id),
    "ad_id_v2": _of_ad(lambda ad: ad.group.smart_plus_ad_id or ad.id),
    "ad_name": _of_ad(lambda ad: ad.kind.name),
    "ad_text": _of_ad(lambda ad: f"See {ad.kind.name}"),
    "ad_url": _of_ad(_ad_url),
    "call_to_action": _of_ad(lambda _: "SHOP_NOW"),
}
"""What is told of the entity of a row beside its numbers; None where it is not of this level."""

OF_ADVERTISER: Mapping[str, Callable[[Advertiser], str]] = {
    "advertiser_id": lambda advertiser: advertiser.id,
    "advertiser_name": lambda advertiser: advertiser.name,
    "currency": lambda advertiser: advertiser.currency,
}
"""What is told of the advertiser, on every row."""
