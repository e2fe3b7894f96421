"""How a run begins: what a dead one left is settled, what waited too long is held."""

from datetime import timedelta

from connector.conversions.fingerprint import keys_digest
from connector.conversions.outcomes import RESEND_WINDOW
from connector.conversions.reading import Read
from connector.conversions.traffic import LEAVES_WITHIN_SECONDS
from connector.conversions.world import Job, World, milliseconds
from connector.state import lock, runs
from connector.state.recovery import expire, last_departure, recover
from connector.state.runs import Remembered


def begin(job: Job, world: World) -> int:
    """The number of a new run, after settling what a dead one left."""
    now, name = milliseconds(world.now()), job.mapping.name
    with world.database.write() as connection:
        run = runs.begin_run(
            connection, run_id=job.run_id, mapping=name, target=job.target, now=now
        )
        left_at = last_departure(connection, mapping=name, target=job.target)
        doubtful = recover(connection, mapping=name, target=job.target, run=run)
    if doubtful:
        world.progress.warn(f"{name}: an earlier run got no answer to {doubtful} requests")
    if left_at is not None and lock.outlives(world.database.place):
        # Its process may only have lost its connection, and what it recorded may leave yet.
        seconds = left_at / 1000 + LEAVES_WITHIN_SECONDS - world.now().timestamp()
        world.pause(max(0.0, min(seconds, LEAVES_WITHIN_SECONDS)))
    return run


def expire_doubts(job: Job, world: World, run: int) -> int:
    """Hold what has been in doubt for too long, whether its row is still read or not."""
    now, window = milliseconds(world.now()), RESEND_WINDOW // timedelta(milliseconds=1)
    name = job.mapping.name
    before = now + 1 if job.mapping.in_doubt == "hold" else now - window
    with world.database.write() as connection:
        runs.require_open(connection, run)
        held = expire(connection, mapping=name, target=job.target, before=before)
    if held:
        world.progress.warn(
            f"{name}: {held} conversions in doubt are held from now on; a person must decide"
        )
    return held


def let_begin(job: Job, world: World, read: Read, remembered: Remembered | None, run: int) -> None:
    """Remember the keys of a mapping that sends for the first time.

    One of which only a part was asked for has not begun: what else it would send is not known.
    """
    part = job.options.since or job.options.limit
    if remembered is not None or part or not read.census.outcomes["sendable"]:
        return
    with world.database.write() as connection:
        runs.require_open(connection, run)
        runs.first_sending(
            connection, target=job.target, mapping=job.mapping.name,
            keys_digest=keys_digest(job.mapping), now=milliseconds(world.now()),
        )  # fmt: skip
    world.progress.reached("known")
