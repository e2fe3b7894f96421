from datetime import date, timedelta

import pytest

from connector.metrics.days import Days
from connector.x.metrics.questions import (
    AD,
    CONVERSIONS,
    EVERYWHERE,
    LINE_ITEM,
    NUMBERS,
    Active,
    Plan,
    Question,
    Subject,
    halves,
    planned,
    query_of,
    told,
)
from connector.x.metrics.slots import Slots, slots_of_days

SUBJECTS = (NUMBERS, CONVERSIONS)
SINCE = date(2026, 7, 1)


def slots(days: int) -> Slots:
    span = Days(since=SINCE, until=SINCE + timedelta(days=days - 1))
    return slots_of_days(span, "Europe/Berlin", now=0.0)


def active(
    number: int, days: int, *, entity: str = AD, placements: str = EVERYWHERE, first: int = 0
) -> list[Active]:
    return [
        Active(
            entity=entity, id=f"{placements[0].lower()}{at:05}", first=first, last=days,
            placements=frozenset(placements.split()),
        )
        for at in range(number)
    ]  # fmt: skip


def plan(number: int, days: int, **more: str) -> Plan:
    return planned(active(number, days, **more), slots(days), SUBJECTS)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("ads", "days", "calls", "jobs"),
    [
        (0, 30, 0, 0),
        (1, 1, 2, 0),
        (20, 7, 2, 0),
        (21, 7, 4, 0),
        (21, 8, 8, 0),
        (20, 14, 4, 0),
        (20, 15, 0, 2),
        (2000, 30, 0, 200),
        (2000, 7, 200, 0),
        # 400 calls take half an hour, and 200 jobs take no more requests
        (2000, 14, 0, 200),
    ],
)
def test_the_fewest_requests_are_planned(ads: int, days: int, calls: int, jobs: int) -> None:
    made = plan(ads, days)
    assert (len(made.calls), len(made.jobs)) == (calls, jobs)
    assert made.requests == calls + 2 * jobs + -(-jobs // 100)
    chunks, looks = -(-ads // 20), -(-jobs // 100)
    assert made.requests == chunks * 2 * min(-(-days // 7), 2) + looks


def test_every_placement_of_each_is_asked_once() -> None:
    everyone = [
        *active(30, 7),
        *active(15, 7, placements=f"SPOTLIGHT {EVERYWHERE}"),
        *active(3, 7, entity=LINE_ITEM),
    ]
    made = planned(everyone, slots(7), SUBJECTS)
    asked = [
        (question.subject.groups, question.entity, question.placement, id_)
        for question in made.calls
        for id_ in question.ids
    ]
    assert len(set(asked)) == len(asked) == 2 * (30 + 2 * 15 + 3)
    assert len(made.calls) == 2 * (3 + 1 + 1)
    assert max(len(question.ids) for question in made.calls) == 20


def test_the_questions_about_an_id_are_close_together() -> None:
    made = planned(active(400, 7, placements=f"SPOTLIGHT {EVERYWHERE}"), slots(7), SUBJECTS)
    assert [question.ids for question in made.calls[::4]] == [
        question.ids for question in made.calls[3::4]
    ]


def test_nobody_is_asked_about_days_before_or_after_their_activity() -> None:
    everyone = [*active(20, 3), *active(20, 29, placements="SPOTLIGHT", first=25)]
    made = planned(everyone, slots(30), SUBJECTS)
    assert {(one.placement, one.first, one.last) for one in made.calls} == {
        (EVERYWHERE, 0, 3),
        ("SPOTLIGHT", 25, 29),
    }
    assert made.jobs == ()


def test_segments_are_always_asked_by_job() -> None:
    tags = Subject(groups="WEB_CONVERSION", fields={}, segmentation="CONVERSION_TAGS")
    made = planned(active(1, 2), slots(2), (tags,))
    assert (made.calls, len(made.jobs)) == ((), 1)
    assert query_of(made.jobs[0], slots(2))["segmentation_type"] == "CONVERSION_TAGS"


def question(ids: str, first: int, last: int) -> Question:
    return Question(
        subject=NUMBERS, entity=AD, ids=tuple(ids), placement=EVERYWHERE, first=first, last=last
    )


def test_a_question_says_whole_moments_and_an_end_that_is_exclusive() -> None:
    assert query_of(question("ab", 1, 3), slots(3)) == {
        "entity": "PROMOTED_TWEET",
        "entity_ids": "a,b",
        "start_time": "2026-07-01T22:00:00Z",
        "end_time": "2026-07-03T22:00:00Z",
        "granularity": "HOUR",
        "placement": "ALL_ON_TWITTER",
        "metric_groups": "ENGAGEMENT,BILLING",
    }


def test_a_question_is_halved_by_ids_then_by_time_then_not_at_all() -> None:
    assert [half.ids for half in halves(question("abc", 0, 9))] == [("a",), ("b", "c")]
    assert [(half.first, half.last) for half in halves(question("a", 2, 5))] == [(2, 3), (3, 5)]
    assert halves(question("a", 2, 3)) == ()


def test_people_are_told_what_a_question_is_about() -> None:
    assert told(question("ab", 0, 1), slots(1)) == (
        "ENGAGEMENT,BILLING of PROMOTED_TWEET a and 1 others on ALL_ON_TWITTER from"
        " 2026-06-30T22:00:00Z to 2026-07-01T22:00:00Z"
    )
