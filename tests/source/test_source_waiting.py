import itertools
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from connector.errors import UnreachableError
from connector.source.waiting import Patience, interruptibly, open_when_free


@dataclass
class Clock:
    """A clock that only a sleep moves."""

    now: float = 0.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


HELD = RuntimeError("held")


def holder(error: Exception) -> str | None:
    return "someone" if error is HELD else None


def patience(clock: Clock, deadline_seconds: float) -> Patience:
    return Patience(deadline_seconds=deadline_seconds, sleep=clock.sleep, monotonic=clock.monotonic)


def free_at(seconds: float, clock: Clock) -> Callable[[], str]:
    def attempt() -> str:
        if clock.now < seconds:
            raise HELD
        return "open"

    return attempt


@pytest.fixture
def pool() -> Iterator[Executor]:
    with ThreadPoolExecutor(1) as pool:
        yield pool


def test_a_free_file_is_opened_without_waiting(clock: Clock) -> None:
    path, attempt = Path("shop.db"), free_at(0, clock)
    assert open_when_free(path, attempt, holder=holder, patience=patience(clock, 5)) == "open"
    assert clock.now == 0


def test_a_held_file_is_waited_for_with_growing_delays(clock: Clock) -> None:
    tried: list[float] = []

    def attempt() -> str:
        tried.append(clock.now)
        return free_at(20, clock)()

    kept = patience(clock, 60)
    assert open_when_free(Path("shop.db"), attempt, holder=holder, patience=kept) == "open"
    delays = [later - earlier for earlier, later in itertools.pairwise(tried)]
    assert delays == sorted(delays)
    assert delays[0] < 0.1
    assert delays[-1] == pytest.approx(2)


def test_at_the_deadline_the_holder_is_named(clock: Clock) -> None:
    with pytest.raises(UnreachableError, match=r"shop.db is held by someone.* after 3 seconds"):
        open_when_free(
            Path("shop.db"), free_at(10, clock), holder=holder, patience=patience(clock, 3)
        )
    assert clock.now == pytest.approx(3)


def test_a_deadline_of_nothing_tries_once(clock: Clock) -> None:
    with pytest.raises(UnreachableError):
        open_when_free(
            Path("shop.db"), free_at(10, clock), holder=holder, patience=patience(clock, 0)
        )
    assert clock.now == 0


def test_an_error_that_tells_no_holder_is_not_waited_out(clock: Clock) -> None:
    def attempt() -> str:
        raise LookupError

    with pytest.raises(LookupError):
        open_when_free(Path("shop.db"), attempt, holder=holder, patience=patience(clock, 3))
    assert clock.now == 0


def test_work_gives_its_result_or_its_error(pool: Executor) -> None:
    stops: list[None] = []
    assert interruptibly(pool, lambda: 7, interrupt=lambda: stops.append(None)) == 7
    with pytest.raises(ZeroDivisionError):
        interruptibly(pool, lambda: 1 // 0, interrupt=lambda: stops.append(None))
    assert stops == []


def test_work_is_interrupted_until_it_stops(
    pool: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupts = threading.Semaphore(0)
    stopped = threading.Event()

    def deaf_to_the_first() -> None:
        assert interrupts.acquire(timeout=10)
        assert interrupts.acquire(timeout=10)
        stopped.set()

    def ctrl_c(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("concurrent.futures.Future.result", ctrl_c)
    with pytest.raises(KeyboardInterrupt):
        interruptibly(pool, deaf_to_the_first, interrupt=interrupts.release)
    assert stopped.is_set()
