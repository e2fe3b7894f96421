"""A program that forks commands which can die: started once, since imports take long.

Each line of its standard input is one call in JSON, each line of its output the answer.
"""

import json
import os
import signal
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal, TextIO

import duckdb  # noqa: F401 - a fork must not wait for it
from crashes.clock import Clock
from oauthlib import oauth1  # noqa: F401 - likewise

import connector.state.postgresql  # noqa: F401 - likewise
from connector import api
from connector.api import lines
from connector.campaigns import writes
from connector.campaigns.fields import EntityName, Verb
from connector.campaigns.requests import Written
from connector.errors import ConnectorError
from connector.http import Session

RUNNING = -1  # no status of the system
READ_SECONDS = 0.5


@dataclass(frozen=True, kw_only=True)
class Command:
    """A write, as a shell would have it."""

    verb: Verb
    entity: EntityName
    id: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)

    def write(self) -> writes.Write:
        if self.verb == "create":
            return writes.creating(self.entity, self.values)
        if self.verb == "update":
            return writes.updating(self.entity, self.id, self.values)
        return writes.deleting(self.entity, self.id)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A command, and the step that it ends or stops at when it reaches it for the n-th time.

    What it tells goes to the file `told`: steps, errors, and in JSON how the write ended.
    """

    config: str
    clock: str
    told: str
    command: Command
    step: str = ""
    count: int = 1
    deed: Literal["kill", "stop"] = "kill"


def as_line(plan: Plan) -> str:
    return json.dumps(asdict(plan))


@dataclass(kw_only=True)
class Progress:
    """Tells each step in a file before anything else happens, then obeys the plan."""

    told: int
    plan: Plan
    counts: Counter[str] = field(default_factory=Counter)

    def phase(self, name: str, total: int | None) -> None:
        pass

    def advance(self, rows: int) -> None:
        pass

    def warn(self, message: str) -> None:
        os.write(self.told, f"! {message}\n".encode())

    def reached(self, step: str) -> None:
        os.write(self.told, f"{step}\n".encode())
        self.counts[step] += 1
        if (step, self.counts[step]) == (self.plan.step, self.plan.count):
            number = signal.SIGKILL if self.plan.deed == "kill" else signal.SIGSTOP
            os.kill(os.getpid(), number)


def play(plan: Plan) -> int:
    """Be a command; its exit code."""
    setattr(lines, "Session", partial(Session, read=READ_SECONDS))  # noqa: B010 - not its own name
    clock = Clock(Path(plan.clock))
    told = os.open(plan.told, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    progress = Progress(told=told, plan=plan)

    def tell(written: Written) -> None:
        found = {"status": written.status, "ids": written.ids}
        os.write(told, f"{json.dumps(found)}\n".encode())

    edges = api.Edges(now=clock.now, pause=clock.pause, progress=progress)
    try:
        with api.managed(api.load(plan.config), None, edges) as manager:
            manager.write(plan.command.write(), tell=tell)
    except ConnectorError as error:
        os.write(told, f"! {error}\n".encode())
        return int(error.exit_code)
    return 0


def _forked(plan: Plan) -> int:
    child = os.fork()
    if child:
        return child
    code = 70
    try:
        os.close(0)
        code = play(plan)
    except BaseException as error:  # noqa: BLE001 - a fork never returns
        os.write(2, f"{type(error).__name__}: {error}\n".encode())
    finally:
        os._exit(code)


def _status(child: int) -> int:
    """What `waitpid` has to say that it has not said yet, RUNNING when there is nothing."""
    ended, status = os.waitpid(child, os.WNOHANG | os.WUNTRACED)
    return status if ended else RUNNING


def serve(calls: TextIO, out: TextIO) -> None:
    """Start commands and tell how they are, until the caller goes; what lives then is killed."""
    alive: set[int] = set()
    for line in calls:
        told = json.loads(line)
        if isinstance(told, dict):
            answer = _forked(Plan(**{**told, "command": Command(**told["command"])}))
            alive.add(answer)
        else:
            answer = _status(told)
            if answer != RUNNING and not os.WIFSTOPPED(answer):
                alive.remove(told)
        out.write(f"{answer}\n")
        out.flush()
    for child in alive:
        os.kill(child, signal.SIGKILL)


if __name__ == "__main__":
    serve(sys.stdin, sys.stdout)
