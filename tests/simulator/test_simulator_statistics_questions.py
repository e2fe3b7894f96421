from datetime import timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from ad_numbers import NEW_YORK, at, utc

from connector.simulator.envelope import Error
from connector.simulator.statistics.questions import (
    NOT_MIDNIGHT,
    Question,
    Terms,
    question,
    read_window,
    told_time,
)

CALL, JOB = Terms(zone=NEW_YORK), Terms(zone=NEW_YORK, is_job=True)

SOUND = {
    "entity": "LINE_ITEM",
    "entity_ids": "w6n4r,w6n5s",
    "start_time": "2026-03-02T05:00:00Z",
    "end_time": "2026-03-04T05:00:00Z",
    "granularity": "DAY",
    "placement": "ALL_ON_TWITTER",
    "metric_groups": "ENGAGEMENT,BILLING",
}


def asked(terms: Terms = CALL, /, **changes: str | None) -> Question:
    found, errors = question(changed(changes), terms)
    assert errors == []
    assert found is not None
    return found


def refused(terms: Terms = CALL, /, **changes: str | None) -> list[Error]:
    found, errors = question(changed(changes), terms)
    assert found is None
    return errors


def changed(changes: dict[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in {**SOUND, **changes}.items() if value is not None}


def codes(errors: list[Error]) -> list[tuple[str, str]]:
    return [(entry["code"], entry["parameter"]) for entry in errors]


def test_a_sound_question_is_read() -> None:
    assert asked() == Question(
        entity="LINE_ITEM",
        entity_ids=("w6n4r", "w6n5s"),
        start=int(at("2026-03-02 00:00")),
        end=int(at("2026-03-04 00:00")),
        granularity="DAY",
        placement="ALL_ON_TWITTER",
        groups=("ENGAGEMENT", "BILLING"),
        zone=NEW_YORK,
    )


@pytest.mark.parametrize("name", SOUND)
def test_every_parameter_is_required(name: str) -> None:
    assert codes(refused(**{name: None})) == [("MISSING_PARAMETER", name)]
    assert codes(refused(**{name: ""})) == [("MISSING_PARAMETER", name)]


def test_all_that_is_missing_is_named_at_once() -> None:
    _, errors = question({}, CALL)
    assert [entry["parameter"] for entry in errors] == list(SOUND)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("entity", "AD"), ("entity", "ORGANIC_TWEET"), ("entity", "line_item"),
        ("entity_ids", "W6N4R"), ("entity_ids", "w6n4r,"), ("entity_ids", ",".join(["a"] * 21)),
        ("entity_ids", ",".join(["a"] * 201)),
        ("granularity", "WEEK"), ("granularity", "HOUR,DAY"),
        ("placement", "ALL_ON_TWITTER,SPOTLIGHT"), ("placement", "TWITTER_TIMELINE"),
        ("metric_groups", "MEDIA"), ("metric_groups", "ENGAGEMENT, BILLING"),
        ("start_time", "yesterday"), ("start_time", "2026-02-30T00:00:00Z"),
        ("start_time", "2026-03-02T05:00:00"), ("start_time", "20260302"),
        ("start_time", "0001-01-01"), ("start_time", "9999-12-31T00:00:00Z"),
        ("start_time", "2026-03-02T05:30:00Z"), ("end_time", "2026-03-04T05:00:01Z"),
        ("end_time", "2026-03-04T05:00:00.001Z"), ("end_time", "2026-03-04T05:00:00 0500"),
        ("segmentation_type", "AGE"),
    ],
)  # fmt: skip
def test_a_value_of_another_form_is_refused(name: str, value: str) -> None:
    assert codes(refused(**{name: value}))[0] == ("INVALID_PARAMETER", name)


def test_a_time_that_is_none_is_refused_in_the_words_of_x() -> None:
    assert refused(start_time="soon") == [
        {
            "parameter": "start_time",
            "details": "invalid date",
            "code": "INVALID_PARAMETER",
            "value": "soon",
            "message": 'Expected time, got "soon" for start_time',
        }
    ]


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-02T05:00:00Z", "2026-03-02T05:00Z", "2026-03-02T05Z", "2026-03-02T00:00:00-05:00",
        "2026-03-02T00:00:00-0500", "2026-03-02T00:00:00-05", "2026-03-02T05:00:00.000Z",
        "2026-03-02T10:30:00+0530", "2026-03-02",
    ],
)  # fmt: skip
def test_a_moment_can_be_written_in_many_ways(text: str) -> None:
    assert asked(start_time=text).start == at("2026-03-02 00:00")


def test_a_bare_date_is_midnight_where_the_account_is() -> None:
    madrid = Terms(zone=ZoneInfo("Europe/Madrid"))
    found = asked(madrid, start_time="2026-03-10", end_time="2026-03-12")
    assert (told_time(found.start), told_time(found.end)) == (
        "2026-03-09T23:00:00Z",
        "2026-03-11T23:00:00Z",
    )


