"""From the stage to requests: what the ledger already knows is counted, the rest is claimed."""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import pyarrow as pa
import pyarrow.compute as pc

from connector.conversions.amounts import amounts_by_request, amounts_of
from connector.conversions.sifting import PAST, Rules, Sifted, sift
from connector.conversions.tally import Tally
from connector.errors import UnreachableError
from connector.state.facts import Amount, Claim, ClaimLostError, Fresh, Past
from connector.state.ledger import Ledger
from connector.x.conversions import LARGEST_BATCH

# What is claimed in one transaction. Ids in order go to the end of the ledger, however few they
# are; others touch most of its pages each time, and are gathered before, those of all destinations
# together up to so many bytes.
BATCHES_IN_A_GROUP = 120
GATHERED_BYTES = 16_000_000
MOST_LOST_CLAIMS = 100
# What JSON does not write as it is.
_ESCAPED = re.compile(rb'["\\\x00-\x1f]')


@dataclass(frozen=True, kw_only=True)
class Destination:
    """A pixel's event; `number` is the ledger's."""

    number: int
    pixel_id: str
    event_id: str


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Rows that go out in one request; `number` is the ledger's.

    `rows` has the columns of the stage and of `PAST`, `worth` is what is known of `amounts`.
    `left_at` is when it last left (milliseconds). `resends` counts how often this run sent it again
    because no clear answer came; `reached` says that X may have seen it, `part` that it was part of
    a request X refused.
    """

    number: int
    destination: Destination
    rows: pa.RecordBatch = field(repr=False)
    left_at: int | None = None
    worth: Sequence[Amount] = field(repr=False, default=())
    resends: int = 0
    reached: bool = False
    part: bool = False

    @property
    def size(self) -> int:
        """Conversions in the request."""
        return int(self.rows.num_rows)

    @property
    def amounts(self) -> Sequence[Amount]:
        """What the rows are worth."""
        return self.worth or amounts_of(self.rows)

    def with_rows(self, rows: pa.RecordBatch) -> "Batch":
        """The batch with fewer rows, or with other facts about them."""
        return replace(self, rows=rows, worth=())

    @property
    def claim(self) -> Claim:
        """The batch as the ledger knows it."""
        return claim_of(self.destination, self.rows)


def fresh_of(destination: Destination, rows: pa.RecordBatch, *, largest: int) -> Fresh:
    """Rows the ledger does not know, as it is told of them."""
    ids = rows["conversion_id"]
    return Fresh(
        destination=destination.number, conversion_ids=_listed(ids), digests=_text(rows["digest"]),
        rows=rows.num_rows, largest=largest,
        in_order=_are_in_order(ids),
    )  # fmt: skip


def _are_in_order(ids: pa.StringArray) -> bool:
    return pc.all(pc.less_equal(ids[:-1], ids[1:])).as_py() is not False


def _listed(ids: pa.StringArray) -> str:
    """A JSON list of the ids."""
    if not len(ids) or _ESCAPED.search(_text(ids)):
        return json.dumps(ids.to_pylist())
    every = pa.ListArray.from_arrays(pa.array([0, len(ids)], pa.int32()), ids)
    joined = pc.binary_join(every, '","')[0].as_py()
    return f'["{joined}"]'


def _text(texts: pa.StringArray) -> bytes:
    """All texts, one after the other, as Arrow has them; none is null."""
    _, offsets, data = texts.buffers()
    ends = memoryview(offsets).cast("i")
    first, last = ends[texts.offset], ends[texts.offset + len(texts)]
    return bytes(memoryview(data)[first:last]) if data is not None else b""


def claim_of(destination: Destination, rows: pa.RecordBatch) -> Claim:
    """Rows as the ledger knows them."""
    return Claim(
        destination=destination.number,
        conversion_ids=rows["conversion_id"].to_pylist(),
        digests=rows["digest"].to_pylist(),
        seen=rows["seen"].to_pylist(),
    )


class Gate(Protocol):
    """Says why a destination takes nothing more, None while it does."""

    def __call__(self, destination: Destination) -> str | None:
        """The reason, or None."""


def _parted_by(
    rows: pa.RecordBatch, names: tuple[str, str]
) -> Iterator[tuple[tuple[str, str], pa.RecordBatch]]:
    """The rows of each pair of values, in the order of their first."""
    one, other = (pc.dictionary_encode(rows[name]) for name in names)
    width = len(other.dictionary)
    pairs = pc.add(pc.multiply(one.indices, width), other.indices)
    every = pc.unique(pairs).to_pylist()
    for pair in every:
        chosen = rows if len(every) == 1 else rows.filter(pc.equal(pairs, pair))
        words = one.dictionary[pair // width].as_py(), other.dictionary[pair % width].as_py()
        yield words, chosen


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
        waiting: dict[Destination, list[pa.RecordBatch]] = defaultdict(list)
        # Where all was new so far, claiming tells as well as asking whether all is.
        all_new = False
        for destination, rows in self._by_destination(stage, self.ledger.make_destination):
            fresh = self._to_send(destination, rows, ask=not all_new)
            all_new = fresh["seen"].null_count == rows.num_rows
            gathered = waiting[destination]
            gathered.append(fresh)
            held = sum(each.nbytes for parts in waiting.values() for each in parts)
            if held >= GATHERED_BYTES or self._is_enough(gathered):
                whole = pa.concat_batches(gathered) if len(gathered) > 1 else fresh
                full = whole.num_rows - whole.num_rows % self.largest
                waiting[destination] = [whole.slice(full)] if whole.num_rows > full else []
                all_new &= yield from self._claimed(destination, whole.slice(0, full))
            yield None
        for destination, gathered in waiting.items():
            if gathered:
                yield from self._claimed(destination, pa.concat_batches(gathered))

    def _is_enough(self, gathered: Sequence[pa.RecordBatch]) -> bool:
        """Whether rows are claimed now, and do not wait for more."""
        rows = sum(each.num_rows for each in gathered)
        return rows >= BATCHES_IN_A_GROUP * self.largest or all(
            _are_in_order(each["conversion_id"]) for each in gathered
        )

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
            for pair, chosen in _parted_by(rows, ("pixel_id", "event_id")):
                if pair not in known:
                    pixel, event = pair
                    number = number_of(target=self.target, pixel_id=pixel, event_id=event)
                    known[pair] = Destination(number=number or 0, pixel_id=pixel, event_id=event)
                yield known[pair], chosen

    def _sifted(
        self, destination: Destination, rows: pa.RecordBatch, *, ask: bool = True
    ) -> Sifted:
        """Ask the ledger for the rows, and count those that only need counting."""
        past = Past()
        if ask:
            past = self.ledger.past(destination.number, _listed(rows["conversion_id"]))
        sifted = sift(rows, past, self.rules)
        for (outcome, reason), places in sifted.counted.items():
            if outcome == "pending":
                self.tally.unfinished(outcome, sifted.part(outcome, reason), reason)
            else:
                self.tally.count(outcome, len(places), reason)
        self.tally.held_before += sifted.held_before
        self.tally.changed += sifted.changed
        return sifted

    def _to_send(
        self, destination: Destination, rows: pa.RecordBatch, *, ask: bool = True
    ) -> pa.RecordBatch:
        """Count and hold what is not to be sent; the other rows, as the ledger saw them."""
        sifted = self._sifted(destination, rows, ask=ask)
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

    def _claimed(
        self, destination: Destination, rows: pa.RecordBatch
    ) -> Generator[Batch, None, bool]:
        """Batches of rows that were just claimed; none of a destination that is closed.

        Returns whether the ledger had what it was thought to have.
        """
        lost = 0
        while rows.num_rows:
            reason = self.closed(destination)
            if reason is not None:
                new = pc.is_null(rows["seen"])
                self.tally.unsent(rows.filter(pc.invert(new)), reason)
                # For these the ledger may not have been asked.
                self.tally.unsent(self._asked_again(destination, rows.filter(new)), reason)
                break
            group = rows.slice(0, BATCHES_IN_A_GROUP * self.largest)
            try:
                batches = self._claim(destination, group)
            except ClaimLostError:
                lost += 1
                if lost > MOST_LOST_CLAIMS:
                    raise UnreachableError("the state refuses what it says is free") from None
                rows = self._asked_again(destination, rows)
                continue
            rows = rows.slice(group.num_rows)
            self.tally.unseen += group["seen"].null_count
            yield from batches
        return not lost

    def _asked_again(self, destination: Destination, rows: pa.RecordBatch) -> pa.RecordBatch:
        names = [name for name in rows.schema.names if name not in PAST]
        return self._to_send(destination, rows.select(names))

    def _claim(self, destination: Destination, rows: pa.RecordBatch) -> list[Batch]:
        now, starts = self.rules.sender().now, range(0, rows.num_rows, self.largest)
        parts = [rows.slice(start, self.largest) for start in starts]
        if rows["seen"].null_count == rows.num_rows:
            fresh = fresh_of(destination, rows, largest=self.largest)
            numbers = self.ledger.claim_new(fresh, now=now)
        else:
            claims = [claim_of(destination, part) for part in parts]
            numbers = self.ledger.claim(claims, now=now)
        amounts = amounts_by_request(rows, largest=self.largest)
        return [
            Batch(number=number, destination=destination, rows=part, worth=worth)
            for number, part, worth in zip(numbers, parts, amounts, strict=True)
        ]
