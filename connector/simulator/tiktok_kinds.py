"""What is particular about each of the first ads of an advertiser, as a table."""

from dataclasses import dataclass

AUCTION, REACH_AND_FREQUENCY, TOP_VIEW = "AUCTION", "RESERVATION_RF", "RESERVATION_TOP_VIEW"
OWN_ORIGIN, PROMOTE = "TT_ADS_PLATFORM", "PROMOTE"
MANUAL, SMART_PLUS, UPGRADED = "MANUAL", "SMART_PLUS", "UPGRADED_SMART_PLUS"
CREATIVE = "UPGRADED_SMART_PLUS_CREATIVE"

WEBSITE, APP, SHOP = "website", "app", "shop"
LEGS = (WEBSITE, APP, SHOP)


@dataclass(frozen=True, kw_only=True, slots=True)
class CampaignKind:
    """What the ads of a campaign have in common."""

    name: str
    objective: str = "WEB_CONVERSIONS"
    automation: str = MANUAL
    buying: str = AUCTION
    origin: str = OWN_ORIGIN
    status: str = "ENABLE"
    deleted: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class AdKind:
    """An ad.

    Attributes:
        group: the name of its ad group.
        url: its landing page as it was typed in, macros and all.
        urls: the other way to have landing pages; of an upgraded Smart+ ad those of the whole ad.
        utm: its `utm_params`.
        leg: where its purchases are made; None for an ad whose conversions have no value.
        told: whether conversions and their value are told at all; else they are `-`.
        listed: whether `/ad/get/` knows it.
        pointed: whether its clicks are written with a point, as some integers are.
    """

    name: str
    campaign: CampaignKind
    group: str
    url: str | None = None
    urls: tuple[str, ...] = ()
    utm: tuple[tuple[str, str], ...] = ()
    deeplink: str = ""
    page: bool = False
    leg: str | None = WEBSITE
    told: bool = True
    status: str = "ENABLE"
    deleted: bool = False
    listed: bool = True
    pointed: bool = False


_SITE = "https://shop.example.org"
_SPRING = CampaignKind(name="Spring sale")
_APP = CampaignKind(name="App installs", objective="APP_PROMOTION")
_LEADS = CampaignKind(name="Leads", objective="LEAD_GENERATION")
_CATALOGUE = CampaignKind(name="Catalogue", objective="PRODUCT_SALES")
_REACH = CampaignKind(name="Reach", objective="REACH", buying=REACH_AND_FREQUENCY)
_SMART = CampaignKind(name="Smart+ bulbs", automation=SMART_PLUS)
_UPGRADED = CampaignKind(name="Smart+ seeds", automation=UPGRADED)
_TOP = CampaignKind(name="TopView", objective="REACH", buying=TOP_VIEW)
_BOOST = CampaignKind(name="Boosted post", objective="TRAFFIC", origin=PROMOTE)
_CLOSED = CampaignKind(name="Winter sale", status="DISABLE", deleted=True)
_GMV = CampaignKind(name="GMV Max", objective="PRODUCT_SALES")

_SEEDS = (f"{_SITE}/seeds?utm_source=tiktok&utm_campaign=seeds", f"{_SITE}/bulbs?utm_source=tiktok")

FIRST_ADS = (
    AdKind(
        name="can-video-a", campaign=_SPRING, group="Iberia",
        url=f"{_SITE}/cans?utm_source=tiktok&utm_medium=paid_social&utm_campaign=__CAMPAIGN_NAME__"
        "&utm_content=__CID_NAME__&utm_term=__AID_NAME__&spot=__PLACEMENT__",
    ),
    AdKind(
        name="can-video-b", campaign=_SPRING, group="Iberia",
        url=f"{_SITE}/cans?utm_source=tiktok&utm_campaign=_CAMPAIGN_ID_&utm_content=_CID_NAME_",
    ),
    AdKind(
        name="Gießkanne & Co", campaign=_SPRING, group="Nordics",
        url=f"{_SITE}/k%C3%BCbel?utm_source=tik%20tok&utm_medium=paid+social"
        "&utm_campaign=Fr%C3%BChling%2B1#top",
    ),
    AdKind(
        name="can-video-old", campaign=_SPRING, group="Nordics", status="DISABLE", deleted=True,
        url=f"{_SITE}/cans?utm_source=tiktok&utm_campaign=old",
    ),
    AdKind(name="app-install", campaign=_APP, group="iOS", deeplink="shop://cans", leg=APP),
    AdKind(name="lead-form", campaign=_LEADS, group="Gardeners", page=True, leg=None),
    AdKind(
        name="catalogue", campaign=_CATALOGUE, group="All products",
        utm=(("utm_source", "tiktok"), ("utm_medium", "catalogue"), ("utm_content", "__CID__")),
    ),
    AdKind(
        name="catalogue-link", campaign=_CATALOGUE, group="All products",
        url=f"{_SITE}/all?utm_source=tiktok&utm_medium=paid",
        utm=(("utm_source", "tiktok"), ("utm_medium", "paid")),
    ),
    AdKind(name="shop-video", campaign=_CATALOGUE, group="Shop", leg=SHOP),
    AdKind(name="reach-week", campaign=_REACH, group="Everybody", url=_SITE, told=False),
    AdKind(
        name="smart-bulbs", campaign=_SMART, group="Smart+ bulbs", pointed=True,
        urls=(f"{_SITE}/bulbs?utm_source=tiktok&utm_campaign=__CAMPAIGN_NAME__", f"{_SITE}/more"),
    ),
    AdKind(name="seeds-1.mp4", campaign=_UPGRADED, group="Smart+ seeds", urls=_SEEDS),
    AdKind(name="seeds-2.mp4", campaign=_UPGRADED, group="Smart+ seeds", urls=_SEEDS),
    AdKind(name="top-view", campaign=_TOP, group="TopView", url=_SITE, told=False),
    AdKind(name="boost", campaign=_BOOST, group="Boosted post", url=f"{_SITE}/post", leg=None),
    AdKind(
        name="winter", campaign=_CLOSED, group="Winter", status="DISABLE", deleted=True,
        url=f"{_SITE}/winter?utm_source=tiktok&utm_campaign=winter",
    ),
    AdKind(
        name="gmv-max", campaign=_GMV, group="GMV Max", leg=SHOP, listed=False,
        url=f"{_SITE}/gmv?utm_source=tiktok&utm_campaign=gmv",
    ),
    AdKind(
        name="paused", campaign=_SPRING, group="Nordics", status="DISABLE",
        url=f"{_SITE}/cans?utm_source=tiktok&utm_campaign=__AID_NAME__",
    ),
)  # fmt: skip
"""In the order they were made in."""
