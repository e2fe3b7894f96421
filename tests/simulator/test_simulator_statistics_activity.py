from math import inf
from typing import Any

from ad_numbers import EVERYWHERE, an_ad, at, books_with, numbers, seen_at, sums, utc

from connector.simulator.statistics.activity import active_rows, activity, reach
from connector.simulator.statistics.ads import Span
from connector.simulator.statistics.questions import Window

NOW = at("2026-11-20 12:00")


def window(start: str, end: str) -> Window:
    return Window(start=int(at(start)), end=int(at(end)))


TEN_DAYS = window("2026-09-10 00:00", "2026-09-20 00:00")


def found(*spans: Span, now: float = NOW, span: Window = TEN_DAYS) -> tuple[str, str] | None:
    what = activity([an_ad(spans=spans)], span, now=now)
    return None if what is None else (utc(what.start), utc(what.end))


def test_an_ad_was_active_while_it_ran() -> None:
    assert found((at("2026-09-12 09:14:08"), at("2026-09-13 18:30:41"))) == (
        "2026-09-12T13:14:08Z",
        "2026-09-13T22:30:41Z",
    )


def test_several_spans_are_one_from_the_first_to_the_last() -> None:
    spans = [(at(f"2026-09-{day} 08:00"), at(f"2026-09-{day} 09:00")) for day in (11, 14, 17)]
    assert found(*spans) == ("2026-09-11T12:00:00Z", "2026-09-17T13:00:00Z")


def test_activity_ends_with_the_span_or_with_now() -> None:
    assert found((at("2026-09-12 08:00"), inf)) == ("2026-09-12T12:00:00Z", "2026-09-20T04:00:00Z")
    now = at("2026-09-13 10:00")
    assert found((at("2026-09-12 08:00"), inf), now=now) == (
        "2026-09-12T12:00:00Z",
        "2026-09-13T14:00:00Z",
    )
    assert found((at("2026-09-14 08:00"), inf), now=now) is None


def test_activity_may_begin_before_the_span_and_be_over() -> None:
    assert found((0.0, inf)) == ("2026-09-07T04:00:00Z", "2026-09-20T04:00:00Z")
    assert found((0.0, at("2026-09-08 06:00"))) == ("2026-09-07T04:00:00Z", "2026-09-08T10:00:00Z")
    assert found((0.0, at("2026-09-07 00:00"))) is None


def test_what_ran_after_the_span_was_not_active() -> None:
    assert found((at("2026-09-20 00:00"), inf)) is None
    assert found() is None


def test_every_hour_with_numbers_of_a_day_lies_on_a_day_of_the_activity() -> None:
    ad = an_ad(spans=((at("2026-09-12 09:30"), at("2026-09-12 10:10")),))
    told = numbers(ad, "2026-09-12", seen_at("2026-11-20 12:00"))["impressions"]
    hours = told.values.nonzero()[0].tolist()
    assert set(hours) <= {9, 10}
    assert sums(numbers(ad, "2026-09-11", seen_at("2026-11-20 12:00"), days=5))["impressions"] == (
        told.values[9:11].sum()
    )


def test_rows_are_as_x_has_them() -> None:
    books = books_with(
        an_ad("a1", spans=((at("2026-09-12 08:00"), at("2026-09-12 09:00:00")),)),
        an_ad("a2", placements=("SPOTLIGHT", EVERYWHERE), line_item="l2"),
        an_ad("a3", spans=(), line_item="l3"),
    )
    rows: list[Any] = list(active_rows(books, "PROMOTED_TWEET", TEN_DAYS, now=NOW))
    assert rows == [
        {
            "entity_id": "a1",
            "activity_start_time": "2026-09-12T12:00:00Z",
            "activity_end_time": "2026-09-12T13:00:00Z",
            "placements": ["ALL_ON_TWITTER"],
        },
        {
            "entity_id": "a2",
            "activity_start_time": "2026-09-07T04:00:00Z",
            "activity_end_time": "2026-09-20T04:00:00Z",
            "placements": ["ALL_ON_TWITTER", "SPOTLIGHT"],
        },
    ]
    lines = [row["entity_id"] for row in active_rows(books, "LINE_ITEM", TEN_DAYS, now=NOW)]
    assert lines == ["line1", "l2"]
    assert list(active_rows(books, "PROMOTED_ACCOUNT", TEN_DAYS, now=NOW)) == []


def test_the_end_of_an_activity_is_rounded_up_to_the_second() -> None:
    now = at("2026-09-12 10:00") + 0.25
    (row,) = active_rows(books_with(an_ad()), "PROMOTED_TWEET", TEN_DAYS, now=now)
    assert row["activity_end_time"] == "2026-09-12T14:00:01Z"


def test_an_ad_of_a_tweet_in_two_campaigns_is_active_when_either_is() -> None:
    books = books_with(
        an_ad("a1", tweet="t", campaign="c1", spans=((at("2026-09-12 08:00"), inf),)),
        an_ad("a2", tweet="t", campaign="c2", spans=((0.0, at("2026-01-01 00:00")),)),
    )
    rows = list(active_rows(books, "PROMOTED_TWEET", TEN_DAYS, now=NOW))
    assert [row["entity_id"] for row in rows] == ["a1", "a2"]
    campaigns = list(active_rows(books, "CAMPAIGN", TEN_DAYS, now=NOW))
    assert [row["entity_id"] for row in campaigns] == ["c1"]


def test_people_are_fewer_than_impressions_and_do_not_add_up_to_them() -> None:
    books, view = books_with(an_ad("a1"), an_ad("a2")), seen_at("2026-11-20 12:00")
    week = window("2026-09-10 00:00", "2026-09-17 00:00")
    people, frequency = reach(books.ads, books, week, view=view)
    impressions = sum(
        sums(numbers(ad, "2026-09-10", view, days=7))["impressions"] for ad in books.ads
    )
    assert 0 < people < impressions
    assert frequency == round(impressions / people, 2)
    assert reach((), books, week, view=view) == (0, 0.0)
