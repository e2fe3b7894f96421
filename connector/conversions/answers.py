"""What an answer means is written to the ledger, and decides what leaves next."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc

from connector.conversions.outcomes import RESENDS_IN_A_RUN, Verdict, judge, told_allowance
from connector.conversions.refusals import parted
from connector.conversions.requests import Batch, Destination, claim_of
from connector.conversions.tally import Tally
from connector.conversions.traffic import Traffic
from connector.errors import Exit
from connector.http import Answer, NoAnswer
from connector.state.ledger import Kept, Ledger

# The answers after which X has seen the conversions.
REACHED = frozenset({"accepted", "row", "too_large", "in_doubt"})


@dataclass(frozen=True, kw_only=True)
class Answers:
    """Takes the answers of one run."""

    traffic: Traffic

    @property
    def _ledger(self) -> Ledger:
        return self.traffic.edges.ledger

    @property
    def _tally(self) -> Tally:
        return self.traffic.tally

    def take(self, batch: Batch, answer: Answer | NoAnswer | None) -> None:
        """Record what an answer means, before anything else happens."""
        self.traffic.edges.answered()
        if answer is None:
            verdict = Verdict(meaning="credentials", reason="no usable token for this pixel")
            self._tally.requests_sent -= 1
        else:
            verdict = self._judge(answer, sent=batch.size)
        if verdict.meaning in REACHED and not batch.reached:
            self.traffic.count(partial(self._tally.sent, batch.rows))
            batch = replace(batch, reached=True)
        if verdict.meaning not in ("not_processed", "in_doubt"):
            self.traffic.pace.processed()
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
        now = self.traffic.edges.now()
        allowance = told_allowance(answer, now=now) if isinstance(answer, Answer) else None
        if allowance is not None:
            self.traffic.edges.allowed(allowance)
        return judge(answer, sent=sent, now=now)

    def _accept(self, batch: Batch, verdict: Verdict) -> None:
        amounts, kept = batch.amounts, Kept(debug_id=verdict.debug_id)
        self._ledger.settle(
            batch.number, "accepted", now=self.traffic.milliseconds(), kept=kept, amounts=amounts
        )
        self.traffic.standing[batch.destination].accepted = True
        self.traffic.count(partial(self._tally.accepted, amounts))
        self.traffic.count(partial(self.traffic.edges.progress, batch.size))

    def _try_later(self, batch: Batch, verdict: Verdict) -> None:
        self._ledger.mark_not_sent(batch.number)
        self.traffic.again.append(batch)
        edges = self.traffic.edges
        seconds = self.traffic.pace.stall(told=verdict.wait, now=edges.now(), random=edges.random())
        if seconds is None:
            ending = Exit.UNFINISHED if verdict.answered else Exit.UNREACHABLE
            self.traffic.close("", verdict.reason, ending)
        else:
            edges.warn(f"X Ads: {verdict.reason}; trying again in {seconds:.0f} s")

    def _doubt(self, batch: Batch, verdict: Verdict) -> None:
        now, edges = self.traffic.milliseconds(), self.traffic.edges
        kept = Kept(debug_id=verdict.debug_id, unclear=True)
        if not self.traffic.pace.unclear(
            resends=batch.resends, now=edges.now(), random=edges.random()
        ):
            self.traffic.close("", verdict.reason, Exit.UNFINISHED)
        if self.traffic.policy.in_doubt == "hold":
            kept = replace(kept, reason="in_doubt")
            self._ledger.settle(batch.number, "held", now=now, kept=kept)
            self.traffic.count(partial(self._tally.hold, batch.rows, "in_doubt"))
        elif batch.resends < RESENDS_IN_A_RUN and self.traffic.closed(batch.destination) is None:
            self._ledger.mark_in_doubt(batch.number)
            edges.warn(f"X Ads: {verdict.reason}; sending the same again")
            again = replace(_doubted(batch), resends=batch.resends + 1)
            self.traffic.again.appendleft(again)
        else:
            kept = replace(kept, reason=verdict.reason)
            self._ledger.settle(batch.number, "in_doubt", now=now, kept=kept)
            unfinished = partial(self._tally.unfinished, "in_doubt", batch.rows, verdict.reason)
            self.traffic.count(unfinished)

    def _refuse(self, batch: Batch, verdict: Verdict) -> None:
        """Part a refused request until the rows that are wrong stand alone."""
        now = self.traffic.milliseconds()
        if batch.size > 1:
            parts = parted(batch.rows, () if batch.part else verdict.values)
            claims = [claim_of(batch.destination, part) for part in parts]
            numbers = self._ledger.split(batch.number, claims, now=now)
            pairs = zip(reversed(numbers), reversed(parts), strict=True)
            self.traffic.again.extendleft(
                replace(batch.with_rows(part), number=number, part=True) for number, part in pairs
            )
            return
        kept = Kept(reason=verdict.reason)
        self._ledger.refuse(batch.number, batch.claim, now=now, kept=kept)
        self.traffic.count(partial(self._tally.refuse, batch.rows, verdict.reason))
        condemned = self.traffic.standing[batch.destination].refuse(batch, verdict.reason)
        if condemned:
            self._condemn(condemned, verdict)

    def _condemn(self, singles: list[Batch], verdict: Verdict) -> None:
        """Nothing passes and all fails alike: the mapping is wrong, not the rows."""
        destination = singles[0].destination
        self._stop_sending(destination, verdict)
        self.traffic.edges.warn(
            f"X Ads refuses every conversion of event {destination.event_id} with"
            f" {verdict.reason}; the mapping is wrong, its rows stay pending"
        )
        for single in singles:
            back = partial(self._tally.refuse, single.rows, verdict.reason, sign=-1)
            self.traffic.count(back)
            self.traffic.abandon(single, verdict.reason)

    def _stop(self, batch: Batch, verdict: Verdict) -> None:
        """What was sent is not processed, and the like of it will not be."""
        self._ledger.mark_not_sent(batch.number)
        self._stop_sending(batch.destination, verdict)
        self.traffic.abandon(batch, verdict.reason)

    def _stop_sending(self, destination: Destination, verdict: Verdict) -> None:
        pixel = destination.pixel_id
        scope, ending = f"{pixel} {destination.event_id}", Exit.CONFIGURATION
        if verdict.meaning == "credentials":
            scope, ending = pixel if self.traffic.policy.pixel_scope else "", Exit.UNAUTHORIZED
        elif verdict.meaning == "configuration":
            scope = ""
        self.traffic.close(scope, verdict.reason, ending)


def _doubted(batch: Batch) -> Batch:
    """The batch, in doubt since it last left at the latest."""
    position = batch.rows.schema.get_field_index("doubt_since")
    since = pc.fill_null(batch.rows["doubt_since"], pa.scalar(batch.left_at, pa.int64()))
    return batch.with_rows(batch.rows.set_column(position, "doubt_since", since))
