"""The program that commands which can die are forked from."""

import json
import os
import signal
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal

import duckdb  # noqa: F401 - a fork must not wait for it
from crashes.clock import Clock
from oauthlib import oauth1  # noqa: F401 - likewise
from zygote import Progress, serve

import connector.state.postgresql  # noqa: F401 - likewise
from connector import api
from connector.api import applying, lines
from connector.api.managing import Manager
from connector.campaigns import file, writes
from connector.campaigns.fields import EntityName
from connector.errors import ConnectorError
from connector.http import Session

READ_SECONDS = 0.5
Verb = Literal[
    "create", "update", "pause", "resume", "delete", "list", "show", "apply", "export"
]  # fmt: skip
Tell = Callable[[str, Iterable[str]], None]


@dataclass(frozen=True, kw_only=True)
class Command:
    """A command, as a shell would have it; `values` of a file are its `text`."""

    verb: Verb
    entity: EntityName
    id: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)

    def run(self, manager: Manager, tell: Tell) -> None:
        """Do it; `tell` hears how it ended, and the ids of what it was about."""
        if self.verb in _READS:
            tell("read", _READS[self.verb](self, manager))
        else:
            written = _WRITES[self.verb](self)
            manager.write(written, tell=lambda end: tell(end.status, end.ids))


def _listed(command: Command, manager: Manager) -> Iterable[str]:
    return [str(row["id"]) for row in manager.rows(command.entity, with_draft="true")]


def _shown(command: Command, manager: Manager) -> Iterable[str]:
    return [str(manager.row(command.entity, command.id)["id"])]


def _exported(command: Command, manager: Manager) -> Iterable[str]:
    applying.export(manager, [command.id])
    return [command.id]


def _applied(command: Command, manager: Manager) -> Iterable[str]:
    plan = applying.plan_of(
        manager, file.read(command.values["text"].encode(), "ads.yaml"), prune=False
    )
    outcome = applying.carry_out(manager, plan)
    if outcome.error is not None:
        raise outcome.error
    return list(outcome.ids.values())


_READS: Mapping[str, Callable[[Command, Manager], Iterable[str]]] = {
    "list": _listed, "show": _shown, "export": _exported, "apply": _applied,
}  # fmt: skip
_WRITES: Mapping[str, Callable[[Command], writes.Write]] = {
    "create": lambda one: writes.creating(one.entity, one.values),
    "update": lambda one: writes.updating(one.entity, one.id, one.values),
    "pause": lambda one: writes.pausing(one.entity, one.id),
    "resume": lambda one: writes.resuming(one.entity, one.id),
    "delete": lambda one: writes.deleting(one.entity, one.id),
}


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


def play(plan: Plan) -> int:
    """Be a command; its exit code."""
    setattr(lines, "Session", partial(Session, read=READ_SECONDS))  # noqa: B010 - not its own name
    clock = Clock(Path(plan.clock))
    told = os.open(plan.told, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def then(step: str, count: int) -> None:
        if (step, count) == (plan.step, plan.count):
            number = signal.SIGKILL if plan.deed == "kill" else signal.SIGSTOP
            os.kill(os.getpid(), number)

    def tell(status: str, ids: Iterable[str]) -> None:
        os.write(told, f"{json.dumps({'status': status, 'ids': list(ids)})}\n".encode())

    edges = api.Edges(now=clock.now, pause=clock.pause, progress=Progress(told=told, then=then))
    try:
        with api.managed(api.load(plan.config), None, edges) as manager:
            plan.command.run(manager, tell)
    except ConnectorError as error:
        os.write(told, f"! {error}\n".encode())
        return int(error.exit_code)
    return 0


if __name__ == "__main__":
    serve(lambda told: play(Plan(**{**told, "command": Command(**told["command"])})))
