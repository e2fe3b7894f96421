"""What the command line, schedulers and scripts call; one function for each job.

>>> from connector import api
>>> summary = api.sync(api.load("config.yaml"), api.Wanted(names=["purchases"]), api.Edges())
"""

import json
import os
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

from connector.conversions import authoring, run, summary
from connector.conversions.claims import Batch
from connector.conversions.fingerprint import keys_digest
from connector.conversions.tally import Tally
from connector.conversions.world import Job, Options, Progress, World, milliseconds
from connector.errors import ConfigurationError, ConnectorError, Exit, Problem
from connector.http import Answer, NoAnswer, Session
from connector.project import Mapping, Project, find_config, load_project
from connector.project.config import XConnection
from connector.source import Source, open_source
from connector.state import database, runs
from connector.state.database import Database
from connector.state.lock import sync_lock
from connector.x import conversions as wire

SENDERS = 4
WAREHOUSE_SECONDS = 60.0


class Silence:
    """Progress for callers that want none."""

    def phase(self, name: str, total: int | None) -> None:
        """Something new begins."""

    def advance(self, rows: int) -> None:
        """So many rows more are done."""

    def warn(self, message: str) -> None:
        """Something the user should know now."""


@dataclass(frozen=True, kw_only=True)
class Edges:
    """Time, chance and the user: replaced by tests and by the command line."""

    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    pause: Callable[[float], None] = time.sleep
    monotonic: Callable[[], float] = time.monotonic
    random: Callable[[], float] = random.random
    stopping: Callable[[], bool] = lambda: False
    progress: Progress = field(default_factory=Silence)


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
    return load_project(find_config(config, os.environ, Path.cwd()), os.environ)


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
    """The connection a mapping sends through."""
    return project.config.connections[mapping.destination.connection]


def state_path(project: Project) -> Path:
    """The file of the project's state."""
    return database.sqlite_path(project.config.state.url.get_secret_value(), project.root)


def init_state(project: Project) -> bool:
    """Make the state; False when there is one, which is left as it is."""
    return database.create(state_path(project))


def warehouse(project: Project, edges: Edges) -> AbstractContextManager[Source]:
    """The project's warehouse, opened read-only."""
    return open_source(
        project.config.warehouse.url.get_secret_value(), root=project.root,
        deadline_seconds=WAREHOUSE_SECONDS, sleep=edges.pause, monotonic=edges.monotonic,
    )  # fmt: skip


def sync(project: Project, wanted: Wanted, edges: Edges) -> dict[str, Any]:
    """Send what is new; its summary, as the documentation gives it.

    An error of one mapping is in its summary and does not stop the others.

    Raises:
        ConfigurationError: nothing could begin: no state, or no such mapping.
        UnreachableError: the state is out of reach.
    """
    started = edges.now()
    run_id = f"{started:%Y%m%dT%H%M%SZ}-{uuid4().hex[:6]}"
    mappings = chosen(project, wanted)
    with database.opened(state_path(project)) as state:
        if not wanted.names:
            last = runs.last_finished(state)
            mappings.sort(key=lambda m: last.get((m.name, connection_of(project, m).target), 0))
        results = [
            _sync_one(project, mapping, wanted, state, edges, run_id) for mapping in mappings
        ]
    whole = summary.of_run(
        [result for result, _ in results], run_id=run_id, codes=[code for _, code in results],
        started_at=started, finished_at=edges.now(),
    )  # fmt: skip
    _write(state_path(project).parent / "runs" / f"{run_id}.json", whole)
    return whole


def _sync_one(
    project: Project, mapping: Mapping, wanted: Wanted, state: Database, edges: Edges, run_id: str
) -> tuple[dict[str, Any], Exit]:
    connection = connection_of(project, mapping)
    job = _job(project, mapping, wanted.options, run_id)
    subject = summary.Subject(mapping=mapping.name, target=connection.target, live=connection.live)
    try:
        with _world(project, job, state, edges, wait=wanted.wait) as world:
            if wanted.options.dry_run:
                return run.rehearse(job, world)[0], Exit.DONE
            if not connection.live:
                code = Exit.DONE if wanted.attended else Exit.CONFIGURATION
                return run.rehearse(job, world)[0], code
            return run.sync(job, world)
    except ConnectorError as error:
        edges.progress.warn(str(error))
        skipped = wanted.skip_if_running and error.exit_code is Exit.RUNNING
        failed = summary.failed(subject, code=error.exit_code, message=str(error))
        return failed, Exit.DONE if skipped else error.exit_code


def plan(project: Project, wanted: Wanted, edges: Edges) -> Iterator[tuple[dict[str, Any], Tally]]:
    """What a sync would do now, mapping by mapping; nothing is changed."""
    options = replace(wanted.options, dry_run=True)
    with database.opened(state_path(project)) as state:
        for mapping in chosen(project, wanted):
            job = _job(project, mapping, options, run_id="plan")
            with _world(project, job, state, edges, wait=False) as world:
                yield run.rehearse(job, world)


