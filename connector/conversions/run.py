"""One sync of one mapping: lock, read and map, count, decide, deliver, settle."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from typing import Any

from connector.conversions import alarm, anomalies, gates, replay, stage, summary
from connector.conversions.beginning import begin, expire_doubts, let_begin
from connector.conversions.census import Census
from connector.conversions.claims import Claims
from connector.conversions.deliver import Delivery
from connector.conversions.fingerprint import keys_digest
from connector.conversions.outcomes import Sender
from connector.conversions.reading import Read, next_cursor, read_and_map
from connector.conversions.sifting import Rules
from connector.conversions.stage import Stage
from connector.conversions.tally import Tally
from connector.conversions.traffic import Edges, Policy, Traffic
from connector.conversions.world import Job, World, milliseconds
from connector.errors import STATUS_OF_EXIT, ConnectorError, Exit, worst
from connector.state import runs
from connector.state.ledger import Ledger
from connector.state.runs import Remembered
from connector.x.conversions import LARGEST_BATCH


def sync(job: Job, world: World) -> tuple[dict[str, Any], Exit]:
    """Run a mapping; its summary and its exit code.

    Raises:
        ConnectorError: it ended before its rows were counted.
    """
    started, tally = world.now(), Tally()
    try:
        return _sync(job, world, tally, started)
    except ConnectorError as error:
        if not tally.read:
            raise
        if error.exit_code not in tally.endings:
            _interrupt(tally, error, world.progress.warn)
        code = worst(tally.endings)
        return _summary(job, world, tally, STATUS_OF_EXIT[code], started), code


def _sync(job: Job, world: World, tally: Tally, started: datetime) -> tuple[dict[str, Any], Exit]:
    """The same, that leaves in `tally` what was counted when it ends with an error."""
    name = job.mapping.name
    with world.lock(), stage.opened(world.folder) as staged:
        world.progress.reached("locked")
        run = begin(job, world)
        world.progress.reached("begun")
        with _ending_on_error(run, world):
            remembered = _remembered(job, world)
            read = read_and_map(job, world, staged, remembered)
            world.progress.reached("read")
            expired = expire_doubts(job, world, run)
            world.progress.reached("expired")
            _count(read.census, tally)
            stop = _gate(job, read, remembered)
            delivery, claims = _sending(job, world, read, remembered, tally, run)
            stop = stop or _alarm(job, world, read, claims, staged)
            if stop is None:
                claims, stop = _agreement(job, world, read, claims, staged)
            finished = False
            if stop is None:
                let_begin(job, world, read, remembered, run)
                world.progress.phase(f"{name}: sending", read.census.to_send)
                finished = _deliver(delivery, claims, staged, tally)
            else:
                _tell(stop, tally, world)
                with staged.sendable() as rows:
                    claims.rehearse(rows, stop.reason)
                tally.nothing_was_sent()
            tally.newly_held += expired
            tally.held_before = max(0, tally.held_before - expired)
            rejects = dict(staged.rejected())
            code = worst(_codes(job, world, tally, rejects, stop))
            status = "dry_run" if stop and code is Exit.DONE else STATUS_OF_EXIT[code]
            result = _summary(job, world, tally, status, started)
            whole = finished and not job.options.is_partial
            moved = next_cursor(read, remembered, tally.unfinished_cursor) if whole else None
            ending = runs.Ending(
                status=result["status"], rules_digest=read.rules,
                summary=alarm.with_figures(result, job, tally),
                cursor=str(moved) if moved else None, now=milliseconds(world.now()),
            )  # fmt: skip
            with world.database.write() as connection:
                runs.forget_rejects(connection, target=job.target, mapping=name, now=ending.now)
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
        with staged.sendable() as rows, closing(claims.batches(rows)) as batches:
            delivery.run(batches)
    except ConnectorError as error:
        _interrupt(tally, error, delivery.traffic.edges.warn)
        return False
    return True


def _interrupt(tally: Tally, error: ConnectorError, warn: Callable[[str], None]) -> None:
    """Say why the run stops; the rows that have no outcome yet are pending."""
    tally.endings.add(error.exit_code)
    tally.warnings.append(str(error))
    warn(str(error))
    tally.count("pending", tally.read - tally.rows.total(), "interrupted")


def rehearse(job: Job, world: World) -> tuple[dict[str, Any], Tally]:
    """Count what a sync would do now, and change nothing; its summary and its tally."""
    started = world.now()
    with stage.opened(world.folder) as staged:
        remembered = _remembered(job, world)
        read = read_and_map(job, world, staged, remembered)
        tally = _count(read.census, Tally())
        stop = _gate(job, read, remembered)
        if stop is not None:
            _tell(stop, tally, world)
        _, claims = _sending(job, world, read, remembered, tally, run=0)
        claims, _ = _agreement(job, world, read, claims, staged)
        with staged.sendable() as rows:
            claims.rehearse(rows, "dry_run")
        tally.anomalies += alarm.raised(job, world, began=read.began, planned=lambda: tally)
    # A summary tells the identifiers of what was sent; the tally those of what would be.
    unsent = replace(tally, combinations=Counter())
    return _summary(job, world, unsent, "dry_run", started), tally


def _gate(job: Job, read: Read, remembered: Remembered | None) -> gates.Stop | None:
    return gates.before_sending(
        read.census, remembered, keys_digest=keys_digest(job.mapping), mapping=job.mapping.name,
        left_out=read.left_out,
    )  # fmt: skip


def _agreement(
    job: Job, world: World, read: Read, claims: Claims, staged: Stage
) -> tuple[Claims, gates.Stop | None]:
    """The claims that a person lets a replay make, or a stop; a sync asks nobody."""
    if job.options.replay is None:
        return claims, None
    with staged.sendable() as rows:
        stakes = replay.at_stake(claims, rows, job.options.replay, missing=read.missing)
    claims.tally.warnings += replay.remarks(stakes)
    stop = None if world.confirm(stakes) else replay.refusal(stakes)
    return replay.agreed(claims, stakes), stop


def _alarm(job: Job, world: World, read: Read, claims: Claims, staged: Stage) -> gates.Stop | None:
    """Say what is unusual about the rows that would be sent; a stop where they are to wait."""
    scratch = Tally()

    def planned() -> Tally:
        with staged.sendable() as rows:
            replace(claims, tally=scratch).rehearse(rows, anomalies.REASON)
        return scratch

    sentences = alarm.raised(job, world, began=read.began, planned=planned)
    stop = alarm.tell(job, world, claims.tally, sentences)
    return stop if scratch.rows_sent else None


def _remembered(job: Job, world: World) -> Remembered | None:
    return runs.remembered(world.database, target=job.target, mapping=job.mapping.name)


def _count(census: Census, tally: Tally) -> Tally:
    """The tally, with the rows that are not sendable, whatever comes."""
    tally.read, tally.warnings = census.read, summary.row_warnings(census.warnings)
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
        reached=progress.reached, double_count=replay.is_double(job.options.replay),
    )  # fmt: skip
    edges = Edges(
        post=world.post, ledger=ledger, budget=world.budget.take, pause=world.pause,
        now=lambda: world.now().timestamp(), random=world.random, stopping=world.stopping,
        progress=progress.advance, warn=progress.warn,
        answered=lambda: progress.reached("answered"),
        allowed=lambda allowance: world.budget.told(**vars(allowance)),
    )  # fmt: skip
    policy = Policy(
        in_doubt=mapping.in_doubt, browser_pixel=mapping.destination.browser_pixel,
        deadline=job.options.deadline, pixel_scope=job.pixel_scope,
    )  # fmt: skip
    traffic = Traffic(edges=edges, policy=policy, tally=tally)
    rules = Rules(
        sender=lambda: Sender(
            mapping=mapping.name, rules_digest=read.rules, in_doubt=mapping.in_doubt,
            now=milliseconds(world.now()), asked=job.options.replay is not None,
        ),
        begun_before=remembered.begun_before if remembered else None,
        browser_pixel=mapping.destination.browser_pixel,
    )  # fmt: skip
    claims = Claims(
        ledger=ledger, target=job.target, rules=rules, tally=tally, closed=traffic.closed,
        largest=min(LARGEST_BATCH, world.budget.budget.amount),
    )  # fmt: skip
    return Delivery(traffic=traffic), claims


def _tell(stop: gates.Stop, tally: Tally, world: World) -> None:
    tally.warnings.append(stop.message)
    world.progress.warn(stop.message)


def _codes(
    job: Job, world: World, tally: Tally, rejects: Mapping[str, str], stop: gates.Stop | None
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
    declined = stop is not None and stop.ending is Exit.DONE
    return gates.endings(
        tally.endings, stopped=stop is not None and not declined, held=tally.newly_held,
        unfinished=0 if declined else tally.rows["pending"] + tally.rows["in_doubt"],
        above_limit=above,
    )  # fmt: skip


def _summary(
    job: Job, world: World, tally: Tally, status: str, started: datetime
) -> dict[str, Any]:
    subject = summary.Subject(mapping=job.mapping.name, target=job.target, live=job.live)
    seconds = (world.now() - started).total_seconds()
    return summary.of_mapping(subject, tally, status=status, seconds=seconds)
