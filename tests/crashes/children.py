"""The program that syncs which can die are forked from."""

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

import duckdb  # noqa: F401 - a fork must not wait for it
from crashes.clock import Clock
from zygote import Progress, serve

import connector.state.postgresql  # noqa: F401 - likewise
from connector import api
from connector.api import syncing
from connector.cli.app import application
from connector.conversions import claims, run
from connector.http import Session

Deed = Literal["kill", "stop", "jump", "ask"]
GROUP = 3  # batches that are claimed at once


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What a sync does to itself when it reaches a step for the `count`-th time.

    `kill` and `stop` are signals, `jump` puts the clock `hours` ahead, `ask` is a user's wish to
    stop.
    """

    step: str
    count: int = 1
    deed: Deed = "kill"
    hours: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One sync: of which project and how, what it does to itself, and where it tells its steps.

    `words` are those of the command `connector`; without any, it is a call of `api.sync`. `read` is
    how long it waits for an answer, `batch` how many conversions make a request.
    """

    config: str
    clock: str
    told: str
    batch: int
    read: float = 0.3
    names: tuple[str, ...] = ()
    wait: bool = False
    skip_if_running: bool = False
    rules: tuple[Rule, ...] = ()
    words: tuple[str, ...] = ()


def _plan(told: dict[str, Any]) -> Plan:
    rules = tuple(Rule(**rule) for rule in told.pop("rules"))
    return Plan(**{**told, "rules": rules})


@dataclass(kw_only=True)
class Obedience:
    """Obeys the rules at the steps they name; `asked` says that the user wants it to stop."""

    rules: tuple[Rule, ...]
    clock: Clock
    asked: bool = False

    def at(self, step: str, count: int) -> None:
        for rule in self.rules:
            if (rule.step, rule.count) == (step, count):
                self.obey(rule)

    def obey(self, rule: Rule) -> None:
        deeds: dict[Deed, Callable[[], None]] = {
            "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
            "stop": lambda: os.kill(os.getpid(), signal.SIGSTOP),
            "jump": lambda: self.clock.skip(rule.hours * 3600),
            "ask": lambda: setattr(self, "asked", True),
        }
        deeds[rule.deed]()


def _tune(plan: Plan, clock: Clock) -> None:
    """Small requests, little patience, and the round's clock also for the command."""
    for module, name, value in (
        (run, "LARGEST_BATCH", plan.batch),
        (claims, "BATCHES_IN_A_GROUP", GROUP),
        (syncing, "Session", partial(Session, read=plan.read)),
        (api, "Edges", partial(api.Edges, now=clock.now)),
    ):
        assert hasattr(module, name)
        setattr(module, name, value)


def play(plan: Plan) -> int:
    """Be a sync; its exit code."""
    clock = Clock(Path(plan.clock))
    _tune(plan, clock)
    told = os.open(plan.told, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    if plan.words:
        for number in (1, 2):
            os.dup2(told, number)
        application(["sync"])(["sync", *plan.names, "-v", "--config", plan.config, *plan.words])
    obedience = Obedience(rules=plan.rules, clock=clock)
    progress = Progress(told=told, then=obedience.at)
    edges = api.Edges(pause=clock.pause, progress=progress, stopping=lambda: obedience.asked)
    wanted = api.Wanted(
        names=plan.names, wait=plan.wait, skip_if_running=plan.skip_if_running, attended=False
    )
    code: int = api.sync(api.load(plan.config), wanted, edges)["exit_code"]
    return code


if __name__ == "__main__":
    serve(lambda told: play(_plan(told)))
