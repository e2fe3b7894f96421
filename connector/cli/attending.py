"""What a command that takes its time is given: the user's signals, and a bar."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from types import FrameType
from typing import TYPE_CHECKING, Any

from connector.cli.terminal import Reporter, Terminal
from connector.errors import Exit
from connector.waking import woken

if TYPE_CHECKING:
    from connector.api import Edges


@contextmanager
def attended(terminal: Terminal, reporter: Reporter) -> Iterator["Edges"]:
    """Edges for as long as the block lasts; then the reporter's bar is taken away."""
    from connector import api

    with _stopping_on_signals(terminal) as (stopping, pause):
        try:
            yield api.Edges(progress=reporter, stopping=stopping, pause=pause)
        finally:
            reporter.close()


@contextmanager
def _stopping_on_signals(terminal: Terminal) -> Iterator[Any]:
    """The first SIGINT or SIGTERM finishes what is in flight, the second ends at once."""
    asked: SimpleQueue[int] = SimpleQueue()
    told: list[int] = []

    def handle(number: int, _frame: FrameType | None) -> None:
        if told:
            os._exit(int(Exit.UNFINISHED))  # the ledger is on disk already
        told.append(number)
        asked.put(number)
        name = signal.Signals(number).name
        terminal.warn(f"{name}: finishing the requests in flight; once more ends at once")

    def pause(seconds: float) -> None:
        woken(asked, seconds)

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(told), pause
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
