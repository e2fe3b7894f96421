"""Claimed batches leave, and each answer is committed the moment it is read.

Requests are made in threads; the ledger is written by the caller's thread alone.
"""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

from connector.conversions.claims import Batch, Destination, claim_of
from connector.conversions.outcomes import (
    DEDUP_WINDOW,
    RESEND_WINDOW,
    RESENDS_IN_A_RUN,
    SINGLES_THAT_CONDEMN,
    Verdict,
    backoff,
    judge,
)
from connector.conversions.tally import Tally
from connector.errors import Exit
from connector.http import Answer, NoAnswer
from connector.state.ledger import Amount, Ledger
from connector.state.ledger import Answer as Kept

PATIENCE_SECONDS = 15 * 60.0
# The answers after which X has seen the conversions.
REACHED = frozenset({"accepted", "row", "too_large", "in_doubt"})
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, kw_only=True)
class Edges:
    """What delivering touches outside: the wire, the ledger, the clock, chance, and the user.

    `post` gives None when there are no credentials for the batch. `pause` waits seconds, less when
    the user stops the run; `now` is epoch seconds.
    """

    post: Callable[[Batch], Answer | NoAnswer | None]
    ledger: Ledger
    now: Callable[[], float]
    pause: Callable[[float], None]
    random: Callable[[], float]
    stopping: Callable[[], bool]
    progress: Callable[[int], None]
    warn: Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Policy:
    """How a mapping wants it: doubts, the web pixel, and the latest moment (epoch seconds).

    `pixel_scope` says that credentials belong to one pixel alone.
    """

    in_doubt: Literal["resend", "hold"]
    browser_pixel: bool
    deadline: float | None
    pixel_scope: bool
    senders: int = 4


@dataclass(kw_only=True)
class _Standing:
    """How a destination fares in this run."""

    accepted: bool = False
    suspect: bool = False
    singles: dict[str, list[Batch]] = field(default_factory=dict)


