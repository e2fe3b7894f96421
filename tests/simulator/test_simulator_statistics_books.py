from dataclasses import replace
from math import inf
from typing import Any

import pytest
from ad_numbers import an_ad, books_with

from connector.simulator.ads.entities import Campaign, LineItem, PromotedTweet
from connector.simulator.ads.store import Store
from connector.simulator.statistics.books import Books, Shelf, books_of, told_placements
from connector.simulator.world import Account

MADE: dict[str, Any] = {"created_at": 1_000, "updated_at": 1_000}


def a_store() -> Store:
    store = Store(account_id="acc", currency="EUR", user_id="1", ids=iter(()), numbers=iter(()))
    campaign = Campaign(id="c1", name="Spring", funding_instrument_id="f1", currency="EUR", **MADE)
    line_item = LineItem(
        id="l1", campaign_id="c1", objective="REACH", product_type="PROMOTED_TWEETS",
        placements=("TWITTER_SEARCH", "SPOTLIGHT"), currency="EUR", goal="MAX_REACH",
        pay_by="IMPRESSION", bid_strategy="AUTO", advertiser_user_id="1",
        start_time=2_000, end_time=9_000, **MADE,
    )  # fmt: skip
    store.put(campaign, now=1_000)
    store.put(line_item, now=1_000)
    for name, approval in (("a1", "ACCEPTED"), ("a2", "REJECTED")):
        store.put(
            PromotedTweet(
                id=name, line_item_id="l1", tweet_id="7", approval_status=approval, **MADE
            ),
            now=1_000,
        )
    return store


def read(store: Store, shelf: Shelf | None = None) -> Books:
    account = Account(id="acc", name="Garden shop", timezone="Europe/Madrid", currency="EUR")
    ads = (shelf or Shelf()).ads(store)
    return books_of(store, account, ads=ads, events=(), funding_ids=["f1", "f2"])


def test_an_ad_belongs_to_all_above_it_and_runs_as_long_as_all_of_them() -> None:
    (ad, _) = read(a_store()).ads
    assert dict(ad.ids) == {
        "ACCOUNT": "acc", "FUNDING_INSTRUMENT": "f1", "CAMPAIGN": "c1", "LINE_ITEM": "l1",
        "PROMOTED_TWEET": "a1",
    }  # fmt: skip
    assert (ad.id, ad.tweet_id, ad.objective) == ("a1", "7", "REACH")
    assert list(ad.spans) == [(2_000, 9_000)]
    assert list(ad.placements) == ["ALL_ON_TWITTER", "SPOTLIGHT"]


def test_an_ad_that_was_not_approved_never_ran() -> None:
    (_, rejected) = read(a_store()).ads
    assert rejected.spans == ()


def test_every_id_is_known_also_of_what_has_no_ads() -> None:
    known = read(a_store()).known
    assert known["FUNDING_INSTRUMENT"] == {"f1", "f2"}
    assert known["PROMOTED_TWEET"] == {"a1", "a2"}
    assert known["ACCOUNT"] == {"acc"}


@pytest.mark.parametrize(
    ("placements", "told"),
    [
        (("ALL_ON_TWITTER",), ("ALL_ON_TWITTER",)),
        (("TWITTER_TIMELINE", "TWITTER_SEARCH"), ("ALL_ON_TWITTER",)),
        (
            ("TREND", "TAP_BANNER", "TWITTER_PROFILE"),
            ("ALL_ON_TWITTER", "PUBLISHER_NETWORK", "TREND"),
        ),
        (("PUBLISHER_NETWORK", "TAP_FULL"), ("PUBLISHER_NETWORK",)),
    ],
)
def test_placements_of_line_items_count_for_those_of_statistics(
    placements: tuple[str, ...], told: tuple[str, ...]
) -> None:
    assert told_placements(placements) == told


def test_the_shelf_reads_a_store_again_once_something_changed() -> None:
    store, shelf = a_store(), Shelf()
    first = read(store, shelf).ads
    assert read(store, shelf).ads is first
    saved = store.saved()
    line_item = store.line_items["l1"]
    store.put(replace(line_item, entity_status="PAUSED"), now=5_000)
    assert read(store, shelf).ads[0].spans == ((2_000, 5_000),)
    store.restore(saved)
    store.put(replace(line_item, entity_status="PAUSED"), now=4_000)
    assert read(store, shelf).ads[0].spans == ((2_000, 4_000),)


def test_each_account_has_its_own_place_on_the_shelf() -> None:
    shelf, other = Shelf(), a_store()
    other.account_id = "other"
    mine = shelf.ads(a_store())
    assert shelf.ads(other)[0].ids["ACCOUNT"] == "other"
    assert mine[0].ids["ACCOUNT"] == "acc"


def test_a_deleted_ad_keeps_the_time_it_ran() -> None:
    store = a_store()
    store.put(replace(store.promoted_tweets["a1"], deleted=True), now=3_000)
    assert read(store).ads[0].spans == ((2_000, 3_000),)


def test_what_is_reported_of_an_ad_is_what_its_tweet_has_in_all_campaigns() -> None:
    books = books_with(
        an_ad("a1", tweet="t", campaign="c1"),
        an_ad("a2", tweet="t", campaign="c2", line_item="l2"),
        an_ad("a3", spans=((0.0, inf),)),
    )
    names = {one: [ad.id for ad in ads] for one, ads in books.reported("PROMOTED_TWEET").items()}
    assert names == {"a1": ["a1", "a2"], "a2": ["a1", "a2"], "a3": ["a3"]}
    assert [ad.id for ad in books.reported("CAMPAIGN")["c2"]] == ["a2"]
    assert books.reported("PROMOTED_ACCOUNT") == {}
