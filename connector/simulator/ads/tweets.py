"""Tweets: those there are, new ones for ads only, and their names."""

import re
from dataclasses import replace
from typing import Any

from connector.simulator.ads.entities import Tweet
from connector.simulator.ads.kinds import card_uri, media_keys, one_of, text, tweet_ids, user_id
from connector.simulator.ads.listing import selected
from connector.simulator.ads.resources import (
    ACCOUNT_PATH,
    Resource,
    done,
    found_in,
    view_of,
    write,
    writing_of,
)
from connector.simulator.ads.rows import row_of
from connector.simulator.ads.writing import Writing, needed, not_found, wrong
from connector.simulator.ads_calls import AdsCall, Operation, answered, page
from connector.simulator.envelope import Answer
from connector.simulator.parameters import LIST, MAX_IDS, any_text, flag, sorting

MAX_TEXT, MAX_NAME = 280, 80

_TYPES = ("DRAFT", "PUBLISHED", "SCHEDULED")
_TIMELINES = ("ALL", "NULLCAST", "ORGANIC")
_LINK = re.compile(r"https?://\S+")

TWEETS = Resource(kind=Tweet, path="/tweets", name="tweet", ids="tweet_ids")


def _list(call: AdsCall) -> Answer:
    view, params = view_of(call), call.params
    timeline = params.get("timeline_type", "NULLCAST")
    wanted = params.get("tweet_ids")
    tweets = [
        tweet
        for tweet in view.store.tweets.values()
        if tweet.tweet_type == params["tweet_type"]
        and (timeline == "ALL" or tweet.nullcast == (timeline == "NULLCAST"))
        and tweet.user_id == params.get("user_id", view.store.user_id)
        and (tweet.name or "").lower().startswith(str(params.get("name", "")).lower())
        and (not isinstance(wanted, list) or int(tweet.id) in wanted)
    ]
    kept = selected(call, view.store, tweets, filters={})
    return page(call, kept, lambda tweet: row_of(tweet, view))


def _post(call: AdsCall) -> Answer:
    tweet = done(call, lambda: _posted(writing_of(call)))
    return answered(call, row_of(tweet, view_of(call)))


def _posted(writing: Writing) -> Tweet:
    values, store = writing.values, writing.store
    if values["as_user_id"] != store.user_id:
        raise wrong("INVALID_USER_ID", "as_user_id is not a user of the account", "as_user_id")
    if not values.get("nullcast", True):
        message = "Expected true for nullcast: a public tweet is not made here"
        raise wrong("INVALID_PARAMETER", message, "nullcast")
    if not values.get("media_keys"):
        needed(values, "text")
    said: str = values.get("text") or ""
    if not said.strip() and not values.get("media_keys"):
        raise wrong("TWEET_CANNOT_BE_BLANK", "A tweet cannot be blank", "text")
    links = tuple(_LINK.findall(said))
    _check(writing, said, links)
    return writing.put(
        Tweet(
            id=str(next(store.numbers)),
            user_id=store.user_id,
            text=" ".join(_LINK.sub("", said).split()),
            urls=links,
            name=values.get("name"),
            card_uri=values.get("card_uri"),
            media_keys=tuple(values.get("media_keys") or ()),
            created_at=writing.now,
            updated_at=writing.now,
        )
    )


def _check(writing: Writing, said: str, links: tuple[str, ...]) -> None:
    values, store = writing.values, writing.store
    # a link counts 23 characters, however long it is
    if len(_LINK.sub("x" * 23, said)) > MAX_TEXT:
        raise wrong("INVALID_TWEET", f"A tweet has at most {MAX_TEXT} characters", "text")
    for key in values.get("media_keys") or ():
        media = store.media.get(key)
        if media is None or media.deleted:
            raise not_found("MEDIA_NOT_FOUND", "media_keys")
        if media.ready_at > writing.now:
            raise wrong("INVALID_MEDIA", f"Media {key} is still being processed", "media_keys")
    card = values.get("card_uri")
    if card is not None and all(one.card_uri != card for one in store.cards.values()):
        raise not_found("CARD_NOT_FOUND", "card_uri")
    text_ = " ".join(_LINK.sub("", said).split())
    same = (text_, links, card, tuple(values.get("media_keys") or ()))
    if any(
        (one.text, one.urls, one.card_uri, one.media_keys) == same
        for one in store.tweets.values()
        if one.tweet_type == "PUBLISHED" and one.user_id == store.user_id
    ):
        raise wrong("DUPLICATE_TWEET", "The account has this tweet already", "text")


def _rename(call: AdsCall) -> Answer:
    def renamed() -> Any:  # noqa: ANN401
        writing = writing_of(call)
        tweet = found_in(TWEETS, writing.store, call.path["id"])
        return writing.put(replace(tweet, name=writing.values["name"]))

    tweet = done(call, renamed)
    return answered(call, row_of(tweet, view_of(call)))


OPERATIONS = (
    Operation(
        path=f"{ACCOUNT_PATH}/tweets",
        answer=_list,
        group="entity_reads",
        kinds={
            **LIST,
            "tweet_type": one_of(_TYPES),
            "timeline_type": one_of(_TIMELINES),
            "tweet_ids": tweet_ids(MAX_IDS),
            "user_id": user_id,
            "trim_user": flag,
            "name": any_text,
            "sort_by": sorting(("created_at", "updated_at")),
        },
        required=("tweet_type",),
    ),
    write(
        f"{ACCOUNT_PATH}/tweet",
        "POST",
        _post,
        kinds={
            "as_user_id": user_id,
            "text": any_text,
            "media_keys": media_keys,
            "nullcast": flag,
            "card_uri": card_uri,
            "name": text(MAX_NAME),
            "trim_user": flag,
        },
        required=("as_user_id",),
    ),
    write(
        f"{ACCOUNT_PATH}/tweets/{{id}}/name",
        "PUT",
        _rename,
        kinds={"name": text(MAX_NAME)},
        required=("name",),
    ),
)
