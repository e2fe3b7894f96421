"""Sending a selection once more: which rows are meant, and what is at stake when they leave."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc

from connector.conversions.amounts import amounts_of
from connector.conversions.claims import Claims
from connector.conversions.gates import Stop
from connector.conversions.summary import money
from connector.conversions.tally import Tally
from connector.errors import Exit
from connector.state.ledger import Ledger

STATES = ("new", "refused", "in_doubt", "accepted")
MOST_NAMED = 20
_NEW = "new"
# What a dead run left is in doubt, or as if it had never been, once the next run has begun.
_STATE_OF = {"sent": "in_doubt", "claimed": _NEW}


@dataclass(frozen=True, kw_only=True)
class Replay:
    """Which rows a person wants to be sent now; every condition that is given must hold.

    `conversion_ids` are as the mapper prints them, `since` (included) and `until` bound the
    conversion time, `states` are of `STATES`. `allow_double_count` sends what X has accepted too.
    """

    conversion_ids: frozenset[str] | None = None
    since: datetime | None = None
    until: datetime | None = None
    states: frozenset[str] = frozenset()
    allow_double_count: bool = False


@dataclass(kw_only=True)
class Picker:
    """Takes the rows of a selection out of mapped batches.

    `states_of` gives the state of each row in the ledger. `left_out` counts sendable rows from
    before `older_than_ms` that the selection leaves out.
    """

    replay: Replay
    states_of: Callable[[pa.RecordBatch], Sequence[str]]
    older_than_ms: int
    left_out: int = 0
    _found: set[str] = field(default_factory=set)

    def pick(self, rows: pa.RecordBatch) -> pa.RecordBatch:
        """The rows of a batch that are meant."""
        picked = _between(self._named(rows), self.replay.since, self.replay.until)
        if self.replay.states and picked.num_rows:
            states = self.states_of(picked)
            picked = picked.filter(pa.array([one in self.replay.states for one in states]))
        self.left_out += self._older(rows) - self._older(picked)
        return picked

    def _named(self, rows: pa.RecordBatch) -> pa.RecordBatch:
        if self.replay.conversion_ids is None:
            return rows
        wanted = pa.array(sorted(self.replay.conversion_ids), pa.string())
        named = rows.filter(pc.is_in(rows["conversion_id"], value_set=wanted))
        self._found.update(named["conversion_id"].to_pylist())
        return named

    def _older(self, rows: pa.RecordBatch) -> int:
        before = pc.less(rows["time_ms"], pa.scalar(self.older_than_ms, pa.int64()))
        old = pc.and_(pc.fill_null(before, fill_value=False), pc.equal(rows["outcome"], "sendable"))
        return pc.sum(old).as_py() or 0

    @property
    def missing(self) -> tuple[str, ...]:
        """The wanted ids that no row had."""
        return tuple(sorted((self.replay.conversion_ids or frozenset()) - self._found))


def _between(
    rows: pa.RecordBatch, since: datetime | None, until: datetime | None
) -> pa.RecordBatch:
    bounds = ((since, pc.greater_equal), (until, pc.less))
    for moment, compare in bounds:
        if moment is not None:
            bound = pa.scalar(int(moment.timestamp() * 1000), pa.int64())
            rows = rows.filter(pc.fill_null(compare(rows["time_ms"], bound), fill_value=False))
    return rows


def states_in(ledger: Ledger, target: str) -> Callable[[pa.RecordBatch], list[str]]:
    """What gives the ledger's state of each row; one it does not know is `new`."""

    def states_of(rows: pa.RecordBatch) -> list[str]:
        keys = (rows[name].to_pylist() for name in ("pixel_id", "event_id", "conversion_id"))
        places: dict[tuple[str, str], list[int]] = {}
        states, ids = [_NEW] * rows.num_rows, []
        for place, (pixel, event, one) in enumerate(zip(*keys, strict=True)):
            ids.append(one)
            if None not in (pixel, event, one):
                places.setdefault((pixel, event), []).append(place)
        for (pixel, event), where in places.items():
            number = ledger.find_destination(target=target, pixel_id=pixel, event_id=event)
            known = ledger.known(number or 0, [ids[place] for place in where])
            for position, past in known.items():
                states[where[position]] = _STATE_OF.get(past.state, past.state)
        return states

    return states_of


@dataclass(frozen=True, kw_only=True)
class Worth:
    """Conversions and their value by currency."""

    conversions: int = 0
    value: Mapping[str, Decimal] = field(default_factory=dict)

    def __add__(self, other: "Worth") -> "Worth":
        """Both together."""
        value = dict(self.value)
        for currency, amount in other.value.items():
            value[currency] = value.get(currency, Decimal(0)) + amount
        return Worth(conversions=self.conversions + other.conversions, value=value)


