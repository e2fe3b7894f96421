"""The numbers of TikTok's ads: the same always, and adding up whatever they are put together by."""

from datetime import UTC, date, datetime

import numpy as np
import pytest

from connector.simulator.founding import make_world
from connector.simulator.tiktok_ads import Integers, Stock, stock_of
from connector.simulator.tiktok_calendar import CORRECTIONS, Calendar, calendar_of
from connector.simulator.tiktok_kinds import FIRST_ADS, LEGS
from connector.simulator.tiktok_numbers import delivers, revised, settled, told

DAY = date(2026, 3, 8)  # of 23 hours in New York
LATE = datetime(2026, 12, 24, tzinfo=UTC).timestamp()


def stock(seed: int = 0, more: int = 60) -> Stock:
    advertiser = next(iter(make_world().tiktok.advertisers.values()))
    return stock_of(advertiser, seed=seed, more=more)


def places(of: Stock) -> Integers:
    return np.arange(len(of.ads), dtype=np.int64)


def ordinals(of: Stock, day: date = DAY) -> Integers:
    return np.full(len(of.ads), day.toordinal(), np.int64)


def calendar(*, now: float = LATE, until: date = DAY) -> Calendar:
    return calendar_of(DAY, until, zone="America/New_York", now=now)


def test_equal_seeds_give_equal_numbers_and_others_do_not() -> None:
    first, again, other = stock(), stock(), stock(seed=1)
    numbers = [settled(one, places(one), ordinals(one)) for one in (first, again, other)]
    assert all((numbers[0][name] == numbers[1][name]).all() for name in numbers[0])
    assert (numbers[0]["impressions"] != numbers[2]["impressions"]).mean() > 0.9


def test_the_number_of_an_ad_does_not_depend_on_what_is_asked_with_it() -> None:
    made = stock()
    together = settled(made, places(made), ordinals(made))
    alone = settled(made, np.array([7]), ordinals(made)[:1])
    assert {name: one[7] for name, one in together.items()} == {
        name: one[0] for name, one in alone.items()
    }


def test_ads_and_days_differ() -> None:
    made = stock()
    today = settled(made, places(made), ordinals(made))["impressions"]
    tomorrow = settled(made, places(made), ordinals(made) + 1)["impressions"]
    assert len(set(today.tolist())) > len(today) * 0.8
    assert (today != tomorrow).mean() > 0.9


def test_most_ads_deliver_on_most_days() -> None:
    days = np.arange(739_000, 739_100, dtype=np.int64)
    assert 0.8 < delivers(stock(), days).mean() < 0.9


@pytest.mark.parametrize("day", [DAY, date(2026, 3, 9), date(2026, 11, 1)])
def test_hours_add_up_to_their_day_however_many_it_has(day: date) -> None:
    made = stock()
    of_day = calendar_of(day, day, zone="America/New_York", now=LATE)
    whole = told(made, of_day, ads=places(made), days=0 * places(made), hours=None)
    for name, values in whole.items():
        hours = [
            told(made, of_day, ads=places(made), days=0 * places(made), hours=0 * places(made) + at)
            for at in range(24)
        ]
        assert np.array_equal(np.sum([hour[name] for hour in hours], axis=0), values)


def test_an_hour_that_is_skipped_has_nothing() -> None:
    made = stock()
    two = told(
        made, calendar(), ads=places(made), days=0 * places(made), hours=2 + 0 * places(made)
    )
    assert not two["impressions"].any()


def test_a_day_is_settled_after_its_corrections_and_not_before() -> None:
    made = stock(more=500)
    ads = places(made)
    whole = settled(made, ads, ordinals(made))
    after = [revised(made, whole, ads, 0 * ads + number) for number in range(CORRECTIONS + 2)]
    assert all((after[CORRECTIONS][name] == whole[name]).all() for name in whole)
    assert all((after[CORRECTIONS + 1][name] == whole[name]).all() for name in whole)
    conversions = [one["conversion"].sum() for one in after[: CORRECTIONS + 1]]
    assert conversions == sorted(set(conversions))
    assert conversions[0] < 0.7 * conversions[-1]


def test_spend_is_corrected_up_for_some_ads_and_down_for_others() -> None:
    made = stock(more=500)
    ads = places(made)
    whole = settled(made, ads, ordinals(made))
    change = whole["spend"] - revised(made, whole, ads, 0 * ads)["spend"]
    assert (change > 0).any()
    assert (change < 0).any()


def test_what_an_ad_sells_is_in_one_leg_alone() -> None:
    made = stock()
    numbers = settled(made, places(made), ordinals(made))
    legs = np.stack([numbers[leg] for leg in LEGS])
    assert ((legs > 0).sum(axis=0) <= 1).all()
    assert legs.any(axis=1).all()


def test_what_is_not_told_of_an_ad_is_in_no_sum() -> None:
    made = stock(more=0)
    numbers = settled(made, places(made), ordinals(made))
    silent = [at for at, kind in enumerate(FIRST_ADS) if not kind.told]
    assert silent
    assert not numbers["conversion"][silent].any()


def test_today_is_told_up_to_its_last_full_hour_half_an_hour_ago() -> None:
    made, day = stock(), date(2026, 3, 9)
    noon = datetime(2026, 3, 9, 16, 31, tzinfo=UTC).timestamp()  # 12:31 in New York
    part = calendar_of(day, day, zone="America/New_York", now=noon)
    assert part.shown.tolist() == [12]
    ads = places(made)
    so_far = told(made, part, ads=ads, days=0 * ads, hours=None)["impressions"]
    eleven = told(made, part, ads=ads, days=0 * ads, hours=11 + 0 * ads)["impressions"]
    twelve = told(made, part, ads=ads, days=0 * ads, hours=12 + 0 * ads)["impressions"]
    assert so_far.all()
    assert eleven.any()
    assert not twelve.any()
