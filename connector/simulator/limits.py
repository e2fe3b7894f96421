"""X's rate limits: so many calls, or conversions, in a window of time."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

WINDOW_SECONDS = 15 * 60

# of the user's token and of the ad account; X promises the second for GET only
USER_FAMILY, ACCOUNT_FAMILY = "x-rate-limit", "x-account-rate-limit"
HEADER_FAMILIES = (USER_FAMILY, ACCOUNT_FAMILY)


@dataclass(frozen=True, kw_only=True)
class Limit:
    """So many calls in a window of so many seconds.

    They are counted for each method and path, and for each ad account that a path names;
    `by_category` for each user, whatever the path.
    """

    calls: int
    seconds: float = WINDOW_SECONDS
    by_category: bool = False


# By the group of calls.
LIMITS: Mapping[str, Limit] = {
    # every read that names no account, each by itself
    "accounts": Limit(calls=5),
    "account_reads": Limit(calls=2_000),
    "entity_reads": Limit(calls=10_000),
    "total_count": Limit(calls=200),
    "analytics": Limit(calls=250, by_category=True),
    # not calls, but jobs of an ad account that are not done
    "jobs": Limit(calls=100),
    "targeting": Limit(calls=400, by_category=True),
    "writes": Limit(calls=450, seconds=60, by_category=True),
    "tiktok_seconds": Limit(calls=10, seconds=1),
    "tiktok_minutes": Limit(calls=600, seconds=60),
    "tiktok_advertiser": Limit(calls=20, seconds=1),  # for each path
    "tiktok_tasks": Limit(calls=1, seconds=1),
    "tiktok_tasks_day": Limit(calls=4_500, seconds=86_400),
}


@dataclass(frozen=True, kw_only=True)
class Window:
    """What was used since `started` (epoch seconds)."""

    started: float
    used: int
    seconds: float = WINDOW_SECONDS

    @property
    def reset(self) -> int:
        """Epoch second from which on there is a new window."""
        return math.ceil(self.started + self.seconds)


def current(window: Window | None, *, now: float, seconds: float = WINDOW_SECONDS) -> Window:
    """The window that holds at `now`: the given one, or a new one that starts with it."""
    if window is None or now >= window.reset:
        return Window(started=now, used=0, seconds=seconds)
    return window


def spent(window: Window, *, events: int, limit: int | None) -> Window | None:
    """The window after `events` more, or None where they do not fit."""
    if limit is not None and window.used + events > limit:
        return None
    return Window(started=window.started, used=window.used + events, seconds=window.seconds)


def rate_headers(
    *, limit: int, remaining: int, reset: int, families: tuple[str, ...] = HEADER_FAMILIES
) -> Mapping[str, str]:
    """The families of headers; `reset` in epoch seconds."""
    values = {"limit": limit, "remaining": max(remaining, 0), "reset": reset}
    return {f"{family}-{name}": str(value) for family in families for name, value in values.items()}
