from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from x.metrics.questions import ASKED, DAY, answer
from x.metrics.scripted import Reply, errors, playing

from connector.errors import ConfigurationError, UnreachableError
from connector.metrics.days import Days
from connector.x.metrics.answers import Part, parts_of
from connector.x.metrics.jobs import Answer
from connector.x.metrics.questions import (
    AD,
    CONVERSIONS,
    EVERYWHERE,
    LINE_ITEM,
    NUMBERS,
    Active,
    Plan,
    planned,
)
from connector.x.metrics.slots import slots_of_days
from connector.x.metrics.statistics import answers, completed

WEEK = slots_of_days(
    Days(since=date(2026, 7, 1), until=date(2026, 7, 7)), "Europe/Berlin", now=0.0
)  # fmt: skip


def plan(number: int, *placements: str, entity: str = AD) -> Plan:
    everyone = [
        Active(
            entity=entity, id=f"a{at:04}", first=0, last=7, placements=frozenset(placements)
        )
        for at in range(number)
    ]  # fmt: skip
    return planned(everyone, WEEK, (NUMBERS, CONVERSIONS))


def ones(made: Plan) -> Iterator[Answer]:
    """An answer of ones to each question."""
    for question in made.calls:
        name = next(iter(question.subject.fields[""]))
        yield (
            question,
            [Part(id=id_, tag="", numbers={name: [1] * 7}) for id_ in question.ids],
        )


def test_placements_and_subjects_of_one_are_put_together() -> None:
    made = plan(21, EVERYWHERE, "SPOTLIGHT")
    found = list(completed(ones(made), made, WEEK))
    assert [one.id for one in found] == [f"a{at:04}" for at in range(21)]
    assert all(one.sums == {"cost": [2] * 7, "conversions": [2] * 7} for one in found)


def test_whoever_is_complete_does_not_wait_for_others() -> None:
    made, taken = plan(600, EVERYWHERE, "SPOTLIGHT"), 0

    def counted() -> Iterator[Answer]:
        nonlocal taken
        for one in ones(made):
            taken += 1
            yield one

    for number, _ in enumerate(completed(counted(), made, WEEK)):
        assert taken == 4 * (number // 20 + 1)


def test_one_of_whom_nothing_is_told_has_no_sums() -> None:
    made = plan(1, EVERYWHERE, entity=LINE_ITEM)
    nothing = ((question, ()) for question in made.calls)
    (one,) = completed(nothing, made, WEEK)
    assert (one.entity, one.sums) == (LINE_ITEM, {})


def test_none_is_added_to_nothing() -> None:
    made = plan(1, EVERYWHERE, "TREND")
    told: list[Any] = [None, 0, 3, None, None, None, 1]
    other: list[Any] = [None, None, 4, 0, None, None, None]
    parts = iter(
        [[Part(id="a0000", tag="", numbers={"likes": numbers})] for numbers in (told, other)]
    )
    given = ((question, next(parts, ())) for question in made.calls)
    (one,) = completed(given, made, WEEK)
    assert one.sums == {"likes": [None, 0, 7, 0, None, None, 1]}


@pytest.mark.parametrize(
    "body",
    [
        {"data": None},
        {"data": [{"id": "5ft2qa", "id_data": None}]},
        answer({"impressions": [1] * 23}),
        answer({"impressions": [1.5] * 24}),
        answer({"impressions": ["1"] * 24}),
        answer({"impressions": [True] * 24}),
        answer({"impressions": 5}),
        {**answer({}), "time_series_length": 25},
        {"data": [{"id": "5ft2qa", "id_data": [{"metrics": [5]}]}]},
    ],
)
def test_an_answer_of_another_form_is_an_error_and_no_numbers(body: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"no |numbers"):
        parts_of(body, ASKED, DAY)
    with playing(lambda _: ("200 OK", body)) as stage:
        found = answers(stage.asking, Plan(calls=(ASKED,), jobs=()), DAY, refused=set())
        with pytest.raises(UnreachableError, match="GET stats/accounts/:id: 200 no code"):
            list(found)


def test_an_id_that_comes_twice_counts_once() -> None:
    (row,) = answer({"impressions": [1] * 24})["data"]
    (part,) = parts_of({"data": [row, row]}, ASKED, DAY)
    assert part.numbers == {"impressions": [24]}


def test_whoever_was_not_asked_about_is_not_taken_in() -> None:
    stranger = answer({"impressions": [1] * 24}, id_="other")
    assert parts_of(stranger, ASKED, DAY) == []
    assert parts_of({"data": []}, ASKED, DAY) == []


def test_a_call_that_is_refused_for_its_placement_is_not_made_again() -> None:
    made = plan(40, "TREND")
    refusal: Reply = ("400 Bad Request", errors("INVALID_PARAMETER"))
    with playing(lambda _: refusal) as stage:
        refused = set[str]()
        found = list(answers(stage.asking, made, WEEK, refused=refused))
        assert [parts for _, parts in found] == [()] * 4
        assert refused == {"TREND"}
        assert len(stage.calls) == 1
        with pytest.raises(ConfigurationError, match="400 INVALID_PARAMETER"):
            list(answers(stage.asking, plan(1, EVERYWHERE), WEEK, refused=refused))
