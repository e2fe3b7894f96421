import threading
import time
from collections.abc import Callable

import pytest
from delivery import (
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
from connector.conversions.tally import Tally
from connector.errors import Exit, OvertakenError, UnreachableError
from connector.http import Answer
from connector.state import database, runs

HOLD = Way(in_doubt="hold")


@pytest.fixture
def scene(url: str) -> Scene:
    return made_at(url)


def test_each_row_leaves_once_in_requests_of_500(scene: Scene) -> None:
    tally = scene.sync(mapped(numbered(1200)))
    assert [len(post) for post in scene.posts] == [500, 500, 200]
    assert sorted(int(one) for post in scene.posts for one in post) == list(range(1200))
    assert counts(tally) == {"accepted": 1200}
    assert tally.value == {"EUR": 1800}
    assert tally.identifiers["hashed_email"] == 1200
    assert (tally.requests_sent, tally.requests_retried) == (3, 0)
    assert tally.endings == set()


def test_a_request_is_of_one_pixel_and_event(scene: Scene) -> None:
    scene.sync(mapped(["1"]), mapped(["1", "2"], event_id="o88aa"), mapped(["1"], pixel_id="p2"))
    assert sorted(scene.posts) == [["1"], ["1"], ["1", "2"]]


def test_a_second_sync_sends_nothing(scene: Scene) -> None:
    scene.sync(mapped(numbered(3)))
    tally = scene.sync(mapped(numbered(3)))
    assert len(scene.posts) == 1
    assert counts(tally) == {"deduplicated": 3}
    assert tally.reasons["deduplicated"] == {"accepted_before": 3}


@pytest.mark.parametrize("status", [401, 403])
def test_refused_credentials_stop_the_run(scene: Scene, status: int) -> None:
    scene.usually = answer(status, error("UNAUTHORIZED_ACCESS"))
    tally = scene.sync(mapped(["1"]), mapped(["2"], pixel_id="p2"))
    assert len(scene.posts) == 1
    assert tally.reasons["pending"] == {"UNAUTHORIZED_ACCESS": 2}
    assert tally.endings == {Exit.UNAUTHORIZED}
    assert scene.known("1") == {}


@pytest.mark.parametrize(("reply", "requests"), [(answer(401), 2), (None, 1)])
def test_the_token_of_one_pixel_stops_that_pixel(
    scene: Scene, reply: Script, requests: int
) -> None:
    scene.script.append(reply)
    rows = [mapped(["1"]), mapped(["2"], event_id="o88aa"), mapped(["3"], pixel_id="p2")]
    tally = scene.sync(*rows, way=Way(pixel_scope=True))
    assert scene.posts == [["1"], ["3"]]
    assert counts(tally) == {"pending": 2, "accepted": 1}
    assert tally.endings == {Exit.UNAUTHORIZED}
    assert tally.requests_sent == requests


def test_rows_that_were_pending_go_out_later(scene: Scene) -> None:
    scene.script.append(answer(401))
    scene.sync(mapped(["1"]))
    assert counts(scene.sync(mapped(["1"]))) == {"accepted": 1}


@pytest.mark.parametrize(
    "reply",
    [answer(404), answer(400, error(message="event_id (x) is not a single event tag (SET)"))],
)
def test_a_wrong_event_stops_that_event(scene: Scene, reply: Script) -> None:
    scene.script.append(reply)
    rows = [mapped(numbered(600)), mapped(["2"], event_id="o88aa")]
    tally = scene.sync(*rows)
    assert counts(tally) == {"pending": 600, "accepted": 1}
    assert tally.endings == {Exit.CONFIGURATION}
    assert tally.identifiers["hashed_email"] == 1


def test_a_redirect_stops_everything(scene: Scene) -> None:
    scene.usually = answer(308)
    tally = scene.sync(mapped(["1"]), mapped(["2"], pixel_id="p2"))
    assert len(scene.posts) == 1
    assert counts(tally) == {"pending": 2}
    assert tally.endings == {Exit.CONFIGURATION}


def test_what_another_mapping_sent_is_not_sent_again(scene: Scene) -> None:
    scene.sync(mapped(["1"]), way=Way(mapping="refunds"))
    tally = scene.sync(mapped(["1", "2"]))
    assert scene.posts == [["1"], ["2"]]
    assert tally.reasons["deduplicated"] == {"accepted_by_other_mapping": 1}


def test_what_another_mapping_is_sending_now_is_pending(scene: Scene) -> None:
    inner: list[Tally] = []

    def meanwhile(batch: Batch) -> Answer:
        scene.usually = accept
        inner.append(scene.sync(mapped(["1", "2"]), way=Way(mapping="refunds")))
        return accept(batch)

    scene.usually = meanwhile
    outer = scene.sync(mapped(["0", "1"]))
    assert counts(outer) == {"accepted": 2}
    assert inner[0].reasons["pending"] == {"claimed_by_other_mapping": 1}
    assert inner[0].unfinished_cursor == 0
    assert scene.posts == [["0", "1"], ["2"]]


def test_a_doubt_of_another_mapping_is_its_own_to_end(scene: Scene) -> None:
    scene.script.extend([TIMED_OUT] * 4)
    scene.sync(mapped(["1"]), way=Way(mapping="refunds"))
    assert counts(scene.sync(mapped(["1"]))) == {"pending": 1}


def overtake(scene: Scene, finish: Callable[[], Answer]) -> Callable[[Batch], Answer]:
    def reply(_: Batch) -> Answer:
        with database.opened(scene.place) as state, state.write() as connection:
            runs.begin_run(
                connection, run_id="later", mapping="purchases", target="x", now=scene.now
            )
        return finish()

    return reply


def test_a_run_that_was_overtaken_settles_nothing(scene: Scene) -> None:
    scene.usually = overtake(scene, lambda: acknowledged(500))
    with pytest.raises(OvertakenError):
        scene.sync(mapped(numbered(1200)))
    assert len(scene.posts) == 1
    assert scene.states("0") == ["sent"]


def test_an_answer_on_its_way_counts_though_another_request_failed(scene: Scene) -> None:
    arrived = threading.Barrier(2, timeout=10)

    def reply(batch: Batch) -> Answer:
        arrived.wait()
        if batch.destination.event_id == "broken":
            raise ZeroDivisionError
        time.sleep(0.2)  # the other one has failed by then
        return accept(batch)

    scene.usually = reply
    with pytest.raises(ZeroDivisionError):
        scene.sync(mapped(["1"]), mapped(["2"], event_id="broken"), way=Way(senders=2))
    assert scene.states("1") == ["accepted"]
    assert scene.known("2", event_id="broken")["2"].state == "sent"


def test_a_state_out_of_reach_ends_the_run(scene: Scene) -> None:
    def reply(_: Batch) -> Answer:
        with database.opened(scene.place) as state, state.write() as connection:
            connection.execute("alter table amounts rename to elsewhere")
        return acknowledged(1)

    scene.usually = reply
    with pytest.raises(UnreachableError):
        scene.sync(mapped(["1"]))
    assert scene.states("1") == ["sent"]


def test_what_a_dead_run_left_is_sent_again(scene: Scene) -> None:
    scene.usually = overtake(scene, lambda: acknowledged(500))
    with pytest.raises(OvertakenError):
        scene.sync(mapped(numbered(700)))
    scene.usually = accept
    assert counts(scene.sync(mapped(numbered(700)))) == {"accepted": 700}


def test_who_holds_does_not_send_again_what_a_dead_run_left(scene: Scene) -> None:
    scene.usually = overtake(scene, lambda: acknowledged(500))
    with pytest.raises(OvertakenError):
        scene.sync(mapped(numbered(700)), way=HOLD)
    scene.usually = accept
    assert counts(scene.sync(mapped(numbered(700)), way=HOLD)) == {"accepted": 200, "held": 500}


def test_nothing_of_a_row_is_shown(scene: Scene) -> None:
    shown: list[str] = []

    def reply(batch: Batch) -> Answer:
        shown.append(repr(batch))
        return accept(batch)

    scene.usually = reply
    scene.sync(mapped(["1"], content="ada@example.com"))
    assert shown
    assert "ada" not in shown[0]
