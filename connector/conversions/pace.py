"""When the next request may leave, and when it is time to give up."""

from dataclasses import dataclass

from connector.conversions.outcomes import backoff

PATIENCE_SECONDS = 15 * 60.0
# So many requests in a row without a clear answer: more of them would only put more in doubt.
UNCLEAR_THAT_STOP = 16


@dataclass(kw_only=True)
class Pace:
    """How the answers of a run slow it down; times are epoch seconds.

    `deadline` is when patience ends, None for `PATIENCE_SECONDS` after the platform stopped to
    process anything.
    """

    deadline: float | None
    not_before: float = 0.0
    _stalled_since: float | None = None
    _stalls: int = 0
    _unclear: int = 0
    _seen: float = 0.0

    def left(self, *, now: float) -> float:
        """Seconds until the next request may leave, negative after that."""
        self._follow(now)
        return self.not_before - now

    def _follow(self, now: float) -> None:
        """A clock that is set back makes nobody wait longer."""
        back = max(0.0, self._seen - now)
        self.not_before -= back
        if self._stalled_since is not None:
            self._stalled_since -= back
        self._seen = now

    def processed(self) -> None:
        """The platform gave a clear answer."""
        self._stalled_since, self._stalls, self._unclear = None, 0, 0

    def stall(self, *, told: float | None, now: float, random: float) -> float | None:
        """The platform processes nothing: seconds to wait, None when patience is over.

        `told` are the seconds that it asked for; less than one is no pace to go on with.
        """
        if self.left(now=now) <= 0:
            self._stalls += 1
        seconds = told if told is not None and told >= 1 else 0.0
        seconds = seconds or max(told or 0.0, backoff(self._stalls, random=random))
        return seconds if self.wait(seconds, now=now) else None

    def wait(self, seconds: float, *, now: float) -> bool:
        """Let nothing leave for so many seconds; False when patience does not last as long."""
        self._follow(now)
        self._stalled_since = now if self._stalled_since is None else self._stalled_since
        last = self._stalled_since + PATIENCE_SECONDS if self.deadline is None else self.deadline
        if now + seconds > last:
            return False
        self.not_before = max(self.not_before, now + seconds)
        return True

    def unclear(self, *, resends: int, now: float, random: float) -> bool:
        """An answer was not clear: whether to go on; the first resend leaves at once."""
        self._follow(now)
        self._stalled_since, self._stalls = None, 0
        self._unclear += 1
        if resends:
            self.not_before = max(self.not_before, now + backoff(resends, random=random))
        return self._unclear < UNCLEAR_THAT_STOP
