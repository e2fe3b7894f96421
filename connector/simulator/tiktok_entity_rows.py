"""Campaigns, ad groups and ads with all of their fields, as TikTok's own calls tell them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from connector.simulator.tiktok_ads import Ad, Campaign, Group, Stock
from connector.simulator.tiktok_kinds import MANUAL, SMART_PLUS, UPGRADED, CampaignKind

Row = Mapping[str, object]

_CHANGED_AFTER = 86_400


@dataclass(frozen=True, kw_only=True, slots=True)
class Listed:
    """Something that may be in a list; `ids` are what filters of ids look at, by the filter."""

    kind: CampaignKind
    is_deleted: bool
    ids: Mapping[str, str]
    row: Callable[[], Row]


def campaigns(stock: Stock) -> Iterator[Listed]:
    """What `/campaign/get/` may tell."""
    for one in stock.campaigns:
        yield Listed(
            kind=one.kind,
            is_deleted=one.kind.deleted,
            ids={"campaign_ids": one.id},
            row=partial(_campaign_row, stock, one),
        )


def groups(stock: Stock) -> Iterator[Listed]:
    """What `/adgroup/get/` may tell."""
    for one in stock.groups:
        yield Listed(
            kind=one.campaign.kind,
            is_deleted=one.campaign.kind.deleted,
            ids={"campaign_ids": one.campaign.id, "adgroup_ids": one.id},
            row=partial(_group_row, stock, one),
        )


def ads(stock: Stock) -> Iterator[Listed]:
    """What `/ad/get/` may tell: not every ad that spends."""
    for one in stock.ads:
        if one.kind.listed:
            yield Listed(
                kind=one.kind.campaign,
                is_deleted=one.is_deleted,
                ids={**_group_ids(one.group), "ad_ids": one.id},
                row=partial(_ad_row, stock, one),
            )


def smart_ads(stock: Stock) -> Iterator[Listed]:
    """What `/smart_plus/ad/get/` may tell: upgraded Smart+ ads, whose creatives `ads` has."""
    seen: set[str] = set()
    for one in stock.ads:
        smart = one.group.smart_plus_ad_id
        if smart and smart not in seen:
            seen.add(smart)
            yield Listed(
                kind=one.kind.campaign,
                is_deleted=one.is_deleted,
                ids={**_group_ids(one.group), "smart_plus_ad_ids": smart},
                row=partial(_smart_row, stock, one),
            )


def _group_ids(group: Group) -> Mapping[str, str]:
    return {"campaign_ids": group.campaign.id, "adgroup_ids": group.id}


def _campaign_row(stock: Stock, campaign: Campaign) -> Row:
    kind = campaign.kind
    return {
        **_of_campaign(stock, campaign),
        "objective_type": kind.objective,
        "campaign_automation_type": kind.automation,
        "budget_mode": "BUDGET_MODE_INFINITE",
        **_state("CAMPAIGN", kind.status, is_deleted=kind.deleted),
        **_times(campaign.made, campaign),
    }


def _group_row(stock: Stock, group: Group) -> Row:
    kind = group.campaign.kind
    return {
        **_of_group(stock, group),
        "placement_type": "PLACEMENT_TYPE_AUTOMATIC",
        "billing_event": "OCPM",
        **_state("ADGROUP", kind.status, is_deleted=kind.deleted),
        **_times(group.made, group.campaign),
    }


def _ad_row(stock: Stock, ad: Ad) -> Row:
    kind, automation = ad.kind, ad.kind.campaign.automation
    return {
        **_of_group(stock, ad.group),
        "ad_id": ad.id,
        "ad_name": kind.name,
        "smart_plus_ad_id": ad.group.smart_plus_ad_id,
        "landing_page_url": kind.url,
        "landing_page_urls": list(kind.urls) if automation == SMART_PLUS else None,
        "utm_params": _utm(ad) or None,
        "deeplink": kind.deeplink,
        "page_id": "7300000000000000777" if kind.page else None,
        "cpp_url": None,
        "call_to_action": "SHOP_NOW",
        "call_to_action_id": None,
        "click_tracking_url": None,
        "ad_format": "SINGLE_VIDEO",
        "is_aco": False,
        "is_new_structure": True,
        **_state("AD", kind.status, is_deleted=ad.is_deleted),
        **_times(ad.made, ad.group.campaign),
    }


def _smart_row(stock: Stock, ad: Ad) -> Row:
    return {
        **_of_group(stock, ad.group),
        "smart_plus_ad_id": ad.group.smart_plus_ad_id,
        "ad_name": ad.group.name,
        "landing_page_url_list": [{"landing_page_url": url} for url in ad.kind.urls],
        "ad_configuration": {"utm_params": [{"key": "utm_medium", "value": "smart"}]},
        **_state("AD", ad.kind.status, is_deleted=ad.is_deleted),
        **_times(ad.made, ad.group.campaign),
    }


def _utm(ad: Ad) -> list[Row]:
    has_own = ad.kind.campaign.automation != UPGRADED
    return [{"key": key, "value": value} for key, value in ad.kind.utm] if has_own else []


def _of_campaign(stock: Stock, campaign: Campaign) -> Row:
    return {
        "advertiser_id": stock.advertiser.id,
        "campaign_id": campaign.id,
        "campaign_name": campaign.kind.name,
    }


def _of_group(stock: Stock, group: Group) -> Row:
    own = {"adgroup_id": group.id, "adgroup_name": group.name}
    return {**_of_campaign(stock, group.campaign), **own}


def _state(level: str, status: str, *, is_deleted: bool) -> Row:
    deeper = "DELETE" if is_deleted else "DISABLE" if status == "DISABLE" else "DELIVERY_OK"
    return {"operation_status": status, "secondary_status": f"{level}_STATUS_{deeper}"}


def _times(made: int, campaign: Campaign) -> Row:
    is_smart = campaign.kind.automation != MANUAL
    return {
        "create_time": _written(made),
        "modify_time": None if is_smart else _written(made + _CHANGED_AFTER),
    }


def _written(moment: int) -> str:
    return f"{datetime.fromtimestamp(moment, tz=UTC):%Y-%m-%d %H:%M:%S}"
