"""The account as it is found."""

import time
from collections import Counter

import pytest

from connector.simulator.ads.founding import DAY_SECONDS
from connector.simulator.ads.store import Store, values_of
from connector.simulator.settings import MAX_ADS, Settings
from connector.simulator.simulation import Simulation, new_simulation

NOW = 1_790_000_000.0


def simulation(settings: Settings | None = None, now: float = NOW) -> Simulation:
    return new_simulation(settings or Settings(), clock=lambda: now)


@pytest.fixture(scope="module")
def store() -> Store:
    held = simulation()
    return held.ads(next(iter(held.world.accounts)))


def facts(held: Store) -> list[object]:
    tables = (held.campaigns, held.line_items, held.promoted_tweets, held.tweets, held.cards)
    return [values_of(one) for table in tables for one in table.values()]


def test_equal_seeds_and_days_give_equal_accounts(store: Store) -> None:
    again = simulation(now=NOW + 3600)
    assert facts(again.ads(store.account_id)) == facts(store)
    other = simulation(Settings(seed=1))
    assert facts(other.ads(next(iter(other.world.accounts)))) != facts(store)


def test_an_account_is_founded_once(store: Store) -> None:
    held = simulation()
    assert held.ads(store.account_id) is held.ads(store.account_id)
    with pytest.raises(KeyError):
        held.ads("zzzzz")


def test_a_clock_that_is_ahead_finds_the_same_past(store: Store) -> None:
    ahead = simulation(Settings(clock_skew_seconds=10 * DAY_SECONDS))
    assert facts(ahead.ads(store.account_id)) == facts(store)


def test_the_past_can_be_counted_from_another_day(store: Store) -> None:
    moved = simulation(Settings(founded_at=NOW - DAY_SECONDS)).ads(store.account_id)
    before, after = (next(iter(held.campaigns.values())).created_at for held in (moved, store))
    assert after - before == DAY_SECONDS


def test_the_account_holds_what_is_hard_to_read(store: Store) -> None:
    ads = list(store.promoted_tweets.values())
    live = [ad for ad in ads if not store.is_hidden(ad)]
    campaigns_of: dict[str, set[str]] = {}
    for ad in live:
        line_item = store.line_items[ad.line_item_id]
        campaigns_of.setdefault(ad.tweet_id, set()).add(line_item.campaign_id)
    assert any(len(campaigns) == 2 for campaigns in campaigns_of.values())
    assert any(ad.deleted for ad in ads)
    assert any(ad.entity_status == "PAUSED" for ad in live)
    assert any(not ad.deleted and store.is_hidden(ad) for ad in ads)
    with_ads = {ad.line_item_id for ad in ads}
    assert any(id_ not in with_ads for id_ in store.line_items)
    assert {one.objective for one in store.line_items.values()} >= {"REACH", "APP_INSTALLS"}
    assert any(one.name is None for one in store.line_items.values())


def test_tweets_differ_in_their_links(store: Store) -> None:
    promoted = {ad.tweet_id for ad in store.promoted_tweets.values()}
    tweets = [store.tweets[one] for one in promoted]
    urls = {card.card_uri: card.url or "" for card in store.cards.values()}
    assert any(tweet.card_uri and "utm_" in urls[tweet.card_uri] for tweet in tweets)
    assert any(tweet.card_uri and "utm_" not in urls[tweet.card_uri] for tweet in tweets)
    assert any(len(tweet.urls) == 2 for tweet in tweets)
    assert any(tweet.urls and "utm_" not in "".join(tweet.urls) for tweet in tweets)
    assert any(not tweet.urls and not tweet.card_uri for tweet in tweets)
    assert any(not tweet.nullcast for tweet in tweets)


def test_nothing_comes_before_what_it_belongs_to(store: Store) -> None:
    for line_item in store.line_items.values():
        assert store.campaigns[line_item.campaign_id].created_at <= line_item.created_at
        tag = line_item.primary_web_event_tag
        assert (tag is not None) == (line_item.goal == "WEBSITE_CONVERSIONS")
    for ad in store.promoted_tweets.values():
        assert store.line_items[ad.line_item_id].created_at <= ad.created_at <= ad.updated_at
        assert store.tweets[ad.tweet_id].created_at <= ad.created_at < NOW
    spans = [store.active_spans(ad) for ad in store.promoted_tweets.values()]
    assert any(len(each) == 2 for each in spans)


def test_a_large_account_has_so_many_more_ads_and_is_there_at_once(store: Store) -> None:
    began = time.process_time()
    large = simulation(Settings(ads=2003)).ads(store.account_id)
    assert time.process_time() - began < 2
    assert len(large.promoted_tweets) == len(store.promoted_tweets) + 2003
    many = [one for one in large.campaigns.values() if one.name.startswith("Many")]
    assert len(many) == 11
    ads_on = Counter(ad.line_item_id for ad in large.promoted_tweets.values())
    new = [id_ for id_ in large.line_items if id_ not in store.line_items]
    assert [ads_on[id_] for id_ in new] == [10] * 200 + [3]
    assert list(large.promoted_tweets)[:22] == list(store.promoted_tweets)


@pytest.mark.parametrize(
    "changes",
    [{"ads": -1}, {"ads": MAX_ADS + 1}, {"search_lag_seconds": -1}, {"processing_seconds": -1}],
)
def test_what_no_account_could_be_is_refused(changes: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"ads|search"):
        Settings(**changes)  # type: ignore[arg-type]
