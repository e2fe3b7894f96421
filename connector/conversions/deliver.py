"""Claimed batches leave, and each answer is committed the moment it is read.

Requests are made in threads; the ledger is written by the caller's thread alone.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

from connector.conversions.amounts import amounts_of
from connector.conversions.claims import Batch, Destination, claim_of, late
from connector.conversions.outcomes import (
    RESENDS_IN_A_RUN,
    Allowance,
    Verdict,
    judge,
    told_allowance,
)
from connector.conversions.pace import Pace
from connector.conversions.refusals import Standing, parted
from connector.conversions.tally import Tally
from connector.errors import Exit
from connector.http import Answer, NoAnswer
from connector.state.ledger import Kept, Ledger

# The answers after which X has seen the conversions.
REACHED = frozenset({"accepted", "row", "too_large", "in_doubt"})
WAIT_WORTH_TELLING_SECONDS = 5.0
LEAVES_WITHIN_SECONDS = 60.0  # of being recorded as sent; much less than the hour to spare
Flying = dict[Future[Answer | NoAnswer | None], Batch]


@dataclass(frozen=True, kw_only=True)
class Edges:
    """What delivering touches outside: the wire, the ledger, the clock, chance, and the user.

    `post` gives None when there are no credentials for the batch. `budget` takes so many
    conversions out of the rate budget, or gives the seconds to wait for them; `allowed` hears what
    X says is left of its own. `pause` waits seconds, less when the user stops the run; `now` is
    epoch seconds.
    """

    post: Callable[[Batch], Answer | NoAnswer | None]
    ledger: Ledger
    budget: Callable[[int], float]
    now: Callable[[], float]
    pause: Callable[[float], None]
    random: Callable[[], float]
    stopping: Callable[[], bool]
    progress: Callable[[int], None]
    warn: Callable[[str], None]
    answered: Callable[[], None]
    allowed: Callable[[Allowance], None]


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
class Delivery:
    """One run's sending; `closed` tells claims which destinations take nothing more."""

    edges: Edges
    policy: Policy
    tally: Tally
    _again: deque[Batch] = field(default_factory=deque)
    _closed: dict[str, str] = field(default_factory=dict)
    _standing: dict[Destination, Standing] = field(default_factory=lambda: defaultdict(Standing))
    _pace: Pace = field(init=False)

    def __post_init__(self) -> None:
        """Start with the patience that the policy allows."""
        self._pace = Pace(deadline=self.policy.deadline)

    def closed(self, destination: Destination) -> str | None:
        """Why nothing more goes to a destination in this run, None while it does."""
        pixel = destination.pixel_id
        scopes = (pixel, f"{pixel} {destination.event_id}")
        reasons = (self._closed[scope] for scope in scopes if scope in self._closed)
        return self._over() or next(reasons, None)

    def run(self, batches: Iterator[Batch]) -> None:
        """Send every batch, or say why not.

        Raises:
            ConnectorError: the state is out of reach, or another run took over.
        """
        flying: Flying = {}
        with ThreadPoolExecutor(self.policy.senders, thread_name_prefix="send") as pool:
            try:
                self._fill(flying, batches, pool)
                while flying:
                    done, _ = wait(flying, return_when=FIRST_COMPLETED)
                    for future in done:
                        self._arrive(flying.pop(future), future.result())
                    self._fill(flying, batches, pool)
            finally:
                # Only when something failed: what X still answers counts, as far as it can be kept.
                for future, batch in flying.items():
                    with suppress(Exception):
                        self._arrive(batch, future.result())

    def _fill(self, flying: Flying, batches: Iterator[Batch], pool: ThreadPoolExecutor) -> None:
        """Let requests leave; answers that are on their way come before waiting or giving up."""
        while len(flying) < self._room() and not (flying and (self._must_wait() or self._over())):
            batch = self._again.popleft() if self._again else next(batches, None)
            if batch is None:
                return
            ready = self._depart(batch)
            if ready is not None:
                flying[pool.submit(self._post, ready)] = ready

    def _post(self, batch: Batch) -> Answer | NoAnswer | None:
        """Send it, unless the process slept on the way: X, or another run, may be past it now."""
        left_at = (batch.left_at or 0) / 1000
        if self.edges.now() - left_at > LEAVES_WITHIN_SECONDS:
            return NoAnswer(left=False, why="this process was stopped before the request left")
        return self.edges.post(batch)

    def _room(self) -> int:
        """One request at a time while parts of a refused request tell what is wrong."""
        searching = any(b.part and not self._standing[b.destination].accepted for b in self._again)
        return 1 if searching else self.policy.senders

    def _must_wait(self) -> bool:
        return self._pace.left(now=self.edges.now()) > 0

    def _over(self) -> str | None:
        """Why the whole run sends nothing more."""
        if self.edges.stopping():
            self._close("", "interrupted", Exit.UNFINISHED)
        deadline = self.policy.deadline
        if deadline is not None and self.edges.now() >= deadline:
            self._close("", "deadline", Exit.UNFINISHED)
        return self._closed.get("")

    def _close(self, scope: str, reason: str, ending: Exit) -> None:
        """Let nothing more go to the run (no scope), to a pixel, or to a pixel and event."""
        if scope not in self._closed:
            self._closed[scope] = reason
            self.tally.endings.add(ending)

    def _depart(self, batch: Batch) -> Batch | None:
        """The batch as it may leave now, None when nothing of it does."""
        while self.closed(batch.destination) is None and self._must_wait():
            self.edges.pause(self._pace.left(now=self.edges.now()))
        reason = self.closed(batch.destination)
        if reason is not None:
            self._abandon(batch, reason)
            return None
        now = self._milliseconds()
        rest = self._hold_what_is_late(batch, now)
        if not rest.size or not self._may_spend(rest):
            return None
        self.edges.ledger.mark_sent(rest.number, now=now)
        self.tally.requests_sent += 1
        self.tally.requests_retried += rest.left_at is not None
        return replace(rest, left_at=now)

    def _may_spend(self, batch: Batch) -> bool:
        """Whether the rate budget has room for it; else it is the next to leave, after a wait."""
        seconds = self.edges.budget(batch.size)
        if not seconds:
            return True
        self._again.appendleft(batch)
        if not self._pace.wait(seconds, now=self.edges.now()):
            self._close("", "rate_budget", Exit.UNFINISHED)
        elif seconds >= WAIT_WORTH_TELLING_SECONDS:
            self.edges.warn(f"the rate budget is used up; going on in {seconds:.0f} s")
        return False

    def _hold_what_is_late(self, batch: Batch, now: int) -> Batch:
        """Hold rows that X might count twice if they left now; the batch without them."""
        rest, parts = late(batch.rows, now=now, browser_pixel=self.policy.browser_pixel)
        left = batch.size
        for reason, rows in parts.items():
            left -= rows.num_rows
            part = claim_of(batch.destination, rows) if left else None
            self.edges.ledger.hold_back(batch.number, part, reason=reason, now=now)
            self.tally.hold(rows, reason)
        return replace(batch, rows=rest)

    def _arrive(self, batch: Batch, answer: Answer | NoAnswer | None) -> None:
        """Commit what an answer means, before anything else happens."""
        self.edges.answered()
        if answer is None:
            verdict = Verdict(meaning="credentials", reason="no usable token for this pixel")
            self.tally.requests_sent -= 1
        else:
            verdict = self._judge(answer, sent=batch.size)
        if verdict.meaning in REACHED and not batch.reached:
            self.tally.sent(batch.rows)
            batch = replace(batch, reached=True)
        if verdict.meaning not in ("not_processed", "in_doubt"):
            self._pace.processed()
        handlers: dict[str, Callable[[Batch, Verdict], None]] = {
            "accepted": self._accept,
            "not_processed": self._try_later,
            "credentials": self._stop,
            "destination": self._stop,
            "configuration": self._stop,
            "row": self._refuse,
            "too_large": self._refuse,
            "in_doubt": self._doubt,
        }
        handlers[verdict.meaning](batch, verdict)

    def _judge(self, answer: Answer | NoAnswer, *, sent: int) -> Verdict:
        now = self.edges.now()
        allowance = told_allowance(answer, now=now) if isinstance(answer, Answer) else None
        if allowance is not None:
            self.edges.allowed(allowance)
        return judge(answer, sent=sent, now=now)

    def _accept(self, batch: Batch, verdict: Verdict) -> None:
        amounts, kept = amounts_of(batch.rows), Kept(debug_id=verdict.debug_id)
        self.edges.ledger.settle(
            batch.number, "accepted", now=self._milliseconds(), kept=kept, amounts=amounts
        )
        self._standing[batch.destination].accepted = True
        self.tally.accepted(amounts)
        self.edges.progress(batch.size)

    def _try_later(self, batch: Batch, verdict: Verdict) -> None:
        self.edges.ledger.mark_not_sent(batch.number)
        self._again.append(batch)
        seconds = self._pace.stall(
            told=verdict.wait, now=self.edges.now(), random=self.edges.random()
        )
        if seconds is None:
            ending = Exit.UNFINISHED if verdict.answered else Exit.UNREACHABLE
            self._close("", verdict.reason, ending)
        else:
            self.edges.warn(f"X Ads: {verdict.reason}; trying again in {seconds:.0f} s")

    def _doubt(self, batch: Batch, verdict: Verdict) -> None:
        now, kept = self._milliseconds(), Kept(debug_id=verdict.debug_id, unclear=True)
        if not self._pace.unclear(
            resends=batch.resends, now=self.edges.now(), random=self.edges.random()
        ):
            self._close("", verdict.reason, Exit.UNFINISHED)
        if self.policy.in_doubt == "hold":
            kept = replace(kept, reason="in_doubt")
            self.edges.ledger.settle(batch.number, "held", now=now, kept=kept)
            self.tally.hold(batch.rows, "in_doubt")
        elif batch.resends < RESENDS_IN_A_RUN and self.closed(batch.destination) is None:
            self.edges.ledger.mark_in_doubt(batch.number)
            self.edges.warn(f"X Ads: {verdict.reason}; sending the same again")
            self._again.appendleft(replace(_doubted(batch), resends=batch.resends + 1))
        else:
            kept = replace(kept, reason=verdict.reason)
            self.edges.ledger.settle(batch.number, "in_doubt", now=now, kept=kept)
            self.tally.unfinished("in_doubt", batch.rows, verdict.reason)

    def _refuse(self, batch: Batch, verdict: Verdict) -> None:
        """Part a refused request until the rows that are wrong stand alone."""
        now = self._milliseconds()
        if batch.size > 1:
            parts = parted(batch.rows, () if batch.part else verdict.values)
            claims = [claim_of(batch.destination, part) for part in parts]
            numbers = self.edges.ledger.split(batch.number, claims, now=now)
            pairs = zip(reversed(numbers), reversed(parts), strict=True)
            self._again.extendleft(
                replace(batch, number=number, rows=part, part=True) for number, part in pairs
            )
            return
        kept = Kept(reason=verdict.reason)
        self.edges.ledger.refuse(batch.number, batch.claim, now=now, kept=kept)
        self.tally.refuse(batch.rows, verdict.reason)
        condemned = self._standing[batch.destination].refuse(batch, verdict.reason)
        if condemned:
            self._condemn(condemned, verdict)

    def _condemn(self, singles: list[Batch], verdict: Verdict) -> None:
        """Nothing passes and all fails alike: the mapping is wrong, not the rows."""
        destination = singles[0].destination
        self._stop_sending(destination, verdict)
        self.edges.warn(
            f"X Ads refuses every conversion of event {destination.event_id} with"
            f" {verdict.reason}; the mapping is wrong, its rows stay pending"
        )
        for single in singles:
            self.tally.refuse(single.rows, verdict.reason, sign=-1)
            self._abandon(single, verdict.reason)

    def _stop(self, batch: Batch, verdict: Verdict) -> None:
        """What was sent is not processed, and the like of it will not be."""
        self.edges.ledger.mark_not_sent(batch.number)
        self._stop_sending(batch.destination, verdict)
        self._abandon(batch, verdict.reason)

    def _stop_sending(self, destination: Destination, verdict: Verdict) -> None:
        pixel = destination.pixel_id
        if verdict.meaning == "credentials":
            scope = pixel if self.policy.pixel_scope else ""
            self._close(scope, verdict.reason, Exit.UNAUTHORIZED)
        elif verdict.meaning == "configuration":
            self._close("", verdict.reason, Exit.CONFIGURATION)
        else:
            self._close(f"{pixel} {destination.event_id}", verdict.reason, Exit.CONFIGURATION)

    def _abandon(self, batch: Batch, reason: str) -> None:
        """Do not send a claimed batch in this run."""
        self.edges.ledger.release(
            batch.number, batch.claim, reason=reason, now=self._milliseconds()
        )
        self.tally.unsent(batch.rows, reason)

    def _milliseconds(self) -> int:
        return int(self.edges.now() * 1000)


def _doubted(batch: Batch) -> Batch:
    """The batch, in doubt since it last left at the latest."""
    position = batch.rows.schema.get_field_index("doubt_since")
    since = pc.fill_null(batch.rows["doubt_since"], pa.scalar(batch.left_at, pa.int64()))
    return replace(batch, rows=batch.rows.set_column(position, "doubt_since", since))
