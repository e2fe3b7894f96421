import pytest

from connector.campaigns.fields import Row
from connector.campaigns.finding import by_ids, found, looks_first, questions
from connector.campaigns.writes import Write, deleting

TOKEN = "c7f3x9qk2"
CAMPAIGN = Write(entity="campaign", verb="create", params={"name": "spring"})
LINE_ITEM = Write(entity="line_item", verb="create", params={"campaign_id": "k2v8c"})
TWEETS = Write(
    entity="promoted_tweet", verb="create",
    params={"line_item_id": "w6n4r", "tweet_ids": ("11", "12", "13")},
)  # fmt: skip


def ad(id_: str, tweet: str) -> Row:
    return {"id": id_, "tweet_id": tweet, "line_item_id": "w6n4r"}


def test_what_has_a_name_is_searched_by_its_token_and_among_the_newest() -> None:
    search, newest = questions(CAMPAIGN, TOKEN)
    assert search.query == {"q": TOKEN, "with_draft": "true"}
    assert newest.query == {"sort_by": "created_at-desc", "with_draft": "true"}
    assert (search.once, newest.once) == (False, True)
    assert all(one.query["campaign_ids"] == "k2v8c" for one in questions(LINE_ITEM, TOKEN))


def test_what_has_no_name_is_looked_for_where_it_belongs() -> None:
    assert questions(TWEETS, None)[0].query == {"line_item_ids": "w6n4r"}
    media = Write(entity="media", verb="create", params={"media_key": "13_1"})
    assert questions(media, None)[0].query == {"media_keys": "13_1"}
    assert found(media, None, [{"media_key": "13_1"}], seen=None).is_whole


def test_what_can_be_sent_again_is_not_looked_for() -> None:
    assert not questions(deleting("campaign", "k2v8c"), None)
    assert not looks_first(CAMPAIGN)
    assert looks_first(TWEETS)
    assert not looks_first(deleting("promoted_tweet", "5ft2qa"))


def test_only_the_token_at_the_end_of_a_name_counts() -> None:
    rows: list[Row] = [
        {"id": "a", "name": f"[{TOKEN}] spring"}, {"id": "b", "name": None},
        {"id": "c", "name": "spring"}, {"id": "d", "name": f"spring [{TOKEN}]"},
    ]  # fmt: skip
    assert found(CAMPAIGN, TOKEN, rows, seen=None).rows == (rows[3],)
    nothing = found(CAMPAIGN, TOKEN, rows[:3], seen=None)
    assert (nothing.rows, nothing.is_whole) == ((), False)


def test_promoted_tweets_are_found_by_their_tweets_and_the_rest_is_left() -> None:
    there = found(TWEETS, None, [ad("a", "12"), ad("b", "99")], seen=None)
    assert [row["id"] for row in there.rows] == ["a"]
    assert there.rest == {"line_item_id": "w6n4r", "tweet_ids": ("11", "13")}
    assert there.seen == ("a", "b")
    assert not there.is_whole


def test_promoted_tweets_come_in_the_order_that_was_asked_for() -> None:
    rows = [ad("c", "13"), ad("a", "11"), ad("b", "12"), ad("z", "11")]
    there = found(TWEETS, None, rows, seen=None)
    assert [row["id"] for row in there.rows] == ["a", "b", "c"]
    assert there.is_whole
    assert there.rest is None


@pytest.mark.parametrize(
    ("seen", "ids"),
    [
        (("old",), ["a", "copy", "c"]),
        (("old", "copy"), ["a", "c"]),
        (None, ["a", "c"]),
    ],
)
def test_another_users_tweet_has_another_id_there_and_is_what_is_new(
    seen: tuple[str, ...] | None, ids: list[str]
) -> None:
    rows = [ad("old", "50"), ad("a", "11"), ad("c", "13"), ad("copy", "77")]
    there = found(TWEETS, None, rows, seen=seen)
    assert [row["id"] for row in there.rows] == ids
    assert there.is_whole is (len(ids) == 3)


def test_fewer_new_ones_than_are_missing_are_somebody_elses() -> None:
    there = found(TWEETS, None, [ad("a", "11"), ad("copy", "77")], seen=())
    assert [row["id"] for row in there.rows] == ["a"]
    assert there.rest is not None


def test_targeting_is_found_by_what_it_says() -> None:
    write = Write(
        entity="targeting_criterion", verb="create",
        params={"line_item_id": "w6n4r", "targeting_type": "LOCATION", "targeting_value": "x"},
    )  # fmt: skip
    same = {
        "id": "t", "line_item_id": "w6n4r", "targeting_type": "LOCATION", "targeting_value": "x",
        "operator_type": "EQ",
    }  # fmt: skip
    others = [{**same, "operator_type": "NE"}, {**same, "targeting_value": "y"}]
    assert found(write, None, [*others, same], seen=None).rows == (same,)
    assert not found(write, None, others, seen=None).is_whole
    assert by_ids(write, ["t"]).query == {
        "targeting_criterion_ids": "t", "line_item_ids": "w6n4r",
    }  # fmt: skip


def test_rows_that_two_questions_give_count_once() -> None:
    rows = [ad("a", "11"), ad("b", "12"), ad("copy", "77"), ad("copy", "77")]
    assert not found(TWEETS, None, rows[:2], seen=()).is_whole
    assert found(TWEETS, None, rows, seen=()).seen == ("a", "b", "copy")
