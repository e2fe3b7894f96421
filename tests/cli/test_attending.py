"""A signal may come between any two steps of the program, also while it waits."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from connector.cli.attending import attended
from connector.cli.terminal import Reporter, Terminal

PROGRAM = Path(__file__)


def interrupted_at(instruction: int) -> bool:
    """Wait, and be told to stop before an instruction of the wait; whether it has as many."""
    terminal = Terminal(config=None, json=False, log_json=False, verbosity=0)
    left = instruction

    def trace(frame, event, _):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202
        nonlocal left
        frame.f_trace_opcodes = True
        left -= event == "opcode"
        if not left:
            sys.settrace(None)
            signal.raise_signal(signal.SIGINT)
        return trace

    with attended(terminal, Reporter(terminal=terminal)) as edges:
        sys.settrace(trace)
        edges.pause(0.001)
        sys.settrace(None)
        assert edges.stopping() is (left <= 0)
        if edges.stopping():
            edges.pause(3600)  # over at once
    return left <= 0


def test_whenever_a_signal_comes_the_wait_ends() -> None:
    ran = subprocess.run(
        [sys.executable, PROGRAM], capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.returncode == 0, ran.stderr[-1000:]
    assert int(ran.stdout) > 3
    assert ran.stderr.count("finishing the requests in flight") == int(ran.stdout)


@pytest.mark.parametrize("seconds", [0, -1, 0.001])
def test_a_wait_without_a_signal_is_as_long_as_it_was_asked_for(seconds: float) -> None:
    terminal = Terminal(config=None, json=False, log_json=False, verbosity=0)
    with attended(terminal, Reporter(terminal=terminal)) as edges:
        edges.pause(seconds)
        assert not edges.stopping()


if __name__ == "__main__":
    count = 1
    while interrupted_at(count):
        count += 1
    sys.stdout.write(str(count - 1))
