"""The program that commands which can die are forked from."""

import json
import os
import signal
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal

import duckdb  # noqa: F401 - a fork must not wait for it
from crashes.clock import Clock
from oauthlib import oauth1  # noqa: F401 - likewise
from zygote import serve

import connector.state.postgresql  # noqa: F401 - likewise
from connector import api
from connector.api import lines
from connector.campaigns import writes
from connector.campaigns.fields import EntityName, Verb
from connector.campaigns.requests import Written
from connector.errors import ConnectorError
from connector.http import Session

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


if __name__ == "__main__":
    serve(lambda told: play(Plan(**{**told, "command": Command(**told["command"])})))
