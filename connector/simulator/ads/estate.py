"""What stands in the account at first, written down as plans; days count back from the founding."""

from dataclasses import dataclass

SHOP = "https://shop.example.org"

_EVERYWHERE = ("ALL_ON_TWITTER",)


@dataclass(frozen=True, kw_only=True)
class CardPlan:
    """A website card."""

    name: str
    title: str
    url: str
    days: int = 390
    video: bool = False


@dataclass(frozen=True, kw_only=True)
class TweetPlan:
    """A tweet, by a key that ad plans name; `foreign` is another user's."""

    key: str
    text: str
    urls: tuple[str, ...] = ()
    name: str | None = None
    card: str = ""
    days: int = 380
    organic: bool = False
    foreign: bool = False
    tweet_type: str = "PUBLISHED"


@dataclass(frozen=True, kw_only=True)
class AdPlan:
    """A promoted tweet; it begins with its line item unless `days` says otherwise."""

    tweet: str
    days: float | None = None
    then: tuple[tuple[float, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class LineItemPlan:
    """A line item with its ads; `bid` in micros, None for an automatic one, `tagged` for a goal."""

    name: str | None
    days: float
    ads: tuple[AdPlan, ...] = ()
    placements: tuple[str, ...] = _EVERYWHERE
    goal: str = ""
    bid: int | None = None
    bid_strategy: str = "MAX"
    ends: float | None = None
    tagged: bool = False
    then: tuple[tuple[float, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class CampaignPlan:
    """A campaign with its line items; `daily_budget` in units of the currency."""

    name: str
    objective: str
    days: float
    daily_budget: int
    line_items: tuple[LineItemPlan, ...] = ()
    status: str = "ACTIVE"
    then: tuple[tuple[float, str], ...] = ()


def _utm(campaign: str, content: str = "", term: str = "") -> str:
    pairs = {"utm_campaign": campaign, "utm_content": content, "utm_term": term}
    said = "&".join(f"{name}={value}" for name, value in pairs.items() if value)
    return f"utm_source=x&utm_medium=paid&{said}"


def _ads(*tweets: str) -> tuple[AdPlan, ...]:
    return tuple(AdPlan(tweet=tweet) for tweet in tweets)


CARDS = (
    CardPlan(name="pots card", title="All pots", url=f"{SHOP}/pots?{_utm('spring', 'card')}"),
    CardPlan(
        name="repot video", title="How to repot", url=f"{SHOP}/how-to?{_utm('video')}", video=True
    ),
    CardPlan(name="plain card", title="Garden shop", url=f"{SHOP}/"),
)

TWEETS = (
    TweetPlan(
        key="pots", text="Spring pots are here",
        urls=(f"{SHOP}/pots?{_utm('spring', 'pots', 'terracotta+pots')}",), name="Spring pots",
    ),
    TweetPlan(key="seeds", text="Seeds for March", urls=(f"{SHOP}/seeds?{_utm('spring')}",)),
    TweetPlan(key="pots card", text="All pots in one place", card="pots card"),
    TweetPlan(
        key="two links", text="Read, then shop",
        urls=("https://blog.example.org/spring", f"{SHOP}/sale?{_utm('spring', 'second-link')}"),
    ),
    TweetPlan(key="brand", text="Everything for the garden", name="Brand film"),
    TweetPlan(key="brand link", text="Who we are", urls=(f"{SHOP}/about",)),
    TweetPlan(key="public", text="We open at nine", organic=True),
    TweetPlan(
        key="newsletter", text="Ten tips a month",
        urls=(f"{SHOP}/newsletter?ref=x&{_utm('newsletter')}",), name="Newsletter: tips",
    ),
    TweetPlan(key="plain card", text="Subscribe for less", card="plain card"),
    TweetPlan(
        key="app", text="The garden app", urls=("https://apps.example.org/garden?utm_source=x_app",)
    ),
    TweetPlan(key="app quote", text="Water on time, says the app"),
    TweetPlan(key="repot", text="Repotting in a minute", card="repot video"),
    TweetPlan(key="prune", text="Pruning in two", urls=(f"{SHOP}/prune?{_utm('%C3%A9t%C3%A9')}",)),
    TweetPlan(key="follow", text="Follow us for the frost warning"),
    TweetPlan(key="winter", text="Winter sale", urls=(f"{SHOP}/winter?{_utm('winter')}",)),
    TweetPlan(key="lights", text="Lights, half price", urls=(f"{SHOP}/lights?{_utm('winter')}",)),
    TweetPlan(key="never", text="Not promoted yet", urls=(f"{SHOP}/new",), days=3),
    TweetPlan(key="partner", text="A partner's word about us", foreign=True, organic=True),
    TweetPlan(key="draft", text="A draft about bulbs", tweet_type="DRAFT", days=2),
    TweetPlan(key="scheduled", text="Bulbs next month", tweet_type="SCHEDULED", days=2),
)  # fmt: skip

CAMPAIGNS = (
    CampaignPlan(
        name="Spring pots", objective="WEBSITE_CLICKS", days=372, daily_budget=120,
        line_items=(
            LineItemPlan(
                name="Spring: gardeners", days=371, bid=1_250_000,
                ads=(
                    *_ads("pots", "pots card", "two links"),
                    AdPlan(tweet="seeds", then=((6, "DELETED"),)),
                ),
            ),
            LineItemPlan(
                name="Spring: balconies", days=340, bid=900_000,
                ads=(*_ads("pots card", "seeds"), AdPlan(tweet="pots", days=12)),
                then=((20, "PAUSED"), (9, "ACTIVE")),
            ),
            LineItemPlan(
                name=None, days=200, ads=_ads("two links"),
                placements=("TWITTER_TIMELINE", "TWITTER_SEARCH"), then=((3.5, "PAUSED"),),
            ),
        ),
    ),
    CampaignPlan(
        name="Always on: brand", objective="REACH", days=365, daily_budget=60,
        line_items=(
            LineItemPlan(name="Brand: broad", days=365, ads=_ads("brand", "brand link", "public")),
            # one tweet in two campaigns: X then tells the same numbers twice
            LineItemPlan(
                name="Brand: pots", days=120, bid=4_000_000, bid_strategy="TARGET",
                ads=_ads("pots"), placements=("ALL_ON_TWITTER", "SPOTLIGHT"),
            ),
        ),
    ),
    CampaignPlan(
        name="Newsletter sign-ups", objective="WEBSITE_CLICKS", days=180, daily_budget=45,
        line_items=(
            LineItemPlan(
                name="Newsletter: readers", days=180, goal="WEBSITE_CONVERSIONS",
                tagged=True,
                ads=(
                    *_ads("newsletter"),
                    AdPlan(tweet="plain card", then=((30, "PAUSED"),)),
                ),
            ),
            LineItemPlan(name="Newsletter: not set up", days=4),
        ),
    ),
    CampaignPlan(
        name="Garden app", objective="APP_INSTALLS", days=150, daily_budget=30,
        line_items=(
            LineItemPlan(name="App: phones", days=150, bid=2_100_000, ads=_ads("app", "app quote")),
        ),
        then=((40, "PAUSED"),),
    ),
    CampaignPlan(
        name="Video: how to", objective="VIDEO_VIEWS", days=90, daily_budget=25,
        line_items=(
            LineItemPlan(name="Video: all", days=90, goal="VIEW_6S", ads=_ads("repot", "prune")),
        ),
    ),
    CampaignPlan(
        name="Followers", objective="FOLLOWERS", days=75, daily_budget=10,
        line_items=(LineItemPlan(name="Followers: near", days=75, ads=_ads("follow"), ends=-60),),
    ),
    CampaignPlan(
        name="Winter sale", objective="ENGAGEMENTS", days=300, daily_budget=80,
        line_items=(
            LineItemPlan(
                name="Winter: all", days=300, bid=500_000, ends=210,
                ads=(*_ads("winter"), AdPlan(tweet="lights", then=((230, "PAUSED"),))),
            ),
            LineItemPlan(
                name="Winter: late", days=240, bid=400_000, ads=_ads("winter"),
                then=((10, "DELETED"),),
            ),
        ),
        then=((8, "DELETED"),),
    ),
    CampaignPlan(
        name="Next season", objective="WEBSITE_CLICKS", days=1, daily_budget=100, status="DRAFT"
    ),
)  # fmt: skip
