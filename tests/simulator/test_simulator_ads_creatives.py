"""Tweets, what promotes them, and who is to see them."""

from collections.abc import Iterator
from typing import Any

import pytest
from manager import UNLIMITED, Manager, managed

from connector.simulator.settings import Settings


@pytest.fixture(scope="module")
def manager() -> Iterator[Manager]:
    """An account whose tests make what they need."""
    with managed() as one:
        yield one


@pytest.fixture(scope="module")
def line_item_id(manager: Manager) -> str:
    return str(manager.line_item()["id"])


def published(manager: Manager, **params: object) -> list[dict[str, Any]]:
    return manager.rows("tweets", tweet_type="PUBLISHED", **params)


def test_a_promoted_tweet_is_as_x_shows_it(manager: Manager, line_item_id: str) -> None:
    tweet = manager.tweet("to be promoted")["tweet_id"]
    body = manager.ask("POST", "promoted_tweets", line_item_id=line_item_id, tweet_ids=tweet).json()
    assert body["request"]["params"] == {
        "line_item_id": line_item_id, "tweet_ids": [int(tweet)], "account_id": manager.account_id,
    }  # fmt: skip
    assert body["total_count"] == 1
    (row,) = body["data"]
    assert {
        "line_item_id": line_item_id, "tweet_id": tweet, "entity_status": "ACTIVE",
        "approval_status": "ACCEPTED", "deleted": False,
    }.items() <= row.items()  # fmt: skip
    assert set(row) == {
        "line_item_id", "id", "entity_status", "created_at", "updated_at", "approval_status",
        "tweet_id", "deleted",
    }  # fmt: skip


def test_several_tweets_are_promoted_or_none(manager: Manager, line_item_id: str) -> None:
    tweets = [manager.tweet(f"one of three: {n}")["tweet_id"] for n in range(3)]
    before = len(manager.rows("promoted_tweets"))
    some = ",".join([*tweets, "1"])
    refused = manager.refused("POST", "promoted_tweets", line_item_id=line_item_id, tweet_ids=some)
    assert refused == (404, "TWEET_NOT_FOUND", "tweet_ids")
    assert len(manager.rows("promoted_tweets")) == before
    rows = manager.done(
        "POST", "promoted_tweets", line_item_id=line_item_id, tweet_ids=",".join(tweets)
    )
    assert [row["tweet_id"] for row in rows] == tweets


@pytest.mark.parametrize(
    ("changes", "status", "code", "parameter"),
    [
        ({"tweet_ids": None}, 400, "MISSING_PARAMETER", "tweet_ids"),
        ({"tweet_ids": "x"}, 400, "INVALID_PARAMETER", "tweet_ids"),
        ({"tweet_ids": ",".join(map(str, range(1, 52)))}, 400, "INVALID_PARAMETER", "tweet_ids"),
        ({"line_item_id": "zzzzz"}, 404, "LINE_ITEM_NOT_FOUND", "line_item_id"),
    ],
)
def test_an_ad_with_something_wrong_is_not_made(
    manager: Manager, line_item_id: str, changes: dict[str, Any], status: int, code: str,
    parameter: str,
) -> None:  # fmt: skip
    params = {"line_item_id": line_item_id, "tweet_ids": "1"} | changes
    assert manager.refused("POST", "promoted_tweets", **params) == (status, code, parameter)


def test_only_published_tweets_are_promoted(manager: Manager, line_item_id: str) -> None:
    for kind in ("DRAFT", "SCHEDULED"):
        (tweet,) = manager.rows("tweets", tweet_type=kind)
        refused = manager.refused(
            "POST", "promoted_tweets", line_item_id=line_item_id, tweet_ids=tweet["tweet_id"]
        )
        assert refused[:2] == (400, "INVALID_TWEET")


def test_a_line_item_that_promotes_the_account_takes_no_tweets(manager: Manager) -> None:
    item = manager.line_item(
        objective="FOLLOWERS", product_type="PROMOTED_ACCOUNT", bid_strategy="TARGET"
    )["id"]
    tweet = manager.tweet("not for followers")["tweet_id"]
    refused = manager.refused("POST", "promoted_tweets", line_item_id=item, tweet_ids=tweet)
    assert refused == (400, "INVALID_PARAMETER", "line_item_id")


