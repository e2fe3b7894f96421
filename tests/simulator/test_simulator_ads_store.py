"""What a store keeps, and when something was active."""

import math
import random
from dataclasses import replace
from itertools import count

import pytest

from connector.simulator.ads.entities import Campaign, LineItem, PromotedTweet, both, switched
from connector.simulator.ads.founding import base36_ids
from connector.simulator.ads.store import Store


@pytest.fixture
def store() -> Store:
    """A store with one campaign, line item and ad, made at 100, 200 and 300."""
    held = Store(
        account_id="a", currency="EUR", user_id="7",
        ids=base36_ids(random.Random(1)), numbers=count(1),
    )  # fmt: skip
    held.put(
        Campaign(
            id="c", name="spring", funding_instrument_id="f", currency="EUR",
            created_at=100, updated_at=100,
        ),
        now=100,
    )  # fmt: skip
    held.put(
        LineItem(
            id="l", campaign_id="c", objective="REACH", product_type="PROMOTED_TWEETS",
            placements=("ALL_ON_TWITTER",), currency="EUR", goal="MAX_REACH",
            pay_by="IMPRESSION", bid_strategy="AUTO", advertiser_user_id="7",
            created_at=200, updated_at=200,
        ),
        now=200,
    )  # fmt: skip
    held.put(
        PromotedTweet(id="p", line_item_id="l", tweet_id="1", created_at=300, updated_at=300),
        now=300,
    )
    return held


def test_an_ad_is_active_while_everything_above_it_is(store: Store) -> None:
    ad = store.promoted_tweets["p"]
    assert store.active_spans(ad) == ((300, math.inf),)
    store.put(replace(store.campaigns["c"], entity_status="PAUSED"), now=400)
    store.put(replace(store.campaigns["c"], entity_status="ACTIVE"), now=500)
    store.put(replace(store.line_items["l"], entity_status="PAUSED"), now=600)
    assert store.active_spans(ad) == ((300, 400), (500, 600))


def test_an_ad_is_active_within_the_start_and_the_end_of_its_line_item(store: Store) -> None:
    store.put(replace(store.line_items["l"], start_time=350, end_time=450), now=310)
    assert store.active_spans(store.promoted_tweets["p"]) == ((350, 450),)


def test_what_is_deleted_was_active_until_then(store: Store) -> None:
    store.put(replace(store.promoted_tweets["p"], deleted=True), now=380)
    assert store.active_spans(store.promoted_tweets["p"]) == ((300, 380),)


def test_what_changes_else_leaves_the_spans_alone(store: Store) -> None:
    store.put(replace(store.campaigns["c"], name="summer"), now=400)
    assert store.campaigns["c"].active == ((100, math.inf),)


def test_what_lies_below_something_deleted_is_hidden(store: Store) -> None:
    assert not store.is_hidden(store.promoted_tweets["p"])
    store.put(replace(store.campaigns["c"], deleted=True), now=400)
    assert store.is_hidden(store.line_items["l"])
    assert store.is_hidden(store.promoted_tweets["p"])
    assert not store.promoted_tweets["p"].deleted


def test_a_store_can_be_put_back_as_it_was(store: Store) -> None:
    saved = store.saved()
    store.put(replace(store.campaigns["c"], name="summer"), now=400)
    del store.promoted_tweets["p"]
    store.restore(saved)
    assert store.campaigns["c"].name == "spring"
    assert list(store.promoted_tweets) == ["p"]
    assert [change.at for change in store.changes] == [100, 200, 300]


@pytest.mark.parametrize(
    ("one", "other", "common"),
    [
        (((0, 5),), ((3, 9),), ((3, 5),)),
        (((0, 2), (4, 6)), ((1, 5),), ((1, 2), (4, 5))),
        (((0, 2),), ((2, 4),), ()),
        ((), ((0, 1),), ()),
    ],
)
def test_common_spans_are_what_lies_in_both(one: object, other: object, common: object) -> None:
    assert both(one, other) == common  # type: ignore[arg-type]


def test_spans_are_switched_once() -> None:
    on = switched((), on=True, now=1)
    assert list(on) == [(1, math.inf)]
    assert switched(on, on=True, now=2) == on
    off = switched(on, on=False, now=3)
    assert list(off) == [(1, 3)]
    assert switched(off, on=False, now=4) == off
    assert switched(off, on=True, now=5) == ((1, 3), (5, math.inf))


def test_ids_are_base_36_and_distinct() -> None:
    made = base36_ids(random.Random(3))
    found = [next(made) for _ in range(5000)]
    assert len(set(found)) == len(found)
    assert all(one.isascii() and one.isalnum() and one[0].isalpha() for one in found)
