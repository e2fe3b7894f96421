"""What an ad account holds. Fields are named as X names them; moments are whole epoch seconds.

Entities never change: a store puts another one in their place.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias, TypedDict

# from and until, in epoch seconds; until is infinite for what goes on
Span: TypeAlias = tuple[float, float]
Spans: TypeAlias = tuple[Span, ...]

ACTIVE, PAUSED, DRAFT = "ACTIVE", "PAUSED", "DRAFT"


class Made(TypedDict):
    """When something was made, and not changed since."""

    created_at: int
    updated_at: int


@dataclass(frozen=True, kw_only=True)
class Campaign:
    """A campaign; `active` is when its status was ACTIVE and it was not deleted."""

    id: str
    name: str
    funding_instrument_id: str
    currency: str
    daily_budget_amount_local_micro: int | None = None
    total_budget_amount_local_micro: int | None = None
    budget_optimization: str = "LINE_ITEM"
    entity_status: str = ACTIVE
    purchase_order_number: str | None = None
    standard_delivery: bool | None = None
    created_at: int
    updated_at: int
    deleted: bool = False
    active: Spans = ()


@dataclass(frozen=True, kw_only=True)
class LineItem:
    """A line item; `active` as for campaigns, whatever its start and end."""

    id: str
    campaign_id: str
    objective: str
    product_type: str
    placements: tuple[str, ...]
    currency: str
    goal: str
    pay_by: str
    bid_strategy: str
    advertiser_user_id: str
    name: str | None = None
    bid_amount_local_micro: int | None = None
    daily_budget_amount_local_micro: int | None = None
    total_budget_amount_local_micro: int | None = None
    start_time: int | None = None
    end_time: int | None = None
    entity_status: str = ACTIVE
    advertiser_domain: str | None = None
    categories: tuple[str, ...] = ()
    primary_web_event_tag: str | None = None
    frequency_cap: int | None = None
    duration_in_days: int | None = None
    audience_expansion: str | None = None
    standard_delivery: bool = True
    android_app_store_identifier: str | None = None
    ios_app_store_identifier: str | None = None
    created_at: int
    updated_at: int
    deleted: bool = False
    active: Spans = ()


@dataclass(frozen=True, kw_only=True)
class PromotedTweet:
    """A tweet on a line item: what X's pages call an ad."""

    id: str
    line_item_id: str
    tweet_id: str
    entity_status: str = ACTIVE
    approval_status: str = "ACCEPTED"
    created_at: int
    updated_at: int
    deleted: bool = False
    active: Spans = ()


@dataclass(frozen=True, kw_only=True)
class Tweet:
    """A post; `id` is the tweet id, `urls` its links in full, in the order of the text.

    One of another user than the account's cannot be promoted as it is, see `promoted_tweets`.
    """

    id: str
    user_id: str
    text: str
    urls: tuple[str, ...] = ()
    name: str | None = None
    tweet_type: str = "PUBLISHED"
    nullcast: bool = True
    card_uri: str | None = None
    media_keys: tuple[str, ...] = ()
    scheduled_at: int | None = None
    created_at: int
    updated_at: int
    deleted: bool = False


@dataclass(frozen=True, kw_only=True)
class Card:
    """A card; `components` or `slides` as they were posted, `url` is where it leads."""

    id: str
    card_uri: str
    name: str
    card_type: str
    components: tuple[Mapping[str, object], ...] = ()
    slides: tuple[tuple[Mapping[str, object], ...], ...] = ()
    title: str | None = None
    url: str | None = None
    created_at: int
    updated_at: int
    deleted: bool = False


@dataclass(frozen=True, kw_only=True)
class Media:
    """A file of the media library; `id` is its media key."""

    id: str
    media_category: str
    media_type: str
    name: str | None = None
    title: str | None = None
    description: str | None = None
    file_name: str | None = None
    poster_media_key: str | None = None
    total_bytes: int = 0
    ready_at: int = 0  # until then its status is that of a file in the works
    created_at: int
    updated_at: int
    deleted: bool = False


@dataclass(frozen=True, kw_only=True)
class AccountMedia:
    """A picture or video for other places than tweets."""

    id: str
    creative_type: str
    media_key: str
    created_at: int
    updated_at: int
    deleted: bool = False


@dataclass(frozen=True, kw_only=True)
class MediaCreative:
    """Account media on a line item."""

    id: str
    line_item_id: str
    account_media_id: str
    landing_url: str | None = None
    entity_status: str = ACTIVE
    approval_status: str = "ACCEPTED"
    created_at: int
    updated_at: int
    deleted: bool = False
    active: Spans = ()


@dataclass(frozen=True, kw_only=True)
class TargetingCriterion:
    """Who a line item is shown to, one condition."""

    id: str
    line_item_id: str
    targeting_type: str
    targeting_value: str
    name: str
    operator_type: str = "EQ"
    created_at: int
    updated_at: int
    deleted: bool = False


Entity: TypeAlias = (
    Campaign
    | LineItem
    | PromotedTweet
    | Tweet
    | Card
    | Media
    | AccountMedia
    | MediaCreative
    | TargetingCriterion
)


@dataclass(frozen=True, kw_only=True, repr=False)
class Change:
    """An entity before and after somebody changed it; `before` is None where they made it."""

    before: Entity | None
    after: Entity
    at: int
    user_id: str


def both(one: Spans, other: Spans) -> Spans:
    """What lies in both, in order."""
    pairs = ((max(a[0], b[0]), min(a[1], b[1])) for a in one for b in other)
    return tuple(sorted(span for span in pairs if span[0] < span[1]))


def switched(spans: Spans, *, on: bool, now: float) -> Spans:
    """The spans once it is on or off from `now` on."""
    is_on = bool(spans) and spans[-1][1] == math.inf
    if on == is_on:
        return spans
    if on:
        return (*spans, (now, math.inf))
    return (*spans[:-1], (spans[-1][0], max(now, spans[-1][0])))
