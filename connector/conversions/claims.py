"""From the stage to requests: what the ledger already knows is counted, the rest is claimed."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from connector.conversions.outcomes import DEDUP_WINDOW, RESEND_WINDOW, Sender, decide
from connector.conversions.tally import Tally
from connector.errors import UnreachableError
from connector.state.facts import RESOLVED
from connector.state.ledger import Claim, ClaimLostError, Known, Ledger
from connector.x.conversions import LARGEST_BATCH

BATCHES_IN_A_GROUP = 20  # claimed in one transaction
MOST_LOST_CLAIMS = 100
COUNTED_AS = {"accepted": "deduplicated"}
PAST = ("seen", "doubt_since", "again")
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, kw_only=True)
class Destination:
    """A pixel's event; `number` is the ledger's."""

    number: int
    pixel_id: str
    event_id: str


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Rows that go out in one request; `number` is the ledger's.

    `rows` has the columns of the stage and of `PAST`. `left_at` is when it last left
    (milliseconds). `resends` counts how often this run sent it again because no clear answer came;
    `reached` says that X may have seen it, `part` that it was part of a request X refused.
    """

    number: int
    destination: Destination
    rows: pa.RecordBatch = field(repr=False)
    left_at: int | None = None
    resends: int = 0
    reached: bool = False
    part: bool = False

    @property
    def size(self) -> int:
        """Conversions in the request."""
        return int(self.rows.num_rows)

    @property
    def claim(self) -> Claim:
        """The batch as the ledger knows it."""
        return claim_of(self.destination, self.rows)


def claim_of(destination: Destination, rows: pa.RecordBatch) -> Claim:
    """Rows as the ledger knows them."""
    return Claim(
        destination=destination.number,
        conversion_ids=rows["conversion_id"].to_pylist(),
        digests=rows["digest"].to_pylist(),
        seen=rows["seen"].to_pylist(),
    )


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What decides between sending and not, beside the ledger.

    `begun_before` (milliseconds): what is older was sent by something else. `browser_pixel`: what
    is older than X's window is held, since X would count it beside the web pixel's own event.
    `double_count`: a person lets what was sent before, here or elsewhere, count twice.
    """

    sender: Callable[[], Sender]
    begun_before: int | None
    browser_pixel: bool
    double_count: bool = False


class Gate(Protocol):
    """Says why a destination takes nothing more, None while it does."""

    def __call__(self, destination: Destination) -> str | None:
        """The reason, or None."""


@dataclass(frozen=True, kw_only=True, repr=False)
class Sifted:
    """Rows by what is to become of them: sent, held for a reason, or only counted.

    They have the columns of `PAST` too: `seen`, the batch of the ledger, `doubt_since`, and in
    `send` and `hold` also `again`, true for what a person lets count twice.
    """

    send: pa.RecordBatch
    hold: Mapping[str, pa.RecordBatch]
    counted: Mapping[tuple[str, str], pa.RecordBatch]
    held_before: int
    changed: int


def sift(rows: pa.RecordBatch, known: Mapping[int, Known], rules: Rules) -> Sifted:
    """Part rows by what the ledger knows of them (by position) and by the mapping's rules."""
    sender = rules.sender()
    sending = np.ones(rows.num_rows, dtype=bool)
    sending[list(known)] = False
    positions: dict[tuple[str, str], list[int]] = {}
    changed = 0
    digests = rows["digest"].to_pylist() if known else []
    for position, past in known.items():
        decision = decide(past, digest=digests[position], sender=sender)
        changed += decision.changed
        positions.setdefault((decision.course, decision.reason), []).append(position)
    resent = positions.pop(("send", ""), [])
    again = np.zeros(rows.num_rows, dtype=bool)
    again[[place for place in resent if _may_count_twice(known[place])]] = True
    if rules.begun_before is not None:
        begun = np.flatnonzero(sending & (rows["time_ms"].to_numpy() < rules.begun_before))
        if rules.double_count:
            again[begun] = True
        else:
            positions["deduplicated", "begun_before"] = begun.tolist()
            sending[begun] = False
    sending[resent] = True
    rows = _with_past(rows, known).append_column("again", pa.array(again))
    parts = {key: rows.take(pa.array(where)) for key, where in positions.items() if where}
    send, hold = late(
        rows.filter(pa.array(sending)), now=sender.now, browser_pixel=rules.browser_pixel
    )
    return Sifted(
        send=send,
        hold={reason: part for (course, reason), part in parts.items() if course == "hold"} | hold,
        counted={
            (COUNTED_AS.get(course, course), reason): part
            for (course, reason), part in parts.items()
            if course != "hold"
        },
        held_before=sum(len(w) for (course, _), w in positions.items() if course == "held"),
        changed=changed,
    )