def test_another_users_tweet_is_promoted_by_a_copy(manager: Manager, line_item_id: str) -> None:
    partner = str(int(manager.user_id) + 99)
    (tweet,) = published(manager, user_id=partner, timeline_type="ALL")[:1]
    (ad,) = manager.done(
        "POST", "promoted_tweets", line_item_id=line_item_id, tweet_ids=tweet["tweet_id"]
    )
    assert ad["tweet_id"] != tweet["tweet_id"]
    shown = published(manager, user_id=partner, timeline_type="ALL", tweet_ids=ad["tweet_id"])
    assert shown[0]["full_text"] == tweet["full_text"]


def test_a_tweet_can_be_promoted_again_unless_that_is_switched_off(
    manager: Manager, line_item_id: str
) -> None:
    def twice(one: Manager, item: str) -> list[int]:
        params = {"line_item_id": item, "tweet_ids": one.tweet("twice")["tweet_id"]}
        return [one.ask("POST", "promoted_tweets", **params).status_code for _ in range(2)]

    assert twice(manager, line_item_id) == [200, 200]
    modes = frozenset({"no_second_promotion"})
    with managed(Settings(modes=modes, limits=UNLIMITED)) as strict:
        assert twice(strict, strict.line_item()["id"]) == [200, 400]


def test_a_promoted_tweet_is_deleted_and_never_changed(manager: Manager, line_item_id: str) -> None:
    tweet = manager.tweet("soon gone")["tweet_id"]
    (ad,) = manager.done("POST", "promoted_tweets", line_item_id=line_item_id, tweet_ids=tweet)
    path = f"promoted_tweets/{ad['id']}"
    assert manager.refused("PUT", path, entity_status="PAUSED")[:2] == (405, "METHOD_NOT_ALLOWED")
    assert manager.done("DELETE", path)["deleted"] is True
    assert manager.refused("DELETE", path)[:2] == (404, "PROMOTED_TWEET_NOT_FOUND")


def test_ads_of_a_deleted_line_item_are_hidden_and_not_deleted(manager: Manager) -> None:
    item = manager.line_item()["id"]
    tweet = manager.tweet("hidden soon")["tweet_id"]
    (ad,) = manager.done("POST", "promoted_tweets", line_item_id=item, tweet_ids=tweet)
    manager.done("DELETE", f"line_items/{item}")
    assert manager.rows("promoted_tweets", line_item_ids=item) == []
    (shown,) = manager.rows("promoted_tweets", line_item_ids=item, with_deleted="true")
    assert (shown["id"], shown["deleted"]) == (ad["id"], False)
    refused = manager.refused("POST", "promoted_tweets", line_item_id=item, tweet_ids=tweet)
    assert refused[:2] == (404, "LINE_ITEM_NOT_FOUND")


def test_a_tweet_has_short_links_and_tells_where_they_lead(manager: Manager) -> None:
    url = "https://shop.example.org/pots?utm_campaign=spring&utm_content=a"
    made = manager.tweet(f"Spring pots {url} today", name="pots", trim_user="true")
    (link,) = made["entities"]["urls"]
    assert link["expanded_url"] == url
    assert link["url"] in made["full_text"]
    assert url not in made["full_text"]
    assert made["user"] == {"id": int(manager.user_id), "id_str": manager.user_id}
    assert (made["nullcast"], made["tweet_type"]) == (True, "PUBLISHED")
    (shown,) = published(manager, tweet_ids=made["tweet_id"], trim_user="true")
    assert shown == made


def test_tweets_are_listed_by_timeline_and_name(manager: Manager) -> None:
    manager.tweet("named", name="Zinnia week")
    by_timeline = {kind: published(manager, timeline_type=kind) for kind in ("ORGANIC", "ALL")}
    hidden = published(manager)
    assert {tweet["nullcast"] for tweet in hidden} == {True}
    assert {tweet["nullcast"] for tweet in by_timeline["ORGANIC"]} == {False}
    assert len(by_timeline["ALL"]) == len(hidden) + len(by_timeline["ORGANIC"])
    assert [tweet["name"] for tweet in published(manager, name="zinn")] == ["Zinnia week"]
    assert published(manager, name="week") == []
    assert manager.refused("GET", "tweets")[1:] == ("MISSING_PARAMETER", "tweet_type")


