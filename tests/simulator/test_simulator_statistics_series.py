from datetime import date
from math import inf

import numpy as np
import pytest
from ad_numbers import EVERYTHING, NEW_YORK, an_ad, at, numbers, seen_at, sums

from connector.simulator.statistics import metrics
from connector.simulator.statistics.hours import days_between, hours_between
from connector.simulator.statistics.series import Segment, Series, segmented, series_of

DAY = "2026-09-10"
LONG_AFTER = seen_at("2026-11-20 12:00")


def values(series: Series, name: str) -> list[int]:
    found: list[int] = series[name].values.tolist()
    return found


def test_the_numbers_are_what_they_always_were() -> None:
    told = sums(numbers(an_ad(), "2026-09-18", LONG_AFTER))
    pinned = {
        "impressions": 2438,
        "clicks": 50,
        "url_clicks": 44,
        "likes": 4,
        "engagements": 57,
        "billed_charge_local_micro": 14340862,
        "conversion_site_visits.metric": 34,
        "conversion_purchases.sale_amount": 31870000,
    }
    assert {name: told[name] for name in pinned} == pinned


def test_the_same_question_has_the_same_answer_and_another_seed_another_one() -> None:
    first, again = (numbers(an_ad(), DAY, LONG_AFTER) for _ in range(2))
    other = numbers(an_ad(), DAY, seen_at("2026-11-20 12:00", seed=1))
    assert sums(first) == sums(again)
    assert sums(first) != sums(other)
    assert sums(first) != sums(numbers(an_ad("ad2"), DAY, LONG_AFTER))


def test_an_hour_has_its_numbers_whatever_span_is_asked() -> None:
    week = numbers(an_ad(), DAY, LONG_AFTER, days=7)
    hours = hours_between(int(at("2026-09-12 03:00")), int(at("2026-09-12 20:00")), NEW_YORK)
    part = series_of(an_ad(), hours, placement="ALL_ON_TWITTER", view=LONG_AFTER, groups=EVERYTHING)
    assert set(part) == set(week)
    for name in part:
        assert values(part, name) == values(week, name)[2 * 24 + 3 : 2 * 24 + 20]


def test_counts_are_shares_of_one_another() -> None:
    for objective in ("WEBSITE_CLICKS", "VIDEO_VIEWS", "APP_INSTALLS", "FOLLOWERS"):
        told = numbers(an_ad(objective=objective), DAY, seen_at("2026-09-14 12:00"), days=3)
        for fewer, more in (
            ("url_clicks", "clicks"), ("app_clicks", "clicks"), ("clicks", "engagements"),
            ("likes", "impressions"), ("card_engagements", "url_clicks"),
            ("video_views_100", "video_views_75"), ("video_total_views", "impressions"),
            ("conversion_purchases.post_engagement", "url_clicks"),
            ("mobile_conversion_installs.post_engagement", "app_clicks"),
        ):  # fmt: skip
            if fewer in told:
                assert (told[fewer].values <= told[more].values).all(), (objective, fewer)


def test_a_click_is_every_click() -> None:
    told = numbers(an_ad(objective="FOLLOWERS"), DAY, LONG_AFTER, days=30)
    named = np.zeros(30 * 24, dtype=np.int64)
    for name in ("url_clicks", "likes", "retweets", "replies", "follows"):
        named += told[name].values
    assert (told["clicks"].values >= named).all()
    assert told["clicks"].values.sum() > named.sum()


def test_a_conversion_has_two_ways_and_micros() -> None:
    told = numbers(an_ad(), DAY, LONG_AFTER, days=60)
    for name in ("conversion_purchases", "conversion_custom"):
        of = {
            leaf: told[f"{name}.{leaf}"].values for leaf in ("metric", "post_view", "sale_amount")
        }
        assert (of["metric"] == of["post_view"] + told[f"{name}.post_engagement"].values).all()
        ways = (
            told[f"{name}.sale_amount_view"].values + told[f"{name}.sale_amount_engagement"].values
        )
        assert (of["sale_amount"] == ways).all()
        assert ((of["sale_amount"] > 0) == (of["metric"] > 0)).all()
        assert (of["sale_amount"] % 10_000 == 0).all()  # whole cents
        assert (told[f"{name}.order_quantity"].values == of["metric"] * 1_000_000).all()
        assert of["metric"].sum() > 10
    assert "conversion_sign_ups.metric" in told
    assert "conversion_sign_ups.sale_amount" not in told


