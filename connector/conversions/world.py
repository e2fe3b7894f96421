"""What a run is given: its job, and everything it touches outside of itself."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from connector.budgets.budget import Account
from connector.conversions.replay import Replay, Stakes
from connector.conversions.requests import Batch
from connector.http import Answer, NoAnswer
from connector.project.mapping import Mapping
from connector.source import Source
from connector.state.database import Database


class Progress(Protocol):
    """How a run tells where it is; `total` None when it cannot be known."""

    def phase(self, name: str, total: int | None) -> None:
        """Something new begins."""

    def advance(self, rows: int) -> None:
        """So many rows more are done."""

    def warn(self, message: str) -> None:
        """Something the user should know now."""

    def reached(self, step: str) -> None:
        """A step is done; dying now loses nothing."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """What was asked for; `since` bounds the conversion time, `deadline` is epoch seconds.

    `accept_anomalies` is a person's word that what is unusual now is as it should be. `replay` is a
    selection that is read from the beginning and sent at once; the cursor stays where it is.
    """

    dry_run: bool = False
    since: datetime | None = None
    limit: int | None = None
    full_refresh: bool = False
    deadline: float | None = None
    accept_anomalies: bool = False
    replay: Replay | None = None

    def is_over(self, now: datetime) -> bool:
        """Whether the deadline is there."""
        return self.deadline is not None and now.timestamp() >= self.deadline

    @property
    def is_partial(self) -> bool:
        """Whether a run takes less than all that is new, so that the cursor stays."""
        return bool(self.since or self.limit or self.replay)


@dataclass(frozen=True, kw_only=True)
class Job:
    """A mapping on its way to a target; `pixel_scope` says that each pixel has its own token."""

    mapping: Mapping
    run_id: str
    target: str
    live: bool
    pixel_scope: bool
    options: Options


@dataclass(frozen=True, kw_only=True)
class World:
    """The edges of a run.

    `post` sends a batch to X, or gives None when there are no credentials for it; right before, it
    asks whether the batch still may leave. `budget` is how
    many conversions the account may send; `pause` waits seconds, less when the user stops the run;
    `folder` is for what is kept beside the state; `confirm` shows a person what a replay puts at
    stake, and says whether it may send.
    """

    database: Database
    open_source: Callable[[], AbstractContextManager[Source]]
    lock: Callable[[], AbstractContextManager[None]]
    post: Callable[[Batch, Callable[[], bool]], Answer | NoAnswer | None]
    budget: Account
    now: Callable[[], datetime]
    pause: Callable[[float], None]
    random: Callable[[], float]
    stopping: Callable[[], bool]
    progress: Progress
    folder: Path
    confirm: Callable[[Stakes], bool]


def milliseconds(moment: datetime) -> int:
    """Milliseconds since 1970 (UTC)."""
    return int(moment.timestamp() * 1000)
