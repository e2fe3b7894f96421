"""X's rate limit: so many conversions for each ad account in a window of 15 minutes."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

WINDOW_SECONDS = 15 * 60

# of the user's token and of the ad account; X promises the second for GET only
HEADER_FAMILIES = ("x-rate-limit", "x-account-rate-limit")


@dataclass(frozen=True, kw_only=True)
class Window:
    """What an account has used since `started` (epoch seconds)."""

    started: float
    used: int

    @property
    def reset(self) -> int:
        """Epoch second from which on there is a new window."""
        return math.ceil(self.started + WINDOW_SECONDS)


def current(window: Window | None, *, now: float) -> Window:
    """The window that holds at `now`: the given one, or a new one that starts with it."""
    if window is None or now >= window.reset:
        return Window(started=now, used=0)
    return window


def spent(window: Window, *, events: int, limit: int | None) -> Window | None:
    """The window after `events` more, or None where they do not fit."""
    if limit is not None and window.used + events > limit:
        return None
    return Window(started=window.started, used=window.used + events)


def rate_headers(*, limit: int, remaining: int, reset: int) -> Mapping[str, str]:
    """Both families of headers; `reset` in epoch seconds."""
    values = {"limit": limit, "remaining": max(remaining, 0), "reset": reset}
    return {
        f"{family}-{name}": str(value)
        for family in HEADER_FAMILIES
        for name, value in values.items()
    }
