"""One sync of one mapping: lock, read and map, count, decide, deliver, settle."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import Any

from connector.conversions import gates, stage, summary
from connector.conversions.census import Census
from connector.conversions.claims import Claims, Rules
from connector.conversions.deliver import Delivery, Edges, Policy
from connector.conversions.fingerprint import keys_digest
from connector.conversions.outcomes import RESEND_WINDOW, Sender
from connector.conversions.reading import Read, next_cursor, read_and_map
from connector.conversions.stage import Stage
from connector.conversions.tally import Tally
from connector.conversions.world import Job, World, milliseconds
from connector.errors import STATUS_OF_EXIT, ConnectorError, Exit, worst
from connector.state import runs
from connector.state.ledger import Ledger
from connector.state.recovery import expire, recover
from connector.state.runs import Remembered


def sync(job: Job, world: World) -> tuple[dict[str, Any], Exit]:
    """Run a mapping; its summary and its exit code.

    Raises:
        ConnectorError: it ended before its rows were counted, or its end could not be kept.
    """
    started, name = world.now(), job.mapping.name
    with world.lock(), stage.opened(world.folder) as staged:
        world.progress.reached("locked")
        run = _begin(job, world)
        world.progress.reached("begun")
        with _ending_on_error(run, world):
            remembered = _remembered(job, world)
            read = read_and_map(job, world, staged, remembered)
            world.progress.reached("read")
            expired = _expire(job, world)
            world.progress.reached("expired")
            tally, keys = _counted(read.census), keys_digest(job.mapping)
            stop = gates.before_sending(read.census, remembered, keys_digest=keys, mapping=name)
            delivery, claims = _sending(job, world, read, remembered, tally, run)
            finished = False
            if stop is None:
                _let_begin(job, world, read, remembered)
                world.progress.phase(f"{name}: sending", read.census.to_send)
                finished = _deliver(delivery, claims, staged, tally)
            else:
                _tell(stop, tally, world)
                claims.rehearse(staged.sendable(), stop.reason)
                tally.identifiers.clear()  # nothing was sent
            tally.newly_held += expired
            tally.held_before = max(0, tally.held_before - expired)
            rejects = dict(staged.rejected())
            code = worst(_codes(job, world, tally, rejects, stopped=stop is not None))
            result = _summary(job, world, tally, STATUS_OF_EXIT[code], started)
            whole = finished and job.options.since is None and job.options.limit is None
            moved = next_cursor(read, remembered, tally.unfinished_cursor) if whole else None
            ending = runs.Ending(
                status=result["status"], summary=result, rules_digest=read.rules,
                cursor=str(moved) if moved else None, now=milliseconds(world.now()),
            )  # fmt: skip
            with world.database.write() as connection:
                runs.keep_rejects(
                    connection, target=job.target, mapping=name, run=run, rejects=rejects.items()
                )
                runs.end_run(connection, run, ending)
                if remembered is None:
                    runs.forget_unused(connection, target=job.target, mapping=name)
            world.progress.reached("ended")
    return result, code


@contextmanager
def _ending_on_error(run: int, world: World) -> Iterator[None]:
    """A run that ends with an error is not left open, where the state can still be written."""
    try:
        yield
    except ConnectorError as error:
        with suppress(ConnectorError), world.database.write() as connection:
            status = STATUS_OF_EXIT[error.exit_code]
            runs.abandon_run(connection, run, status=status, now=milliseconds(world.now()))
        raise


def _deliver(delivery: Delivery, claims: Claims, staged: Stage, tally: Tally) -> bool:
    """Send; false when the state failed in between: what was not counted is for the next run."""
    try:
        delivery.run(claims.batches(staged.sendable()))
    except ConnectorError as error:
        tally.endings.add(error.exit_code)
        tally.warnings.append(str(error))
        tally.count("pending", tally.read - tally.rows.total(), "interrupted")
        return False
    return True


def rehearse(job: Job, world: World) -> tuple[dict[str, Any], Tally]:
    """Count what a sync would do now, and change nothing; its summary and its tally."""
    started = world.now()
    with stage.opened(world.folder) as staged:
        remembered = _remembered(job, world)
        read = read_and_map(job, world, staged, remembered)
        tally = _counted(read.census)
        stop = gates.before_sending(
            read.census, remembered, keys_digest=keys_digest(job.mapping), mapping=job.mapping.name
        )
        if stop is not None:
            _tell(stop, tally, world)
        _, claims = _sending(job, world, read, remembered, tally, run=0)
        claims.rehearse(staged.sendable(), "dry_run")
    return _summary(job, world, tally, "dry_run", started), tally


def _remembered(job: Job, world: World) -> Remembered | None:
    return runs.remembered(world.database, target=job.target, mapping=job.mapping.name)


def _begin(job: Job, world: World) -> int:
    """The number of a new run, after settling what a dead one left."""
    now, name = milliseconds(world.now()), job.mapping.name
    with world.database.write() as connection:
        run = runs.begin_run(
            connection, run_id=job.run_id, mapping=name, target=job.target, now=now
        )
        doubtful = recover(connection, mapping=name, target=job.target, run=run)
    if doubtful:
        world.progress.warn(f"{name}: an earlier run got no answer to {doubtful} requests")
    return run


def _expire(job: Job, world: World) -> int:
    """Hold what has been in doubt for too long, whether its row is still read or not."""
    now, window = milliseconds(world.now()), RESEND_WINDOW // timedelta(milliseconds=1)
    name = job.mapping.name
    before = now + 1 if job.mapping.in_doubt == "hold" else now - window
    with world.database.write() as connection:
        held = expire(connection, mapping=name, target=job.target, before=before)
    if held:
        world.progress.warn(
            f"{name}: {held} conversions in doubt are held from now on; a person must decide"
        )
    return held


def _counted(census: Census) -> Tally:
    """A tally of the rows that are not sendable, whatever comes."""
    tally = Tally(read=census.read, warnings=summary.row_warnings(census.warnings))
    tally.dropped, tally.hashed = census.dropped, census.hashed
    tally.count("suppressed", census.outcomes["suppressed"])
    tally.reasons["suppressed"] = census.suppressed
    tally.count("rejected", census.outcomes["rejected"] + census.conflicting)
    tally.reasons["rejected"] = census.reasons
    tally.count("deduplicated", census.repeated, "repeated_in_run")
    return tally


def _sending(
    job: Job, world: World, read: Read, remembered: Remembered | None, tally: Tally, run: int
) -> tuple[Delivery, Claims]:
    """What claims rows and what sends them, made for this run."""
    mapping = job.mapping
    progress = world.progress
    ledger = Ledger(
        world.database, run=run, mapping=mapping.name, rules_digest=read.rules,
        reached=progress.reached,
    )  # fmt: skip
    edges = Edges(
        post=world.post, ledger=ledger, budget=world.budget, pause=world.pause,
        now=lambda: world.now().timestamp(), random=world.random, stopping=world.stopping,
        progress=progress.advance, warn=progress.warn,
        answered=lambda: progress.reached("answered"),
    )  # fmt: skip
    policy = Policy(
        in_doubt=mapping.in_doubt, browser_pixel=mapping.destination.browser_pixel,
        deadline=job.options.deadline, pixel_scope=job.pixel_scope,
    )  # fmt: skip
    delivery = Delivery(edges=edges, policy=policy, tally=tally)
    rules = Rules(
        sender=lambda: Sender(
            mapping=mapping.name, rules_digest=read.rules, in_doubt=mapping.in_doubt,
            now=milliseconds(world.now()),
        ),
        begun_before=remembered.begun_before if remembered else None,
        browser_pixel=mapping.destination.browser_pixel,
    )  # fmt: skip
    claims = Claims(
        ledger=ledger, target=job.target, rules=rules, tally=tally, closed=delivery.closed
    )
    return delivery, claims


def _let_begin(job: Job, world: World, read: Read, remembered: Remembered | None) -> None:
    """Remember the keys of a mapping that sends for the first time."""
    if remembered is not None or not read.census.outcomes["sendable"]:
        return
    with world.database.write() as connection:
        runs.begin_mapping(
            connection, target=job.target, mapping=job.mapping.name,
            keys_digest=keys_digest(job.mapping), now=milliseconds(world.now()), before=None,
        )  # fmt: skip
    world.progress.reached("known")


def _tell(stop: gates.Stop, tally: Tally, world: World) -> None:
    tally.warnings.append(stop.message)
    world.progress.warn(stop.message)


def _codes(
    job: Job, world: World, tally: Tally, rejects: Mapping[str, str], *, stopped: bool
) -> set[Exit]:
    """The exit codes of the run; rows that an earlier run rejected are no news."""
    before = runs.rejected_before(
        world.database, target=job.target, mapping=job.mapping.name, row_keys=list(rejects)
    )
    new = len(rejects) - len(before)
    above = gates.is_above_limit(
        bad=new + tally.newly_refused, unseen=new + tally.unseen,
        limit=job.mapping.limits.max_rejected,
    )  # fmt: skip
    return gates.endings(
        tally.endings, stopped=stopped, held=tally.newly_held, above_limit=above,
        unfinished=tally.rows["pending"] + tally.rows["in_doubt"],
    )  # fmt: skip


def _summary(
    job: Job, world: World, tally: Tally, status: str, started: datetime
) -> dict[str, Any]:
    subject = summary.Subject(mapping=job.mapping.name, target=job.target, live=job.live)
    seconds = (world.now() - started).total_seconds()
    return summary.of_mapping(subject, tally, status=status, seconds=seconds)
