"""A made-up conversion that is sent twice, to see in X's reports whether it counts once."""

import hashlib
import json
import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

import pyarrow as pa

from connector.conversions.amounts import amounts_of
from connector.conversions.body import DIGEST_VERSION
from connector.conversions.outcomes import Verdict, judge, told_allowance
from connector.conversions.requests import Batch, Destination
from connector.conversions.world import Job, World, milliseconds
from connector.errors import STATUS_OF_EXIT, Exit, StoppedError, worst
from connector.http import Answer
from connector.state import runs
from connector.state.ledger import Kept, Ledger
from connector.state.recovery import recover
from connector.x.conversions import parse

PREFIX = "connector-verify-dedup"
_PIXEL = re.compile("[0-9a-z]+")
_EVENT = re.compile("(?:tw-([0-9a-z]+)-)?([0-9a-z]+)")
State = Literal["accepted", "in_doubt", "refused", "not_sent"]
_ENDINGS = {
    "accepted": Exit.DONE, "credentials": Exit.UNAUTHORIZED, "destination": Exit.CONFIGURATION,
    "configuration": Exit.CONFIGURATION, "row": Exit.CONFIGURATION,
    "too_large": Exit.CONFIGURATION, "in_doubt": Exit.UNFINISHED,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Probe:
    """A test conversion of a pixel's event (its short id); `body` is what X is sent."""

    pixel_id: str
    event_id: str
    conversion_id: str
    at: datetime
    body: str


@dataclass(frozen=True, kw_only=True)
class Answered:
    """What came back for one sending; without `status` nothing did."""

    status: int | None
    reason: str
    processed: int | None = None
    debug_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Verified:
    """Both answers, one when the first said that another is of no use, and how that ends."""

    answers: tuple[Answered, ...]
    state: State
    ending: Exit


def destination(pixel_id: str, event_id: str) -> tuple[str, str] | None:
    """Pixel and short event id, None for what X can't have."""
    event = _EVENT.fullmatch(event_id)
    if not _PIXEL.fullmatch(pixel_id) or event is None or event[1] not in (None, pixel_id):
        return None
    return pixel_id, event[2]


def made_up(pixel_id: str, event_id: str, *, now: datetime, mark: str) -> Probe:
    """A conversion of nobody, without a value; `mark` tells it from others of this second."""
    one = f"{PREFIX}-{now:%Y%m%dT%H%M%SZ}-{mark}"
    digest = hashlib.sha256(f"{one}@example.com".lower().encode()).hexdigest()
    time = now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    body = {
        "conversion_time": time, "event_id": f"tw-{pixel_id}-{event_id}",
        "identifiers": [{"hashed_email": digest}], "conversion_id": one,
    }  # fmt: skip
    return Probe(
        pixel_id=pixel_id, event_id=event_id, conversion_id=one, at=now, body=json.dumps(body)
    )


def send_twice(job: Job, world: World, probe: Probe) -> Verified:
    """Send a probe and, unless X says no, the same request again; the ledger knows it.

    Raises:
        ConnectorError: the state is out of reach, or a sync of the mapping is running.
    """
    names = {"mapping": job.mapping.name, "target": job.target}
    with world.lock():
        with world.database.write() as connection:
            now = milliseconds(world.now())
            run = runs.begin_run(connection, run_id=job.run_id, now=now, **names)
            recover(connection, run=run, **names)
        ledger = Ledger(world.database, run=run, mapping=job.mapping.name, rules_digest="")
        ending = Exit.UNFINISHED
        try:
            verified = _both(ledger, world, _claimed(ledger, job, probe, now))
            ending = verified.ending
        finally:
            with world.database.write() as connection:
                status, now = STATUS_OF_EXIT[ending], milliseconds(world.now())
                runs.abandon_run(connection, run, status=status, now=now)
    return verified


def _claimed(ledger: Ledger, job: Job, probe: Probe, now: int) -> Batch:
    number = ledger.make_destination(
        target=job.target, pixel_id=probe.pixel_id, event_id=probe.event_id
    )
    digest = f"{DIGEST_VERSION}:{hashlib.sha256(probe.body.encode()).hexdigest()[:32]}"
    texts = {"conversion_id": probe.conversion_id, "body": probe.body, "digest": digest}
    columns = {name: pa.array([text]) for name, text in texts.items()}
    columns |= {name: pa.array([None], pa.string()) for name in ("value", "currency")}
    columns |= {"time_ms": pa.array([milliseconds(probe.at)]), "seen": pa.array([None], pa.int64())}
    where = Destination(number=number, pixel_id=probe.pixel_id, event_id=probe.event_id)
    batch = Batch(number=0, destination=where, rows=pa.RecordBatch.from_pydict(columns))
    [claimed] = ledger.claim([batch.claim], now=now)
    return replace(batch, number=claimed)


def _both(ledger: Ledger, world: World, batch: Batch) -> Verified:
    """Both sendings, each recorded before it leaves and once it is answered."""
    first, told = _sent(ledger, world, batch)
    if first.meaning == "accepted":
        _settle(ledger, world, batch, first)
        _wait(world, batch)
        again, told_again = _posted(world, batch)
        return Verified(answers=(told, told_again), state="accepted", ending=_ending(again))
    if first.meaning != "in_doubt":
        state = _give_up(ledger, world, batch, first)
        return Verified(answers=(told,), state=state, ending=_ending(first))
    ledger.mark_in_doubt(batch.number)
    second, told_again = _sent(ledger, world, batch)
    if second.meaning in ("accepted", "in_doubt"):
        _settle(ledger, world, batch, second)
    else:
        _give_up(ledger, world, batch, second)
    accepted = second.meaning == "accepted"
    return Verified(
        answers=(told, told_again), state="accepted" if accepted else "in_doubt",
        ending=worst([_ending(first), _ending(second)]),
    )  # fmt: skip


def _sent(ledger: Ledger, world: World, batch: Batch) -> tuple[Verdict, Answered]:
    _wait(world, batch)
    ledger.mark_sent([batch.number], now=milliseconds(world.now()))
    return _posted(world, batch)


def _wait(world: World, batch: Batch) -> None:
    """Let the rate budget have room."""
    while seconds := world.budget.take(batch.size):
        if world.stopping():
            raise StoppedError("stopped while waiting for the rate budget")
        world.pause(seconds)


def _posted(world: World, batch: Batch) -> tuple[Verdict, Answered]:
    answer = world.post(batch, lambda: True)
    if answer is None:
        reason = "no usable token for this pixel"
        verdict = Verdict(meaning="credentials", reason=reason)
    else:
        verdict = judge(answer, sent=batch.size, now=world.now().timestamp())
    if not isinstance(answer, Answer):
        return verdict, Answered(status=None, reason=verdict.reason)
    allowance = told_allowance(answer, now=world.now().timestamp())
    if allowance is not None:
        world.budget.told(**vars(allowance))
    parsed = parse(answer)
    return verdict, Answered(
        status=answer.status, processed=parsed.processed, debug_id=parsed.debug_id,
        reason=verdict.reason,
    )  # fmt: skip


def _settle(ledger: Ledger, world: World, batch: Batch, verdict: Verdict) -> None:
    accepted = verdict.meaning == "accepted"
    ledger.settle(
        batch.number, "accepted" if accepted else "in_doubt", now=milliseconds(world.now()),
        kept=Kept(reason=verdict.reason or None, debug_id=verdict.debug_id, unclear=not accepted),
        amounts=amounts_of(batch.rows) if accepted else (),
    )  # fmt: skip


def _give_up(ledger: Ledger, world: World, batch: Batch, verdict: Verdict) -> State:
    """Record that X did not take it."""
    now = milliseconds(world.now())
    if verdict.meaning in ("row", "too_large"):
        ledger.refuse(batch.number, batch.claim, now=now, kept=Kept(reason=verdict.reason))
        return "refused"
    ledger.mark_not_sent(batch.number)
    ledger.release(batch.number, batch.claim, reason=verdict.reason, now=now)
    return "not_sent"


def _ending(verdict: Verdict) -> Exit:
    if verdict.meaning == "not_processed":
        return Exit.UNFINISHED if verdict.answered else Exit.UNREACHABLE
    return _ENDINGS[verdict.meaning]
