"""How many requests leave, beside the fewest that X's limits of a request allow."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from x.metrics.account import ads_of, at_x, expected, read

from connector.budgets.in_state import StateBudgets
from connector.budgets.reads import Reads, Waiting
from connector.state import database
from connector.x.metrics.reading import days, hours
from connector.x.metrics.slots import LONGEST_CALL

UNTIL = "2026-04-19"
MOST_OVER = 1.2


def since(number: int) -> str:
    return str(date.fromisoformat(UNTIL) - timedelta(days=number - 1))


def least(told: Mapping[str, Any], number: int) -> int:
    """The fewest requests for the numbers of so many days, by hand.

    Two for who was active. For each 20 on a placement numbers and conversions, at once or by a job;
    a look for each 100 jobs. The entities, tweets and cards in 200s.
    """
    sizes = {level: len(told[level]) for level in ("ads", "line_items", "campaigns")}
    of_spotlight = 1  # an ad and a line item of the estate are there, too
    chunks = sum(
        -(-size // 20) for size in (sizes["ads"], sizes["line_items"], of_spotlight, of_spotlight)
    )
    calls = -(-number * 24 * 3600 // LONGEST_CALL)
    jobs = 0 if calls <= 2 else 2 * chunks
    numbers = 2 * chunks * min(calls, 2) + -(-jobs // 100)
    lists = sum(-(-size // 200) for size in (*sizes.values(), sizes["ads"])) + 1
    return 2 + numbers + lists


@pytest.mark.parametrize(("ads", "number"), [(0, 1), (0, 8), (0, 30), (100, 7), (100, 15)])
def test_no_more_requests_leave_than_a_fifth_above_the_fewest(ads: int, number: int) -> None:
    with at_x(ads=ads, zone="Etc/UTC") as desk:
        source = desk.source()
        desk.asked()
        source.opening.sent = 0
        rows, reading = read(source, since(number), UNTIL)
        told = desk.truth(since(number), UNTIL)
        asked = desk.asked()
    assert {row.ad_id for row in rows} == set(told["ads"])
    assert reading.requests.sent == sum(asked.values())
    assert reading.requests.retried == 0
    assert reading.requests.sent <= MOST_OVER * least(told, number)


def test_what_is_known_is_not_asked_again() -> None:
    with at_x() as desk:
        source = desk.source()
        read(source, since(3), UNTIL)
        desk.asked()
        read(source, since(3), UNTIL)
        assert set(desk.asked()) == {"GET stats/accounts", "GET stats/accounts/active_entities"}


def test_a_span_without_activity_takes_two_requests() -> None:
    with at_x() as desk:
        source = desk.source()
        desk.asked()
        rows, reading = read(source, "2023-01-01", "2023-01-30")
        assert desk.asked() == {"GET stats/accounts/active_entities": 2}
    assert (rows, reading.groups, reading.warnings) == ([], [], [])


def test_hours_are_asked_without_what_only_ads_by_day_need() -> None:
    with at_x() as desk:
        until = datetime.fromtimestamp(desk.clock.now, UTC)
        reading = hours(desk.source(), since=until - timedelta(days=7), until=until)
        assert len(list(reading.hours)) > 1000
        asked = desk.asked()
        nothing = hours(desk.source(), since=until, until=until)
        assert list(nothing.hours) == []
    assert asked["GET stats/accounts/active_entities"] == 3
    assert not {"GET accounts/tweets", "GET accounts/cards/all"} & set(asked)
    assert reading.requests.sent == sum(asked.values())


def test_opening_is_counted_by_the_first_reading() -> None:
    with at_x() as desk:
        source = desk.source()
        day = date.fromisoformat(UNTIL)
        first, second = (days(source, since=day, until=day) for _ in range(2))
        assert (first.requests.sent, second.requests.sent) == (2, 0)


@pytest.mark.parametrize("number", [7, 30])
def test_a_paced_line_meets_no_limit(tmp_path: Path, number: int) -> None:
    place = tmp_path / "connector.db"
    database.create(place)
    limits = {"analytics": 6, "writes": 5, "account_reads": 40, "entity_reads": 40}
    with at_x(limits=limits) as desk, database.opened(place) as state:
        waiting = Waiting(
            now=desk.clock, pause=desk.clock.pause, random=lambda: 0.5, stopping=lambda: False,
            warn=lambda _: None, patience=3_600.0,
        )  # fmt: skip
        quotas = StateBudgets(database=state, clock=lambda _: round(desk.clock.now * 1000))
        line = replace(desk.line, pacing=Reads(target="x", quotas=quotas, waiting=waiting))
        rows, reading = read(replace(desk, line=line).source(), since(number), UNTIL)
        told = desk.truth(since(number), UNTIL, by="day")
        ends = Counter[str]()
        for one in desk.told("requests")["requests"]:
            ends[one["ended"]] += one["count"]
    assert ads_of(rows) == expected({**told["ads"], **told["doubled"]})
    assert reading.requests.retried == 0
    assert ends == {"200": reading.requests.sent}
    assert sum(desk.clock.waits) > 60
