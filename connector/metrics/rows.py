"""The rows of ad metrics as a platform answers them, and the columns of the tables they go to.

Money is `Decimal` in the campaign's currency; None is what the platform did not answer, never a
zero. A row holds what the platform knows; the tables' other columns (account, rates, finality,
`imported_at`) are the same for all rows of an import or follow from these.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

Platform = Literal["x", "tiktok"]
X: Platform = "x"
TIKTOK: Platform = "tiktok"


@dataclass(frozen=True, kw_only=True, slots=True)
class Utm:
    """The UTM parameters of an ad; `utm_inferred` when none is in its links (`utm.parameters`)."""

    utm_source: str | None = None
    utm_medium: str | None = None
    utm_campaign: str | None = None
    utm_content: str | None = None
    utm_term: str | None = None
    utm_inferred: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class AdGroupDay:
    """What a platform answered for one ad group (a line item at X) and one day of the account."""

    date: date
    campaign_id: str
    campaign_name: str | None = None
    campaign_status: str | None = None
    campaign_currency: str
    ad_group_id: str
    ad_group_name: str | None = None
    ad_group_status: str | None = None
    impressions: int | None = None
    clicks: int | None = None
    url_clicks: int | None = None
    app_clicks: int | None = None
    retweets: int | None = None
    likes: int | None = None
    engagements: int | None = None
    conversions: int | None = None
    conversion_value: Decimal | None = None
    cost: Decimal | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class AdDay(AdGroupDay):
    """What a platform answered for one ad and one day of the account."""

    ad_id: str
    ad_name: str | None = None
    tweet_id: str | None = None
    utm: Utm


@dataclass(frozen=True, kw_only=True, slots=True)
class HourRow:
    """What a platform answered for one entity and one hour, which begins at `hour` (aware, UTC).

    `entity` is the platform's word for its kind, such as LINE_ITEM or PROMOTED_TWEET.
    """

    hour: datetime
    entity: str
    id: str
    status: str | None = None
    campaign_currency: str
    impressions: int | None = None
    clicks: int | None = None
    url_clicks: int | None = None
    app_clicks: int | None = None
    retweets: int | None = None
    likes: int | None = None
    engagements: int | None = None
    conversions: int | None = None
    conversion_value: Decimal | None = None
    cost: Decimal | None = None
    billed_engagements: int | None = None


METRICS = (
    "impressions", "clicks", "url_clicks", "app_clicks", "retweets", "likes", "engagements",
    "conversions", "conversion_value", "cost",
)  # fmt: skip


def has_metric(row: AdGroupDay | HourRow) -> bool:
    """Whether the platform answered at least one metric; an X row without one is left out."""
    billed = isinstance(row, HourRow) and row.billed_engagements is not None
    return billed or any(getattr(row, name) is not None for name in METRICS)


@dataclass(kw_only=True)
class Requests:
    """How many requests a reading took; it grows while the reading goes on."""

    sent: int = 0
    retried: int = 0


@dataclass(frozen=True, kw_only=True)
class Account:
    """An ad account: its id, the name of its time zone in the tz database, and its currency."""

    platform: Platform
    id: str
    timezone: str
    currency: str


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What a platform gives for an account and some days, both ends included.

    `ads`, then `groups`, then `hours` are read once and to their ends before the warehouse is
    opened; downloads may go on meanwhile, and `warnings` and `requests` grow with them. No row
    comes twice: (date, ad), (date, ad group) and (hour, entity, id) are unique. TikTok gives
    no groups.
    """

    account_timezone: str
    currency: str
    ads: Iterable[AdDay] = ()
    groups: Iterable[AdGroupDay] = ()
    hours: Iterable[HourRow] = ()
    warnings: list[str] = field(default_factory=list)
    requests: Requests = field(default_factory=Requests)


Type = Literal["date", "text", "count", "money", "rate", "flag", "instant"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table; `required` ones are never null."""

    name: str
    type: Type
    required: bool = False


def _columns(*lines: tuple[Type, str]) -> tuple[Column, ...]:
    """Columns from lines of names of one type each; a `!` marks one that is never null."""
    return tuple(
        Column(name.removesuffix("!"), type_, name.endswith("!"))
        for type_, names in lines
        for name in names.split()
    )


_OF_NUMBERS = _columns(
    ("count", "impressions clicks url_clicks app_clicks retweets likes engagements conversions"),
    ("money", "conversion_value cost"),
)
_OF_ADS = _columns(("text", "ad_id! ad_name tweet_id"))
_OF_LINKS = _columns(
    ("text", "utm_source utm_medium utm_campaign utm_content utm_term"), ("flag", "utm_inferred!")
)
AD_COLUMNS = (
    *_columns(
        ("date", "date!"),
        ("text", "ad_platform! ad_account_id! account_timezone!"),
        ("text", "campaign_id! campaign_name campaign_status campaign_currency!"),
        ("text", "ad_group_id! ad_group_name ad_group_status"),
    ),
    *_OF_ADS,
    *_OF_NUMBERS,
    *_columns(
        ("money", "cost_converted"), ("rate", "exchange_rate"), ("date", "exchange_rate_date")
    ),
    *_OF_LINKS,
    *_columns(("flag", "is_final!"), ("instant", "imported_at!")),
)
"""The columns of `daily_ad_metrics`, in their order."""
AD_GROUP_COLUMNS = tuple(
    column for column in AD_COLUMNS if column not in _OF_ADS and column not in _OF_LINKS
)
"""Those of `daily_ad_group_metrics`: without what belongs to an ad or its links."""
HOUR_COLUMNS = (
    *_columns(
        ("instant", "hour!"),
        ("text", "ad_platform! ad_account_id! entity! id! status campaign_currency!"),
    ),
    *_OF_NUMBERS,
    *_columns(("count", "billed_engagements"), ("instant", "imported_at!")),
)
"""Those of `hourly_ad_metrics`; `hour` begins the hour, in UTC."""
IMPORT_COLUMNS = _columns(
    ("text", "connection! account!"),
    ("date", "since! until!"),
    ("count", "rows!"),
    ("date", "final_through!"),
    ("instant", "finished_at!"),
)
"""Those of `daily_ad_metrics_imports`: a row for each import of at most 30 days."""
