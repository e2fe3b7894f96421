"""What platforms said is left, in one store after the other."""

import itertools
import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest
from budgets.conftest import START, Store
from budgets.limited import NAMES, Documented
from budgets.taking import open_budgets
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector.budgets.open import Store as Kept
from connector.budgets.pacing import Changes, Decision, Found, News, Quota, asked, told

NUMBERS = itertools.count()
ACCOUNT, USER = NAMES
DAY = 24 * 3_600_000
COUNTED = Documented(limit=100, seconds=60)


@pytest.fixture
def kept(store: Store) -> Kept:
    return store.open()


@pytest.fixture
def group() -> str:
    """A group that nobody used."""
    return f"x 4c{next(NUMBERS)} reads"


def quota(left: int, at: int = START) -> Quota:
    return Quota(limit=100, left=left, resets_at=at + 60_000, next_at=at)


def putting(changes: Changes) -> Callable[[Found, int], Decision]:
    return lambda _found, _now: (0, changes)


def looking(seen: list[tuple[Found, int]]) -> Callable[[Found, int], Decision]:
    def decide(found: Found, now: int) -> Decision:
        seen.append((found, now))
        return 1_500, {}

    return decide


def test_what_is_decided_is_known_to_all_who_share_the_store(
    store: Store, kept: Kept, group: str
) -> None:
    assert kept.change(group, NAMES, putting({ACCOUNT: quota(7), USER: quota(9)})) == 0
    another, seen = store.open(), list[tuple[Found, int]]()
    assert another.known(group) == {ACCOUNT: quota(7), USER: quota(9)}
    assert another.change(group, [USER, "user 2: campaigns"], looking(seen)) == 1.5
    assert seen[0] == ({USER: quota(9)}, START)


def test_each_part_that_changes_is_kept(kept: Kept, group: str) -> None:
    now = quota(7)
    for new in (
        replace(now, left=3), replace(now, limit=9), replace(now, resets_at=START + 5),
        replace(now, next_at=START + 9), now,
    ):  # fmt: skip
        kept.change(group, NAMES, putting({ACCOUNT: new}))
        assert kept.known(group) == {ACCOUNT: new}


def test_what_is_dropped_is_gone_and_other_groups_are_others(kept: Kept, group: str) -> None:
    kept.change(group, NAMES, putting({ACCOUNT: quota(7), USER: quota(9)}))
    kept.change(f"{group} 2", NAMES, putting({ACCOUNT: quota(1)}))
    kept.change(group, NAMES, putting({ACCOUNT: None}))
    assert kept.known(group) == {USER: quota(9)}
    assert kept.known(f"{group} 2") == {ACCOUNT: quota(1)}
    assert kept.known("nobody's") == {}


def test_a_name_that_nobody_used_for_a_day_is_forgotten(
    store: Store, kept: Kept, group: str
) -> None:
    kept.change(group, NAMES, putting({ACCOUNT: quota(7), USER: quota(9)}))
    store.clock.now += DAY + 60_001
    later = quota(5, store.clock.now)
    kept.change(group, NAMES, putting({ACCOUNT: later, "user 2: campaigns": later}))
    assert kept.known(group) == {ACCOUNT: later, "user 2: campaigns": later}


def test_whoever_reads_at_once_takes_each_turn_once(url: str, group: str) -> None:
    waits: list[float] = []

    def take() -> None:
        with open_budgets(url, lambda: START) as own:
            waits.extend(
                own.change(group, NAMES, partial(asked, counted=COUNTED)) for _ in range(15)
            )

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with open_budgets(url) as kept:
        assert kept.known(group)[ACCOUNT].left == 100 - 60
    assert waits == [0.0] * 60


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=st.lists(st.tuples(st.integers(0, 20_000), st.integers(-1, 100)), max_size=15))
def test_every_store_does_what_the_plain_functions_do(
    store: Store, kept: Kept, steps: list[tuple[int, int]]
) -> None:
    group, plain = f"x {next(NUMBERS)}", dict[str, Quota]()
    for pause, remaining in steps:
        store.clock.now += pause
        decide: Callable[[Found, int], Decision] = partial(asked, counted=COUNTED)
        if remaining >= 0:
            said = News(limit=100, remaining=remaining, resets_in=30.0)
            decide = partial(told, counted=COUNTED, name=ACCOUNT, news=said)
        wait, changes = decide(plain, store.clock.now)
        plain |= {name: one for name, one in changes.items() if one is not None}
        assert kept.change(group, NAMES, decide) == wait / 1000
        assert kept.known(group) == plain
