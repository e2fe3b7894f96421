import json
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from ad_numbers import EVERYTHING, NEW_YORK, an_ad, at, books_with, numbers, seen_at, sums, utc

from connector.simulator.statistics.answering import answer_to
from connector.simulator.statistics.books import Books
from connector.simulator.statistics.questions import Question, Terms, question
from connector.simulator.statistics.series import View
from connector.simulator.world import Event

LONG_AFTER = seen_at("2026-11-20 12:00")

BOOKS = books_with(
    an_ad("a1", line_item="l1", campaign="c1"),
    an_ad("a2", line_item="l1", campaign="c1", placements=("ALL_ON_TWITTER", "SPOTLIGHT")),
    an_ad("a3", line_item="l2", campaign="c2", objective="APP_INSTALLS", funding="f2"),
    an_ad(
        "a4",
        line_item="l2",
        campaign="c2",
        spans=((at("2026-09-11 08:00"), at("2026-09-11 20:00")),),
    ),
)

EVENTS = (
    Event(id="buy", pixel_id="p", name="Purchase", type="PURCHASE"),
    Event(id="gone", pixel_id="p", name="Old purchase", type="PURCHASE", deleted=True),
    Event(id="join", pixel_id="p", name="Newsletter", type="SIGN_UP"),
    Event(id="join2", pixel_id="q", name="Lead", type="SIGN_UP"),
    Event(id="odd", pixel_id="q", name="Trial", type="START_TRIAL"),
)


def asked(books: Books = BOOKS, view: View = LONG_AFTER, /, **changes: str) -> dict[str, Any]:
    """The answer to a question about three days of September."""
    params = {
        "entity": "PROMOTED_TWEET", "entity_ids": "a1",
        "start_time": "2026-09-10", "end_time": "2026-09-13",
        "granularity": "DAY", "placement": "ALL_ON_TWITTER",
        "metric_groups": "ENGAGEMENT,BILLING", **changes,
    }  # fmt: skip
    found, errors = question(params, Terms(zone=books.zone, is_job=True))
    assert errors == []
    assert isinstance(found, Question)
    body: dict[str, Any] = json.loads(json.dumps(answer_to(found, books, view)))
    return body


def metrics_of(body: dict[str, Any], place: int = 0) -> dict[str, Any]:
    (row,) = body["data"][place]["id_data"]
    assert row["segment"] is None
    found: dict[str, Any] = row["metrics"]
    return found


def added(*lists: list[int | None] | None) -> list[int | None] | None:
    """The sum of lists, null where each of them is."""
    told = [one for one in lists if one is not None]
    return (
        None
        if not told
        else [
            None if all(number is None for number in numbers_) else sum(n or 0 for n in numbers_)
            for numbers_ in zip(*told, strict=True)
        ]
    )


def test_an_answer_repeats_the_question_in_utc() -> None:
    assert asked(entity_ids="a2,a1")["request"] == {
        "params": {
            "start_time": "2026-09-10T04:00:00Z",
            "segmentation_type": None,
            "entity_ids": ["a2", "a1"],
            "end_time": "2026-09-13T04:00:00Z",
            "country": None,
            "placement": "ALL_ON_TWITTER",
            "granularity": "DAY",
            "entity": "PROMOTED_TWEET",
            "platform": None,
            "metric_groups": ["ENGAGEMENT", "BILLING"],
        }
    }


def test_an_answer_has_the_ids_in_the_order_they_were_asked_without_the_unknown() -> None:
    body = asked(entity_ids="a3,zz,a1")
    assert [row["id"] for row in body["data"]] == ["a3", "a1"]
    assert body["data_type"] == "stats"


@pytest.mark.parametrize(("granularity", "length"), [("HOUR", 72), ("DAY", 3), ("TOTAL", 1)])
def test_the_lists_are_as_long_as_the_answer_says(granularity: str, length: int) -> None:
    body = asked(granularity=granularity)
    assert body["time_series_length"] == length
    lists = [one for one in metrics_of(body).values() if one is not None]
    assert len(lists) > 5
    assert {len(one) for one in lists} == {length}


