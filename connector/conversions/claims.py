"""From the stage to requests: what the ledger already knows is counted, the rest is claimed."""

from collections import defaultdict
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa
import pyarrow.compute as pc

from connector.conversions.requests import (
    Batch,
    Destination,
    Requests,
    are_in_order,
    claim_of,
    listed,
    requests_from,
)
from connector.conversions.sifting import PAST, Rules, Sifted, sift
from connector.conversions.tally import Tally
from connector.errors import UnreachableError
from connector.state.facts import ClaimLostError, Past
from connector.state.ledger import Ledger
from connector.x.conversions import LARGEST_BATCH

# What is claimed in one transaction. Ids in order go to the end of the ledger, however few they
# are; others touch most of its pages each time, and are gathered before, those of all destinations
# together up to so many bytes.
BATCHES_IN_A_GROUP = 120
GATHERED_BYTES = 16_000_000
MOST_LOST_CLAIMS = 100


class Gate(Protocol):
    """Says why a destination takes nothing more, None while it does."""

    def __call__(self, destination: Destination) -> str | None:
        """The reason, or None."""


def _parted_by(
    rows: pa.RecordBatch, names: tuple[str, str]
) -> Iterator[tuple[tuple[str, str], pa.RecordBatch]]:
    """The rows of each pair of values, in the order of their first."""
    one, other = (rows[name] for name in names)
    if rows.num_rows and all(pc.all(pc.equal(each, each[0])).as_py() for each in (one, other)):
        yield (one[0].as_py(), other[0].as_py()), rows  # a mapping seldom has more than one
        return
    one, other = pc.dictionary_encode(one), pc.dictionary_encode(other)
    width = len(other.dictionary)
    pairs = pc.add(pc.multiply(one.indices, width), other.indices)
    for pair in pc.unique(pairs).to_pylist():
        words = one.dictionary[pair // width].as_py(), other.dictionary[pair % width].as_py()
        yield words, rows.filter(pc.equal(pairs, pair))


@dataclass(frozen=True, kw_only=True)
class Claims:
    """The ledger, the rules and the tally that rows pass by on their way to a request."""

    ledger: Ledger
    target: str
    rules: Rules
    tally: Tally
    closed: Gate
    largest: int = LARGEST_BATCH

    def batches(self, stage: Iterator[pa.RecordBatch]) -> Generator[Batch | None]:
        """Claim rows batch by batch, up to `largest` of one destination each.

        Their requests are made in a thread, while those before them are claimed and sent. None
        where a part of the stage is done: its rows may all be known, and others be answered. To be
        closed: left to Python it would wait for the thread anywhere, even where another starts.
        """
        gathered: dict[Destination, list[pa.RecordBatch]] = defaultdict(list)
        # Where all was new so far, claiming tells as well as asking whether all is.
        all_new = False
        made: list[Future[Requests]] = []
        with ThreadPoolExecutor(1, "requests") as pool:

            def make(destination: Destination, group: pa.RecordBatch) -> Future[Requests]:
                return pool.submit(requests_from, destination, group, largest=self.largest)

            for destination, rows in self._by_destination(stage, self.ledger.make_destination):
                fresh = self._to_send(destination, rows, ask=not all_new)
                all_new = fresh["seen"].null_count == rows.num_rows
                gathered[destination].append(fresh)
                before = made
                made = [make(destination, group) for group in self._groups(gathered, destination)]
                for each in before:
                    all_new &= yield from self._claimed(each.result())
                yield None
            made += [make(where, _joined(parts)) for where, parts in gathered.items() if parts]
            for each in made:
                yield from self._claimed(each.result())

    def _groups(
        self, gathered: dict[Destination, list[pa.RecordBatch]], destination: Destination
    ) -> Iterator[pa.RecordBatch]:
        """What is claimed now of what was gathered for a destination: whole requests."""
        parts = gathered[destination]
        held = sum(each.nbytes for every in gathered.values() for each in every)
        if held < GATHERED_BYTES and not self._is_enough(parts):
            return
        whole, most = _joined(parts), BATCHES_IN_A_GROUP * self.largest
        full = whole.num_rows - whole.num_rows % self.largest
        gathered[destination] = [whole.slice(full)] if whole.num_rows > full else []
        for start in range(0, full, most):
            yield whole.slice(start, min(most, full - start))

    def _is_enough(self, gathered: Sequence[pa.RecordBatch]) -> bool:
        """Whether rows are claimed now, and do not wait for more."""
        rows = sum(each.num_rows for each in gathered)
        return rows >= BATCHES_IN_A_GROUP * self.largest or all(
            are_in_order(each["conversion_id"]) for each in gathered
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
            past = self.ledger.past(destination.number, listed(rows["conversion_id"]))
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
        return _joined(parts)

    def _claimed(self, requests: Requests) -> Generator[Batch, None, bool]:
        """Batches of requests that were just claimed; none of a destination that is closed.

        Returns whether the ledger had what it was thought to have.
        """
        destination, rows = requests.destination, requests.rows
        for lost in range(MOST_LOST_CLAIMS):
            reason = self.closed(destination)
            if reason is not None:
                new = pc.is_null(rows["seen"])
                self.tally.unsent(rows.filter(pc.invert(new)), reason)
                # For these the ledger may not have been asked.
                self.tally.unsent(self._asked_again(destination, rows.filter(new)), reason)
                return not lost
            try:
                numbers = self._claim(requests)
            except ClaimLostError:
                rows = self._asked_again(destination, rows)
                if not rows.num_rows:
                    return False
                requests = requests_from(destination, rows, largest=self.largest)
                continue
            self.tally.unseen += rows["seen"].null_count
            yield from requests.batches(numbers)
            return not lost
        raise UnreachableError("the state refuses what it says is free")

    def _asked_again(self, destination: Destination, rows: pa.RecordBatch) -> pa.RecordBatch:
        names = [name for name in rows.schema.names if name not in PAST]
        return self._to_send(destination, rows.select(names))

    def _claim(self, requests: Requests) -> list[int]:
        now = self.rules.sender().now
        if requests.fresh is None:
            return self.ledger.claim(requests.claims, now=now)
        return self.ledger.claim_new(requests.fresh, now=now)


def _joined(parts: Sequence[pa.RecordBatch]) -> pa.RecordBatch:
    return pa.concat_batches(parts) if len(parts) > 1 else parts[0]
