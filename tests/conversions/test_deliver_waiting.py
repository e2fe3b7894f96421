import threading
from collections import deque

import pytest
from delivery import (
    REFUSED_PORT,
    START,
    TIMED_OUT,
    Reply,
    Scene,
    Script,
    Way,
    accept,
    answer,
    counts,
    error,
    made_at,
    mapped,
    numbered,
)

from connector.conversions.requests import Batch
from connector.errors import Exit
from connector.http import Answer

HOUR = 3600.0
LIMITED = answer(429, error("TOO_MANY_REQUESTS"))


@pytest.fixture
def scene(url: str) -> Scene:
    return made_at(url)


@pytest.mark.parametrize("status", [423, 425, 429, 503])
def test_it_is_sent_again_after_the_time_told(scene: Scene, status: int) -> None:
    scene.script.append(answer(status, retry_after="120"))
    tally = scene.sync(mapped(["1"]))
    assert counts(tally) == {"accepted": 1}
    assert scene.pauses == [120]
    assert (tally.requests_sent, tally.requests_retried) == (2, 1)
    assert scene.known("1")["1"].doubt_since is None


@pytest.mark.parametrize(
    ("reply", "ending", "reason"),
    [
        (REFUSED_PORT, Exit.UNREACHABLE, "the connection was refused"),
        (LIMITED, Exit.UNFINISHED, "TOO_MANY_REQUESTS"),
        (answer(503, retry_after="60"), Exit.UNFINISHED, "HTTP 503"),
    ],
)
def test_patience_lasts_fifteen_minutes(
    scene: Scene, reply: Script, ending: Exit, reason: str
) -> None:
    scene.usually = reply
    tally = scene.sync(mapped(numbered(1200)), way=Way(senders=4))
    assert 13 * 60 < scene.clock - START <= 15 * 60
    assert tally.reasons["pending"] == {reason: 1200}
    assert tally.endings == {ending}
    assert scene.known(*numbered(1200)) == {}
    assert len(scene.posts) < 80


def test_a_deadline_is_patience_of_its_own(scene: Scene) -> None:
    scene.usually = LIMITED
    scene.sync(mapped(["1"]), way=Way(deadline=START + HOUR))
    assert 58 * 60 < scene.clock - START <= 60 * 60


def test_a_wait_beyond_patience_is_not_begun(scene: Scene) -> None:
    scene.usually = answer(429, retry_after="901")
    assert counts(scene.sync(mapped(["1"]))) == {"pending": 1}
    assert scene.pauses == []


def test_what_is_processed_renews_patience(scene: Scene) -> None:
    scene.script.extend([answer(429, retry_after="800"), accept] * 3)
    rows = [mapped(["1"], event_id=f"e{number}") for number in range(3)]
    assert counts(scene.sync(*rows)) == {"accepted": 3}
    assert scene.pauses == [800] * 3


def test_to_be_told_no_wait_is_no_reason_to_hammer(scene: Scene) -> None:
    scene.usually = answer(429, retry_after="0")
    scene.sync(mapped(["1"]))
    assert len(scene.posts) < 25


def test_refusals_of_one_moment_are_one_reason_to_wait(scene: Scene) -> None:
    arrived = threading.Barrier(4, timeout=10)

    def together(_: Batch) -> Answer:
        arrived.wait()
        return LIMITED

    scene.script.extend([together] * 4)
    rows = [mapped(["1"], event_id=f"e{number}") for number in range(4)]
    assert counts(scene.sync(*rows, way=Way(senders=4))) == {"accepted": 4}
    assert sum(scene.pauses) == 1


def test_nothing_leaves_once_the_user_stops(scene: Scene) -> None:
    scene.stopping = True
    tally = scene.sync(mapped(numbered(600)))
    assert scene.posts == []
    assert tally.reasons["pending"] == {"interrupted": 600}
    assert tally.endings == {Exit.UNFINISHED}
    assert scene.known("1") == {}


@pytest.mark.parametrize(
    ("reply", "outcome", "rows"),
    [
        (accept, "accepted", 2000), (TIMED_OUT, "in_doubt", 2000),
        (answer(400, error()), "pending", 3000), (LIMITED, "pending", 3000),
    ],
)  # fmt: skip
def test_what_is_on_its_way_when_the_user_stops_is_settled(
    scene: Scene, reply: Script, outcome: str, rows: int
) -> None:
    arrived = threading.Barrier(4, timeout=10)

    def stop(batch: Batch) -> Reply:
        arrived.wait()
        scene.stopping = True
        return reply(batch) if callable(reply) else reply

    scene.usually = stop
    tally = scene.sync(mapped(numbered(3000)), way=Way(senders=4))
    assert len(scene.posts) == 4
    assert sum(counts(tally).values()) == 3000
    assert tally.rows[outcome] == rows
    if outcome == "in_doubt":
        assert tally.reasons["in_doubt"] == {"no answer in time": rows}
    states = set(scene.states(*numbered(3000)))
    assert states == ({outcome, None} if rows == 2000 else {None})


def test_who_waits_for_x_stops_at_once(scene: Scene) -> None:
    scene.usually = LIMITED

    scene.impatient = True
    assert counts(scene.sync(mapped(["1"]))) == {"pending": 1}
    assert len(scene.posts) == 1


def test_a_deadline_ends_a_run_between_requests(scene: Scene) -> None:
    def slowly(batch: Batch) -> Answer:
        scene.clock += 20
        return accept(batch)

    scene.usually = slowly
    tally = scene.sync(mapped(numbered(2000)), way=Way(deadline=START + 30))
    assert len(scene.posts) == 2
    assert counts(tally) == {"accepted": 1000, "pending": 1000}
    assert tally.reasons["pending"] == {"deadline": 1000}


@pytest.mark.parametrize("tick", [0.01, 0.3, 0.49, 1.1])
def test_a_wait_that_is_over_by_the_time_it_would_begin_is_none(scene: Scene, tick: float) -> None:
    scene.tick, scene.script = tick, deque([answer(429, retry_after="1")] * 5)
    assert counts(scene.sync(mapped(["1"]))) == {"accepted": 1}
