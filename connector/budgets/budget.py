"""A rate budget, what a store of budgets does, and the arithmetic of its sliding window.

The scripts of `connector.budgets.in_redis` are the same arithmetic. Moments are milliseconds
since 1970 (UTC) of the store's clock.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, Protocol

from connector.project.config import TikTokConnection, XConnection

# A promise that lies further ahead is a clock that was set back, or no moment at all.
LONGEST_RESET_SECONDS = 3_600.0
# The platform tells its reset and its time in whole seconds.
SAME_RESET_MS = 2_000
_SCARCE = 10
# What several senders may have on its way, beside what the platform has counted.
_IN_FLIGHT = 2_000


@dataclass(frozen=True, kw_only=True)
class Budget:
    """At most `amount` in any `seconds`, by all who name it so."""

    name: str
    amount: int
    seconds: float

    @property
    def span(self) -> int:
        """The window in milliseconds."""
        return max(1, round(self.seconds * 1000))


class Budgets(Protocol):
    """A store of budgets; every use may raise `UnreachableError`."""

    def take(self, budget: Budget, amount: int) -> float:
        """0.0 when `amount` is taken, else the seconds after which to ask again.

        What was asked for is not kept. An amount above the whole budget is taken when nothing
        else is in the window.
        """

    def told(self, budget: Budget, *, limit: int, remaining: int, resets_in: float) -> None:
        """The platform said how much of its own `limit` is left, until so many seconds from now.

        When that is little, nobody takes more than is left until then.
        """

    def used(self, budget: Budget) -> int:
        """How much is in the window now."""


@dataclass(frozen=True, kw_only=True)
class Account:
    """A budget and where it is kept; see `Budgets`."""

    budget: Budget
    budgets: Budgets

    def take(self, amount: int) -> float:
        """0.0 when `amount` is taken, else the seconds after which to ask again."""
        return self.budgets.take(self.budget, amount)

    def told(self, *, limit: int, remaining: int, resets_in: float) -> None:
        """The platform said how much is left."""
        self.budgets.told(self.budget, limit=limit, remaining=remaining, resets_in=resets_in)


@dataclass(frozen=True, kw_only=True)
class Promise:
    """What the platform said is left until it begins to count anew."""

    left: int
    resets_at: int


def budget_of(connection: XConnection, kind: Literal["conversion_events", "writes"]) -> Budget:
    """The budget of an ad account at its target, which a rehearsal elsewhere leaves alone."""
    limits = connection.rate_limits
    rate = {"conversion_events": limits.conversion_events, "writes": limits.writes}[kind]
    name = f"{connection.target} {connection.ad_account_id} {kind}"
    return Budget(name=name, amount=rate.amount, seconds=rate.seconds)


def requests_of(connection: TikTokConnection, *, app: str) -> Budget:
    """The budget of an app at its target, by a mark that stands for the app.

    TikTok's limits for a minute and a day are those for a second, as often as they fit.
    """
    rate = connection.rate_limits.requests
    name = f"{connection.target} {app} requests"
    return Budget(name=name, amount=rate.amount, seconds=rate.seconds)


def excess(budget: Budget, *, used: int, amount: int) -> int:
    """How much must leave the window before `amount` fits, none when it is not above 0."""
    return used + min(amount, budget.amount) - budget.amount


def room_at(budget: Budget, uses: Iterable[tuple[int, int]], *, excess: int) -> int:
    """When so much has left the window; `uses` are moments and amounts, oldest first.

    Moments are cut to milliseconds, so a use stays for one more than the window has.
    """
    freed = 0
    for moment, amount in uses:
        freed += amount
        if freed >= excess:
            return moment + budget.span + 1
    return 0


def is_scarce(*, limit: int, remaining: int) -> bool:
    """Whether the platform's own limit is so near that it is time to slow down."""
    return remaining < limit and remaining < max(limit // _SCARCE, _IN_FLIGHT)


def holds(promise: Promise, *, now: int) -> bool:
    """Whether the platform still counts as it said."""
    return now < promise.resets_at <= now + LONGEST_RESET_SECONDS * 1000


def renewed(old: Promise | None, new: Promise) -> Promise:
    """What holds after another answer; answers overtake one another, so the lesser is true."""
    if old is None or new.resets_at > old.resets_at + SAME_RESET_MS:
        return new
    return Promise(left=min(old.left, new.left), resets_at=new.resets_at)
