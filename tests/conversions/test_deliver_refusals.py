import pytest
from delivery import (
    Scene,
    Way,
    accept,
    answer,
    counts,
    error,
    made_at,
    mapped,
    numbered,
    refusing,
)

from connector.conversions.requests import Batch
from connector.errors import Exit
from connector.http import Answer


@pytest.fixture
def scene(url: str) -> Scene:
    return made_at(url)


def test_halving_finds_the_wrong_rows_and_the_others_go_out(scene: Scene) -> None:
    bad = ["7", "123", "480"]
    scene.usually = refusing(*bad)
    tally = scene.sync(mapped(numbered(500)))
    assert counts(tally) == {"accepted": 497, "refused": 3}
    assert tally.reasons["refused"] == {"INVALID_PARAMETER value": 3}
    assert len(scene.posts) < 60
    assert scene.states(*bad) == ["refused"] * 3
    assert tally.identifiers["hashed_email"] == 500
    assert (tally.newly_refused, tally.unseen) == (3, 500)
    assert tally.endings == set()


def test_the_value_x_complains_about_finds_the_row(scene: Scene) -> None:
    def reply(batch: Batch) -> Answer:
        wrong = sorted({"7", "480"} & set(batch.rows["conversion_id"].to_pylist()))
        said = [error(message=f"conversion_id ({one}) is not right") for one in wrong]
        return answer(400, *said) if wrong else accept(batch)

    scene.usually = reply
    tally = scene.sync(mapped(numbered(500)))
    assert counts(tally) == {"accepted": 498, "refused": 2}
    assert [len(post) for post in scene.posts] == [500, 498, 2, 1, 1]


def test_a_mapping_that_is_wrong_stops_early_and_its_rows_stay_pending(scene: Scene) -> None:
    scene.usually = answer(400, error(parameter="value"))
    tally = scene.sync(mapped(numbered(500)))
    assert len(scene.posts) <= 40
    assert counts(tally) == {"pending": 500}
    assert tally.reasons["pending"] == {"INVALID_PARAMETER value": 500}
    assert tally.reasons["refused"]["INVALID_PARAMETER value"] == 0
    assert tally.newly_refused == 0
    assert tally.endings == {Exit.CONFIGURATION}
    assert scene.known(*numbered(500)) == {}
    assert tally.unfinished_cursor == 0


def test_x_may_name_one_wrong_row_at_a_time(scene: Scene) -> None:
    def reply(batch: Batch) -> Answer:
        return answer(400, error(message=f'got "{batch.rows["conversion_id"][0]}"'))

    scene.usually = reply
    assert counts(scene.sync(mapped(numbered(500)))) == {"pending": 500}
    assert len(scene.posts) <= 40


def test_with_many_senders_a_wrong_mapping_stops_early_too(scene: Scene) -> None:
    scene.usually = answer(400, error(parameter="value"))
    tally = scene.sync(mapped(numbered(3000)), way=Way(senders=4))
    assert counts(tally) == {"pending": 3000}
    assert len(scene.posts) <= 43
    assert scene.known(*numbered(3000)) == {}


def test_another_event_goes_on_when_one_is_wrong(scene: Scene) -> None:
    def reply(batch: Batch) -> Answer:
        wrong = batch.destination.event_id == "wrong"
        return answer(400, error(parameter="value")) if wrong else accept(batch)

    scene.usually = reply
    rows = mapped(numbered(30), event_id="wrong")
    assert counts(scene.sync(rows, mapped(numbered(5)))) == {"pending": 30, "accepted": 5}


@pytest.mark.parametrize(("rows", "pending"), [(15, 0), (16, 16)])
def test_it_takes_sixteen_single_rows_to_condemn_a_mapping(
    scene: Scene, rows: int, pending: int
) -> None:
    scene.usually = answer(400, error(parameter="value"))
    tally = scene.sync(mapped(numbered(rows)))
    assert (tally.rows["pending"], tally.rows["refused"]) == (pending, rows - pending)


def test_rows_that_fail_in_different_ways_are_wrong_themselves(scene: Scene) -> None:
    def reply(batch: Batch) -> Answer:
        parameter = "value" if "3" in batch.rows["conversion_id"].to_pylist() else "contents"
        return answer(400, error(parameter=parameter))

    scene.usually = reply
    tally = scene.sync(mapped(numbered(40)))
    assert counts(tally) == {"refused": 40}
    assert tally.endings == set()


def test_once_something_passed_the_mapping_is_right(scene: Scene) -> None:
    scene.usually = refusing(*numbered(40))
    tally = scene.sync(mapped([*(f"good-{n}" for n in range(500)), *numbered(40)]))
    assert counts(tally) == {"accepted": 500, "refused": 40}


def test_413_makes_requests_smaller(scene: Scene) -> None:
    scene.usually = lambda batch: answer(413) if batch.size > 130 else accept(batch)
    tally = scene.sync(mapped(numbered(500)))
    assert counts(tally) == {"accepted": 500}
    assert [len(post) for post in scene.posts] == [500, 250, 125, 125, 250, 125, 125]


def test_a_single_row_that_is_too_large_is_refused(scene: Scene) -> None:
    scene.usually = lambda batch: answer(413) if batch.rows["body"][0].as_py() else accept(batch)
    tally = scene.sync(mapped(["1"]))
    assert tally.reasons["refused"] == {"HTTP 413": 1}


def test_a_refused_row_is_not_sent_again_while_it_says_the_same(scene: Scene) -> None:
    scene.usually = answer(400, error(parameter="value"))
    scene.sync(mapped(["1"]))
    tally = scene.sync(mapped(["1"]))
    assert len(scene.posts) == 1
    assert tally.reasons["refused"] == {"INVALID_PARAMETER value": 1}
    assert tally.newly_refused == 0


@pytest.mark.parametrize(("content", "rules"), [("b", "rules"), ("a", "new rules")])
def test_a_refused_row_is_sent_again_when_it_or_the_mapping_changed(
    scene: Scene, content: str, rules: str
) -> None:
    scene.script.append(answer(400, error(parameter="value")))
    scene.sync(mapped(["1"]))
    tally = scene.sync(mapped(["1"], content=content), way=Way(rules=rules))
    assert counts(tally) == {"accepted": 1}
    assert (tally.unseen, tally.newly_refused) == (0, 0)


@pytest.mark.parametrize(("content", "outcome"), [("a", "refused"), ("b", "accepted")])
def test_a_change_that_did_not_leave_is_still_a_change(
    scene: Scene, content: str, outcome: str
) -> None:
    scene.script.append(answer(400, error(parameter="value")))
    scene.sync(mapped(["1"]))
    scene.stopping = True
    assert counts(scene.sync(mapped(["1"], content="b"))) == {"pending": 1}
    scene.stopping = False
    assert counts(scene.sync(mapped(["1"], content=content))) == {outcome: 1}
