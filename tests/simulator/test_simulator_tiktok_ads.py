"""What an advertiser is founded with."""

import time

from connector.simulator.founding import make_world
from connector.simulator.settings import Settings
from connector.simulator.tiktok_ads import Stock, stock_of
from connector.simulator.tiktok_kinds import FIRST_ADS, UPGRADED
from connector.simulator.world import Advertiser


def advertisers() -> list[Advertiser]:
    terms = Settings(further_accounts=2).terms
    return list(make_world(terms=terms).tiktok.advertisers.values())


def founded(*, more: int = 0, number: int = 0) -> Stock:
    return stock_of(advertisers()[number], seed=0, more=more)


def ids(stock: Stock) -> set[str]:
    return {one.id for kind in (stock.campaigns, stock.groups, stock.ads) for one in kind}


def test_the_first_ads_are_those_of_the_table() -> None:
    made = founded()
    assert [ad.kind for ad in made.ads] == list(FIRST_ADS)
    assert {one.kind.name for one in made.campaigns} == {ad.campaign.name for ad in FIRST_ADS}


def test_no_id_is_there_twice_not_even_at_another_advertiser() -> None:
    every = [founded(more=500, number=number) for number in range(3)]
    assert sum(len(ids(one)) for one in every) == len(set().union(*map(ids, every)))
    first = every[0]
    assert len(ids(first)) == len(first.campaigns) + len(first.groups) + len(first.ads)


def test_a_seed_makes_other_numbers_of_the_same_ads() -> None:
    advertiser = advertisers()[0]
    one, other = (stock_of(advertiser, seed=seed) for seed in (0, 1))
    assert ids(one) == ids(other)
    assert one.seed != other.seed


def test_ads_point_to_the_places_of_what_they_belong_to() -> None:
    made = founded(more=300)
    for at, ad in enumerate(made.ads):
        assert made.groups[made.group_of[at]].id == ad.group.id
        assert made.campaigns[made.campaign_of[at]].id == ad.group.campaign.id


def test_creatives_of_a_smart_ad_share_the_place_of_the_first() -> None:
    made = founded()
    smart = [at for at, ad in enumerate(made.ads) if ad.kind.campaign.automation == UPGRADED]
    assert len(smart) == 2
    assert {int(made.smart_of[at]) for at in smart} == {smart[0]}
    others = [at for at in range(len(made.ads)) if at not in smart]
    assert made.smart_of[others].tolist() == others


def test_a_large_account_has_deleted_ads_too() -> None:
    made = founded(more=1000)
    more = made.ads[len(FIRST_ADS) :]
    assert sum(ad.is_deleted for ad in more) == 50
    assert int(made.are_deleted.sum()) == 50 + 2
    assert int(made.are_closed.sum()) == 1


def test_five_thousand_ads_are_founded_fast() -> None:
    before = time.process_time()
    assert len(founded(more=5000).ads) == 5018
    assert time.process_time() - before < 2
