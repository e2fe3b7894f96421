"""What happens to commands in a round: they are killed, stopped, and several at once."""

import json
import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import psycopg
from campaigns.bureau import Bureau
from campaigns.children import Command, Plan
from crashes.clock import Clock
from zygote import RUNNING, Zygote

from connector.state.journal import STEPS

PATIENCE_SECONDS = 60
ATTEMPTS = 40
KILLED = -signal.SIGKILL
GOES_ON = {KILLED, 6, 7, 8}

# The shares of faults by which a step comes about.
DOWN = {"unavailable": 0.4, "rate_limited": 0.3}
LOST = {"reset_after_commit": 0.3, "error_500_after_commit": 0.3}
WAYS: dict[str, dict[str, float]] = {
    "not_sent": DOWN, "unclear": LOST, "looked": LOST, "adopted": LOST,
}  # fmt: skip


@dataclass(kw_only=True)
class Child:
    """A command in a process of its own."""

    number: int
    told: Path
    zygote: Zygote
    status: int = RUNNING

    def until(self, happens: Callable[[], bool]) -> None:
        """Wait until something happens, or it is stopped or at its end."""
        ends = time.monotonic() + PATIENCE_SECONDS
        while not happens():
            self.status = self.zygote.status(self.number)
            if self.status != RUNNING:
                return
            assert time.monotonic() < ends, self.says()
            time.sleep(0.002)

    @property
    def is_stopped(self) -> bool:
        return self.status != RUNNING and os.WIFSTOPPED(self.status)

    def end(self) -> int:
        """Wait for its end; its exit code, or minus the signal that ended it."""
        if self.status == RUNNING or self.is_stopped:
            self.status = RUNNING
            self.until(lambda: False)
        code = os.waitstatus_to_exitcode(self.status)
        assert code in GOES_ON | {0, 2}, (code, self.says())
        return code

    def says(self) -> str:
        return self.told.read_text("utf-8") if self.told.exists() else ""

    def steps(self) -> list[str]:
        return [line for line in self.says().splitlines() if line.isidentifier()]

    def ids(self) -> list[str] | None:
        """The ids it told, None while it has not."""
        for line in self.says().splitlines():
            if line.startswith("{"):
                found: list[str] = json.loads(line)["ids"]
                return found
        return None


@dataclass(kw_only=True)
class Round:
    """A round's project and what was made in it: ids by what they are of.

    `server` is the address of the administrator's database, None for a state in a file.
    """

    bureau: Bureau
    clock: Clock
    usual: dict[str, float]
    zygote: Zygote
    random: Random
    server: str | None
    made: list[tuple[Command, list[str]]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    children: int = 0

    def start(self, command: Command, **how: Any) -> Child:  # noqa: ANN401 - what a plan has
        self.children += 1
        folder = self.bureau.folder
        told = folder / f"told-{self.children}"
        plan = Plan(
            config=str(folder / "config.yaml"), clock=str(folder / "clock"), told=str(told),
            command=command, **how,
        )  # fmt: skip
        return Child(number=self.zygote.start(plan), told=told, zygote=self.zygote)

    def faults(self, shares: dict[str, float]) -> None:
        self.bureau.shares.clear()
        self.bureau.shares.update(shares)

    def heard(self, command: Command, child: Child) -> list[str] | None:
        """The ids, once a command told them; whoever heard them does not ask again."""
        ids = child.ids()
        if ids is not None:
            self.made.append((command, ids))
        return ids

    def finish(self, command: Command) -> list[str]:
        """Say a command until somebody hears how it ended; it may be killed at any step."""
        for _ in range(ATTEMPTS):
            step = self.random.choice((*STEPS, *[""] * len(STEPS)))
            child = self.start(command, step=step, count=self.random.choice((1, 1, 2)))
            code = child.end()
            self.counts["killed" if code == KILLED else f"ended with {code}"] += 1
            if (ids := self.heard(command, child)) is not None:
                return ids
            assert code in GOES_ON, (code, child.says())
        raise AssertionError(f"{command} never ends")

    def calmly(self, do: Callable[[], Command]) -> Command:
        """What is done while X does not fail."""
        before = dict(self.bureau.shares)
        self.faults({})
        try:
            return do()
        finally:
            self.faults(before)

    def kill_at(self, step: str, new: Callable[[], Command]) -> None:
        """A command is killed at a step, then said again until it ends."""
        command = self.calmly(new)
        for _ in range(ATTEMPTS):
            self.faults(WAYS.get(step, self.usual))
            if step == "taken":
                self.start(command, step=self.random.choice(("planned", "sent"))).end()
            child = self.start(command, step=step)
            code = child.end()
            is_heard = self.heard(command, child) is not None
            self.faults(self.usual)
            if not is_heard and step != "refused":
                self.finish(command)
            if code == KILLED:
                assert child.steps()[-1] == step
                break
            if step != "refused":
                command = self.calmly(new)
        else:
            raise AssertionError(f"{step} of {command} was not reached")
        self.counts[f"killed at {step}"] += 1

    def stopped(self, command: Command) -> None:
        """A command is stopped and loses its database; it is said again, then the first wakes."""
        step = self.random.choice(("planned", "sent", "answered", "done"))
        child = self.start(command, step=step, deed="stop")
        child.until(lambda: False)
        if child.is_stopped and self.cut(child):
            self.counts["overtaken"] += 1
            ids = self.finish(command)
            before = self.bureau.journal()
            os.kill(child.number, signal.SIGCONT)
            assert child.end() in GOES_ON - {KILLED}
            assert self.bureau.journal() == before
            assert child.ids() in (None, ids)
            return
        if child.is_stopped:
            os.kill(child.number, signal.SIGCONT)
        child.end()
        if self.heard(command, child) is None:
            self.finish(command)

    def cut(self, child: Child) -> int:
        """End a process's connections to the database; how many, 0 where there is no server."""
        if self.server is None:
            return 0
        with psycopg.connect(self.server, autocommit=True) as connection:
            return connection.execute(
                "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
                " where application_name like %s",
                [f"connector, process {child.number} %"],
            ).rowcount

    def crowd(self, commands: list[Command]) -> None:
        """Different commands at once, of which one may be killed."""
        children = [self.start(one) for one in commands]
        if self.random.random() < 0.5:
            children[0].until(lambda: self.random.random() < 0.1)
            if children[0].status == RUNNING:
                os.kill(children[0].number, signal.SIGKILL)
        for command, child in zip(commands, children, strict=True):
            code = child.end()
            ids = self.heard(command, child)
            if ids is None:
                self.finish(command)
            elif code == KILLED and not self.is_noted(ids):
                assert self.finish(command) == ids
                self.made.pop()
        self.counts["at once"] += len(commands)

    def is_noted(self, ids: list[str]) -> bool:
        """Whether the journal knows that somebody heard these ids, and does not tell them again."""
        mine = (one for one in self.bureau.journal() if set(one.entity_ids) == set(ids))
        return any(one.told_at for one in mine)
