"""A signal may come between any two steps of a wait."""

import signal
import subprocess
import sys
from pathlib import Path
from queue import Empty, SimpleQueue

import pytest

from connector.connecting.callback import Listener
from connector.errors import UnreachableError
from connector.waking import woken

PROGRAM = Path(__file__)
SECONDS = 0.01


class Deaf(SimpleQueue[None]):
    """A queue that nothing comes into, and how long each wait for that was to be."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    def get(self, block: bool = True, timeout: float | None = None) -> None:  # noqa: FBT001, FBT002 - as the queue has it
        assert block
        assert timeout is not None
        self.waits.append(timeout)
        raise Empty


@pytest.mark.parametrize("seconds", [-1.0, 0.0, 0.3, 0.5, 1.7, 600.0])
def test_no_wait_is_so_long_that_a_signal_goes_unheard(seconds: float) -> None:
    queue = Deaf()
    assert not woken(queue, seconds)
    assert max(queue.waits) <= 0.5
    assert sum(queue.waits) == pytest.approx(max(seconds, 0.0))


def test_who_waits_next_is_woken_too() -> None:
    queue: SimpleQueue[str] = SimpleQueue()
    queue.put("stop")
    assert woken(queue, 600.0)
    assert woken(queue, 600.0)


def interrupted_at(instruction: int) -> bool:
    """Wait for a browser, with Ctrl-C before an instruction of that; whether it has as many."""
    left = instruction

    def trace(frame, event, _):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202
        nonlocal left
        frame.f_trace_opcodes = True
        left -= event == "opcode"
        if not left:
            sys.settrace(None)
            signal.raise_signal(signal.SIGINT)
        return trace

    listener = Listener(address="", host="")
    ended: BaseException | None = None
    sys.settrace(trace)
    try:
        listener.wait(SECONDS)
    except (KeyboardInterrupt, UnreachableError) as error:
        sys.settrace(None)
        ended = error
    assert isinstance(ended, KeyboardInterrupt) is (left <= 0)
    return left <= 0


def test_ctrl_c_ends_the_wait_for_a_browser_whenever_it_comes() -> None:
    ran = subprocess.run(
        [sys.executable, PROGRAM], capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.returncode == 0, ran.stderr[-1000:]
    assert int(ran.stdout) > 20


if __name__ == "__main__":
    count = 1
    while interrupted_at(count):
        count += 1
    sys.stdout.write(str(count - 1))
