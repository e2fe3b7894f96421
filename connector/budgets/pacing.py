"""How requests are spread before a platform's limit: plain values decide, and nobody waits here.

Moments are milliseconds since 1970 (UTC) of the clock that all who share a limit have in common.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from connector.budgets.budget import LONGEST_RESET_SECONDS, SAME_RESET_MS

SCARCE = 10
# After so many refusals in a row that name no moment; the five minutes are TikTok's own.
REFUSED_SECONDS = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 300.0, 300.0, 300.0)


@dataclass(frozen=True, kw_only=True)
class Quota:
    """What a platform lets through until it counts anew, at `resets_at`.

    `left` is what it said last, less what has left since; nothing leaves before `next_at`.
    """

    limit: int
    left: int
    resets_at: int
    next_at: int


@dataclass(frozen=True, kw_only=True)
class News:
    """What an answer says is left, for so many seconds from now."""

    limit: int
    remaining: int
    resets_in: float


class Counted(Protocol):
    """What a platform counts a request towards."""

    @property
    def names(self) -> Sequence[str]:
        """All that may hold, the documented one first."""

    @property
    def limit(self) -> int:
        """The documented limit."""

    @property
    def seconds(self) -> float:
        """The documented window."""


Found = Mapping[str, Quota]
Changes = Mapping[str, Quota | None]
Decision = tuple[int, Changes]
"""Milliseconds to wait, and what is kept from now on; None is forgotten."""
Decide = Callable[[Found, int], Decision]
"""A decision over what is known now; it may be asked for again, so it does nothing else."""


def spacing(*, limit: int, remaining: int, resets_in: float) -> float:
    """What lies between two requests, in the unit of `resets_in`.

    Nothing while a tenth of the limit is left. Then the rest is spread over the time to the reset;
    with nothing left it is that time.
    """
    if remaining <= 0:
        return resets_in
    return resets_in / remaining if remaining * SCARCE < limit else 0.0


def asked(found: Found, now: int, *, counted: Counted) -> Decision:
    """Whether a request may leave now, and what is left after it has."""
    held = _held(found, counted, now)
    wait = max(waits(quota, now) for quota in held.values())
    if wait > 0:
        return wait, {}
    return 0, {name: spent(quota, now) for name, quota in held.items()}


def told(found: Found, now: int, *, counted: Counted, name: str, news: News) -> Decision:
    """What is known after an answer that is about `name`; what was assumed elsewhere is dropped."""
    if news.resets_in <= 0:
        return 0, {}
    old = found.get(name) or next(iter(found.values()), None)
    others: Changes = {other: None for other in found if other != name}
    new = heard(old, counted, news, now)
    return 0, others if new == found.get(name) else {**others, name: new}


def closed(found: Found, now: int, *, counted: Counted, seconds: float) -> Decision:
    """Nothing leaves for so many seconds, whatever is left; what is known of that stays."""
    opens_at = now + math.ceil(min(seconds, LONGEST_RESET_SECONDS) * 1000)
    return 0, {
        name: replace(
            one, next_at=max(one.next_at, opens_at), resets_at=max(one.resets_at, opens_at)
        )
        for name, one in _held(found, counted, now).items()
    }


def heard(old: Quota | None, counted: Counted, news: News, now: int) -> Quota:
    """What is left after an answer.

    Answers overtake one another and requests are on their way, so within a window what has left is
    never given back. A reset is told in whole seconds.
    """
    resets_at = now + math.ceil(min(news.resets_in, LONGEST_RESET_SECONDS) * 1000)
    if old is None or not holds(old, now) or resets_at > old.resets_at + _span(counted) // 2:
        return Quota(limit=news.limit, left=news.remaining, resets_at=resets_at, next_at=now)
    if abs(resets_at - old.resets_at) <= SAME_RESET_MS:
        resets_at = max(resets_at, old.resets_at)
    left = min(news.remaining, news.limit - (old.limit - old.left))
    return replace(old, limit=news.limit, left=max(0, left), resets_at=resets_at)


def current(quota: Quota, counted: Counted, now: int) -> Quota:
    """What holds now: after its reset a limit is whole again."""
    return quota if holds(quota, now) else begun(quota.limit, counted, now)


def begun(limit: int, counted: Counted, now: int) -> Quota:
    """A window of which nothing is known but the limit; the platform's begins a little later."""
    resets_at = now + _span(counted) + SAME_RESET_MS
    return Quota(limit=limit, left=limit, resets_at=resets_at, next_at=now)


def holds(quota: Quota, now: int) -> bool:
    """Whether the platform still counts so; what lies far ahead is a clock that was set back."""
    return now < quota.resets_at <= now + LONGEST_RESET_SECONDS * 1000


def waits(quota: Quota, now: int) -> int:
    """Milliseconds until a request may leave."""
    return quota.resets_at - now if quota.left <= 0 else max(0, quota.next_at - now)


def spent(quota: Quota, now: int) -> Quota:
    """What is left after a request left."""
    ahead = quota.resets_at - now
    gap = spacing(limit=quota.limit, remaining=quota.left, resets_in=ahead)
    next_at = now + math.ceil(gap) if gap else quota.next_at
    return replace(quota, left=quota.left - 1, next_at=next_at)


def after_refusal(times: int, *, told: float | None, random: float) -> float | None:
    """Seconds to wait after so many refusals in a row, None when they are too many.

    What the platform told is the least. The steps up to a minute are less up to a half, so that
    processes come back one after another.
    """
    if times > len(REFUSED_SECONDS):
        return None
    step = REFUSED_SECONDS[times - 1]
    return max(told or 0.0, step if step > 60 else step * (0.5 + random / 2))  # noqa: PLR2004 - a minute


def _held(found: Found, counted: Counted, now: int) -> Found:
    """What holds now; the documented limit where nothing was told."""
    held = {name: current(found[name], counted, now) for name in counted.names if name in found}
    return held or {counted.names[0]: begun(counted.limit, counted, now)}


def _span(counted: Counted) -> int:
    return round(counted.seconds * 1000)


class Quotas(Protocol):
    """What platforms said is left, for all who share a store; every use may raise as `Budgets`."""

    def change(self, group: str, names: Sequence[str], decide: Decide) -> float:
        """Decide over what is known of these names, keep what changes, and give the seconds.

        Nobody else changes anything of the group meanwhile.
        """

    def known(self, group: str) -> Found:
        """What is known of a group, by name."""
