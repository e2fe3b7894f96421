"""Claimed batches leave, and answers are on disk the moment they are read.

Requests are made in threads; the ledger is written by the caller's thread alone. The answers that
are there, and the requests that leave next, are one transaction.
"""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from queue import SimpleQueue

from connector.conversions.answers import Answers
from connector.conversions.requests import Batch, claim_of
from connector.conversions.sifting import late
from connector.conversions.traffic import LEAVES_WITHIN_SECONDS, Traffic
from connector.errors import Exit
from connector.http import Answer, NoAnswer

WAIT_WORTH_TELLING_SECONDS = 5.0
Reply = Answer | NoAnswer | None


@dataclass(kw_only=True)
class Delivery:
    """One run's sending."""

    traffic: Traffic
    _ready: deque[Batch] = field(default_factory=deque)
    _flying: dict[Future[Reply], Batch] = field(default_factory=dict)
    _landed: SimpleQueue[Future[Reply]] = field(default_factory=SimpleQueue)
    _answers: Answers = field(init=False)

    def __post_init__(self) -> None:
        """Answers belong to the same traffic."""
        self._answers = Answers(traffic=self.traffic)

    def run(self, batches: Iterator[Batch | None]) -> None:
        """Send every batch, or say why not; None between them lets answers in.

        Raises:
            ConnectorError: the state is out of reach, or another run took over.
        """
        with ThreadPoolExecutor(self.traffic.policy.senders, thread_name_prefix="send") as pool:
            try:
                while self._claim_ahead(batches) or self._flying:
                    done = self._answered()
                    with self.traffic.edges.ledger.together():
                        for future in done:
                            self._answers.take(self._flying[future], future.result())
                        leaving = self._departures(on_their_way=len(self._flying) - len(done))
                    for future in done:
                        del self._flying[future]
                    for batch in leaving:
                        future = pool.submit(self._post, batch)
                        self._flying[future] = batch
                        future.add_done_callback(self._landed.put)
            finally:
                self._give_up()

    def _give_up(self) -> None:
        """After a failure what X still answers counts, as far as it can be kept."""
        for future, batch in self._flying.items():
            try:
                self._answers.take(batch, future.result())
            except Exception:  # noqa: BLE001 - the first failure is the one that is told
                self.traffic.tally.unfinished("in_doubt", batch.rows, "interrupted")

    def _claim_ahead(self, batches: Iterator[Batch | None]) -> bool:
        """Have batches ready to leave while others are answered; whether there is any."""
        wanted = self.traffic.policy.senders
        if len(self._ready) < wanted and not self._is_ending():
            for batch in batches:
                if batch is not None:
                    self._ready.append(batch)
                enough = len(self._ready) >= wanted or self._is_ending()
                if enough or (batch is None and self._flying):
                    break
        return bool(self._ready or self.traffic.again)

    def _is_ending(self) -> bool:
        """Whether answers on their way come before counting what is left."""
        return bool(self._flying) and self.traffic.over() is not None

    def _answered(self) -> list[Future[Reply]]:
        """The requests that have been answered, none when others may leave meanwhile."""
        waiting = bool(self._ready or self.traffic.again)
        may_leave = waiting and self._may_leave(len(self._flying))
        if self._flying:
            done = [] if may_leave else [self._landed.get()]
            while not self._landed.empty():
                done.append(self._landed.get())
            return done
        while not may_leave and self.traffic.over() is None and (seconds := self.traffic.waits()):
            self.traffic.edges.pause(seconds)
        return []

    def _may_leave(self, on_their_way: int) -> bool:
        if self.traffic.over() is not None:
            return not on_their_way
        return on_their_way < self._room() and not self.traffic.waits()

    def _room(self) -> int:
        """One request at a time while parts of a refused request tell what is wrong."""
        parts = (batch for batch in self.traffic.again if batch.part)
        searching = any(not self.traffic.standing[part.destination].accepted for part in parts)
        return 1 if searching else self.traffic.policy.senders

    def _departures(self, on_their_way: int) -> list[Batch]:
        """The batches that leave now, recorded as sent."""
        leaving: list[Batch] = []
        now = self.traffic.milliseconds()
        while self._may_leave(on_their_way + len(leaving)) and (self.traffic.again or self._ready):
            batch = (self.traffic.again or self._ready).popleft()
            ready = self._depart(batch, now)
            if ready is not None:
                leaving.append(ready)
        if leaving:
            numbers = [batch.number for batch in leaving]
            self.traffic.edges.ledger.mark_sent(numbers, now=now)
        return leaving

    def _depart(self, batch: Batch, now: int) -> Batch | None:
        """The batch as it may leave now, None when nothing of it does."""
        reason = self.traffic.closed(batch.destination)
        if reason is not None:
            self.traffic.abandon(batch, reason)
            return None
        rest = self._hold_what_is_late(batch, now)
        if not rest.size or not self._may_spend(rest):
            return None
        self.traffic.tally.requests_sent += 1
        self.traffic.tally.requests_retried += rest.left_at is not None
        return replace(rest, left_at=now)

    def _may_spend(self, batch: Batch) -> bool:
        """Whether the rate budget has room for it; else it is the next to leave, after a wait."""
        edges = self.traffic.edges
        seconds = edges.budget(batch.size)
        if not seconds:
            return True
        self.traffic.again.appendleft(batch)
        if not self.traffic.pace.wait(seconds, now=edges.now()):
            self.traffic.close("", "rate_budget", Exit.UNFINISHED)
        elif seconds >= WAIT_WORTH_TELLING_SECONDS:
            edges.warn(f"the rate budget is used up; going on in {seconds:.0f} s")
        return False

    def _hold_what_is_late(self, batch: Batch, now: int) -> Batch:
        """Hold rows that X might count twice if they left now; the batch without them."""
        policy = self.traffic.policy
        rest, parts = late(batch.rows, now=now, browser_pixel=policy.browser_pixel)
        left = batch.size
        for reason, rows in parts.items():
            left -= rows.num_rows
            part = claim_of(batch.destination, rows) if left else None
            self.traffic.edges.ledger.hold_back(batch.number, part, reason=reason, now=now)
            self.traffic.count(partial(self.traffic.tally.hold, rows, reason))
        return batch.with_rows(rest) if parts else batch

    def _post(self, batch: Batch) -> Reply:
        """Send it, unless the process slept on the way: X, or another run, may be past it now."""
        last = (batch.left_at or 0) / 1000 + LEAVES_WITHIN_SECONDS
        return self.traffic.edges.post(batch, lambda: self.traffic.edges.now() <= last)
