"""Entities as X shows them."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from connector.simulator.ads.entities import (
    ACTIVE,
    AccountMedia,
    Campaign,
    Card,
    Entity,
    LineItem,
    Media,
    TargetingCriterion,
    Tweet,
)
from connector.simulator.ads.kinds import said
from connector.simulator.ads.store import Store, values_of

Row = Mapping[str, object]

_TIMES = frozenset({"created_at", "updated_at", "start_time", "end_time", "scheduled_at"})
_TRANSCODED, _WORKING, _FAILED = "TRANSCODE_COMPLETED", "TRANSCODE_PENDING", "TRANSCODE_FAILED"


@dataclass(frozen=True, kw_only=True)
class View:
    """An account at one moment (epoch seconds); what many rows need is found once.

    Attributes:
        funded: the funding instruments that can pay.
        failing: files that had to be worked on could not be.
        trimmed: users are shown by their ids alone.
    """

    store: Store
    now: float
    funded: frozenset[str] = frozenset()
    failing: bool = False
    trimmed: bool = False

    @cached_property
    def with_line_items(self) -> frozenset[str]:
        """The campaigns that have a line item with an ad."""
        items = (self.store.line_items[id_] for id_ in self.with_ads)
        return frozenset(item.campaign_id for item in items if not item.deleted)

    @cached_property
    def with_ads(self) -> frozenset[str]:
        """The line items that have an ad."""
        tweets, creatives = self.store.promoted_tweets.values(), self.store.creatives.values()
        found = {ad.line_item_id for ad in tweets if not ad.deleted}
        return frozenset(found | {ad.line_item_id for ad in creatives if not ad.deleted})

    @cached_property
    def tweeted(self) -> frozenset[str]:
        """The media that a tweet has."""
        tweets = self.store.tweets.values()
        return frozenset(key for tweet in tweets for key in tweet.media_keys)

    @cached_property
    def running(self) -> frozenset[str]:
        """The campaigns that have a line item which has not ended."""
        items = self.store.line_items.values()
        return frozenset(
            item.campaign_id
            for item in items
            if not item.deleted and (item.end_time is None or item.end_time > self.now)
        )


def row_of(entity: Entity, view: View) -> Row:
    """An entity as X shows it."""
    shown = _SHOWN.get(type(entity))
    return _plain(entity) if shown is None else shown(entity, view)


_LINE_ITEM: Row = {
    "target_cpa_local_micro": None,
    "automatic_tweet_promotion": None,
    "creative_source": "MANUAL",
}


def _plain(entity: Entity) -> dict[str, object]:
    """The fields as they are, moments as X writes them."""
    return {
        name: said(value) if name in _TIMES and isinstance(value, int) else value
        for name, value in values_of(entity).items()
        if name != "active"
    }


def _campaign(campaign: Campaign, view: View) -> Row:
    reasons = [
        reason
        for reason, holds in (
            ("DELETED", campaign.deleted),
            ("PAUSED_BY_ADVERTISER", campaign.entity_status != ACTIVE),
            ("FUNDING_PROBLEM", campaign.funding_instrument_id not in view.funded),
            ("INCOMPLETE", campaign.id not in view.with_line_items),
            ("EXPIRED", campaign.id in view.with_line_items and campaign.id not in view.running),
        )
        if holds
    ]
    return {
        **_plain(campaign),
        "servable": not reasons,
        "reasons_not_servable": reasons,
        "effective_status": "RUNNING" if not reasons else "UNKNOWN",
        "duration_in_days": None,
        "frequency_cap": None,
    }


def _tweet(tweet: Tweet, view: View) -> Row:
    """A tweet in X's general format: its links are shortened, and beside it in full."""
    urls = [
        {
            "url": _shortened(f"{tweet.id} {at}"),
            "expanded_url": url,
            "display_url": _displayed(url),
            "indices": [0, 0],
        }
        for at, url in enumerate(tweet.urls)
    ]
    user: Row = {"id": int(tweet.user_id), "id_str": tweet.user_id}
    if not view.trimmed:
        user = {**user, "name": "Garden shop", "screen_name": "gardenshop"}
    return {
        "tweet_id": tweet.id,
        "id": int(tweet.id),
        "id_str": tweet.id,
        "name": tweet.name,
        "tweet_type": tweet.tweet_type,
        "nullcast": tweet.nullcast,
        "full_text": " ".join((tweet.text, *(str(url["url"]) for url in urls))),
        "created_at": f"{datetime.fromtimestamp(tweet.created_at, tz=UTC):%a %b %d %H:%M:%S %z %Y}",
        "scheduled_at": None if tweet.scheduled_at is None else said(tweet.scheduled_at),
        "card_uri": tweet.card_uri,
        "media_keys": list(tweet.media_keys),
        "lang": "en",
        "truncated": False,
        "entities": {"hashtags": [], "symbols": [], "user_mentions": [], "urls": urls},
        "user": user,
    }


def _card(card: Card) -> Row:
    own = {"components": card.components} if not card.slides else {"slides": card.slides}
    return {
        name: value
        for name, value in {**_plain(card), **own}.items()
        if name not in {"title", "url"} and (name in own or name not in {"components", "slides"})
    }


def flat_card(card: Card) -> Row:
    """A card as the look-up of cards shows it: flat, its numbers as text."""
    row: dict[str, object] = {
        name: value
        for name, value in _plain(card).items()
        if name not in {"components", "slides", "url"}
    }
    if card.url is not None:
        row |= {
            "website_title": card.title,
            "website_url": _shortened(card.card_uri),
            "website_shortened_url": _shortened(card.card_uri),
            "website_dest_url": card.url,
            "website_display_url": _displayed(card.url),
            "image_display_width": "800",
            "image_display_height": "418",
        }
    return row


def _media(media: Media, view: View) -> Row:
    row = _plain(media)
    row["media_key"] = row.pop("id")
    for name in ("ready_at", "total_bytes"):
        del row[name]
    moving = media.media_category != "TWEET_IMAGE"
    in_works, failed = media.ready_at > view.now, view.failing and media.ready_at > 0
    poster = media.poster_media_key
    return {
        **row,
        "media_status": _WORKING if in_works else _FAILED if failed else _TRANSCODED,
        "media_url": _media_url(media.id),
        "poster_media_url": None if poster is None else _media_url(poster),
        "tweeted": media.id in view.tweeted,
        "duration": 12_000 if moving else None,
        "aspect_ratio": "16:9",
    }


def _media_url(key: str) -> str:
    return f"https://pbs.twimg.com/media/{key.partition('_')[2]}"


def _shortened(seed: str) -> str:
    return f"https://t.co/{hashlib.sha256(seed.encode()).hexdigest()[:10]}"


def _displayed(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.netloc}{parts.path.rstrip('/')}"


# How entities are shown that have more, or less, than their fields.
_SHOWN: Mapping[type[Any], Callable[[Any, View], Row]] = {
    Campaign: _campaign,
    LineItem: lambda line_item, _: {**_plain(line_item), **_LINE_ITEM},
    Tweet: _tweet,
    Card: lambda card, _: _card(card),
    Media: _media,
    AccountMedia: lambda media, _: {**_plain(media), "media_url": _media_url(media.media_key)},
    TargetingCriterion: lambda criterion, _: {
        **_plain(criterion),
        "localized_name": criterion.name,
    },
}