def begin(project: Project, name: str, *, before: datetime | None, edges: Edges) -> str:
    """Let a mapping send from now on, with the keys it has now; the target it sends to.

    Conversions from before `before` that the ledger does not know are taken as sent elsewhere.
    """
    mapping = named(project, name)
    target = connection_of(project, mapping).target
    with database.opened(state_path(project)) as state, state.write() as connection:
        runs.begin_mapping(
            connection, target=target, mapping=name, keys_digest=keys_digest(mapping),
            now=milliseconds(edges.now()), before=milliseconds(before) if before else None,
        )  # fmt: skip
    return target


def check(project: Project, names: Sequence[str], edges: Edges) -> dict[str, list[Problem]]:
    """What of each mapping does not fit the warehouse, by mapping.

    Raises:
        ConfigurationError: there is no such mapping, or no such warehouse.
        UnreachableError: the warehouse cannot be read now.
    """
    mappings = [named(project, name) for name in names] or list(project.mappings.values())
    with warehouse(project, edges) as source:
        return {
            mapping.name: list(authoring.misfits(mapping, source, now=edges.now()))
            for mapping in mappings
        }


def statement(project: Project, name: str, edges: Edges) -> str:
    """The SQL that a mapping is compiled to."""
    mapping = named(project, name)
    with warehouse(project, edges) as source:
        return authoring.statement(mapping, source, now=edges.now())


def preview(project: Project, name: str, rows: int, edges: Edges) -> Iterator[dict[str, Any]]:
    """What would become of the first rows of a mapping's source."""
    mapping = named(project, name)
    with warehouse(project, edges) as source:
        yield from authoring.preview(mapping, source, rows=rows, now=edges.now())


def status(project: Project) -> dict[str, Any]:
    """The last run of each mapping and target, and what the ledger holds of it."""
    with database.opened(state_path(project)) as state:
        standing = runs.standing(state)
        last = runs.latest(state)
    found: dict[tuple[str, str], dict[str, Any]] = {
        (row.mapping, row.target): {
            "mapping": row.mapping, "target": row.target, "run_id": row.run_id,
            "status": row.status, "started_at": _shown(row.started_at),
            "finished_at": _shown(row.finished_at),
            "rows": row.summary["rows"] if row.summary else None, "ledger": {},
        }
        for row in last
    }  # fmt: skip
    for mapping, target, state_name, count in standing:
        if (mapping, target) in found:
            found[mapping, target]["ledger"][state_name] = count
    never = [name for name in project.mappings if name not in {name for name, _ in found}]
    return {"mappings": list(found.values()), "never_run": never}


def _shown(milliseconds_: int | None) -> str | None:
    if milliseconds_ is None:
        return None
    return summary.instant(datetime.fromtimestamp(milliseconds_ / 1000, UTC))


def _job(project: Project, mapping: Mapping, options: Options, run_id: str) -> Job:
    connection = connection_of(project, mapping)
    return Job(
        mapping=mapping, run_id=run_id, target=connection.target, live=connection.live,
        pixel_scope=connection.auth.pixel_tokens is not None, options=options,
    )  # fmt: skip


@contextmanager
def _world(
    project: Project, job: Job, state: Database, edges: Edges, *, wait: bool
) -> Iterator[World]:
    connection = connection_of(project, job.mapping)
    folder = state.path.parent / "runs"
    folder.mkdir(mode=0o700, exist_ok=True)
    session = Session(threads=SENDERS)
    try:
        yield World(
            database=state,
            open_source=partial(warehouse, project, edges),
            lock=partial(
                sync_lock, state.path, mapping=job.mapping.name, target=job.target, wait=wait,
                sleep=edges.pause,
            ),
            post=partial(_post, session, connection.base_url, _credentials(connection)),
            now=edges.now, pause=edges.pause, random=edges.random, stopping=edges.stopping,
            progress=edges.progress, folder=folder,
        )  # fmt: skip
    finally:
        session.close()


def _post(
    session: Session, base_url: str, credentials: wire.Credentials, batch: Batch
) -> Answer | NoAnswer | None:
    request = wire.request(
        base_url=base_url, pixel_id=batch.destination.pixel_id,
        conversions=batch.rows["body"].to_pylist(), credentials=credentials,
    )  # fmt: skip
    return None if request is None else session.post(request)


def _credentials(connection: XConnection) -> wire.Credentials:
    auth = connection.auth
    if auth.oauth1 is not None:
        four = (
            auth.oauth1.consumer_key, auth.oauth1.consumer_secret,
            auth.oauth1.token, auth.oauth1.token_secret,
        )  # fmt: skip
        key, secret, token, token_secret = (part.get_secret_value() for part in four)
        return wire.Credentials(oauth1=(key, secret, token, token_secret))
    tokens = auth.pixel_tokens or ({"": auth.pixel_token} if auth.pixel_token else {})
    return wire.Credentials(
        pixel_tokens={pixel: token.get_secret_value() for pixel, token in tokens.items()}
    )


def _write(path: Path, document: dict[str, Any]) -> None:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(document, file, indent=1)
