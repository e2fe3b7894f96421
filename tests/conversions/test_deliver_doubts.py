from datetime import timedelta

import pytest
from delivery import (
    REFUSED_PORT,
    START,
    TIMED_OUT,
    Scene,
    Script,
    Way,
    accept,
    acknowledged,
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
HOLD = Way(in_doubt="hold")


@pytest.fixture
def scene(url: str) -> Scene:
    return made_at(url)


@pytest.mark.parametrize("unclear", [TIMED_OUT, answer(500), answer(503), acknowledged(1)])
def test_a_doubt_is_sent_again_three_times_and_then_left_to_the_next_run(
    scene: Scene, unclear: Script
) -> None:
    scene.usually = unclear
    tally = scene.sync(mapped(numbered(2)))
    assert scene.posts == [["0", "1"]] * 4
    assert scene.pauses == [1, 2]
    assert counts(tally) == {"in_doubt": 2}
    assert tally.identifiers["hashed_email"] == 2
    assert (tally.requests_sent, tally.requests_retried) == (4, 3)
    assert tally.unfinished_cursor == 0
    assert scene.known("1")["1"].doubt_since == START * 1000


def test_a_doubt_that_is_answered_is_none(scene: Scene) -> None:
    scene.script.extend([TIMED_OUT, accept])
    tally = scene.sync(mapped(["1"]))
    assert counts(tally) == {"accepted": 1}
    assert (tally.requests_sent, tally.requests_retried) == (2, 1)
    assert scene.pauses == []


def test_who_holds_never_sends_twice(scene: Scene) -> None:
    scene.usually = TIMED_OUT
    tally = scene.sync(mapped(["1"]), way=HOLD)
    again = scene.sync(mapped(["1"], content="b"), way=HOLD)
    assert scene.posts == [["1"]]
    assert tally.reasons["held"] == again.reasons["held"] == {"in_doubt": 1}
    assert (tally.newly_held, again.newly_held, again.held_before) == (1, 0, 1)


def test_the_next_run_sends_it_again_as_it_maps_then(scene: Scene) -> None:
    scene.script.extend([TIMED_OUT] * 4)
    scene.sync(mapped(["1"]))
    scene.clock += 46 * HOUR
    assert counts(scene.sync(mapped(["1"], content="b"))) == {"accepted": 1}
    assert scene.known("1")["1"].digest == "1:b"


def test_after_47_hours_it_is_held(scene: Scene) -> None:
    scene.script.extend([TIMED_OUT] * 4)
    scene.sync(mapped(["1"]))
    scene.clock = START + 47 * HOUR
    tally = scene.sync(mapped(["1"]))
    assert tally.reasons["held"] == {"in_doubt": 1}
    assert len(scene.posts) == 4


def test_the_47_hours_are_those_of_the_first_sending(scene: Scene) -> None:
    scene.script.extend([TIMED_OUT] * 8)
    for hours in (0, 40):
        scene.clock = START + hours * HOUR
        scene.sync(mapped(["1"]))
    scene.clock = START + 48 * HOUR
    assert counts(scene.sync(mapped(["1"]))) == {"held": 1}


def test_the_window_is_looked_at_when_it_leaves(scene: Scene) -> None:
    scene.script.extend([TIMED_OUT] * 4)
    scene.sync(mapped(["1"]))
    scene.clock = START + 47 * HOUR - 60
    scene.script.append(answer(429, retry_after="61"))
    tally = scene.sync(mapped(["1", "2"]))
    assert scene.posts[4:] == [["1", "2"], ["2"]]
    assert counts(tally) == {"accepted": 1, "held": 1}
    assert tally.newly_held == 1
    assert scene.states("1", "2") == ["held", "accepted"]


def test_resending_ends_with_the_window(scene: Scene) -> None:
    def slowly(_: Batch) -> Answer:
        scene.clock += 24 * HOUR
        return answer(500)

    scene.usually = slowly
    tally = scene.sync(mapped(["1"]))
    assert len(scene.posts) == 2
    assert tally.reasons["held"] == {"in_doubt": 1}


def test_refused_after_a_doubt_it_is_sent_again_only_inside_the_window(scene: Scene) -> None:
    scene.script.extend([TIMED_OUT, answer(400, error(parameter="value"))])
    assert counts(scene.sync(mapped(["1"]))) == {"refused": 1}
    assert scene.known("1")["1"].doubt_since == START * 1000
    scene.clock = START + 46 * HOUR
    scene.script.append(answer(400, error(parameter="value")))
    assert counts(scene.sync(mapped(["1"], content="b"))) == {"refused": 1}
    scene.clock = START + 48 * HOUR
    assert counts(scene.sync(mapped(["1"], content="c"))) == {"held": 1}
    assert len(scene.posts) == 3


@pytest.mark.parametrize(
    ("later", "ending"),
    [
        (LIMITED, Exit.UNFINISHED), (REFUSED_PORT, Exit.UNREACHABLE),
        (answer(401), Exit.UNAUTHORIZED), (None, Exit.UNAUTHORIZED),
        (answer(404), Exit.CONFIGURATION), (answer(302), Exit.CONFIGURATION),
    ],
)  # fmt: skip
def test_no_other_answer_takes_a_doubt_back(scene: Scene, later: Script, ending: Exit) -> None:
    scene.script.append(TIMED_OUT)
    scene.usually = later
    tally = scene.sync(mapped(["1"]), way=Way(deadline=START + 30))
    assert counts(tally) == {"in_doubt": 1}
    assert tally.endings == {ending}
    assert scene.states("1") == ["in_doubt"]
    assert scene.known("1")["1"].doubt_since == START * 1000


def test_a_doubt_is_not_taken_back_with_a_wrong_mapping(scene: Scene) -> None:
    scene.script.append(TIMED_OUT)
    scene.usually = answer(400, error(parameter="value"))
    tally = scene.sync(mapped(numbered(16)))
    assert counts(tally) == {"in_doubt": 16}
    assert scene.states(*numbered(16)) == ["in_doubt"] * 16


def test_a_platform_that_is_never_clear_is_given_up(scene: Scene) -> None:
    scene.usually = answer(500)
    rows = [mapped(["1"], event_id=f"e{number}") for number in range(30)]
    tally = scene.sync(*rows, way=HOLD)
    assert len(scene.posts) == 16
    assert counts(tally) == {"held": 16, "pending": 14}
    assert tally.endings == {Exit.UNFINISHED}


def test_one_clear_answer_is_reason_to_go_on(scene: Scene) -> None:
    scene.script.extend([answer(500)] * 15 + [accept] + [answer(500)] * 15)
    rows = [mapped(["1"], event_id=f"e{number}") for number in range(40)]
    tally = scene.sync(*rows, way=HOLD)
    assert counts(tally) == {"held": 30, "accepted": 10}


def test_what_x_would_count_beside_it_is_held(scene: Scene) -> None:
    old = mapped(["1"], age=timedelta(hours=48, seconds=1))
    tally = scene.sync(old, mapped(["2"]), way=Way(browser_pixel=True))
    assert scene.posts == [["2"]]
    assert tally.reasons["held"] == {"outside_dedup_window": 1}
    assert scene.known("1")["1"].reason == "outside_dedup_window"
    assert counts(scene.sync(old)) == {"held": 1}


def test_without_one_old_rows_are_sent(scene: Scene) -> None:
    assert counts(scene.sync(mapped(["1"], age=timedelta(days=80)))) == {"accepted": 1}


def test_the_moment_it_leaves_decides(scene: Scene) -> None:
    scene.script.append(answer(429, retry_after="120"))
    rows = mapped(["1", "2"], age=timedelta(hours=47, minutes=59))
    tally = scene.sync(rows, way=Way(browser_pixel=True))
    assert scene.posts == [["1", "2"]]
    assert tally.reasons["held"] == {"outside_dedup_window": 2}
    assert scene.states("1", "2") == ["held", "held"]
    assert scene.open_batches("purchases") == 0
