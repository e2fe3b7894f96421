"""Waiting: for a warehouse that someone else holds, and for work that Ctrl-C must stop."""

from collections.abc import Callable
from concurrent.futures import Executor, Future, wait
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TypeVar

from connector.errors import UnreachableError

T = TypeVar("T")

FIRST_DELAY_SECONDS = 0.0625
LONGEST_DELAY_SECONDS = 2.0
INTERRUPT_AGAIN_SECONDS = 0.1


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long to wait in all, in seconds, and by which clock."""

    deadline_seconds: float
    sleep: Callable[[float], None]
    monotonic: Callable[[], float]


def open_when_free(
    path: Path,
    attempt: Callable[[], T],
    *,
    holder: Callable[[Exception], str | None],
    patience: Patience,
) -> T:
    """What `attempt` gives, tried again while `holder` reads from its error who holds the file.

    Raises:
        UnreachableError: still held at the deadline.
        Exception: whatever else `attempt` raises.
    """
    ends = patience.monotonic() + patience.deadline_seconds
    for tries in count():
        try:
            return attempt()
        except Exception as error:
            held_by = holder(error)
            if held_by is None:
                raise
        left = ends - patience.monotonic()
        if left <= 0:
            break
        patience.sleep(min(FIRST_DELAY_SECONDS * 2 ** min(tries, 10), LONGEST_DELAY_SECONDS, left))
    raise UnreachableError(
        f"{path} is held by {held_by}, and still was after {patience.deadline_seconds:g} seconds:"
        " let that finish or stop it, then run again"
    )


def interruptibly(pool: Executor, work: Callable[[], T], *, interrupt: Callable[[], None]) -> T:
    """What `work` gives; run in `pool`, because no signal is seen while an engine has the thread.

    A signal that raises here (Ctrl-C) calls `interrupt` until the work has stopped, then goes on.
    """
    return finished(pool.submit(work), interrupt=interrupt)


def finished(future: Future[T], *, interrupt: Callable[[], None]) -> T:
    """What is worked out in another thread, interrupted by a signal as in `interruptibly`."""
    try:
        return future.result()
    except BaseException:
        stop(future, interrupt=interrupt)
        raise


def stop(future: Future[T], *, interrupt: Callable[[], None]) -> None:
    """Interrupt what is worked out in another thread until it has ended, one way or the other."""
    # Again and again: the engine forgets an interrupt that comes before its query has begun.
    while not future.done():
        interrupt()
        wait([future], timeout=INTERRUPT_AGAIN_SECONDS)
