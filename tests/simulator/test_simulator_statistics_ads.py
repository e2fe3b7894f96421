from datetime import date, datetime
from itertools import pairwise
from math import inf

from ad_numbers import NEW_YORK, an_ad, at
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.simulator.statistics.ads import Span, active_hours, doubled, told_hours
from connector.simulator.statistics.hours import days_between

WEEK = days_between(date(2026, 10, 29), date(2026, 11, 4), NEW_YORK)  # a clock change in it
LATER = at("2026-12-01 00:00")


def told_days(*spans: Span, now: float = LATER) -> dict[int, int]:
    """How many hours are told on each day of the month that has any."""
    found: dict[int, int] = {}
    for start, told in zip(
        WEEK.starts.tolist(), told_hours(spans, WEEK, now).tolist(), strict=True
    ):
        day = datetime.fromtimestamp(start, NEW_YORK).day
        if told:
            found[day] = found.get(day, 0) + 1
    return found


def test_a_day_is_told_whole_when_an_ad_ran_for_a_moment() -> None:
    span = (at("2026-10-30 09:15"), at("2026-10-30 09:16"))
    assert told_days(span) == {30: 24}
    assert active_hours([span], WEEK, LATER).sum() == 1


def test_days_between_two_spans_are_not_told() -> None:
    first = (at("2026-10-29 23:59"), at("2026-10-30 00:00"))
    second = (at("2026-11-01 12:00"), inf)
    assert told_days(first, second) == {29: 24, 1: 25, 2: 24, 3: 24, 4: 24}


def test_a_span_that_ends_at_midnight_does_not_reach_the_next_day() -> None:
    assert told_days((at("2026-10-30 00:00"), at("2026-10-31 00:00"))) == {30: 24}


def test_hours_to_come_are_not_told() -> None:
    now = at("2026-10-30 10:20")
    assert told_days((at("2026-10-30 08:00"), inf), now=now) == {30: 11}
    assert active_hours([(at("2026-10-30 08:00"), inf)], WEEK, now).sum() == 3
    assert told_days((at("2026-10-30 11:00"), inf), now=now) == {}
    assert told_days((at("2026-10-30 08:00"), inf), now=at("2026-10-30 10:00")) == {30: 10}


def test_an_hour_that_was_begun_counts_as_one_in_which_an_ad_ran() -> None:
    span = (at("2026-10-30 09:59"), at("2026-10-30 11:01"))
    ran = active_hours([span], WEEK, LATER)
    assert WEEK.clock[ran].tolist() == [9, 10, 11]


moments = st.integers(int(at("2026-10-27 00:00")), int(at("2026-11-06 00:00")))


@given(st.lists(moments, min_size=2, max_size=6, unique=True).map(sorted), moments)
@settings(max_examples=60, deadline=None)
def test_every_hour_is_told_by_what_the_calendar_says(ends: list[int], now: int) -> None:
    spans = [(float(a), float(b)) for a, b in list(pairwise(ends))[::2]]
    told, ran = told_hours(spans, WEEK, now), active_hours(spans, WEEK, now)
    past = [(since, min(until, now)) for since, until in spans if since < now]
    days_with = {
        datetime.fromtimestamp(second, NEW_YORK).date()
        for since, until in past
        for second in (*range(int(since), int(until), 3600), until - 0.5)
    }
    for place, start in enumerate(WEEK.starts.tolist()):
        day = datetime.fromtimestamp(start, NEW_YORK).date()
        assert told[place] == (day in days_with and start < now)
        overlaps = any(since < start + 3600 and until > start for since, until in past)
        assert ran[place] == overlaps


def test_a_tweet_in_two_campaigns_belongs_to_all_its_ads() -> None:
    ads = [
        an_ad("a", tweet="t", campaign="c1"),
        an_ad("b", tweet="t", campaign="c1", line_item="l2"),
        an_ad("c", tweet="t", campaign="c2", line_item="l3"),
        an_ad("d", tweet="other", campaign="c1"),
        an_ad("e", tweet="twice", campaign="c1"),
        an_ad("f", tweet="twice", campaign="c1", line_item="l2"),
    ]
    assert {id_: [ad.id for ad in same] for id_, same in doubled(ads).items()} == {
        "a": ["a", "b", "c"], "b": ["a", "b", "c"], "c": ["a", "b", "c"],
    }  # fmt: skip
