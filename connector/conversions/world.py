"""What a run is given: its job, and everything it touches outside of itself."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from connector.conversions.claims import Batch
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
    """What was asked for; `since` bounds the conversion time, `deadline` is epoch seconds."""

    dry_run: bool = False
    since: datetime | None = None
    limit: int | None = None
    full_refresh: bool = False
    deadline: float | None = None


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

    `post` sends a batch to X, or gives None when there are no credentials for it; `budget` takes so
    many conversions out of the account's rate budget, or gives the seconds to wait for them;
    `pause` waits seconds, less when the user stops the run; `folder` is for what is kept beside the
    state.
    """

    database: Database
    open_source: Callable[[], AbstractContextManager[Source]]
    lock: Callable[[], AbstractContextManager[None]]
    post: Callable[[Batch], Answer | NoAnswer | None]
    budget: Callable[[int], float]
    now: Callable[[], datetime]
    pause: Callable[[float], None]
    random: Callable[[], float]
    stopping: Callable[[], bool]
    progress: Progress
    folder: Path


def milliseconds(moment: datetime) -> int:
    """Milliseconds since 1970 (UTC)."""
    return int(moment.timestamp() * 1000)
