"""Syncs, plans, and how a mapping begins."""

import json
import os
import tempfile
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

from connector.api.projects import (
    Edges,
    Wanted,
    chosen,
    connection_of,
    named,
    state_place,
    warehouse,
)
from connector.api.sending import note_sync, per_pixel, sending
from connector.budgets import open as budgets
from connector.budgets.budget import Account, budget_of
from connector.conversions import run, summary
from connector.conversions.fingerprint import keys_digest
from connector.conversions.requests import Batch
from connector.conversions.tally import Tally
from connector.conversions.world import Job, Options, World, milliseconds
from connector.errors import ConnectorError, Exit, UnreachableError
from connector.http import Answer, NoAnswer, Session
from connector.project import Mapping, Project
from connector.state import database, runs
from connector.state.database import Database
from connector.state.lock import sync_lock
from connector.state.place import folder_beside
from connector.x import conversions as wire


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
    with database.opened(state_place(project)) as state:
        if not wanted.names:
            last = runs.last_finished(state)
            mappings.sort(key=lambda m: last.get((m.name, connection_of(project, m).target), 0))
        results = [
            _sync_one(project, mapping, wanted, state, edges, run_id) for mapping in mappings
        ]
    whole = partial(
        summary.of_run, [result for result, _ in results], run_id=run_id, started_at=started,
        finished_at=edges.now(),
    )  # fmt: skip
    codes = [code for _, code in results]
    kept = whole(codes=codes)
    try:
        _write(_runs_folder(project) / f"{run_id}.json", kept)
    except UnreachableError as error:
        edges.progress.warn(str(error))
        return whole(codes=[*codes, error.exit_code])
    return kept


def _sync_one(
    project: Project, mapping: Mapping, wanted: Wanted, state: Database, edges: Edges, run_id: str
) -> tuple[dict[str, Any], Exit]:
    connection = connection_of(project, mapping)
    job = job_of(project, mapping, wanted.options, run_id)
    subject = summary.Subject(mapping=mapping.name, target=connection.target, live=connection.live)
    try:
        with world_of(project, job, state, edges, wait=wanted.wait) as world:
            if wanted.options.dry_run:
                return run.rehearse(job, world)[0], Exit.DONE
            if not connection.live:
                code = Exit.DONE if wanted.attended else Exit.CONFIGURATION
                return run.rehearse(job, world)[0], code
            ended = run.sync(job, world)
        note_sync(project, mapping.destination.connection, state, ended[0])
    except ConnectorError as error:
        edges.progress.warn(str(error))
        skipped = wanted.skip_if_running and error.exit_code is Exit.RUNNING
        failed = summary.failed(subject, code=error.exit_code, message=str(error))
        return failed, Exit.DONE if skipped else error.exit_code
    except Exception as error:  # noqa: BLE001 - the other mappings go on
        # The text of an unknown error may hold a row; its kind and place hold none.
        frame = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(frame.filename).name}:{frame.lineno}"
        message = f"{mapping.name}: unexpected {type(error).__name__} at {place}; please report it"
        edges.progress.warn(message)
        return summary.failed(subject, code=Exit.UNEXPECTED, message=message), Exit.UNEXPECTED
    return ended


def plan(project: Project, wanted: Wanted, edges: Edges) -> Iterator[tuple[dict[str, Any], Tally]]:
    """What a sync would do now, mapping by mapping; nothing is changed."""
    options = replace(wanted.options, dry_run=True)
    with database.opened(state_place(project)) as state:
        for mapping in chosen(project, wanted):
            job = job_of(project, mapping, options, run_id="plan")
            with world_of(project, job, state, edges, wait=False) as world:
                yield run.rehearse(job, world)


def begin(project: Project, name: str, *, before: datetime | None, edges: Edges) -> str:
    """Let a mapping send from now on, with the keys it has now; the target it sends to.

    Conversions from before `before` that the ledger does not know are taken as sent elsewhere.
    """
    mapping = named(project, name)
    target = connection_of(project, mapping).target
    with database.opened(state_place(project)) as state, state.write() as connection:
        runs.begin_mapping(
            connection, target=target, mapping=name, keys_digest=keys_digest(mapping),
            now=milliseconds(edges.now()), before=milliseconds(before) if before else None,
        )  # fmt: skip
    return target


def job_of(project: Project, mapping: Mapping, options: Options, run_id: str) -> Job:
    """What is to be done with a mapping, for `connector.conversions.run`."""
    connection = connection_of(project, mapping)
    return Job(
        mapping=mapping, run_id=run_id, target=connection.target, live=connection.live,
        pixel_scope=per_pixel(project, mapping.destination.connection, connection),
        options=options,
    )  # fmt: skip


@contextmanager
def world_of(
    project: Project, job: Job, state: Database, edges: Edges, *, wait: bool
) -> Iterator[World]:
    """What a run of a mapping touches, for as long as the block lasts."""
    connection = connection_of(project, job.mapping)
    name, folder = job.mapping.destination.connection, _runs_folder(project)
    credentials = wire.Credentials()
    if job.live and not job.options.dry_run:
        credentials = sending(project, name, connection, state, edges)
    with (
        budgets.opened(project.config, state, now=lambda: edges.now().timestamp()) as kept,
        closing(Session()) as session,
    ):
        yield World(
            database=state,
            open_source=partial(warehouse, project, edges),
            lock=partial(
                sync_lock, state.place, mapping=job.mapping.name, target=job.target, wait=wait,
                sleep=edges.pause,
                stopping=lambda: edges.stopping() or job.options.is_over(edges.now()),
            ),
            budget=Account(budget=budget_of(connection, "conversion_events"), budgets=kept),
            post=partial(_post, session, connection.base_url, credentials),
            now=edges.now, pause=edges.pause, random=edges.random, stopping=edges.stopping,
            progress=edges.progress, folder=folder, confirm=edges.confirm,
        )  # fmt: skip


def _post(
    session: Session, base_url: str, credentials: wire.Credentials, batch: Batch,
    in_time: Callable[[], bool],
) -> Answer | NoAnswer | None:  # fmt: skip
    request = wire.request(
        base_url=base_url, pixel_id=batch.destination.pixel_id,
        conversions=batch.conversions, credentials=credentials,
    )  # fmt: skip
    return None if request is None else session.post(replace(request, in_time=in_time))


def _runs_folder(project: Project) -> Path:
    """The folder of the summaries, made where it is missing."""
    folder = folder_beside(state_place(project), project.root) / "runs"
    with _disk(folder):
        for each in (folder.parent, folder):
            each.mkdir(mode=0o700, exist_ok=True)
    return folder


def _write(path: Path, document: dict[str, Any]) -> None:
    """Keep a summary, whole or not at all."""
    with _disk(path.parent):
        descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=".")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(document, file, indent=1)
            os.replace(draft, path)  # noqa: PTH105 - mkstemp gives no Path
        except BaseException:
            os.unlink(draft)  # noqa: PTH108 - as above
            raise


@contextmanager
def _disk(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        told = f"the summary of this run cannot be kept in {folder}: {error.strerror}"
        raise UnreachableError(told) from error
