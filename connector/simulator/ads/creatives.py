"""What stands on line items: promoted tweets, media creatives, and who is to see them."""

from dataclasses import replace

from connector.simulator.ads.entities import (
    AccountMedia,
    LineItem,
    MediaCreative,
    PromotedTweet,
    TargetingCriterion,
    Tweet,
)
from connector.simulator.ads.kinds import entity_id, one_of, text, tweet_ids, url
from connector.simulator.ads.resources import Resource
from connector.simulator.ads.writing import Writing, not_found, wrong
from connector.simulator.parameters import ids

MAX_TWEETS = 50

_TARGETING_TYPES = (
    "AGE", "APP_STORE_CATEGORY", "BEHAVIOR", "BEHAVIOR_EXPANDED", "BROAD_KEYWORD", "CONVERSATION",
    "CUSTOM_AUDIENCE", "CUSTOM_AUDIENCE_EXPANDED", "DEVICE", "ENGAGEMENT_TYPE", "EVENT",
    "EXACT_KEYWORD", "FOLLOWERS_OF_USER", "GENDER", "INTEREST", "LANGUAGE", "LIVE_TV_EVENT",
    "LOCATION", "NETWORK_ACTIVATION_DURATION", "NETWORK_OPERATOR", "PHRASE_KEYWORD", "PLATFORM",
    "PLATFORM_VERSION", "SIMILAR_TO_FOLLOWERS_OF_USER", "TV_SHOW", "UNORDERED_KEYWORD",
    "WIFI_ONLY",
)  # fmt: skip


def _line_item(writing: Writing) -> LineItem:
    line_item = writing.store.line_items.get(writing.values["line_item_id"])
    if line_item is None or writing.store.is_hidden(line_item):
        raise not_found("LINE_ITEM_NOT_FOUND", "line_item_id")
    return line_item


def promote(writing: Writing) -> list[PromotedTweet]:
    """Put tweets on a line item, all of them or none.

    Raises:
        NotDoneError: a tweet or the line item is not there, or cannot be promoted.
    """
    line_item = _line_item(writing)
    if line_item.product_type == "PROMOTED_ACCOUNT":
        message = f"Line item {line_item.id} promotes no tweets"
        raise wrong("INVALID_PARAMETER", message, "line_item_id")
    tweets = [_promotable(writing, line_item, str(id_)) for id_ in writing.values["tweet_ids"]]
    return [
        writing.put(
            PromotedTweet(
                id=next(writing.store.ids),
                line_item_id=line_item.id,
                tweet_id=_own(writing, tweet).id,
                created_at=writing.now,
                updated_at=writing.now,
            )
        )
        for tweet in tweets
    ]


def _promotable(writing: Writing, line_item: LineItem, tweet_id: str) -> Tweet:
    tweet = writing.store.tweets.get(tweet_id)
    if tweet is None or tweet.deleted:
        raise not_found("TWEET_NOT_FOUND", "tweet_ids")
    if tweet.tweet_type != "PUBLISHED":
        raise wrong("INVALID_TWEET", f"Tweet {tweet_id} is not published", "tweet_ids")
    ads = writing.store.promoted_tweets.values()
    again = any(
        ad.tweet_id == tweet_id and ad.line_item_id == line_item.id and not ad.deleted for ad in ads
    )
    if again and "no_second_promotion" in writing.modes:
        message = f"Line item {line_item.id} promotes tweet {tweet_id} already"
        raise wrong("DUPLICATE_PROMOTABLE_ENTITY", message, "tweet_ids")
    return tweet


def _own(writing: Writing, tweet: Tweet) -> Tweet:
    """The tweet, or for another user's the one that X makes of it to promote."""
    if tweet.user_id == writing.store.user_id:
        return tweet
    copy = replace(tweet, id=str(next(writing.store.numbers)), created_at=writing.now)
    return writing.put(copy)


def _create_creative(writing: Writing) -> MediaCreative:
    line_item, values = _line_item(writing), writing.values
    media = writing.store.account_media.get(values["account_media_id"])
    if media is None or media.deleted:
        raise not_found("ACCOUNT_MEDIA_NOT_FOUND", "account_media_id")
    creative = MediaCreative(
        id=next(writing.store.ids),
        line_item_id=line_item.id,
        account_media_id=media.id,
        landing_url=values.get("landing_url"),
        created_at=writing.now,
        updated_at=writing.now,
    )
    return writing.put(creative)


def _create_criterion(writing: Writing) -> TargetingCriterion:
    line_item, values = _line_item(writing), writing.values
    criterion = TargetingCriterion(
        id=next(writing.store.ids),
        line_item_id=line_item.id,
        targeting_type=values["targeting_type"],
        targeting_value=values["targeting_value"],
        name=values["targeting_value"],
        operator_type=values.get("operator_type", "EQ"),
        created_at=writing.now,
        updated_at=writing.now,
    )
    return writing.put(criterion)


_BY_LINE_ITEM = {"line_item_ids": "line_item_id"}

# Its POST makes several at once, see `routes`.
PROMOTED_TWEETS = Resource(
    kind=PromotedTweet,
    path="/promoted_tweets",
    name="promoted_tweet",
    ids="promoted_tweet_ids",
    group="entity_reads",
    filters=_BY_LINE_ITEM,
    can_delete=True,
    kinds={"line_item_id": entity_id, "tweet_ids": tweet_ids(MAX_TWEETS)},
    required=("line_item_id", "tweet_ids"),
)

MEDIA_CREATIVES = Resource(
    kind=MediaCreative,
    path="/media_creatives",
    name="media_creative",
    ids="media_creative_ids",
    filters=_BY_LINE_ITEM,
    create=_create_creative,
    can_delete=True,
    kinds={"line_item_id": entity_id, "account_media_id": entity_id, "landing_url": url},
    required=("line_item_id", "account_media_id"),
)

ACCOUNT_MEDIA = Resource(
    kind=AccountMedia,
    path="/account_media",
    name="account_media",
    ids="account_media_ids",
    can_delete=True,
)

TARGETING_CRITERIA = Resource(
    kind=TargetingCriterion,
    path="/targeting_criteria",
    name="targeting_criterion",
    ids="targeting_criterion_ids",
    group="targeting",
    filters=_BY_LINE_ITEM,
    list_kinds={"line_item_ids": ids},
    list_required=("line_item_ids",),
    create=_create_criterion,
    can_delete=True,
    kinds={
        "line_item_id": entity_id,
        "targeting_type": one_of(_TARGETING_TYPES),
        "targeting_value": text(500),
        "operator_type": one_of(("EQ", "NE", "GTE", "LT")),
    },
    required=("line_item_id", "targeting_type", "targeting_value"),
)
