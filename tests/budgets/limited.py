"""A platform with a limit, and clients that share what they know of it, by a clock of its own."""

import heapq
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

from connector.budgets.pacing import Found, News, Quota, after_refusal, asked, closed, told

NAMES = ("account 18ce54d4x5t: campaigns", "user 1: campaigns")


@dataclass(frozen=True, kw_only=True)
class Documented:
    """What the clients have read of the limit."""

    limit: int
    seconds: float
    names: tuple[str, ...] = NAMES


@dataclass(frozen=True, kw_only=True)
class Said:
    """Whether a request was let through, what is left, and until when."""

    is_let: bool
    left: int
    resets_at: float


@dataclass(kw_only=True)
class Platform:
    """Counts in windows that begin with a request; it tells the end in whole seconds."""

    limit: int
    seconds: float
    resets_at: float = 0.0
    used: int = 0
    refused: int = 0

    def ask(self, now: float) -> Said:
        """Take a request, or refuse it."""
        if now >= self.resets_at:
            self.resets_at, self.used = math.ceil(now + self.seconds), 0
        is_let = self.used < self.limit
        self.used += is_let
        self.refused += not is_let
        return Said(is_let=is_let, left=self.limit - self.used, resets_at=self.resets_at)


@dataclass(kw_only=True)
class Clients:
    """So many clients, each with one request at a time; `delay` is a way there, or back."""

    platform: Platform
    documented: Documented
    delay: Callable[[], float]
    tells: bool = True
    now: float = 1_795_000_000.0
    done_at: float = 0.0
    quotas: dict[str, Quota] = field(default_factory=dict)
    _events: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _number: int = 0

    def read(self, *, clients: int, reads: int) -> float:
        """Make all reads; the seconds until the last is through."""
        began, left = self.now, [reads]
        for _ in range(clients):
            self._at(self.now, partial(self._next, left))
        while self._events:
            self.now, _, event = heapq.heappop(self._events)
            event()
        return self.done_at - began

    def _next(self, left: list[int]) -> None:
        if left[0]:
            left[0] -= 1
            self._leave(left, 0)

    def _leave(self, left: list[int], refusals: int) -> None:
        wait = self._change(partial(asked, counted=self.documented))
        if wait:
            self._at(self.now + wait / 1000, partial(self._leave, left, refusals))
        else:
            self._at(self.now + self.delay(), partial(self._arrive, left, refusals))

    def _arrive(self, left: list[int], refusals: int) -> None:
        said = self.platform.ask(self.now)
        self._at(self.now + self.delay(), partial(self._hear, left, refusals, said))

    def _hear(self, left: list[int], refusals: int, said: Said) -> None:
        resets_in = said.resets_at - self.now if self.tells else 0.0
        news = News(limit=self.platform.limit, remaining=said.left, resets_in=resets_in)
        self._change(partial(told, counted=self.documented, name=NAMES[0], news=news))
        if said.is_let:
            self.done_at = self.now
            self._next(left)
            return
        seconds = after_refusal(refusals + 1, told=resets_in, random=1.0)
        assert seconds is not None
        self._change(partial(closed, counted=self.documented, seconds=seconds))
        self._leave(left, refusals + 1)

    def _change(
        self, decide: Callable[[Found, int], tuple[int, Mapping[str, Quota | None]]]
    ) -> int:
        wait, changes = decide(self.quotas, int(self.now * 1000))
        for name, quota in changes.items():
            if quota is None:
                del self.quotas[name]
            else:
                self.quotas[name] = quota
        return wait

    def _at(self, moment: float, event: Callable[[], None]) -> None:
        self._number += 1
        heapq.heappush(self._events, (moment, self._number, event))