@pytest.mark.parametrize(
    ("objective", "present", "absent"),
    [
        ("WEBSITE_CLICKS", {"url_clicks", "conversion_custom.metric"}, {"app_clicks", "follows"}),
        ("REACH", {"url_clicks", "conversion_purchases.metric"}, {"conversion_custom.metric"}),
        ("APP_INSTALLS", {"app_clicks", "mobile_conversion_installs.post_view"}, {"url_clicks"}),
        ("VIDEO_VIEWS", {"video_6s_views", "video_cta_clicks"}, {"app_clicks"}),
        ("FOLLOWERS", {"follows"}, {"video_6s_views"}),
        ("SOMETHING_NEW", {"engagements", "url_clicks"}, {"app_clicks"}),
    ],
)
def test_an_objective_brings_about_what_it_is_for(
    objective: str, present: set[str], absent: set[str]
) -> None:
    told = numbers(an_ad(objective=objective), DAY, LONG_AFTER)
    assert present <= set(told)
    assert not absent & set(told)
    assert {"impressions", "clicks", "engagements", "billed_charge_local_micro"} <= set(told)
    assert not {"details", "hovers"} & set(told)


@pytest.mark.parametrize(
    ("objective", "billed"),
    [
        ("WEBSITE_CLICKS", "url_clicks"), ("REACH", "impressions"), ("APP_INSTALLS", "app_clicks"),
        ("ENGAGEMENTS", "engagements"), ("FOLLOWERS", "follows"),
        ("VIDEO_VIEWS", "video_total_views"),
    ],
)  # fmt: skip
def test_what_is_billed_follows_the_objective(objective: str, billed: str) -> None:
    told = numbers(an_ad(objective=objective), DAY, LONG_AFTER, days=30)
    assert values(told, "billed_engagements") == values(told, billed)
    spend = told["billed_charge_local_micro"].values
    assert ((spend > 0) == (told[billed].values > 0)).all()


def test_every_metric_has_a_name_of_x() -> None:
    known = {name for group in metrics.GROUPS.values() for name in group}
    leaves = {"", *(leaf for group in metrics.LEAVES.values() for leaf in group)}
    for objective in ("WEBSITE_CLICKS", "APP_INSTALLS", "VIDEO_VIEWS", "FOLLOWERS"):
        for name in numbers(an_ad(objective=objective), DAY, LONG_AFTER):
            metric, _, leaf = name.partition(".")
            assert metric in known
            assert leaf in leaves


def test_only_the_conversions_asked_for_are_made() -> None:
    hours = days_between(date(2026, 9, 10), date(2026, 9, 10), NEW_YORK)

    def named(*groups: str) -> set[str]:
        told = series_of(an_ad(), hours, placement="ALL_ON_TWITTER", view=LONG_AFTER, groups=groups)
        return {name.partition(".")[0] for name in told if "conversion" in name}

    assert named("ENGAGEMENT") == set()
    assert named("conversion_custom") == {"conversion_custom"}
    assert len(named("WEB_CONVERSION")) == 7


def test_hours_in_which_an_ad_did_not_run_are_zero_on_its_days_and_untold_on_others() -> None:
    paused = an_ad(
        spans=((at("2026-09-10 00:00"), at("2026-09-10 06:00")), (at("2026-09-12 18:00"), inf))
    )
    told = numbers(paused, DAY, LONG_AFTER, days=3)
    whole = numbers(an_ad(), DAY, LONG_AFTER, days=3)
    flags = [True] * 24 + [False] * 24 + [True] * 24
    for name in whole:
        assert told[name].told.tolist() == flags
        ran = values(whole, name)[:6] + [0] * 60 + values(whole, name)[66:]
        assert values(told, name) == ran


def test_an_ad_without_a_placement_has_no_numbers_there() -> None:
    ad = an_ad(placements=("ALL_ON_TWITTER", "SPOTLIGHT"))
    here, there = (
        numbers(ad, DAY, LONG_AFTER, placement=placement, days=30)
        for placement in ("ALL_ON_TWITTER", "SPOTLIGHT")
    )
    assert numbers(ad, DAY, LONG_AFTER, placement="PUBLISHER_NETWORK") == {}
    assert sums(here)["impressions"] != sums(there)["impressions"] > 0
    assert sums(here) == sums(numbers(an_ad(), DAY, LONG_AFTER, days=30))


def test_an_ad_that_did_not_run_has_no_numbers() -> None:
    ad = an_ad(spans=((at("2026-10-01 00:00"), inf),))
    assert numbers(ad, DAY, LONG_AFTER) == {}
    assert numbers(an_ad(spans=()), DAY, LONG_AFTER) == {}


def on_day(age: int, name: str, ad: str = "ad1") -> int:
    """A sum of September as it is told when its last day is that old."""
    view = seen_at(f"2026-10-{age:02} 12:00")
    return sums(numbers(an_ad(ad), "2026-09-30", view))[name]


