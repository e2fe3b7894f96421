"""What must not be broken off between a platform's answer and the disk."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

_Handler = Callable[[int, FrameType | None], Any] | int
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def unbroken() -> Iterator[None]:
    """Let who wants this process to end wait until the block is left; asked twice it ends at once.

    Signals meet the main thread alone, so in another one there is nothing to do.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        came.append(number)
        if len(came) > 1:
            signal.signal(number, before[number])
            signal.raise_signal(number)

    # Who has them ignored, as `nohup` has, goes on ignoring them; None is a handler of C's.
    before: dict[int, _Handler] = {
        number: handler
        for number in _ENDING
        if (handler := signal.getsignal(number)) not in {signal.SIG_IGN, None}
    }
    for number in before:
        signal.signal(number, note)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if came:
            signal.raise_signal(came[0])