def late(
    rows: pa.RecordBatch, *, now: int, browser_pixel: bool
) -> tuple[pa.RecordBatch, dict[str, pa.RecordBatch]]:
    """Part rows that are about to leave at `now` (milliseconds) from those that are late.

    The late ones, which X might count a second time, come by their reason. What is sent to count
    twice is late only once it is in doubt itself.
    """
    limits = {"in_doubt": ("doubt_since", RESEND_WINDOW)}
    if browser_pixel:
        limits["outside_dedup_window"] = ("time_ms", DEDUP_WINDOW)
    parts = {}
    for reason, (column, window) in limits.items():
        oldest = pa.scalar(now - window // _MILLISECOND, pa.int64())
        mask = pc.fill_null(pc.less_equal(rows[column], oldest), fill_value=False)
        if reason == "outside_dedup_window":
            mask = pc.and_(mask, pc.invert(rows["again"]))
        if pc.any(mask).as_py():
            parts[reason] = rows.filter(mask)
            rows = rows.filter(pc.invert(mask))
    return rows, parts


def _may_count_twice(past: Known) -> bool:
    """Whether a person has said that it is sent whatever X makes of it."""
    return past.state == "accepted" or past.reason == RESOLVED


def _with_past(rows: pa.RecordBatch, known: Mapping[int, Known]) -> pa.RecordBatch:
    seen: list[int | None] = [None] * rows.num_rows
    doubt: list[int | None] = [None] * rows.num_rows
    for position, past in known.items():
        seen[position] = past.batch
        if past.state != "accepted":  # an acceptance ends a doubt
            doubt[position] = past.doubt_since
    rows = rows.append_column("seen", pa.array(seen, pa.int64()))
    return rows.append_column("doubt_since", pa.array(doubt, pa.int64()))


@dataclass(frozen=True, kw_only=True)
class Claims:
    """The ledger, the rules and the tally that rows pass by on their way to a request."""

    ledger: Ledger
    target: str
    rules: Rules
    tally: Tally
    closed: Gate
    largest: int = LARGEST_BATCH

    def batches(self, stage: Iterator[pa.RecordBatch]) -> Iterator[Batch | None]:
        """Claim rows batch by batch, up to `largest` of one destination each.

        None where a part of the stage is done: its rows may all be known, and others be answered.
        """
        waiting: dict[Destination, pa.RecordBatch] = {}
        for destination, rows in self._by_destination(stage, self.ledger.make_destination):
            fresh = self._to_send(destination, rows)
            if destination in waiting:
                fresh = pa.concat_batches([waiting.pop(destination), fresh])
            full = fresh.num_rows - fresh.num_rows % self.largest
            if fresh.num_rows > full:
                waiting[destination] = fresh.slice(full)
            yield from self._claimed(destination, fresh.slice(0, full))
            yield None
        for destination, rows in waiting.items():
            yield from self._claimed(destination, rows)

    def rehearse(self, stage: Iterator[pa.RecordBatch], reason: str) -> None:
        """Count what `batches` would do, without claiming or holding anything."""
        for sifted in self.sifted(stage):
            for why, held in sifted.hold.items():
                self.tally.count("held", held.num_rows, why)
            self.tally.sent(sifted.send)
            self.tally.planned(sifted.send)
            self.tally.unfinished("pending", sifted.send, reason)

    def sifted(self, stage: Iterator[pa.RecordBatch]) -> Iterator[Sifted]:
        """Part rows and count those that only need counting, without claiming anything."""
        for destination, rows in self._by_destination(stage, self.ledger.find_destination):
            yield self._sifted(destination, rows)

    def _by_destination(
        self, stage: Iterator[pa.RecordBatch], number_of: Callable[..., int | None]
    ) -> Iterator[tuple[Destination, pa.RecordBatch]]:
        known: dict[tuple[str, str], Destination] = {}
        for rows in stage:
            pairs = list(
                zip(rows["pixel_id"].to_pylist(), rows["event_id"].to_pylist(), strict=True)
            )
            for pair in dict.fromkeys(pairs):
                if pair not in known:
                    pixel, event = pair
                    number = number_of(target=self.target, pixel_id=pixel, event_id=event)
                    known[pair] = Destination(number=number or 0, pixel_id=pixel, event_id=event)
                chosen = pa.array([other == pair for other in pairs])
                yield known[pair], rows.filter(chosen)

    def _sifted(self, destination: Destination, rows: pa.RecordBatch) -> Sifted:
        """Ask the ledger for the rows, and count those that only need counting."""
        known = self.ledger.known(destination.number, rows["conversion_id"].to_pylist())
        sifted = sift(rows, known, self.rules)
        for (outcome, reason), counted in sifted.counted.items():
            if outcome == "pending":
                self.tally.unfinished(outcome, counted, reason)
            else:
                self.tally.count(outcome, counted.num_rows, reason)
        self.tally.held_before += sifted.held_before
        self.tally.changed += sifted.changed
        return sifted

    def _to_send(self, destination: Destination, rows: pa.RecordBatch) -> pa.RecordBatch:
        """Count and hold what is not to be sent; the other rows, as the ledger saw them."""
        sifted = self._sifted(destination, rows)
        parts = [sifted.send]
        for reason, held in sifted.hold.items():
            try:
                claim, now = claim_of(destination, held), self.rules.sender().now
                self.ledger.hold(claim, reason=reason, now=now)
            except ClaimLostError:
                parts.append(self._to_send(destination, held.select(rows.schema.names)))
                continue
            self.tally.hold(held, reason)
        return pa.concat_batches(parts)

    def _claimed(self, destination: Destination, rows: pa.RecordBatch) -> Iterator[Batch]:
        """Batches of rows that were just claimed; none of a destination that is closed."""
        lost = 0
        while rows.num_rows:
            reason = self.closed(destination)
            if reason is not None:
                self.tally.unsent(rows, reason)
                return
            group = rows.slice(0, BATCHES_IN_A_GROUP * self.largest)
            parts = [
                group.slice(start, self.largest) for start in range(0, group.num_rows, self.largest)
            ]
            try:
                claims = [claim_of(destination, part) for part in parts]
                numbers = self.ledger.claim(claims, now=self.rules.sender().now)
            except ClaimLostError:
                lost += 1
                if lost > MOST_LOST_CLAIMS:
                    raise UnreachableError("the state refuses what it says is free") from None
                names = [name for name in rows.schema.names if name not in PAST]
                rows = self._to_send(destination, rows.select(names))
                continue
            rows = rows.slice(group.num_rows)
            self.tally.unseen += group["seen"].null_count
            for number, part in zip(numbers, parts, strict=True):
                yield Batch(number=number, destination=destination, rows=part)