@pytest.mark.parametrize("day", ["2026-03-08", "2026-11-01"])
def test_a_day_of_a_clock_change_adds_up_its_own_hours(day: str) -> None:
    after = day[:-2] + f"{int(day[-2:]) + 1:02}"
    span = {"start_time": day, "end_time": after}
    hourly = asked(granularity="HOUR", **span)
    assert hourly["time_series_length"] == (23 if day == "2026-03-08" else 25)
    daily = metrics_of(asked(**span))
    for name, numbers_ in metrics_of(hourly).items():
        assert daily[name] == (None if numbers_ is None else [sum(numbers_)])


def test_midnights_of_another_zone_make_other_days() -> None:
    params = {
        "entity": "PROMOTED_TWEET", "entity_ids": "a1", "granularity": "DAY",
        "start_time": "2026-09-10", "end_time": "2026-09-12", "placement": "ALL_ON_TWITTER",
        "metric_groups": "ENGAGEMENT",
    }  # fmt: skip
    found, _ = question(params, Terms(zone=ZoneInfo("Etc/GMT+5")))
    assert found is not None
    body: Any = answer_to(found, BOOKS, LONG_AFTER)
    hourly = asked(
        granularity="HOUR", start_time="2026-09-10T05:00:00Z", end_time="2026-09-12T05:00:00Z"
    )
    hours = metrics_of(hourly)["impressions"]
    assert metrics_of(body)["impressions"] == [sum(hours[:24]), sum(hours[24:])]
    assert metrics_of(body)["impressions"] != metrics_of(asked())["impressions"][:2]


def test_numbers_are_those_of_the_function() -> None:
    told = metrics_of(asked(entity_ids="a1", metric_groups=",".join(EVERYTHING)))
    for place, day in enumerate(("2026-09-10", "2026-09-11", "2026-09-12")):
        true = sums(numbers(BOOKS.ads[0], day, LONG_AFTER))
        assert told["impressions"][place] == true["impressions"]
        assert (
            told["conversion_custom"]["sale_amount"][place] == true["conversion_custom.sale_amount"]
        )


def test_what_does_not_apply_is_null_and_not_zero() -> None:
    told = metrics_of(asked(metric_groups="ENGAGEMENT,VIDEO,WEB_CONVERSION,MOBILE_CONVERSION"))
    assert told["app_clicks"] is None
    assert told["tweets_send"] is None
    assert told["video_total_views"] is None
    assert told["mobile_conversion_installs"] is None
    assert told["conversion_searches"] is None
    assert told["conversion_sign_ups"]["sale_amount"] is None
    assert told["conversion_sign_ups"]["assisted"] is None
    assert told["conversion_sign_ups"]["metric"] is not None
    app = metrics_of(asked(entity_ids="a3", metric_groups="ENGAGEMENT,MOBILE_CONVERSION"))
    assert app["url_clicks"] is None
    assert set(app["mobile_conversion_installs"]) == {
        "post_view", "post_engagement", "assisted", "order_quantity", "sale_amount",
    }  # fmt: skip


def test_days_without_numbers_are_null_in_a_list_and_in_place_of_one() -> None:
    told = metrics_of(asked(entity_ids="a4"))
    assert [number is None for number in told["impressions"]] == [True, False, True]
    nothing = asked(entity_ids="a4", start_time="2026-09-01", end_time="2026-09-05")
    assert set(metrics_of(nothing).values()) == {None}
    assert set(metrics_of(asked(placement="TREND")).values()) == {None}


def test_a_placement_is_answered_by_itself() -> None:
    here, there = (
        metrics_of(asked(entity_ids="a2", placement=placement))["impressions"]
        for placement in ("ALL_ON_TWITTER", "SPOTLIGHT")
    )
    assert here != there
    assert here == metrics_of(asked(entity_ids="a2"))["impressions"]