@pytest.mark.parametrize(
    ("changes", "status", "code", "parameter"),
    [
        ({"as_user_id": None}, 400, "MISSING_PARAMETER", "as_user_id"),
        ({"as_user_id": "1"}, 400, "INVALID_USER_ID", "as_user_id"),
        ({"text": None}, 400, "MISSING_PARAMETER", "text"),
        ({"text": "  "}, 400, "TWEET_CANNOT_BE_BLANK", "text"),
        ({"text": "x" * 281}, 400, "INVALID_TWEET", "text"),
        ({"nullcast": "false"}, 400, "INVALID_PARAMETER", "nullcast"),
        ({"name": "x" * 81}, 400, "INVALID_PARAMETER", "name"),
        ({"card_uri": "card://1"}, 404, "CARD_NOT_FOUND", "card_uri"),
        ({"media_keys": "3_1"}, 404, "MEDIA_NOT_FOUND", "media_keys"),
        ({"media_keys": "3-1"}, 400, "INVALID_PARAMETER", "media_keys"),
    ],
)
def test_a_tweet_with_something_wrong_is_not_posted(
    manager: Manager, changes: dict[str, Any], status: int, code: str, parameter: str
) -> None:
    params = {"as_user_id": manager.user_id, "text": "wrong"} | changes
    assert manager.refused("POST", "tweet", **params) == (status, code, parameter)


def test_a_long_link_counts_little(manager: Manager) -> None:
    assert manager.tweet("x" * 250 + " https://shop.example.org/" + "y" * 300)


def test_a_tweet_is_posted_once(manager: Manager) -> None:
    manager.tweet("only once")
    params = {"as_user_id": manager.user_id, "text": "only  once"}
    assert manager.refused("POST", "tweet", **params) == (400, "DUPLICATE_TWEET", "text")


def test_a_tweet_with_media_needs_no_text(manager: Manager) -> None:
    key = manager.rows("media_library")[0]["media_key"]
    card = manager.rows("cards")[0]["card_uri"]
    made = manager.done("POST", "tweet", as_user_id=manager.user_id, media_keys=key, card_uri=card)
    assert (made["media_keys"], made["card_uri"]) == ([key], card)
    assert manager.done("GET", f"media_library/{key}")["tweeted"] is True


def test_a_tweet_is_renamed(manager: Manager) -> None:
    made = manager.tweet("to be named")
    named = manager.done("PUT", f"tweets/{made['tweet_id']}/name", name="Named")
    assert {**made, "name": "Named"} == named
    assert manager.refused("PUT", "tweets/1/name", name="x")[:2] == (404, "TWEET_NOT_FOUND")


def test_targeting_is_made_and_deleted(manager: Manager, line_item_id: str) -> None:
    made = manager.done(
        "POST", "targeting_criteria", line_item_id=line_item_id, targeting_type="BROAD_KEYWORD",
        targeting_value="pots", operator_type="NE",
    )  # fmt: skip
    assert (made["name"], made["operator_type"], made["deleted"]) == ("pots", "NE", False)
    assert made in manager.rows("targeting_criteria", line_item_ids=line_item_id)
    assert manager.done("DELETE", f"targeting_criteria/{made['id']}")["deleted"] is True
    assert made not in manager.rows("targeting_criteria", line_item_ids=line_item_id)
    refused = manager.refused(
        "POST", "targeting_criteria", line_item_id=line_item_id, targeting_type="MOOD",
        targeting_value="good",
    )  # fmt: skip
    assert refused == (400, "INVALID_PARAMETER", "targeting_type")


def test_a_creative_needs_account_media(manager: Manager, line_item_id: str) -> None:
    refused = manager.refused(
        "POST", "media_creatives", line_item_id=line_item_id, account_media_id="zzzzz"
    )
    assert refused == (404, "ACCOUNT_MEDIA_NOT_FOUND", "account_media_id")
