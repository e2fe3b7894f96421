import math
from collections.abc import Callable
from dataclasses import replace
from random import Random

import pytest
from budgets.limited import NAMES, Clients, Documented, Platform
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.budgets.pacing import (
    REFUSED_SECONDS,
    News,
    Quota,
    after_refusal,
    asked,
    begun,
    closed,
    current,
    spacing,
    spent,
    told,
    waits,
)

NOW = 1_795_000_000_000
ACCOUNT, USER = NAMES
COUNTED = Documented(limit=2_000, seconds=900)


def quota(left: int, *, limit: int = 100, ahead: int = 60_000, next_in: int = 0) -> Quota:
    return Quota(limit=limit, left=left, resets_at=NOW + ahead, next_at=NOW + next_in)


def news(remaining: int, resets_in: float, limit: int = 100) -> News:
    return News(limit=limit, remaining=remaining, resets_in=resets_in)


@pytest.mark.parametrize(
    ("limit", "remaining", "expected"),
    [(100, 100, 0), (100, 10, 0), (100, 9, 10), (250, 24, 3.75), (5, 1, 0), (5, 0, 90),
     (0, 0, 90), (100, -3, 90)],
)  # fmt: skip
def test_below_a_tenth_what_is_left_is_spread_over_the_time_to_the_reset(
    limit: int, remaining: int, expected: float
) -> None:
    assert spacing(limit=limit, remaining=remaining, resets_in=90) == expected


@given(st.integers(1, 1_000), st.floats(0.001, 3_600))
def test_what_is_spread_fits_before_the_reset(remaining: int, resets_in: float) -> None:
    gap = spacing(limit=20_000, remaining=remaining, resets_in=resets_in)
    assert gap * remaining == pytest.approx(resets_in)


def test_plenty_leaves_at_once_and_is_counted() -> None:
    wait, changes = asked({ACCOUNT: quota(50)}, NOW, counted=COUNTED)
    assert (wait, changes) == (0, {ACCOUNT: quota(49)})


def test_what_is_scarce_leaves_one_by_one() -> None:
    scarce = quota(4)
    for moment in (0, 15_000, 30_000, 45_000):
        assert waits(scarce, NOW + moment) == 0
        scarce = spent(scarce, NOW + moment)
        assert waits(scarce, NOW + moment) == 15_000
    assert scarce.left == 0


def test_past_the_limit_all_wait_for_the_reset_and_then_it_is_whole_again() -> None:
    empty = quota(0, ahead=7_000)
    assert asked({ACCOUNT: empty}, NOW, counted=COUNTED) == (7_000, {})
    wait, changes = asked({ACCOUNT: empty}, NOW + 7_000, counted=COUNTED)
    assert wait == 0
    assert changes[ACCOUNT] == Quota(
        limit=100, left=99, resets_at=NOW + 7_000 + 902_000, next_at=NOW + 7_000
    )


def test_the_documented_limit_holds_until_something_is_told() -> None:
    wait, changes = asked({}, NOW, counted=COUNTED)
    assert wait == 0
    assert changes == {
        ACCOUNT: Quota(limit=2_000, left=1_999, resets_at=NOW + 902_000, next_at=NOW)
    }


def test_a_limit_of_the_account_and_one_of_the_user_hold_together() -> None:
    found = {ACCOUNT: quota(50), USER: quota(0, ahead=5_000)}
    assert asked(found, NOW, counted=COUNTED) == (5_000, {})
    wait, changes = asked({ACCOUNT: quota(50), USER: quota(20)}, NOW, counted=COUNTED)
    assert (wait, changes) == (0, {ACCOUNT: quota(49), USER: quota(19)})


def test_what_was_assumed_elsewhere_is_dropped_and_what_has_left_is_not_forgotten() -> None:
    assumed = spent(spent(begun(2_000, COUNTED, NOW), NOW), NOW)
    _, changes = told({ACCOUNT: assumed}, NOW, counted=COUNTED, name=USER, news=news(249, 900, 250))
    assert changes == {
        ACCOUNT: None,
        USER: Quota(limit=250, left=248, resets_at=NOW + 902_000, next_at=NOW),
    }


def test_an_answer_that_says_nothing_new_changes_nothing() -> None:
    known = {ACCOUNT: quota(50)}
    assert told(known, NOW, counted=COUNTED, name=ACCOUNT, news=news(50, 60)) == (0, {})
    assert told(known, NOW, counted=COUNTED, name=ACCOUNT, news=news(52, 59.2)) == (0, {})
    assert told(known, NOW, counted=COUNTED, name=ACCOUNT, news=news(0, 0)) == (0, {})