def test_what_owns_ads_has_their_sum() -> None:
    ads = [metrics_of(asked(entity_ids=one)) for one in ("a1", "a2", "a3", "a4")]
    for entity, id_, parts in (
        ("LINE_ITEM", "l1", ads[:2]), ("CAMPAIGN", "c1", ads[:2]), ("CAMPAIGN", "c2", ads[2:]),
        ("FUNDING_INSTRUMENT", "f2", ads[2:3]), ("LINE_ITEM", "l2", ads[2:]),
    ):  # fmt: skip
        told = metrics_of(asked(entity=entity, entity_ids=id_))
        for name in ("impressions", "likes", "billed_charge_local_micro", "url_clicks"):
            assert told[name] == added(*(part[name] for part in parts))


def test_an_account_has_a_few_counts_only() -> None:
    told = metrics_of(asked(entity="ACCOUNT", entity_ids="acc", metric_groups="ENGAGEMENT"))
    assert set(told) == {"engagements", "impressions", "retweets", "replies", "likes", "follows"}
    campaigns = [metrics_of(asked(entity="CAMPAIGN", entity_ids=one)) for one in ("c1", "c2")]
    assert told["impressions"] == added(*(one["impressions"] for one in campaigns))


def test_a_tweet_in_two_campaigns_is_told_twice_but_not_by_line_item() -> None:
    books = books_with(
        an_ad("a1", tweet="t", line_item="l1", campaign="c1"),
        an_ad("a2", tweet="t", line_item="l2", campaign="c2"),
    )
    ads = [metrics_of(asked(books, entity_ids=one)) for one in ("a1", "a2")]
    lines = [metrics_of(asked(books, entity="LINE_ITEM", entity_ids=one)) for one in ("l1", "l2")]
    assert ads[0] == ads[1]
    for name in ("impressions", "billed_charge_local_micro"):
        assert ads[0][name] == added(*(line[name] for line in lines))


def segments_of(books: Books, **changes: str) -> Mapping[str, Any]:
    (row,) = asked(books, granularity="TOTAL", **changes)["data"]
    return {one["segment"]["segment_value"]: one["metrics"] for one in row["id_data"]}


def test_each_live_tag_has_its_own_conversions() -> None:
    books = books_with(an_ad("a1"), events=EVENTS)
    conversions = {"metric_groups": "WEB_CONVERSION"}
    tagged = segments_of(books, segmentation_type="CONVERSION_TAGS", **conversions)
    assert set(tagged) == {"buy", "join", "join2"}
    whole = metrics_of(asked(books, granularity="TOTAL", **conversions))
    bought = tagged["buy"]["conversion_purchases"]["metric"][0]
    assert 0 < bought <= whole["conversion_purchases"]["metric"][0]
    assert tagged["buy"]["conversion_sign_ups"] is None
    assert tagged["join"]["conversion_purchases"] is None


def test_a_segment_says_its_name() -> None:
    books = books_with(an_ad("a1"))
    (row,) = asked(books, segmentation_type="GENDER")["data"]
    assert [one["segment"] for one in row["id_data"]] == [
        {"segment_name": "Male", "segment_value": "1"},
        {"segment_name": "Female", "segment_value": "2"},
    ]
    told = segments_of(books, segmentation_type="GENDER")
    whole = metrics_of(asked(books, granularity="TOTAL"))["impressions"][0]
    assert 0 < sum(one["impressions"][0] for one in told.values()) < whole


def test_a_span_may_go_on_into_the_future() -> None:
    view = seen_at("2026-09-11 12:30")
    told = metrics_of(asked(BOOKS, view))["impressions"]
    assert [number is None for number in told] == [False, False, True]
    assert utc(view.now) == "2026-09-11T16:30:00Z"
    assert view.now == at("2026-09-11 12:30", NEW_YORK)