@pytest.mark.parametrize(
    "name", ["impressions", "url_clicks", "engagements", "conversion_purchases.sale_amount"]
)
def test_counts_grow_until_a_day_is_two_weeks_old(name: str) -> None:
    for ad in ("ad1", "ad2", "ad3"):
        told = [on_day(age, name, ad) for age in range(1, 20)]
        assert told == sorted(told)
        assert len(set(told[13:])) == 1


def test_a_day_is_not_final_a_day_early() -> None:
    ads = [f"ad{number}" for number in range(20)]
    for name in ("impressions", "billed_charge_local_micro", "conversion_site_visits.metric"):
        assert sum(on_day(13, name, ad) for ad in ads) != sum(on_day(14, name, ad) for ad in ads)
        assert sum(on_day(14, name, ad) for ad in ads) == sum(on_day(15, name, ad) for ad in ads)


def test_spend_is_an_estimate_that_mostly_falls() -> None:
    fell = 0
    for number in range(20):
        told = [on_day(age, "billed_charge_local_micro", f"ad{number}") for age in range(1, 16)]
        assert told in (sorted(told), sorted(told, reverse=True))
        assert abs(told[0] - told[-1]) <= told[-1] // 10
        fell += told[0] > told[-1]
    assert 10 <= fell < 20


def test_a_change_of_a_number_waits_for_midnight() -> None:
    morning, evening = (
        sums(numbers(an_ad(), DAY, seen_at(f"2026-09-12 {hour}"), days=2))
        for hour in ("00:00", "23:59")
    )
    assert morning == evening
    assert morning != sums(numbers(an_ad(), DAY, seen_at("2026-09-13 00:00"), days=2))


def test_settled_numbers_are_what_the_others_come_to() -> None:
    ad = an_ad()
    early = sums(numbers(ad, DAY, seen_at("2026-09-11 09:00")))
    settled = sums(numbers(ad, DAY, seen_at("2026-09-11 09:00", settled=True)))
    assert settled == sums(numbers(ad, DAY, LONG_AFTER))
    assert settled != early


def test_of_today_the_hours_that_have_begun_are_told_and_the_last_by_half() -> None:
    ads = [an_ad(f"ad{number}") for number in range(20)]

    def hours_at(time: str) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        return sum(numbers(ad, DAY, seen_at(f"{DAY} {time}"))["impressions"].values for ad in ads)  # type: ignore[return-value]

    now, later = hours_at("10:30"), hours_at("13:00")
    told = numbers(ads[0], DAY, seen_at(f"{DAY} 10:30"))["impressions"].told.tolist()
    assert told == [True] * 11 + [False] * 13
    assert now[:10].tolist() == later[:10].tolist()
    assert now[11:].sum() == 0
    assert 0.4 < now[10] / later[10] < 0.6


def test_a_day_has_the_rhythm_of_the_people_who_live_there() -> None:
    ads = [an_ad(f"ad{number}") for number in range(30)]
    by_hour = sum(numbers(ad, DAY, LONG_AFTER)["impressions"].values for ad in ads)
    assert by_hour[19:22].sum() > 5 * by_hour[2:5].sum()  # type: ignore[index]


def test_an_hour_that_comes_twice_is_two_hours() -> None:
    told = numbers(an_ad(), "2026-11-01", LONG_AFTER)
    assert len(told["impressions"].values) == 25
    assert told["impressions"].told.all()


def test_segments_are_apart_and_do_not_add_up() -> None:
    ad, hours = an_ad(), days_between(date(2026, 9, 1), date(2026, 9, 30), NEW_YORK)
    whole = series_of(ad, hours, placement="ALL_ON_TWITTER", view=LONG_AFTER, groups=EVERYTHING)
    first, second = (
        segmented(whole, ad, hours, segment=Segment(low=low, share=450), view=LONG_AFTER)
        for low in (0, 450)
    )
    one, other = first["impressions"].values, second["impressions"].values
    assert not (one * other).any()
    assert 0.3 < one.sum() / whole["impressions"].values.sum() < 0.6
    assert one.sum() + other.sum() < whole["impressions"].values.sum()
    tagged = Segment(low=0, share=970, metrics=frozenset({"conversion_custom"}))
    told = segmented(whole, ad, hours, segment=tagged, view=LONG_AFTER)
    assert {name.partition(".")[0] for name in told} == {"conversion_custom"}


def test_segments_lack_the_last_hour() -> None:
    ad, hours = an_ad(), days_between(date(2026, 9, 10), date(2026, 9, 10), NEW_YORK)
    view = seen_at(f"{DAY} 10:30")
    whole = series_of(ad, hours, placement="ALL_ON_TWITTER", view=view, groups=())
    part = segmented(whole, ad, hours, segment=Segment(low=0, share=1_000), view=view)
    assert part["impressions"].told.tolist() == [True] * 9 + [False] * 15
    assert values(part, "impressions")[:9] == values(whole, "impressions")[:9]
