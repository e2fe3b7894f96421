"""How ads behave, as tables: rates, prices and the hours people are awake.

Rates are given in parts of `PARTS`, money in micros of the account's currency.
"""

from collections.abc import Mapping
from dataclasses import dataclass

PARTS_BITS = 20
PARTS = 1 << PARTS_BITS


@dataclass(frozen=True, kw_only=True)
class Nature:
    """What an objective brings about.

    Attributes:
        billed: the count that is paid for.
        price: of one of them, the lowest and the highest, in micros.
        traits: what its ads have, see the tables below.
    """

    billed: str
    price: tuple[int, int]
    traits: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Rate:
    """A count that is a share of another one, where an ad has the trait."""

    name: str
    of: str
    low: int
    high: int
    trait: str = ""


@dataclass(frozen=True, kw_only=True)
class Conversion:
    """A conversion metric: some who clicked, and some who only looked.

    Attributes:
        of: the clicks.
        clicked: share of clicks, the lowest and the highest.
        viewed: share of impressions.
        cents: price, the lowest and the highest; None for what has no value.
    """

    group: str
    name: str
    of: str
    trait: str
    clicked: tuple[int, int]
    viewed: tuple[int, int]
    cents: tuple[int, int] | None = None


def _nature(billed: str, low: int, high: int, *traits: str) -> Nature:
    return Nature(billed=billed, price=(low, high), traits=frozenset(traits))


ENGAGING = _nature("engagements", 80_000, 600_000, "links", "follows")

# By the objective of the line item; any other is as `ENGAGING`.
NATURES: Mapping[str, Nature] = {
    "APP_ENGAGEMENTS": _nature("app_clicks", 500_000, 2_500_000, "app"),
    "APP_INSTALLS": _nature("app_clicks", 500_000, 2_500_000, "app"),
    "ENGAGEMENTS": ENGAGING,
    "FOLLOWERS": _nature("follows", 800_000, 3_000_000, "links", "follows"),
    "PREROLL_VIEWS": _nature("video_total_views", 10_000, 50_000, "links", "video"),
    "REACH": _nature("impressions", 2_000, 9_000, "links"),
    "VIDEO_VIEWS": _nature("video_total_views", 10_000, 50_000, "links", "video"),
    "WEBSITE_CLICKS": _nature("url_clicks", 200_000, 2_000_000, "links", "custom"),
}

ENGAGEMENTS = (
    Rate(name="url_clicks", of="impressions", low=3_000, high=21_000, trait="links"),
    Rate(name="app_clicks", of="impressions", low=2_000, high=12_000, trait="app"),
    Rate(name="likes", of="impressions", low=500, high=6_000),
    Rate(name="retweets", of="impressions", low=50, high=900),
    Rate(name="replies", of="impressions", low=20, high=400),
    Rate(name="follows", of="impressions", low=100, high=1_500, trait="follows"),
    Rate(name="card_engagements", of="url_clicks", low=700_000, high=900_000, trait="links"),
    # neither is told by itself: clicks on the text or the picture, and engagements without one
    Rate(name="details", of="impressions", low=1_000, high=9_000),
    Rate(name="hovers", of="impressions", low=400, high=4_000),
)

# What a click is: all of them together are `clicks`, with `hovers` they are `engagements`.
CLICKS = ("url_clicks", "app_clicks", "likes", "retweets", "replies", "follows", "details")

VIDEOS = tuple(
    Rate(name=f"video_{name}", of=of, low=low, high=high, trait="video")
    for name, of, low, high in (
        ("content_starts", "impressions", 500_000, 800_000),
        ("total_views", "video_content_starts", 300_000, 600_000),
        ("3s100pct_views", "video_total_views", 700_000, 900_000),
        ("6s_views", "video_3s100pct_views", 500_000, 800_000),
        ("15s_views", "video_6s_views", 300_000, 600_000),
        ("views_25", "video_total_views", 600_000, 800_000),
        ("views_50", "video_views_25", 500_000, 700_000),
        ("views_75", "video_views_50", 500_000, 700_000),
        ("views_100", "video_views_75", 600_000, 900_000),
        ("cta_clicks", "video_total_views", 2_000, 9_000),
    )
)

_WEB = tuple(
    Conversion(
        group="WEB_CONVERSION", name=f"conversion_{name}", of="url_clicks", trait=trait,
        clicked=clicked, viewed=viewed, cents=cents,
    )
    for name, trait, clicked, viewed, cents in (
        ("purchases", "links", (8_000, 50_000), (20, 120), (900, 12_000)),
        ("custom", "custom", (15_000, 70_000), (30, 150), (100, 900)),
        ("add_to_carts", "links", (30_000, 120_000), (60, 300), (900, 12_000)),
        ("sign_ups", "links", (10_000, 40_000), (20, 90), None),
        ("downloads", "links", (4_000, 20_000), (5, 40), None),
        ("site_visits", "links", (500_000, 800_000), (200, 900), None),
        ("landing_page_views", "links", (500_000, 700_000), (100, 500), None),
    )
)  # fmt: skip

_MOBILE = tuple(
    Conversion(
        group="MOBILE_CONVERSION", name=f"mobile_conversion_{name}", of="app_clicks", trait="app",
        clicked=clicked, viewed=viewed, cents=cents,
    )
    for name, clicked, viewed, cents in (
        ("installs", (60_000, 200_000), (50, 300), None),
        ("purchases", (5_000, 30_000), (5, 40), (100, 3_000)),
        ("sign_ups", (20_000, 90_000), (10, 60), None),
        ("re_engages", (50_000, 150_000), (40, 200), None),
    )
)  # fmt: skip

CONVERSIONS = (*_WEB, *_MOBILE)

# Impressions a day of an ad on a placement: the fewest and the most, and that placement's share.
IMPRESSIONS = (40, 2_600)
PLACEMENT_SHARES: Mapping[str, int] = {  # in thousandths
    "ALL_ON_TWITTER": 1_000,
    "PUBLISHER_NETWORK": 240,
    "SPOTLIGHT": 400,
    "TREND": 550,
}

# Of a day's impressions, in thousandths, by the local hour; an hour that comes twice counts twice.
DAY = (
    16, 9, 6, 4, 4, 7, 17, 34, 49, 55, 54, 52, 58, 56, 51, 50, 52, 55, 60, 68, 77, 73, 58, 35, 16,
)  # fmt: skip
WEEK = (1_020, 1_000, 990, 1_010, 1_060, 900, 940)  # thousandths, Monday first

# What is told of the whole, in thousandths, by the age of the day in local days; the last is final.
FINAL_DAYS = 14
COUNTS_TOLD = (930, 985, 990, 993, 994, 995, 996, 997, 997, 998, 998, 998, 999, 999, 1_000)
CONVERSIONS_TOLD = (
    400, 560, 650, 720, 775, 820, 855, 885, 910, 930, 948, 963, 975, 988, 1_000,
)  # fmt: skip
# Spend is an estimate at first: of four ads in five too high, of the fifth too low.
SPEND_TOLD = (
    (1_060, 1_060, 1_055, 1_048, 1_040, 1_034, 1_028, 1_023, 1_018, 1_014, 1_010, 1_007, 1_004,
     1_002, 1_000),
    (960, 970, 976, 980, 983, 986, 988, 990, 992, 994, 995, 996, 997, 998, 1_000),
)  # fmt: skip
