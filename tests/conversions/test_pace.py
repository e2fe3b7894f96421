import pytest

from connector.conversions.pace import PATIENCE_SECONDS, UNCLEAR_THAT_STOP, Pace

NOW = 1000.0


def stall(pace: Pace, *, told: float | None = None, now: float = NOW) -> float | None:
    return pace.stall(told=told, now=now, random=1.0)


def test_a_run_begins_without_waiting() -> None:
    assert Pace(deadline=None).not_before <= 0


@pytest.mark.parametrize(("told", "seconds"), [(30, 30), (1, 1), (0.4, 1), (0, 1), (None, 1)])
def test_what_is_told_is_obeyed_from_a_second_on(told: float | None, seconds: float) -> None:
    pace = Pace(deadline=None)
    assert stall(pace, told=told) == seconds
    assert pace.not_before == NOW + seconds


def test_each_round_without_a_word_waits_longer() -> None:
    pace, now, waits = Pace(deadline=None), NOW, []
    for _ in range(4):
        waits.append(stall(pace, now=now))
        now = pace.not_before
    assert waits == [1, 2, 4, 8]


def test_answers_of_one_round_count_once_and_the_longest_wait_holds() -> None:
    pace = Pace(deadline=None)
    assert [stall(pace), stall(pace, told=60), stall(pace)] == [1, 60, 1]
    assert pace.not_before == NOW + 60


def test_patience_begins_when_nothing_is_processed_any_more() -> None:
    pace = Pace(deadline=None)
    stall(pace, told=1)
    assert stall(pace, told=60, now=NOW + PATIENCE_SECONDS - 60) == 60
    assert stall(pace, told=60, now=NOW + PATIENCE_SECONDS - 59) is None
    pace.processed()
    assert stall(pace, told=60, now=NOW + PATIENCE_SECONDS) == 60


@pytest.mark.parametrize("deadline", [NOW + 100, NOW + 100_000])
def test_a_deadline_replaces_patience(deadline: float) -> None:
    pace = Pace(deadline=deadline)
    stall(pace, told=1)
    assert stall(pace, told=50, now=deadline - 50) == 50
    assert stall(pace, told=51, now=deadline - 50) is None


def test_the_first_doubt_costs_no_time_and_the_next_ones_do() -> None:
    pace = Pace(deadline=None)
    for resends, not_before in ((0, 0), (1, NOW + 1), (2, NOW + 2)):
        assert pace.unclear(resends=resends, now=NOW, random=1.0)
        assert pace.not_before == not_before


def test_a_doubt_renews_patience_for_it_is_an_answer_of_a_kind() -> None:
    pace = Pace(deadline=None)
    stall(pace)
    pace.unclear(resends=0, now=NOW, random=1.0)
    assert stall(pace, told=60, now=NOW + PATIENCE_SECONDS) == 60


def test_a_row_of_doubts_ends_the_run_unless_something_is_clear() -> None:
    def unclear(times: int) -> list[bool]:
        return [pace.unclear(resends=0, now=NOW, random=1.0) for _ in range(times)]

    pace = Pace(deadline=None)
    assert all(unclear(UNCLEAR_THAT_STOP - 1))
    pace.processed()
    assert unclear(UNCLEAR_THAT_STOP) == [True] * (UNCLEAR_THAT_STOP - 1) + [False]


def test_a_clock_that_is_set_back_makes_nobody_wait_longer() -> None:
    pace = Pace(deadline=None)
    assert pace.wait(30, now=NOW)
    assert pace.left(now=NOW + 10) == 20
    assert pace.left(now=NOW - 5000) == 20
    assert pace.left(now=NOW - 4980) == 0
