"""What delivering touches, how a mapping wants it, and what is under way in a run."""

from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

from connector.conversions.outcomes import Allowance
from connector.conversions.pace import Pace
from connector.conversions.refusals import Standing
from connector.conversions.requests import Batch, Destination
from connector.conversions.tally import Tally
from connector.errors import Exit
from connector.http import Answer, NoAnswer
from connector.state.ledger import Ledger

# Of being recorded as sent: who took over from a run that may still be alive waits as long.
LEAVES_WITHIN_SECONDS = 10.0


@dataclass(frozen=True, kw_only=True)
class Edges:
    """What delivering touches outside: the wire, the ledger, the clock, chance, and the user.

    `post` gives None when there are no credentials for the batch, and asks right before it leaves
    whether it still may. `budget` takes so many
    conversions out of the rate budget, or gives the seconds to wait for them; `allowed` hears what
    X says is left of its own. `pause` waits seconds, less when the user stops the run; `now` is
    epoch seconds.
    """

    post: Callable[[Batch, Callable[[], bool]], Answer | NoAnswer | None]
    ledger: Ledger
    budget: Callable[[int], float]
    now: Callable[[], float]
    pause: Callable[[float], None]
    random: Callable[[], float]
    stopping: Callable[[], bool]
    progress: Callable[[int], None]
    warn: Callable[[str], None]
    answered: Callable[[], None]
    allowed: Callable[[Allowance], None]


@dataclass(frozen=True, kw_only=True)
class Policy:
    """How a mapping wants it: doubts, the web pixel, and the latest moment (epoch seconds).

    `pixel_scope` says that credentials belong to one pixel alone.
    """

    in_doubt: Literal["resend", "hold"]
    browser_pixel: bool
    deadline: float | None
    pixel_scope: bool
    senders: int = 4


@dataclass(kw_only=True)
class Traffic:
    """One run's requests: what leaves again, how fast, and which destinations are closed.

    What is counted in `tally` waits until the ledger has it on disk.
    """

    edges: Edges
    policy: Policy
    tally: Tally
    again: deque[Batch] = field(default_factory=deque)
    standing: dict[Destination, Standing] = field(default_factory=lambda: defaultdict(Standing))
    pace: Pace = field(init=False)
    _closed: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Start with the patience that the policy allows."""
        self.pace = Pace(deadline=self.policy.deadline)

    def closed(self, destination: Destination) -> str | None:
        """Why nothing more goes to a destination in this run, None while it does."""
        pixel = destination.pixel_id
        scopes = (pixel, f"{pixel} {destination.event_id}")
        reasons = (self._closed[scope] for scope in scopes if scope in self._closed)
        return self.over() or next(reasons, None)

    def over(self) -> str | None:
        """Why the whole run sends nothing more."""
        if self.edges.stopping():
            self.close("", "interrupted", Exit.UNFINISHED)
        deadline = self.policy.deadline
        if deadline is not None and self.edges.now() >= deadline:
            self.close("", "deadline", Exit.UNFINISHED)
        return self._closed.get("")

    def close(self, scope: str, reason: str, ending: Exit) -> None:
        """Let nothing more go to the run (no scope), to a pixel, or to a pixel and event."""
        if scope not in self._closed:
            self._closed[scope] = reason
            self.tally.endings.add(ending)

    def waits(self) -> float:
        """The seconds that X, or the rate budget, is to be given; 0 when a request may leave."""
        return max(0.0, self.pace.left(now=self.edges.now()))

    def abandon(self, batch: Batch, reason: str) -> None:
        """Do not send a claimed batch in this run."""
        self.edges.ledger.release(batch.number, batch.claim, reason=reason, now=self.milliseconds())
        self.count(partial(self.tally.unsent, batch.rows, reason))

    def count(self, call: Callable[[], None]) -> None:
        """Count what the ledger was told, once that is on disk."""
        self.edges.ledger.afterwards(call)

    def milliseconds(self) -> int:
        """The time, as the ledger has it."""
        return int(self.edges.now() * 1000)
