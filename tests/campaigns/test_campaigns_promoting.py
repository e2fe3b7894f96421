"""What line items are given: tweets and targeting, once each whatever happens."""

from typing import Any

import pytest
from campaigns.bureau import Bureau
from campaigns.conftest import MakeBureau

from connector.campaigns import writes

UNCLEAR = ("reset_after_commit", "error_500_after_commit")


def promoted(bureau: Bureau, line_item_id: str) -> list[str]:
    rows = bureau.stranger.rows("promoted_tweets", line_item_ids=line_item_id)
    return sorted(row["tweet_id"] for row in rows)


@pytest.fixture
def line_item(bureau: Bureau) -> str:
    return bureau.write(bureau.line_item(bureau.write(bureau.campaign()).id)).id


def test_tweets_are_promoted_once_whatever_is_asked(bureau: Bureau, line_item: str) -> None:
    tweets = bureau.tweets()[:3]
    first = bureau.write(bureau.promotion(line_item, *tweets[:2]))
    assert (first.status, len(first.ids)) == ("created", 2)
    more = bureau.write(bureau.promotion(line_item, *tweets))
    assert (more.status, more.ids[:2]) == ("created", first.ids)
    assert bureau.write(bureau.promotion(line_item, *tweets)).status == "adopted"
    assert promoted(bureau, line_item) == sorted(tweets)
    assert bureau.twice() == {}


@pytest.mark.parametrize("fault", [*UNCLEAR, "reset"])
def test_tweets_whose_promotion_is_unclear_are_looked_for(
    bureau: Bureau, line_item: str, fault: str
) -> None:
    bureau.failing(fault)
    tweets = bureau.tweets()[:3]
    written = bureau.write(bureau.promotion(line_item, *tweets))
    assert len(written.ids) == 3
    assert promoted(bureau, line_item) == sorted(tweets)
    assert bureau.twice() == {}


@pytest.mark.parametrize("fault", [*UNCLEAR, "reset"])
def test_another_users_tweet_is_promoted_once_though_x_gives_it_another_id(
    bureau: Bureau, line_item: str, fault: str
) -> None:
    [foreign, *_], [own, *_] = bureau.tweets(foreign=True), bureau.tweets()
    bureau.failing(fault)
    written = bureau.write(bureau.promotion(line_item, foreign, own))
    there = promoted(bureau, line_item)
    assert len(written.ids) == len(there) == 2
    assert own in there
    assert foreign not in there
    again = bureau.write(bureau.promotion(line_item, foreign, own))
    assert (again.status, again.ids) == ("adopted", written.ids)
    assert promoted(bureau, line_item) == there


def test_x_that_refuses_a_second_promotion_changes_nothing(make_bureau: MakeBureau) -> None:
    bureau = make_bureau(modes=frozenset({"no_second_promotion"}))
    line_item = bureau.write(bureau.line_item(bureau.write(bureau.campaign()).id)).id
    [tweet, *_] = bureau.tweets()
    bureau.failing("reset_after_commit")
    first = bureau.write(bureau.promotion(line_item, tweet))
    assert bureau.write(bureau.promotion(line_item, tweet)).ids == first.ids


def test_targeting_is_made_once(bureau: Bureau, line_item: str) -> None:
    values: dict[str, Any] = {
        "line_item_id": line_item, "targeting_type": "LOCATION",
        "targeting_value": "96683cc9126741d1",
    }  # fmt: skip
    bureau.failing("reset_after_commit")
    first = bureau.write(writes.creating("targeting_criterion", values))
    again = bureau.write(writes.creating("targeting_criterion", values))
    assert first.ids == again.ids
    assert len(bureau.stranger.rows("targeting_criteria", line_item_ids=line_item)) == 1
