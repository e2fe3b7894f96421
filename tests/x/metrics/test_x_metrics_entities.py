from functools import partial
from typing import Any

from x.metrics.account import at_x, of_account, read
from x.metrics.questions import ok
from x.metrics.scripted import Call, Reply, Stage, playing

from connector.metrics.rows import Utm
from connector.x.metrics.entities import (
    NO_TWEET,
    NOTHING,
    Entity,
    Known,
    Tweet,
    learn,
    learn_all,
    learn_tweets,
)
from connector.x.metrics.questions import AD, CAMPAIGN, LINE_ITEM

SPRING = "https://shop.example.org/?utm_campaign=spring"
WINTER = "https://shop.example.org/?utm_campaign=winter&utm_source=x"


def tweet(id_: str, *links: str, **more: object) -> dict[str, Any]:
    urls = [
        {"url": "https://t.co/1", "display_url": "shop.example.org/?utm_campaign=…",
         "expanded_url": link}
        for link in links
    ]  # fmt: skip
    return {"tweet_id": id_, "name": None, "card_uri": None, "entities": {"urls": urls}, **more}


def learned(script: dict[str, Reply], ads: dict[str, str]) -> tuple[Known, Stage]:
    """What is known of the tweets of ads, by an X with these answers by the end of the path."""

    def reply(call: Call) -> Reply:
        return script[f"{call.path.rpartition('/')[2]}{call.query.get('user_id', '')}"]

    known = Known()
    known.entities[AD].update({id_: Entity(tweet_id=of) for id_, of in ads.items()})
    with playing(reply) as stage:
        learn_tweets(stage.asking, known, ads)
        learn_tweets(stage.asking, known, ads)
    return known, stage


def test_two_hundred_are_asked_for_at_once_and_deleted_ones_too() -> None:
    known, wanted = Known(), [f"a{number}" for number in range(401)]
    row = {"id": "a7", "name": "Spring", "entity_status": "ACTIVE", "currency": "EUR"}
    with playing(lambda _: ok(row)) as stage:
        learn(stage.asking, known, CAMPAIGN, wanted)
        learn(stage.asking, known, CAMPAIGN, wanted)
    assert [call.query["campaign_ids"].count(",") + 1 for call in stage.calls] == [200, 200, 1]
    assert {call.query["with_deleted"] for call in stage.calls} == {"true"}
    assert known.of(CAMPAIGN, "a7") == Entity(status="ACTIVE", name="Spring", currency="EUR")
    assert known.of(CAMPAIGN, "a8") is NOTHING


def test_what_entities_belong_to_is_learned_with_them() -> None:
    lists: dict[str, Reply] = {
        "promoted_tweets": ok(
            {"id": "ad1", "line_item_id": "li1", "tweet_id": "9", "entity_status": "ACTIVE"}
        ),
        "line_items": ok(
            {"id": "li1", "campaign_id": "c1", "entity_status": "PAUSED", "deleted": False},
            {"id": "li2", "campaign_id": "c2", "entity_status": "PAUSED", "deleted": True},
        ),
        "campaigns": ok({"id": "c1"}, {"id": "c2"}),
    }
    known = Known()
    with playing(lambda call: lists[call.path.rpartition("/")[2]]) as stage:
        learn_all(stage.asking, known, {AD: ["ad1"], LINE_ITEM: ["li2"]})
    asked = [value for call in stage.calls for name, value in call.query.items() if "ids" in name]
    assert asked == ["ad1", "li1,li2", "c1,c2"]
    assert known.of(AD, "ad1") == Entity(status="ACTIVE", parent="li1", tweet_id="9")
    assert known.of(LINE_ITEM, "li2").status == "DELETED"
    assert known.of(LINE_ITEM, "li1").status == "PAUSED"


def test_parameters_are_those_of_the_first_link_that_has_any() -> None:
    plain = "https://blog.example.org/"
    known, stage = learned(
        {"tweets": ok(tweet("9", plain, WINTER, SPRING, name="Sale", card_uri="card://1"))},
        {"ad": "9"},
    )
    tags = {"utm_campaign": "winter", "utm_source": "x"}
    assert known.tweets == {"9": Tweet(name="Sale", tags=tags)}
    assert [call.query["timeline_type"] for call in stage.calls] == ["ALL"]


def test_a_card_is_asked_for_where_no_link_has_parameters() -> None:
    cards = ok(
        {"card_uri": "card://1", "website_url": "https://t.co/2", "website_dest_url": SPRING},
        {"card_uri": "card://2", "slides": [[{"destination": {"url": WINTER}}]]},
    )
    tweets = [tweet(id_, card_uri=f"card://{id_}") for id_ in ("1", "2", "3")]
    ads = {f"ad{id_}": id_ for id_ in ("1", "2", "3")}
    known, stage = learned({"tweets": ok(*tweets), "all": cards}, ads)
    assert [known.tweets[id_].tags.get("utm_campaign") for id_ in ("1", "2", "3")] == [
        "spring",
        "winter",
        None,
    ]
    assert stage.calls[-1].query["card_uris"] == "card://1,card://2,card://3"
    assert len(stage.calls) == 2


def test_tweets_of_other_users_are_looked_for_there() -> None:
    users = ok(
        {"user_id": "1", "promotable_user_type": "FULL"},
        {"user_id": "2", "promotable_user_type": "RETWEETS_ONLY"},
        {"user_id": "3", "promotable_user_type": "RETWEETS_ONLY"},
        {},
    )
    script = {
        "tweets": ok(tweet("7")), "promotable_users": users, "tweets2": ok(tweet("8", SPRING)),
        "tweets3": ok(),
    }  # fmt: skip
    known, stage = learned(script, {"a": "7", "b": "8", "c": "9", "d": ""})
    assert known.tweets["8"].tags == {"utm_campaign": "spring"}
    assert known.tweets["9"] is NO_TWEET
    assert [call.query.get("tweet_ids") for call in stage.calls] == ["7,8,9", None, "8,9", "9"]


def test_the_ads_of_the_estate_have_their_names_and_parameters() -> None:
    with at_x() as desk:
        rows, _ = read(of_account(desk, 0).source(), "2026-03-01", "2026-03-30")
    found = {(row.campaign_name, row.ad_name, row.utm) for row in rows}
    tagged = partial(Utm, utm_source="x", utm_medium="paid")
    pots = tagged(utm_campaign="spring", utm_content="pots", utm_term="terracotta pots")
    assert ("Spring pots", "Spring pots", pots) in found
    film = tagged(utm_campaign="Always on: brand", utm_content="Brand film", utm_inferred=True)
    assert ("Always on: brand", "Brand film", film) in found
    assert ("Video: how to", None, tagged(utm_campaign="été")) in found
    assert ("Spring pots", None, tagged(utm_campaign="spring", utm_content="card")) in found
    assert {row.campaign_status for row in rows} == {"ACTIVE", "PAUSED", "DELETED"}
    assert {row.ad_group_status for row in rows} == {"ACTIVE", "PAUSED", "DELETED"}
    assert {row.campaign_currency for row in rows} == {"USD"}
    assert None in {row.ad_group_name for row in rows}
