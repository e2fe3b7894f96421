"""X's own words for line items: what can be said, and what follows where nothing is said."""

from collections.abc import Mapping

# The goal of a line item that names none, by its objective.
GOALS: Mapping[str, str] = {
    "APP_ENGAGEMENTS": "APP_CLICKS",
    "APP_INSTALLS": "APP_CLICKS",
    "REACH": "MAX_REACH",
    "FOLLOWERS": "FOLLOWERS",
    "ENGAGEMENTS": "ENGAGEMENT",
    "VIDEO_VIEWS": "VIDEO_VIEW",
    "PREROLL_VIEWS": "PREROLL",
    "WEBSITE_CLICKS": "LINK_CLICKS",
}

OBJECTIVES = tuple(GOALS)

# What is paid for, by the goal.
PAID_FOR: Mapping[str, str] = {
    "APP_CLICKS": "APP_CLICK",
    "APP_INSTALLS": "APP_INSTALL",
    "APP_PURCHASES": "APP_CLICK",
    "ENGAGEMENT": "ENGAGEMENT",
    "FOLLOWERS": "FOLLOW",
    "LINK_CLICKS": "LINK_CLICK",
    "MAX_REACH": "IMPRESSION",
    "PREROLL": "VIEW",
    "PREROLL_STARTS": "VIEW",
    "REACH_WITH_ENGAGEMENT": "IMPRESSION",
    "SITE_VISITS": "IMPRESSION",
    "VIDEO_VIEW": "VIEW",
    "VIEW_3S_100PCT": "VIEW_3S_100PCT",
    "VIEW_6S": "VIEW_6S",
    "VIEW_15S": "VIEW_15S",
    "WEBSITE_CONVERSIONS": "IMPRESSION",
}

PAY_BY = tuple(dict.fromkeys(PAID_FOR.values()))

# The placements that go with a product.
PLACEMENTS: Mapping[str, tuple[str, ...]] = {
    "PROMOTED_TWEETS": (
        "ALL_ON_TWITTER", "PUBLISHER_NETWORK", "TAP_BANNER", "TAP_FULL", "TAP_FULL_LANDSCAPE",
        "TAP_MRECT", "TAP_NATIVE", "TWITTER_PROFILE", "TWITTER_REPLIES", "TWITTER_SEARCH",
        "TWITTER_TIMELINE", "SPOTLIGHT", "TREND",
    ),
    "PROMOTED_ACCOUNT": ("ALL_ON_TWITTER", "TWITTER_SEARCH", "TWITTER_TIMELINE"),
    "MEDIA": ("ALL_ON_TWITTER", "PUBLISHER_NETWORK", "TWITTER_SEARCH", "TWITTER_TIMELINE"),
}  # fmt: skip

# The smallest step of an amount in micros, by the currency; one hundredth of a unit elsewhere.
DENOMINATIONS: Mapping[str, int] = {
    **dict.fromkeys(("CLP", "JPY", "KRW", "VND"), 1_000_000),
    **dict.fromkeys(("BHD", "IQD", "KWD", "TND"), 1_000),
}
HUNDREDTH = 10_000