def told(worth: Worth) -> str:
    """In words: `3 conversions, worth 6.00 EUR`."""
    amounts = [f"{money(amount)} {code}" for code, amount in sorted(worth.value.items())]
    return f"{worth.conversions:,} conversions" + (
        f", worth {' + '.join(amounts)}" if amounts else ""
    )


def worth_of(rows: pa.RecordBatch) -> Worth:
    """What rows are worth."""
    worth = Worth()
    for each in amounts_of(rows):
        value = {each.currency: Decimal(each.amount)} if each.currency else {}
        worth += Worth(conversions=each.conversions, value=value)
    return worth


@dataclass(frozen=True, kw_only=True)
class Stakes:
    """What a replay would do, for a person to see before it does.

    `sending` is all that would leave now. `accepted` is what X has, or something else has sent:
    with `double_count` it is part of `sending` and counts twice, without it stays where it is.
    `held`, `rejected` (suppressed ones too) and `pending` do not leave; `missing` are wanted ids
    that the source does not have. `batches` are those in which the accepted ones were seen.
    """

    mapping: str
    target: str
    double_count: bool
    sending: Worth
    accepted: Worth
    held: int
    rejected: int
    pending: int
    missing: tuple[str, ...]
    batches: frozenset[int] = field(repr=False, default=frozenset())


def is_double(replay: Replay | None) -> bool:
    """Whether what was accepted may be sent again; no for what is no replay."""
    return replay is not None and replay.allow_double_count


def at_stake(
    claims: Claims, staged: Iterator[pa.RecordBatch], replay: Replay, *, missing: tuple[str, ...]
) -> Stakes:
    """Look at what `claims` would do with the stage, changing and counting nothing."""
    scratch = replace(claims, tally=Tally())
    sending, accepted, batches = Worth(), Worth(), set[int]()
    held = 0
    for sifted in scratch.sifted(staged):
        sending += worth_of(sifted.send)
        held += sum(rows.num_rows for rows in sifted.hold.values())
        for outcome, reason in sifted.counted:
            if outcome == "deduplicated":
                rows = sifted.part(outcome, reason)
                accepted += worth_of(rows)
                batches.update(rows["seen"].drop_null().to_pylist())
    rows = scratch.tally.rows
    before = claims.tally.rows
    return Stakes(
        mapping=claims.rules.sender().mapping, target=claims.target,
        double_count=replay.allow_double_count,
        sending=sending + accepted if replay.allow_double_count else sending,
        accepted=accepted, held=held + rows["held"],
        rejected=before["rejected"] + before["suppressed"], pending=rows["pending"],
        missing=missing, batches=frozenset(batches),
    )  # fmt: skip


def agreed(claims: Claims, stakes: Stakes) -> Claims:
    """The claims, allowed to take what was accepted when the stakes were looked at."""
    if not stakes.double_count:
        return claims
    ask = claims.rules.sender
    rules = replace(
        claims.rules, sender=lambda: replace(ask(), again=stakes.batches), double_count=True
    )
    return replace(claims, rules=rules)


def refusal(stakes: Stakes) -> Stop:
    """How a replay ends that nobody has agreed to."""
    return Stop(
        reason="not_confirmed",
        message=f"the replay of {stakes.mapping} was not agreed to; nothing was sent",
        ending=Exit.DONE,
    )


def remarks(stakes: Stakes) -> list[str]:
    """Sentences for what of a selection does not leave, and what can be done about it."""
    sentences = []
    if stakes.missing:
        shown = ", ".join(map(_shown, stakes.missing[:MOST_NAMED]))
        left = len(stakes.missing) - MOST_NAMED
        more = f" and {left} more" if left > 0 else ""
        sentences.append(f"not in the source: {shown}{more}")
    if stakes.held:
        sentences.append(
            f"{stakes.held} conversions are held, sending them might count twice;"
            f" `connector resolve {stakes.mapping}` decides"
        )
    if stakes.accepted.conversions and not stakes.double_count:
        sentences.append(
            f"sent before, so they are left alone: {told(stakes.accepted)};"
            " `--allow-double-count` sends them all the same"
        )
    return sentences


def _shown(conversion_id: str) -> str:
    """An id as a person gave it, but for an address, which must not be kept."""
    return "(an e-mail address)" if "@" in conversion_id else repr(conversion_id)
