"""A project, its mappings, its state and its warehouse."""

import os
import random
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from connector.conversions.replay import Stakes
from connector.conversions.world import Options, Progress
from connector.errors import ConfigurationError
from connector.project import Mapping, Project, find_config, load_project
from connector.project.config import XConnection
from connector.source import Source, open_source
from connector.state import database
from connector.state.place import Place, place_of

WAREHOUSE_SECONDS = 60.0


class Silence:
    """Progress for callers that want none."""

    def phase(self, name: str, total: int | None) -> None:
        """Something new begins."""

    def advance(self, rows: int) -> None:
        """So many rows more are done."""

    def warn(self, message: str) -> None:
        """Something the user should know now."""

    def reached(self, step: str) -> None:
        """A step is done; dying now loses nothing."""


@dataclass(frozen=True, kw_only=True)
class Edges:
    """Time, chance and the user: replaced by tests and by the command line.

    `confirm` is asked before a replay sends; nobody is there to agree unless it is given.
    """

    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    pause: Callable[[float], None] = time.sleep
    monotonic: Callable[[], float] = time.monotonic
    random: Callable[[], float] = random.random
    stopping: Callable[[], bool] = lambda: False
    progress: Progress = field(default_factory=Silence)
    confirm: Callable[[Stakes], bool] = lambda _stakes: False


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which mappings, and how: no name means all that are enabled (and have the tag).

    `wait` waits for another sync of the same mapping; `skip_if_running` takes it for done. Not
    `attended`, a connection that is not live is an error, since nobody sees that it rehearses.
    """

    names: Sequence[str] = ()
    tag: str | None = None
    options: Options = field(default_factory=Options)
    wait: bool = False
    skip_if_running: bool = False
    attended: bool = True


def load(config: str | None = None) -> Project:
    """The project of a config file, found as the command line finds it.

    Raises:
        ConfigurationError: with every problem of every file.
    """
    try:
        here = Path.cwd()
    except FileNotFoundError:
        raise ConfigurationError("the current folder was deleted; go to another one") from None
    return load_project(find_config(config, os.environ, here), os.environ)


def chosen(project: Project, wanted: Wanted) -> list[Mapping]:
    """The mappings that are meant, in the order of their files or of their names.

    Raises:
        ConfigurationError: there is no such mapping.
    """
    if wanted.names:
        return [named(project, name) for name in dict.fromkeys(wanted.names)]
    enabled = [m for m in project.mappings.values() if m.enabled]
    return [m for m in enabled if wanted.tag is None or wanted.tag in m.tags]


def named(project: Project, name: str) -> Mapping:
    """One mapping.

    Raises:
        ConfigurationError: there is none of this name.
    """
    if name not in project.mappings:
        known = ", ".join(project.mappings) or "none yet"
        raise ConfigurationError(f"there is no mapping {name!r}; known here: {known}")
    return project.mappings[name]


def connection_of(project: Project, mapping: Mapping) -> XConnection:
    """The connection a mapping sends through.

    Raises:
        ConfigurationError: it is none of X, which loading a project has refused before.
    """
    name = mapping.destination.connection
    connection = project.config.connections[name]
    if not isinstance(connection, XConnection):
        raise ConfigurationError(f"{mapping.name}: connection {name} is of {connection.platform}")
    return connection


def state_place(project: Project) -> Place:
    """Where the project's state is: a file, or a schema of a PostgreSQL database."""
    return place_of(project.config.state.url.get_secret_value(), project.root)


def init_state(project: Project) -> bool:
    """Make the state; False when there is one, which is left as it is."""
    return database.create(state_place(project))


def migrate_state(project: Project, *, backed_up: bool) -> tuple[int, Path | None]:
    """Bring the state to this tool's version; the one it had, and its copy if one was made.

    Raises:
        ConfigurationError: nobody said `backed_up` of a database whose backup is its operator's.
    """
    return database.migrate(state_place(project), backed_up=backed_up)


def warehouse(project: Project, edges: Edges) -> AbstractContextManager[Source]:
    """The project's warehouse, opened read-only."""
    return open_source(
        project.config.warehouse.url.get_secret_value(), root=project.root,
        deadline_seconds=WAREHOUSE_SECONDS, sleep=edges.pause, monotonic=edges.monotonic,
    )  # fmt: skip
