"""Reads that wait for their turn: what `connector.budgets.pacing` decides is done here alone.

A platform's own sentence begins with `operation`, such as `X Ads GET accounts`.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from connector.budgets.budget import Budget, Budgets
from connector.budgets.pacing import Counted, News, Quotas, after_refusal, asked, closed, told
from connector.errors import StoppedError

WORTH_TELLING_SECONDS = 5.0
TOLD_EVERY_SECONDS = 60.0
# Requests that left within a short window may arrive within another one.
JITTER_SECONDS = 0.1
_SHORT_SECONDS = 10.0


class Grouped(Counted, Protocol):
    """What a platform counts a request towards, and the app that sends it."""

    @property
    def client(self) -> str:
        """The app, whose limits are its own."""


@dataclass(kw_only=True)
class Waiting:
    """How waiting is done: time, chance, the user, and how long a request is worth waiting for.

    `now` is epoch seconds; `patience` are the seconds that all waiting for one request may take.
    """

    now: Callable[[], float]
    pause: Callable[[float], None]
    random: Callable[[], float]
    stopping: Callable[[], bool]
    warn: Callable[[str], None]
    patience: float
    _told_at: float = field(default=-math.inf, init=False)

    def until_free(self, operation: str, ask: Callable[[], float], *, since: float) -> float:
        """Wait as long as `ask` gives seconds; 0.0 then, or the seconds that are beyond patience.

        Raises:
            StoppedError: the user stops the run.
        """
        while seconds := ask():
            if self.now() + seconds > since + self.patience:
                return seconds
            self._tell(operation, seconds)
            self.pause(seconds)
            if self.stopping():
                raise StoppedError(f"{operation}: stopped while waiting for the limit")
        return 0.0

    def _tell(self, operation: str, seconds: float) -> None:
        """Say what is waited for, now and then: what is spread out waits often."""
        if seconds >= WORTH_TELLING_SECONDS and self.now() >= self._told_at + TOLD_EVERY_SECONDS:
            self._told_at = self.now()
            self.warn(f"{operation}: waiting for the limit; going on in {seconds:,.0f} s")


@dataclass(frozen=True, kw_only=True)
class Reads:
    """The reads of a platform that tells what is left, at a target."""

    target: str
    quotas: Quotas
    waiting: Waiting

    def leave(self, operation: str, counted: Grouped, *, since: float) -> float:
        """Take a request out of what is left; 0.0, or the seconds it would take for too long.

        Args:
            operation: as sentences name it.
            counted: what it counts towards.
            since: when the request was wanted, in epoch seconds.

        Raises:
            StoppedError: the user stops the run.
            UnreachableError: the store is out of reach.
        """

        def ask() -> float:
            return self.quotas.change(
                self._group(counted), counted.names, partial(asked, counted=counted)
            )

        return self.waiting.until_free(operation, ask, since=since)

    def heard(
        self, counted: Grouped, name: str, *, limit: int, remaining: int, resets_in: float
    ) -> None:
        """The platform said what is left of a limit, until so many seconds from now."""
        news = News(limit=limit, remaining=remaining, resets_in=resets_in)
        decide = partial(told, counted=counted, name=name, news=news)
        self.quotas.change(self._group(counted), counted.names, decide)

    def refused(self, counted: Grouped, *, times: int, seconds: float | None) -> bool:
        """The platform refused a request for its limit; whether it is worth asking again.

        Nobody who shares the limit asks before the wait is over: `seconds`, where it told them,
        else longer with each of so many `times` in a row.
        """
        wait = after_refusal(times, told=seconds, random=self.waiting.random())
        if wait is None:
            return False
        decide = partial(closed, counted=counted, seconds=wait)
        self.quotas.change(self._group(counted), counted.names, decide)
        return True

    def _group(self, counted: Grouped) -> str:
        return group_of(self.target, counted.client)


@dataclass(frozen=True, kw_only=True)
class Requests:
    """The requests of a platform that tells nothing until it refuses: TikTok's."""

    budget: Budget
    budgets: Budgets
    waiting: Waiting

    def leave(self, operation: str, *, since: float) -> float:
        """Take a request out of the budget; 0.0, or the seconds it would take for too long.

        Raises:
            StoppedError: the user stops the run.
            UnreachableError: the store is out of reach.
        """
        ask = partial(self.budgets.take, self.budget, 1)
        return self.waiting.until_free(operation, ask, since=since)

    def refused(self, *, times: int, seconds: float | None) -> bool:
        """The platform refused a request for its limit; whether it is worth asking again.

        Nobody who shares the budget asks before the wait is over.
        """
        wait = after_refusal(times, told=seconds, random=self.waiting.random())
        if wait is None:
            return False
        self.budgets.told(self.budget, limit=self.budget.amount, remaining=0, resets_in=wait)
        return True


def group_of(target: str, client: str) -> str:
    """What quotas of one app at one target are kept under."""
    return f"{target} {client} reads"


def steady(budget: Budget) -> Budget:
    """The budget that keeps a platform's, whose windows begin where nobody knows."""
    slack = JITTER_SECONDS if budget.seconds < _SHORT_SECONDS else 0.0
    return Budget(name=budget.name, amount=budget.amount, seconds=budget.seconds + slack)