@pytest.mark.parametrize(
    ("said", "left", "resets_in"),
    [
        (news(40, 60), 40, 60_000),
        (news(90, 60), 50, 60_000),
        (news(50, 61.5), 50, 61_500),
        (news(50, 40), 50, 40_000),
        (news(700, 60, 1_000), 700, 60_000),
        (news(990, 60, 1_000), 950, 60_000),
        (news(30, 60, 40), 0, 60_000),
        (news(90, 600), 90, 600_000),
        (news(90, 10**9), 90, 3_600_000),
    ],
)
def test_within_a_window_nothing_is_given_back_and_a_later_one_begins_anew(
    said: News, left: int, resets_in: int
) -> None:
    _, changes = told({ACCOUNT: quota(50)}, NOW, counted=COUNTED, name=ACCOUNT, news=said)
    new = changes.get(ACCOUNT, quota(50))
    assert new is not None
    assert (new.left, new.resets_at - NOW) == (left, resets_in)


def test_a_refusal_closes_what_is_known_and_forgets_nothing_of_it() -> None:
    found = {USER: quota(50), ACCOUNT: quota(4, next_in=9_000)}
    _, changes = closed(found, NOW, counted=COUNTED, seconds=4)
    assert changes == {USER: quota(50, next_in=4_000), ACCOUNT: quota(4, next_in=9_000)}
    _, changes = closed(found, NOW, counted=COUNTED, seconds=90)
    assert changes[USER] == quota(50, ahead=90_000, next_in=90_000)
    _, changes = closed({}, NOW, counted=COUNTED, seconds=10**9)
    assert changes[ACCOUNT] == replace(
        begun(2_000, COUNTED, NOW), next_at=NOW + 3_600_000, resets_at=NOW + 3_600_000
    )


def test_a_clock_that_was_set_back_does_not_make_anybody_wait_for_more_than_an_hour() -> None:
    ahead = quota(0, ahead=3_600_001)
    assert current(ahead, COUNTED, NOW) == begun(100, COUNTED, NOW)
    assert current(quota(0, ahead=3_600_000), COUNTED, NOW).left == 0


def test_refusals_in_a_row_wait_longer_and_then_end() -> None:
    def steps(random: float) -> list[float | None]:
        return [after_refusal(n, told=None, random=random) for n in range(1, 12)]

    assert steps(1.0) == [*REFUSED_SECONDS, None]
    assert steps(0.0)[:8] == [0.5, 1, 2, 4, 8, 16, 30, 300]
    assert after_refusal(1, told=77.0, random=0.5) == 77.0


def uniform(top: float, seed: int) -> Callable[[], float]:
    random = Random(seed)
    return lambda: random.uniform(0, top)


@settings(max_examples=150, deadline=None)
@given(
    clients=st.integers(1, 8), spare=st.integers(0, 300), windows=st.floats(0.1, 6),
    seconds=st.sampled_from([60, 900]), documented=st.sampled_from([0.5, 1, 10]),
    seed=st.integers(0, 10**6),
)  # fmt: skip
def test_nobody_is_refused_where_the_platform_tells_what_is_left_and_little_time_is_lost(
    *, clients: int, spare: int, windows: float, seconds: int, documented: float, seed: int
) -> None:
    limit, delay = clients + spare, Random(seed).choice((0.0, 0.05, 0.5))
    reads = max(1, round(limit * windows))
    platform = Platform(limit=limit, seconds=seconds)
    known = Documented(limit=max(clients, round(limit * documented)), seconds=900)
    together = Clients(platform=platform, documented=known, delay=uniform(delay, seed))
    took = together.read(clients=clients, reads=reads)
    assert platform.refused == 0
    counted = math.ceil(reads / limit)
    assert took <= counted * (seconds + 3) + 2 * delay * reads / clients + 10


@settings(max_examples=50, deadline=None)
@given(clients=st.integers(1, 8), spare=st.integers(0, 300), seed=st.integers(0, 10**6))
def test_without_any_word_of_the_platform_the_documented_limit_is_kept(
    clients: int, spare: int, seed: int
) -> None:
    limit = clients + spare
    platform = Platform(limit=limit, seconds=900)
    together = Clients(
        platform=platform, documented=Documented(limit=limit, seconds=900), tells=False,
        delay=uniform(0.05, seed),
    )  # fmt: skip
    together.read(clients=clients, reads=4 * limit)
    assert platform.refused == 0


def test_a_limit_that_others_use_up_is_waited_for_with_a_refusal_at_most_for_each_client() -> None:
    platform = Platform(limit=200, seconds=900)
    together = Clients(
        platform=platform, documented=COUNTED, delay=uniform(0.05, 1),
    )  # fmt: skip
    platform.ask(together.now)
    platform.used = 197
    assert together.read(clients=6, reads=300) < 2 * 903
    assert platform.refused <= 6
