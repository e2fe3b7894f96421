"""Processes that are forked from one that has everything loaded, and can be stopped and killed.

Loading takes longer than what is tested. Each line that the first process is told is one call in
JSON, an object to start a process or the number of one to ask for; each line it answers, a number.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connector import api

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

TESTS = Path(__file__).parent
RUNNING = -1  # no status of the system
_LOOK_SECONDS = 0.005


@dataclass(frozen=True, kw_only=True)
class Zygote:
    """The process that others are forked from."""

    process: "subprocess.Popen[str]"

    def start(self, plan: "DataclassInstance") -> int:
        """The number of a process that does as planned; `play` has the plan as plain values."""
        return self._asked(asdict(plan))

    def status(self, child: int) -> int:
        """What `waitpid` has to say that it has not said yet, RUNNING when there is nothing."""
        return self._asked(child)

    def end(self, child: int) -> int:
        """Its exit code, negative for a signal, once it has ended."""
        while (status := self.status(child)) == RUNNING:
            time.sleep(_LOOK_SECONDS)
        return os.waitstatus_to_exitcode(status)

    def _asked(self, question: object) -> int:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{json.dumps(question)}\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())


@dataclass(kw_only=True)
class Progress(api.Silence):
    """Tells each step in an open file before anything else happens.

    `then` is called with a step and how often it was reached.
    """

    told: int
    then: Callable[[str, int], None]
    counts: Counter[str] = field(default_factory=Counter)

    def warn(self, message: str) -> None:
        os.write(self.told, f"! {message}\n".encode())

    def reached(self, step: str) -> None:
        os.write(self.told, f"{step}\n".encode())
        self.counts[step] += 1
        self.then(step, self.counts[step])


@contextmanager
def zygote(module: str) -> Iterator[Zygote]:
    """One that runs a module of the tests, which calls `serve`, as long as the block."""
    path = os.pathsep.join((str(TESTS), str(TESTS.parent)))
    # One thread: a fork takes no others along.
    environment = os.environ | {"PYTHONPATH": path, "OPENBLAS_NUM_THREADS": "1"}
    with subprocess.Popen(
        [sys.executable, "-m", module], env=environment, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as process:  # fmt: skip
        yield Zygote(process=process)


def serve(play: Callable[[dict[str, Any]], int]) -> None:
    """Start processes, which end with what `play` gives, and tell how they are.

    When the caller goes, what lives then is killed.
    """
    alive: set[int] = set()
    for line in sys.stdin:
        told = json.loads(line)
        if isinstance(told, dict):
            answer = _forked(play, told)
            alive.add(answer)
        else:
            answer = _status(told)
            if answer != RUNNING and not os.WIFSTOPPED(answer):
                alive.remove(told)
        sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()
    for child in alive:
        os.kill(child, signal.SIGKILL)


def _forked(play: Callable[[dict[str, Any]], int], told: dict[str, Any]) -> int:
    child = os.fork()
    if child:
        return child
    code = 70
    try:
        os.close(0)
        code = play(told)
    except SystemExit as end:
        code = int(end.code or 0)
    except BaseException as error:  # noqa: BLE001 - a fork never returns
        os.write(2, f"{type(error).__name__}: {error}\n".encode())
    finally:
        os._exit(code)


def _status(child: int) -> int:
    ended, status = os.waitpid(child, os.WNOHANG | os.WUNTRACED)
    return status if ended else RUNNING