@dataclass(kw_only=True)
class Delivery:
    """One run's sending; `closed` tells claims which destinations take nothing more."""

    edges: Edges
    policy: Policy
    tally: Tally
    _again: deque[Batch] = field(default_factory=deque)
    _closed: dict[str, str] = field(default_factory=dict)
    _standing: dict[Destination, _Standing] = field(default_factory=dict)
    _not_before: float = 0.0
    _stalled_since: float | None = None
    _stalls: int = 0

    def closed(self, destination: Destination) -> str | None:
        """Why nothing more goes to a destination in this run, None while it does."""
        if self.edges.stopping():
            self._close_run("interrupted", Exit.UNFINISHED)
        deadline = self.policy.deadline
        if deadline is not None and self.edges.now() >= deadline:
            self._close_run("deadline", Exit.UNFINISHED)
        scopes = ("", destination.pixel_id, f"{destination.pixel_id} {destination.event_id}")
        return next((self._closed[scope] for scope in scopes if scope in self._closed), None)

    def run(self, batches: Iterator[Batch]) -> None:
        """Send every batch, or say why not."""
        flying: dict[Future[Answer | NoAnswer | None], Batch] = {}
        with ThreadPoolExecutor(self.policy.senders, thread_name_prefix="send") as pool:
            while True:
                while len(flying) < self._room() and not (flying and self._must_wait()):
                    batch = self._next(batches)
                    if batch is None:
                        break
                    ready = self._depart(batch)
                    if ready is not None:
                        flying[pool.submit(self.edges.post, ready)] = ready
                if not flying:
                    return
                done, _ = wait(flying, return_when=FIRST_COMPLETED)
                for future in done:
                    self._arrive(flying.pop(future), future.result())

    def _room(self) -> int:
        """One request at a time while a destination refuses everything it gets."""
        return 1 if any(s.suspect for s in self._standing.values()) else self.policy.senders

    def _must_wait(self) -> bool:
        return self._not_before > self.edges.now()

    def _next(self, batches: Iterator[Batch]) -> Batch | None:
        return self._again.popleft() if self._again else next(batches, None)

    def _depart(self, batch: Batch) -> Batch | None:
        """The batch as it may leave now, None when nothing of it does."""
        while self.closed(batch.destination) is None and self._must_wait():
            self.edges.pause(self._not_before - self.edges.now())
        reason = self.closed(batch.destination)
        if reason is not None:
            self._abandon(batch, reason)
            return None
        remaining = self._hold_what_is_late(batch)
        if remaining is None:
            return None
        self.edges.ledger.mark_sent(remaining.number, now=self._milliseconds())
        self.tally.requests_sent += 1
        self.tally.requests_retried += remaining.retried
        return remaining

    def _hold_what_is_late(self, batch: Batch) -> Batch | None:
        """Hold rows that X might count twice if they left now."""
        now = self._milliseconds()
        doubt_limit = pa.scalar(now - RESEND_WINDOW // _MILLISECOND, pa.int64())
        late = {"in_doubt": pc.less_equal(batch.rows["doubt_since"], doubt_limit)}
        if self.policy.browser_pixel:
            oldest = pa.scalar(now - DEDUP_WINDOW // _MILLISECOND, pa.int64())
            late["outside_dedup_window"] = pc.less(batch.rows["time_ms"], oldest)
        for reason, known in late.items():
            mask = pc.fill_null(known, fill_value=False)
            held = batch.rows.filter(mask)
            if not held.num_rows:
                continue
            part = claim_of(batch.destination, held)
            self.edges.ledger.hold_back(batch.number, part, reason=reason, now=now)
            self.tally.count("held", held.num_rows, reason)
            self.tally.newly_held += held.num_rows
            batch = replace(batch, rows=batch.rows.filter(pc.invert(mask)))
            if not batch.size:
                self.edges.ledger.release(batch.number, batch.claim)
                return None
            return self._hold_what_is_late(batch)
        return batch

    def _arrive(self, batch: Batch, answer: Answer | NoAnswer | None) -> None:
        """Commit what an answer means, before anything else happens."""
        if answer is None:
            verdict = Verdict(meaning="credentials", reason="no token for this pixel")
        else:
            verdict = judge(answer, sent=batch.size, now=self.edges.now())
        if verdict.meaning in REACHED and not batch.reached:
            self.tally.sent(batch.rows)
        batch = replace(batch, retried=True, reached=batch.reached or verdict.meaning in REACHED)
        if verdict.meaning != "not_processed":
            self._stalled_since, self._stalls = None, 0
        handlers: dict[str, Callable[[Batch, Verdict], None]] = {
            "accepted": self._accept,
            "not_processed": self._try_later,
            "credentials": self._stop_credentials,
            "destination": self._stop_destination,
            "configuration": self._stop_configuration,
            "row": self._refuse,
            "too_large": self._refuse,
            "in_doubt": self._doubt,
        }
        handlers[verdict.meaning](batch, verdict)

    def _accept(self, batch: Batch, verdict: Verdict) -> None:
        amounts, value = _amounts(batch.rows)
        answer = Kept(debug_id=verdict.debug_id)
        self.edges.ledger.settle(
            batch.number, "accepted", now=self._milliseconds(), answer=answer, amounts=amounts
        )
        standing = self._standing_of(batch)
        standing.accepted, standing.suspect = True, False
        self.tally.accepted(batch.size, value)
        self.edges.progress(batch.size)

    def _try_later(self, batch: Batch, verdict: Verdict) -> None:
        self.edges.ledger.mark_not_sent(batch.number)
        now = self.edges.now()
        self._stalls += 1
        self._stalled_since = now if self._stalled_since is None else self._stalled_since
        told = verdict.wait
        seconds = backoff(self._stalls, random=self.edges.random()) if told is None else told
        last = self.policy.deadline or self._stalled_since + PATIENCE_SECONDS
        if now + seconds > last:
            self._close_run(
                verdict.reason, Exit.UNFINISHED if verdict.answered else Exit.UNREACHABLE
            )
        else:
            self.edges.warn(f"X Ads: {verdict.reason}; trying again in {seconds:.0f} s")
            self._not_before = max(self._not_before, now + seconds)
        self._again.append(batch)

    def _doubt(self, batch: Batch, verdict: Verdict) -> None:
        now = self._milliseconds()
        kept = Kept(reason=verdict.reason, debug_id=verdict.debug_id, unclear=True)
        if self.policy.in_doubt == "hold":
            self.edges.ledger.settle(batch.number, "held", now=now, answer=kept)
            self.tally.count("held", batch.size, "in_doubt")
            self.tally.newly_held += batch.size
        elif batch.resends < RESENDS_IN_A_RUN and self.closed(batch.destination) is None:
            self.edges.ledger.mark_in_doubt(batch.number)
            self.edges.warn(f"X Ads: {verdict.reason}; sending the same again")
            if batch.resends:
                wait_seconds = backoff(batch.resends, random=self.edges.random())
                self._not_before = max(self._not_before, self.edges.now() + wait_seconds)
            rows = _doubted(batch.rows, now)
            self._again.appendleft(replace(batch, rows=rows, resends=batch.resends + 1))
        else:
            self.edges.ledger.settle(batch.number, "in_doubt", now=now, answer=kept)
            self._count_doubt(batch, verdict.reason)

    def _count_doubt(self, batch: Batch, reason: str) -> None:
        self.tally.unfinished("in_doubt", batch.rows, reason)
        self.tally.endings.add(Exit.UNFINISHED)

    def _refuse(self, batch: Batch, verdict: Verdict) -> None:
        """Halve a refused request until the rows that are wrong stand alone."""
        standing = self._standing_of(batch)
        if batch.size > 1:
            standing.suspect = not standing.accepted
            half = (batch.size + 1) // 2
            parts = [batch.rows.slice(0, half), batch.rows.slice(half)]
            claims = [claim_of(batch.destination, part) for part in parts]
            numbers = self.edges.ledger.split(batch.number, claims, now=self._milliseconds())
            for number, part in zip(reversed(numbers), reversed(parts), strict=True):
                self._again.appendleft(replace(batch, number=number, rows=part))
            return
        answer = Kept(reason=verdict.reason)
        self.edges.ledger.settle(batch.number, "refused", now=self._milliseconds(), answer=answer)
        self.tally.count("refused", 1, verdict.reason)
        self.tally.newly_refused += 1
        if standing.accepted:
            return
        singles = standing.singles.setdefault(verdict.reason, [])
        singles.append(batch)
        if len(standing.singles) == 1 and len(singles) == SINGLES_THAT_CONDEMN:
            self._condemn(batch, verdict, singles)

    def _condemn(self, batch: Batch, verdict: Verdict, singles: list[Batch]) -> None:
        """Nothing passes and all fails alike: the mapping is wrong, not the rows."""
        self._close(batch.destination, verdict.reason, Exit.CONFIGURATION)
        self.edges.warn(
            f"X Ads refuses every conversion of event {batch.destination.event_id} with"
            f" {verdict.reason}; the mapping is wrong, its rows stay pending"
        )
        # A doubt is not taken back: those rows stay refused.
        for single in [single for single in singles if not single.resends]:
            self.edges.ledger.release(single.number, single.claim)
            self.tally.count("refused", -1, verdict.reason)
            self.tally.newly_refused -= 1
            self.tally.unsent(single.rows, verdict.reason)
        self._standing_of(batch).suspect = False

    def _stop_credentials(self, batch: Batch, verdict: Verdict) -> None:
        scope = batch.destination.pixel_id if self.policy.pixel_scope else ""
        self._closed.setdefault(scope, verdict.reason)
        self.tally.endings.add(Exit.UNAUTHORIZED)
        self._take_back(batch, verdict.reason)

    def _stop_destination(self, batch: Batch, verdict: Verdict) -> None:
        self._close(batch.destination, verdict.reason, Exit.CONFIGURATION)
        self._take_back(batch, verdict.reason)

    def _stop_configuration(self, batch: Batch, verdict: Verdict) -> None:
        self._close_run(verdict.reason, Exit.CONFIGURATION)
        self._take_back(batch, verdict.reason)

    def _close(self, destination: Destination, reason: str, ending: Exit) -> None:
        scope = f"{destination.pixel_id} {destination.event_id}"
        self._closed.setdefault(scope, reason)
        self._standing.setdefault(destination, _Standing()).suspect = False
        self.tally.endings.add(ending)

    def _close_run(self, reason: str, ending: Exit) -> None:
        if "" not in self._closed:
            self._closed[""] = reason
            self.tally.endings.add(ending)

    def _take_back(self, batch: Batch, reason: str) -> None:
        self.edges.ledger.mark_not_sent(batch.number)
        self._abandon(batch, reason)

    def _abandon(self, batch: Batch, reason: str) -> None:
        """Do not send a claimed batch in this run."""
        if batch.resends:
            self.edges.ledger.give_up(
                batch.number, "in_doubt", now=self._milliseconds(), reason=reason
            )
            self._count_doubt(batch, reason)
            return
        self.edges.ledger.release(batch.number, batch.claim)
        self.tally.unsent(batch.rows, reason)

    def _standing_of(self, batch: Batch) -> _Standing:
        return self._standing.setdefault(batch.destination, _Standing())

    def _milliseconds(self) -> int:
        return int(self.edges.now() * 1000)


def _doubted(rows: pa.RecordBatch, now: int) -> pa.RecordBatch:
    """Rows that are in doubt since now at the latest."""
    position = rows.schema.get_field_index("doubt_since")
    since = pc.fill_null(rows["doubt_since"], now)
    return rows.set_column(position, "doubt_since", since)


def _amounts(rows: pa.RecordBatch) -> tuple[list[Amount], dict[str, Decimal]]:
    """What was accepted, by day and currency, and the value by currency."""
    days: dict[tuple[str, str], tuple[int, Decimal]] = {}
    values: dict[str, Decimal] = {}
    columns = (rows[name].to_pylist() for name in ("time_ms", "currency", "value"))
    for time_ms, currency, value in zip(*columns, strict=True):
        day = datetime.fromtimestamp(time_ms / 1000, UTC).date().isoformat()
        amount = Decimal(value or 0)
        count, total = days.get((day, currency or ""), (0, Decimal(0)))
        days[day, currency or ""] = count + 1, total + amount
        if currency:
            values[currency] = values.get(currency, Decimal(0)) + amount
    amounts = [
        Amount(day=day, currency=currency, conversions=count, amount=format(total, "f"))
        for (day, currency), (count, total) in days.items()
    ]
    return amounts, values
