from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pyarrow as pa
import pytest
from delivery import (
    START,
    TIMED_OUT,
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

from connector.conversions.replay import Picker, Replay, Stakes, Worth, remarks, worth_of
from connector.conversions.requests import Batch
from connector.http import Answer
from connector.state import database

HOUR = 3600.0
PLAIN = Way(replay=Replay())
DOUBLE = Way(replay=Replay(allow_double_count=True))
REFUSED = answer(400, error(parameter="value"))
STATES = {"0": "accepted", "1": "refused", "2": "in_doubt"}


@pytest.fixture
def scene(url: str) -> Scene:
    return made_at(url)


def picker(**conditions: object) -> Picker:
    def states_of(rows: pa.RecordBatch) -> list[str]:
        return [STATES.get(one, "new") for one in rows["conversion_id"].to_pylist()]

    wanted = Replay(**conditions)  # type: ignore[arg-type] # by name
    return Picker(
        replay=wanted, states_of=states_of, older_than_ms=int(START * 1000) - 48 * 3600_000
    )


def picked(rows: pa.RecordBatch, **conditions: object) -> list[str]:
    found: list[str] = picker(**conditions).pick(rows)["conversion_id"].to_pylist()
    return found


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(START + seconds, UTC)


def test_ids_are_compared_as_the_mapper_prints_them() -> None:
    assert picked(mapped(["1", "01", "1 ", "a"]), conversion_ids=frozenset({"1", "a"})) == [
        "1",
        "a",
    ]


def test_a_row_without_an_id_is_never_named() -> None:
    rows = mapped(["1", "2"], conversion_id=[None, "2"])
    assert picked(rows, conversion_ids=frozenset({"2", ""})) == ["2"]
    assert picked(rows, states=frozenset({"new"})) == [None]


def test_the_span_includes_its_beginning_and_not_its_end() -> None:
    times = [int((START + seconds) * 1000) for seconds in range(4)]
    rows = mapped(numbered(4), time_ms=times)
    assert picked(rows, since=at(1), until=at(3)) == ["1", "2"]
    assert picked(mapped(["1"], time_ms=[None]), since=at(-1e6)) == []


def test_every_condition_has_to_hold() -> None:
    rows = mapped(numbered(4))
    assert picked(rows, states=frozenset({"refused", "in_doubt"})) == ["1", "2"]
    named = frozenset({"0", "1", "3"})
    assert picked(rows, conversion_ids=named, states=frozenset({"refused", "new"})) == ["1", "3"]


def test_no_condition_takes_every_row() -> None:
    rows = mapped(numbered(3), age=timedelta(days=3))
    all_of_it = picker()
    assert all_of_it.pick(rows).num_rows == 3
    assert (all_of_it.left_out, all_of_it.missing) == (0, ())


def test_what_is_old_and_left_out_is_counted() -> None:
    some = picker(conversion_ids=frozenset({"1", "9"}))
    some.pick(mapped(numbered(3), age=timedelta(days=3)))
    some.pick(mapped(numbered(3)))
    some.pick(mapped(["5"], age=timedelta(days=3), outcome=["rejected"]))
    assert some.left_out == 2
    assert some.missing == ("9",)


def test_worth_is_added_by_currency() -> None:
    rows = mapped(numbered(3), value=["1", "2.5", None], currency=["EUR", "USD", None])
    once = worth_of(rows)
    assert once == Worth(conversions=3, value={"EUR": Decimal(1), "USD": Decimal("2.5")})
    assert (once + once).value == {"EUR": Decimal(2), "USD": Decimal(5)}
    assert worth_of(rows.slice(0, 0)) == Worth()


def test_only_a_few_of_many_missing_ids_are_named() -> None:
    stakes = Stakes(
        mapping="m", target="x", double_count=False, sending=Worth(), accepted=Worth(), held=0,
        rejected=0, pending=0, missing=tuple(numbered(50)),
    )  # fmt: skip
    [sentence] = remarks(stakes)
    assert "'19' and 30 more" in sentence


def stakes_of(scene: Scene, *rows: pa.RecordBatch, way: Way) -> Stakes:
    seen: list[Stakes] = []
    scene.agree = seen.append
    scene.sync(*rows, way=way)
    return seen[0]


def test_stakes_say_what_would_happen_before_it_does(scene: Scene) -> None:
    scene.sync(mapped(["accepted"]))
    scene.script.append(REFUSED)
    scene.sync(mapped(["refused"]))
    scene.script.extend([TIMED_OUT])
    scene.sync(mapped(["held"]), way=Way(in_doubt="hold"))
    scene.sync(mapped(["theirs"]), way=Way(mapping="refunds"))
    rows = mapped(["accepted", "refused", "held", "theirs", "new"])
    stakes = stakes_of(scene, rows, way=DOUBLE)
    assert stakes.sending == Worth(conversions=4, value={"EUR": Decimal("6.00")})
    assert stakes.accepted == Worth(conversions=2, value={"EUR": Decimal("3.00")})
    assert (stakes.held, stakes.double_count) == (1, True)
    assert "connector resolve purchases" in remarks(stakes)[0]


def test_a_refused_row_that_was_not_changed_is_sent(scene: Scene) -> None:
    scene.script.append(REFUSED)
    scene.sync(mapped(["1"]))
    assert counts(scene.sync(mapped(["1"]))) == {"refused": 1}
    assert counts(scene.sync(mapped(["1"]), way=PLAIN)) == {"accepted": 1}
    assert scene.posts == [["1"], ["1"]]


def test_what_is_accepted_is_left_alone(scene: Scene) -> None:
    scene.sync(mapped(["1"]))
    tally = scene.sync(mapped(["1"], content="b"), way=PLAIN)
    assert counts(tally) == {"deduplicated": 1}
    assert tally.changed == 1
    assert len(scene.posts) == 1


@pytest.mark.parametrize("mapping", ["purchases", "refunds"])
def test_what_may_count_twice_is_sent_with_its_new_content(scene: Scene, mapping: str) -> None:
    scene.sync(mapped(["1", "2"]), way=Way(mapping=mapping))
    tally = scene.sync(mapped(["1"], content="b"), way=DOUBLE)
    assert counts(tally) == {"accepted": 1}
    assert scene.posts == [["1", "2"], ["1"]]
    known = scene.known("1")["1"]
    assert (known.state, known.digest, known.mapping) == ("accepted", "1:b", "purchases")
    assert scene.sync(mapped(["1"], content="b")).changed == 0
    assert counts(scene.sync(mapped(["1", "2"], content="b"))) == {"deduplicated": 2}


def test_held_stays_held(scene: Scene) -> None:
    scene.script.append(TIMED_OUT)
    scene.sync(mapped(["1"]), way=Way(in_doubt="hold"))
    tally = scene.sync(mapped(["1"]), way=DOUBLE)
    assert (counts(tally), tally.newly_held, len(scene.posts)) == ({"held": 1}, 0, 1)


@pytest.mark.parametrize(("hours", "outcome"), [(46, "accepted"), (49, "held")])
def test_a_doubt_is_replayed_in_its_window_alone(scene: Scene, hours: int, outcome: str) -> None:
    scene.script.extend([TIMED_OUT] * 4)
    scene.sync(mapped(["1"]))
    scene.clock = START + hours * HOUR
    assert counts(scene.sync(mapped(["1"]), way=DOUBLE)) == {outcome: 1}


def test_a_refusal_leaves_what_was_accepted_accepted(scene: Scene) -> None:
    scene.sync(mapped(numbered(4)))
    scene.usually = refusing("1", "2")
    tally = scene.sync(mapped(numbered(4), content="b"), way=DOUBLE)
    assert counts(tally) == {"accepted": 2, "refused": 2}
    known = scene.known(*numbered(4))
    assert [known[one].digest for one in numbered(4)] == ["1:b", "1:a", "1:a", "1:b"]
    assert scene.states(*numbered(4)) == ["accepted"] * 4
    assert counts(scene.sync(mapped(numbered(4), content="c"))) == {"deduplicated": 4}


def test_a_wrong_mapping_leaves_what_was_accepted_accepted(scene: Scene) -> None:
    scene.sync(mapped(numbered(20)))
    scene.usually = REFUSED
    tally = scene.sync(mapped(numbered(20), content="b"), way=DOUBLE)
    assert counts(tally) == {"pending": 20}
    assert scene.states(*numbered(20)) == ["accepted"] * 20
    scene.usually = accept
    assert counts(scene.sync(mapped(numbered(20)))) == {"deduplicated": 20}


@pytest.mark.parametrize("no", [answer(401), answer(404), answer(429, retry_after="5000")])
def test_what_never_left_is_accepted_as_before(scene: Scene, no: Answer) -> None:
    scene.sync(mapped(["1"]))
    scene.script.append(no)
    tally = scene.sync(mapped(["1"], content="b"), way=DOUBLE)
    assert counts(tally) == {"pending": 1}
    assert scene.states("1") == ["accepted"]
    assert scene.known("1")["1"].digest == "1:a"


def test_without_a_clear_answer_it_is_in_doubt_and_sent_again(scene: Scene) -> None:
    scene.sync(mapped(["1"]))
    scene.script.extend([TIMED_OUT] * 4)
    assert counts(scene.sync(mapped(["1"]), way=DOUBLE)) == {"in_doubt": 1}
    assert scene.states("1") == ["in_doubt"]
    assert counts(scene.sync(mapped(["1"]))) == {"accepted": 1}


def test_who_holds_is_asked_about_a_doubtful_replay(scene: Scene) -> None:
    hold = Way(in_doubt="hold", replay=DOUBLE.replay)
    scene.sync(mapped(["1"]))
    scene.script.append(TIMED_OUT)
    assert counts(scene.sync(mapped(["1"]), way=hold)) == {"held": 1}
    assert scene.resolve("assume_accepted") == 1
    assert counts(scene.sync(mapped(["1"], content="b"))) == {"deduplicated": 1}


@pytest.mark.parametrize("then", [REFUSED, answer(429, retry_after="5000")])
def test_after_a_doubtful_replay_a_no_falls_back_to_the_acceptance(
    scene: Scene, then: Answer
) -> None:
    scene.sync(mapped(["1"]))
    scene.script.extend([TIMED_OUT] * 4)
    scene.sync(mapped(["1"], content="b"), way=DOUBLE)
    scene.script.append(then)
    scene.sync(mapped(["1"], content="c"))
    assert scene.states("1") == ["accepted"]
    assert scene.known("1")["1"].digest == "1:a"
    assert counts(scene.sync(mapped(["1"], content="d"))) == {"deduplicated": 1}


def test_a_word_to_resend_a_doubtful_replay_outlives_a_run_that_sends_nothing(scene: Scene) -> None:
    scene.sync(mapped(["1"]))
    scene.script.extend([TIMED_OUT] * 4)
    scene.sync(mapped(["1"]), way=DOUBLE)
    scene.resolve("resend")
    scene.script.append(answer(401))
    assert counts(scene.sync(mapped(["1"]))) == {"pending": 1}
    assert counts(scene.sync(mapped(["1"]))) == {"accepted": 1}


def test_an_old_doubt_does_not_hold_what_was_accepted_after_it(scene: Scene) -> None:
    scene.script.extend([TIMED_OUT] * 4)
    scene.sync(mapped(["1"]))
    scene.script.extend([TIMED_OUT, accept])
    scene.sync(mapped(["1", "2"]))
    scene.clock += 60 * HOUR
    assert counts(scene.sync(mapped(["1", "2"]), way=DOUBLE)) == {"accepted": 2}


def test_what_is_to_count_twice_leaves_beside_a_web_pixel_too(scene: Scene) -> None:
    rows = mapped(["1"], age=timedelta(days=3))
    scene.sync(rows)
    both = mapped(["1", "2"], age=timedelta(days=3))
    tally = scene.sync(both, way=Way(browser_pixel=True, replay=DOUBLE.replay))
    assert counts(tally) == {"accepted": 1, "held": 1}
    assert scene.posts == [["1"], ["1"]]


def test_what_was_begun_elsewhere_is_sent_if_it_may_count_twice(scene: Scene) -> None:
    rows = mapped(["1"], age=timedelta(days=3))
    begun = int(START * 1000)
    assert counts(scene.sync(rows, way=Way(begun_before=begun, replay=Replay()))) == {
        "deduplicated": 1
    }
    way = Way(begun_before=begun, browser_pixel=True, replay=DOUBLE.replay)
    assert stakes_of(scene, rows, way=way).accepted.conversions == 1
    assert scene.posts == [["1"]]


def test_what_is_accepted_after_a_person_has_looked_is_left_alone(scene: Scene) -> None:
    """Another mapping sends it while the question stands."""
    scene.sync(mapped(["1"]))

    def meanwhile(_: Stakes) -> None:
        scene.agree = lambda _: None
        scene.sync(mapped(["2"]), way=Way(mapping="refunds"))

    scene.agree = meanwhile
    tally = scene.sync(mapped(["1", "2"]), way=DOUBLE)
    assert counts(tally) == {"accepted": 1, "deduplicated": 1}
    assert scene.posts == [["1"], ["2"], ["1"]]


def test_a_replay_that_dies_leaves_what_was_accepted_accepted(scene: Scene) -> None:
    scene.sync(mapped(["1"], event_id="e1"), mapped(["1"], event_id="e2"))

    def die(_: Batch) -> Answer:
        raise KeyboardInterrupt

    scene.usually = die
    rows = [mapped(["1"], event_id=event, content="b") for event in ("e1", "e2")]
    with pytest.raises(KeyboardInterrupt):
        scene.sync(*rows, way=DOUBLE)
    scene.usually = accept
    scene.sync(mapped(["9"]))
    states = [scene.known("1", event_id=event)["1"].state for event in ("e1", "e2")]
    assert states == ["in_doubt", "accepted"]


def test_amounts_count_as_often_as_x_accepted_them(scene: Scene) -> None:
    scene.sync(mapped(["1"]))
    tally = scene.sync(mapped(["1"]), way=DOUBLE)
    assert tally.value == {"EUR": Decimal("1.50")}
    with database.opened(scene.place) as state:
        kept = state.read("select conversions, amount from amounts")
    assert kept == [(1, "1.50"), (1, "1.50")]
