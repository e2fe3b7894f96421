"""What the ledger knows of rows, and the clock, part those that leave from those that do not."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from connector.conversions.outcomes import DEDUP_WINDOW, RESEND_WINDOW, Sender, decide
from connector.state.facts import RESOLVED, Known, Past

COUNTED_AS = {"accepted": "deduplicated"}
PAST = ("seen", "doubt_since", "again")
_MILLISECOND = timedelta(milliseconds=1)


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


@dataclass(frozen=True, kw_only=True, repr=False)
class Sifted:
    """Rows by what is to become of them: sent, held for a reason, or only counted.

    They have the columns of `PAST` too: `seen`, the batch of the ledger, `doubt_since`, and in
    `send` and `hold` also `again`, true for what a person lets count twice. Of what is only counted
    `counted` has the positions in `rows`.
    """

    rows: pa.RecordBatch
    send: pa.RecordBatch
    hold: Mapping[str, pa.RecordBatch]
    counted: Mapping[tuple[str, str], Sequence[int]]
    held_before: int
    changed: int

    def part(self, outcome: str, reason: str) -> pa.RecordBatch:
        """The rows that count as an outcome, for a reason."""
        return self.rows.take(pa.array(self.counted[outcome, reason], pa.int64()))


def sift(rows: pa.RecordBatch, past: Past, rules: Rules) -> Sifted:
    """Part rows by what the ledger knows of them (by position) and by the mapping's rules."""
    sender = rules.sender()
    positions: dict[tuple[str, str], list[int]] = {}
    changed = 0
    for places, known in _alike(rows, past, sender):
        decision = decide(known, digest=rows["digest"][places[0]].as_py(), sender=sender)
        changed += decision.changed * len(places)
        positions.setdefault((decision.course, decision.reason), []).extend(places)
    sending = np.ones(rows.num_rows, dtype=bool)
    again = np.zeros(rows.num_rows, dtype=bool)
    sending[[*past.places, *past.others]] = False
    resent = positions.pop(("send", ""), [])
    again[[place for place in resent if _may_count_twice(past.others.get(place))]] = True
    if rules.begun_before is not None:
        begun = np.flatnonzero(sending & (rows["time_ms"].to_numpy() < rules.begun_before))
        if rules.double_count:
            again[begun] = True
        else:
            positions["deduplicated", "begun_before"] = begun.tolist()
            sending[begun] = False
    sending[resent] = True
    twice = pa.array(again) if again.any() else pa.repeat(pa.scalar(value=False), rows.num_rows)
    rows = _with_past(rows, past).append_column("again", twice)
    held = {
        reason: rows.take(pa.array(places))
        for (course, reason), places in positions.items()
        if course == "hold"
    }
    wanted = rows if sending.all() else rows.filter(pa.array(sending))
    send, hold = late(wanted, now=sender.now, browser_pixel=rules.browser_pixel)
    return Sifted(
        rows=rows, send=send, hold=held | hold,
        counted={
            (COUNTED_AS.get(course, course), reason): places
            for (course, reason), places in positions.items()
            if course != "hold" and places
        },
        held_before=sum(len(w) for (course, _), w in positions.items() if course == "held"),
        changed=changed,
    )  # fmt: skip


def _alike(
    rows: pa.RecordBatch, past: Past, sender: Sender
) -> Iterator[tuple[Sequence[int], Known]]:
    """Rows whose past is decided alike, and that past; accepted ones are most, so they come first.

    Of those, all with the same content are alike that are this mapping's own, or another one's.
    """
    for place, known in past.others.items():
        yield [place], known
    if not past.places:
        return
    places, own = np.array(past.places), np.array(past.own)
    same = pc.equal(rows["digest"].take(pa.array(places)), pa.array(past.digests, pa.string()))
    plain = same.to_numpy(zero_copy_only=False) & ~np.isin(past.batches, list(sender.again))
    for chosen in (plain & own, plain & ~own):
        where = np.flatnonzero(chosen)
        if where.size:
            yield places[where].tolist(), _accepted(past, int(where[0]), sender)
    for place in np.flatnonzero(~plain).tolist():
        yield [past.places[place]], _accepted(past, place, sender)


def _may_count_twice(other: Known | None) -> bool:
    """Whether a person has said that it is sent anyway; None for one that was accepted."""
    return other is None or other.reason == RESOLVED


def _accepted(past: Past, place: int, sender: Sender) -> Known:
    return Known(
        batch=past.batches[place], state="accepted", digest=past.digests[place],
        mapping=sender.mapping if past.own[place] else "", rules_digest="", doubt_since=None,
        reason=None,
    )  # fmt: skip


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
        if rows[column].null_count == rows.num_rows:
            continue
        oldest = pa.scalar(now - window // _MILLISECOND, pa.int64())
        mask = pc.fill_null(pc.less_equal(rows[column], oldest), fill_value=False)
        if reason == "outside_dedup_window":
            mask = pc.and_(mask, pc.invert(rows["again"]))
        if pc.any(mask).as_py():
            parts[reason] = rows.filter(mask)
            rows = rows.filter(pc.invert(mask))
    return rows, parts


def _with_past(rows: pa.RecordBatch, past: Past) -> pa.RecordBatch:
    nothing = pa.nulls(rows.num_rows, pa.int64())
    batches = _seen(rows.num_rows, past) if past.places or past.others else nothing
    doubts = nothing
    if past.others:
        since: list[int | None] = [None] * rows.num_rows
        for place, known in past.others.items():
            since[place] = known.doubt_since
        doubts = pa.array(since, pa.int64())
    return rows.append_column("seen", batches).append_column("doubt_since", doubts)


def _seen(number: int, past: Past) -> pa.Array:
    """The batch of each row, null for one that the ledger does not know."""
    seen = np.zeros(number, dtype=np.int64)
    seen[past.places] = past.batches
    for place, known in past.others.items():
        seen[place] = known.batch
    return pa.array(seen, mask=seen == 0)