def test_days_have_to_begin_at_midnight_where_the_account_is() -> None:
    errors = refused(start_time="2026-03-02T00:00:00Z", end_time="2026-03-04T00:00:00Z")
    assert errors == [{"code": "INVALID_TIME_WINDOW", "message": NOT_MIDNIGHT, "parameter": ""}] * 2
    assert len(refused(end_time="2026-03-04T04:00:00Z")) == 1
    for granularity in ("HOUR", "TOTAL"):
        asked(granularity=granularity, start_time="2026-03-02T00:00:00Z")


def test_midnights_are_those_of_the_day_that_is_asked() -> None:
    asked(start_time="2026-03-07", end_time="2026-03-09T04:00:00Z")
    errors = refused(start_time="2026-03-07", end_time="2026-03-09T05:00:00Z")
    assert codes(errors) == [("INVALID_TIME_WINDOW", "")]
    today = Terms(zone=timezone(timedelta(hours=-5)))
    asked(today, start_time="2026-03-07", end_time="2026-03-09T05:00:00Z")


def test_an_account_half_an_hour_off_has_hours_of_its_own() -> None:
    kolkata = Terms(zone=ZoneInfo("Asia/Kolkata"))
    asked(kolkata, start_time="2026-03-01T18:30:00Z", end_time="2026-03-02T18:30:00Z")
    asked(kolkata, start_time="2026-03-02", end_time="2026-03-03")
    hourly = {"granularity": "HOUR", "start_time": "2026-03-02T05:00:00Z"}
    asked(kolkata, **hourly)
    assert refused(kolkata, start_time="2026-03-02T05:45:00Z")


@pytest.mark.parametrize(
    ("terms", "days", "more"),
    [
        (CALL, 7, {}),
        (JOB, 90, {}),
        (JOB, 45, {"segmentation_type": "AGE"}),
    ],
)
def test_a_span_has_a_longest_length(terms: Terms, days: int, more: dict[str, str]) -> None:
    start = at("2026-01-05 00:00")
    longest = {"start_time": utc(start), "end_time": utc(start + days * 86_400)}
    asked(terms, granularity="HOUR", **longest, **more)
    longer = {**longest, "end_time": utc(start + days * 86_400 + 3_600)}
    errors = refused(terms, granularity="HOUR", **longer, **more)
    assert codes(errors) == [("INVALID_TIME_WINDOW", "")]
    assert f"{days}.days" in errors[0]["message"]


def test_seven_days_over_the_autumn_change_are_an_hour_too_long() -> None:
    assert codes(refused(start_time="2026-10-28", end_time="2026-11-04")) == [
        ("INVALID_TIME_WINDOW", "")
    ]
    asked(start_time="2026-10-28", end_time="2026-11-03")


@pytest.mark.parametrize("end", ["2026-03-02T05:00:00Z", "2026-03-01T05:00:00Z"])
def test_the_end_comes_after_the_start(end: str) -> None:
    assert codes(refused(end_time=end)) == [("INVALID_TIME_WINDOW", "")]


def test_an_account_has_engagements_only_and_a_funding_instrument_spend_too() -> None:
    assert codes(refused(entity="ACCOUNT")) == [("INVALID_PARAMETER", "metric_groups")]
    asked(entity="ACCOUNT", metric_groups="ENGAGEMENT")
    asked(entity="FUNDING_INSTRUMENT")
    conversions = {"metric_groups": "WEB_CONVERSION"}
    assert refused(entity="FUNDING_INSTRUMENT", **conversions)
    asked(entity="CAMPAIGN", **conversions)


def test_segments_are_for_jobs_and_tags_for_conversions() -> None:
    assert asked(JOB, segmentation_type="GENDER").segmentation == "GENDER"
    tags = {"segmentation_type": "CONVERSION_TAGS"}
    assert codes(refused(JOB, **tags)) == [("INVALID_PARAMETER", "metric_groups")]
    asked(JOB, **tags, metric_groups="WEB_CONVERSION")
    both = "WEB_CONVERSION,BILLING"
    assert refused(JOB, **tags, metric_groups=both)
    assert codes(refused(JOB, segmentation_type="INTERESTS")) == [
        ("INVALID_PARAMETER", "segmentation_type")
    ]
    assert codes(refused(JOB, segmentation_type="METROS")) == [("MISSING_PARAMETER", "country")]
    assert asked(JOB, segmentation_type="METROS", country="96683cc9126741d1").country


def test_a_placement_can_be_left_out_of_those_there_are() -> None:
    asked(placement="PUBLISHER_NETWORK")
    fewer = Terms(zone=NEW_YORK, placements=("ALL_ON_TWITTER",))
    assert codes(refused(fewer, placement="PUBLISHER_NETWORK")) == [
        ("INVALID_PARAMETER", "placement")
    ]


def test_everything_wrong_is_told_at_once() -> None:
    errors = refused(entity="AD", granularity="WEEK", start_time="x", end_time="y")
    assert [entry["parameter"] for entry in errors] == [
        "entity", "granularity", "start_time", "end_time",
    ]  # fmt: skip


def test_a_window_is_read_by_itself() -> None:
    times = {"start_time": "2026-03-02", "end_time": "2026-03-03T05:00:00Z"}
    window, errors = read_window(times, zone=NEW_YORK, days=1)
    assert errors == []
    assert window is not None
    assert window.end - window.start == 86_400
    assert read_window({}, zone=NEW_YORK, days=1)[0] is None
