"""Names of what X counts, by group, and what can be asked about what."""

from collections.abc import Mapping

_CONVERSIONS = (
    "purchases", "sign_ups", "site_visits", "downloads", "custom", "add_to_carts",
    "checkouts_initiated", "content_views", "payment_info_additions", "add_to_wishlists",
    "searches", "landing_page_views", "subscriptions",
)  # fmt: skip

_MOBILE_CONVERSIONS = (
    "installs", "purchases", "sign_ups", "re_engages", "add_to_carts", "achievements_unlocked",
    "add_to_wishlists", "checkouts_initiated", "content_views", "invites", "key_page_views",
    "levels_achieved", "logins", "payment_info_additions", "rates", "reservations", "searches",
    "shares", "site_visits", "spent_credits", "tutorials_completed", "updates", "downloads",
)  # fmt: skip

# By the group of metrics; a new metric of X is one more word here.
GROUPS: Mapping[str, tuple[str, ...]] = {
    "ENGAGEMENT": (
        "engagements", "impressions", "retweets", "replies", "likes", "follows",
        "card_engagements", "clicks", "app_clicks", "url_clicks", "qualified_impressions",
        "carousel_swipes", "tweets_send", "unfollows", "poll_card_vote",
    ),
    "BILLING": ("billed_engagements", "billed_charge_local_micro"),
    "VIDEO": (
        "video_total_views", "video_3s100pct_views", "video_6s_views", "video_15s_views",
        "video_views_25", "video_views_50", "video_views_75", "video_views_100",
        "video_cta_clicks", "video_content_starts",
    ),
    "WEB_CONVERSION": tuple(f"conversion_{name}" for name in _CONVERSIONS),
    "MOBILE_CONVERSION": tuple(f"mobile_conversion_{name}" for name in _MOBILE_CONVERSIONS),
    "LIFE_TIME_VALUE_MOBILE_CONVERSION": tuple(
        f"mobile_conversion_lifetime_value_{name}" for name in _MOBILE_CONVERSIONS[:5]
    ),
}  # fmt: skip

_MOBILE_LEAVES = ("post_view", "post_engagement", "assisted", "order_quantity", "sale_amount")

# The members of a metric that is an object, by the group.
LEAVES: Mapping[str, tuple[str, ...]] = {
    "WEB_CONVERSION": (
        "metric", "post_view", "post_engagement", "assisted", "order_quantity", "sale_amount",
        "order_quantity_view", "sale_amount_view", "order_quantity_engagement",
        "sale_amount_engagement",
    ),
    "MOBILE_CONVERSION": _MOBILE_LEAVES,
    "LIFE_TIME_VALUE_MOBILE_CONVERSION": _MOBILE_LEAVES,
}  # fmt: skip

ACCOUNT, FUNDING_INSTRUMENT = "ACCOUNT", "FUNDING_INSTRUMENT"
CAMPAIGN, LINE_ITEM, PROMOTED_TWEET = "CAMPAIGN", "LINE_ITEM", "PROMOTED_TWEET"

# What has ads, and so numbers.
OF_ADS = (ACCOUNT, FUNDING_INSTRUMENT, CAMPAIGN, LINE_ITEM, PROMOTED_TWEET)

# The groups that can be asked about an entity.
ENTITIES: Mapping[str, tuple[str, ...]] = {
    ACCOUNT: ("ENGAGEMENT",),
    FUNDING_INSTRUMENT: ("ENGAGEMENT", "BILLING"),
    CAMPAIGN: tuple(GROUPS),
    LINE_ITEM: tuple(GROUPS),
    PROMOTED_TWEET: tuple(GROUPS),
    "PROMOTED_ACCOUNT": tuple(GROUPS),
}

# All that there is of an account: no clicks, no spend.
OF_ACCOUNT = frozenset({"engagements", "impressions", "retweets", "replies", "likes", "follows"})

GRANULARITIES = ("HOUR", "DAY", "TOTAL")

ALL_ON_TWITTER, PUBLISHER_NETWORK = "ALL_ON_TWITTER", "PUBLISHER_NETWORK"
PLACEMENTS = (ALL_ON_TWITTER, PUBLISHER_NETWORK, "SPOTLIGHT", "TREND")

# Name, value and share of each segment, in thousandths; they do not add up to the whole.
SEGMENTS: Mapping[str, tuple[tuple[str, str, int], ...]] = {
    "AGE": (
        ("13-24", "AGE_13_TO_24", 200), ("25-34", "AGE_25_TO_34", 330),
        ("35-49", "AGE_35_TO_49", 260), ("50+", "AGE_OVER_50", 150),
    ),
    "GENDER": (("Male", "1", 480), ("Female", "2", 430)),
    "METROS": (("New York, NY", "501", 300), ("Los Angeles, CA", "803", 220)),
    "PLATFORMS": (
        ("iOS", "0", 400), ("Android", "1", 350), ("Desktop and laptop computers", "4", 210),
    ),
}  # fmt: skip
CONVERSION_TAGS = "CONVERSION_TAGS"

# What an event's conversions are counted as, by the type of its tag.
OF_TAG: Mapping[str, str] = {
    "PURCHASE": "conversion_purchases",
    "SIGN_UP": "conversion_sign_ups",
    "SITE_VISIT": "conversion_site_visits",
    "DOWNLOAD": "conversion_downloads",
    "CUSTOM": "conversion_custom",
    "ADD_TO_CART": "conversion_add_to_carts",
    "CHECKOUT_INITIATED": "conversion_checkouts_initiated",
    "CONTENT_VIEW": "conversion_content_views",
    "ADDED_PAYMENT_INFO": "conversion_payment_info_additions",
    "ADD_TO_WISHLIST": "conversion_add_to_wishlists",
    "SEARCH": "conversion_searches",
    "SUBSCRIBE": "conversion_subscriptions",
}


def keys_of(group: str) -> dict[str, tuple[str, ...]]:
    """The keys of `series.Series` that make each metric of a group: one, or one for each leaf."""
    leaves = LEAVES.get(group)
    return {
        name: tuple(f"{name}.{leaf}" for leaf in leaves) if leaves else (name,)
        for name in GROUPS[group]
    }
