"""The ledger against a plain model, over any order of what runs may do and of crashes."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import ClassVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from ledgers import claim

from connector.state import database, runs
from connector.state.ledger import ClaimLostError, Kept, Known, Ledger
from connector.state.place import place_of
from connector.state.recovery import expire, recover
from connector.state.resolution import Word, resolve

IDS = tuple("12345")
MAPPINGS = ("purchases", "refunds")
SOME = st.lists(st.sampled_from(IDS), min_size=1, unique=True).map(tuple)
MAPPING = st.sampled_from(MAPPINGS)
DIGEST = st.sampled_from(("1:a", "1:b"))


@dataclass(frozen=True, kw_only=True)
class Row:
    """What the ledger should say of a conversion.

    `accepted` is the acceptance it falls back to, once it was sent again in spite of it.
    """

    state: str
    mapping: str
    digest: str
    doubt: int | None = None
    accepted: "Row | None" = None


@dataclass(kw_only=True)
class Flight:
    """A batch of a run under way; `before` is what its rows were."""

    number: int
    mapping: str
    ids: tuple[str, ...]
    before: dict[str, Row | None]
    sent_at: int = 0
    in_doubt: bool = False


@dataclass(kw_only=True)
class Model:
    rows: dict[str, Row] = field(default_factory=dict)
    flights: list[Flight] = field(default_factory=list)
    now: int = 100


class LedgerMachine(RuleBasedStateMachine):
    new_url: ClassVar["staticmethod[[], str]"]

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        place = place_of(self.new_url(), Path())
        database.create(place)
        self.state = self.stack.enter_context(database.opened(place))
        if isinstance(place, Path):
            self.state.read("pragma synchronous = off")  # nothing here pulls the plug
        self.model = Model()
        self.doubling: dict[str, Ledger] = {}
        self.ledgers = {mapping: self.begin(mapping) for mapping in MAPPINGS}
        self.ledgers["purchases"].make_destination(target="x", pixel_id="p", event_id="e")

    def teardown(self) -> None:
        self.stack.close()

    def begin(self, mapping: str) -> Ledger:
        self.model.now += 1
        now = self.model.now
        with self.state.write() as connection:
            run = runs.begin_run(
                connection, run_id=f"run {now}", mapping=mapping, target="x", now=now
            )
            recover(connection, mapping=mapping, target="x", run=run)
        ledger = partial(Ledger, self.state, run=run, mapping=mapping, rules_digest="rules")
        self.doubling[mapping] = ledger(double_count=True)
        return ledger()

    def pick(self, data: st.DataObject, *, sent: bool) -> Flight | None:
        there = [f for f in self.model.flights if self.model.rows[f.ids[0]].state == SENT[sent]]
        return data.draw(st.sampled_from(there)) if there else None

    def become(self, flight: Flight, state: str, *, doubt: bool = False) -> None:
        for one in flight.ids:
            row = self.model.rows[one]
            since = row.doubt
            if doubt and since is None:
                since = flight.sent_at
            self.model.rows[one] = replace(row, state=state, doubt=since)
        flight.in_doubt = flight.in_doubt or doubt
        if state not in SENT:
            self.model.flights.remove(flight)

    def undo(self, flight: Flight) -> None:
        """What a claim that never came to anything leaves."""
        if flight.in_doubt:
            self.become(flight, "in_doubt")
            return
        self.model.flights.remove(flight)
        for one in flight.ids:
            before = flight.before[one]
            if before is None:
                del self.model.rows[one]
            else:
                self.model.rows[one] = before

    @rule(ids=SOME, mapping=MAPPING, digest=DIGEST, stale=st.booleans(), double=st.booleans())
    def claim(
        self, ids: tuple[str, ...], mapping: str, digest: str, *, stale: bool, double: bool
    ) -> None:
        ledger, rows = (self.doubling if double else self.ledgers)[mapping], self.model.rows
        takeable = ("in_doubt", "refused", *(("accepted",) if double else ()))
        found = ledger.known(1, ids)
        seen = [found[p].batch if p in found and not stale else None for p in range(len(ids))]
        free = all(one not in rows or (rows[one].state in takeable and not stale) for one in ids)
        try:
            [number] = ledger.claim([claim(*ids, digest=digest, seen=seen)], now=self.model.now)
        except ClaimLostError:
            assert not free
            return
        assert free
        before = {one: rows.get(one) for one in ids}
        for one in ids:
            was = rows.get(one)
            accepted = acceptance(was)
            before[one] = accepted or was
            doubt = was.doubt if was and was.state != "accepted" else None
            rows[one] = Row(
                state="claimed", mapping=mapping, digest=digest, doubt=doubt, accepted=accepted
            )
        flight = Flight(number=number, mapping=mapping, ids=ids, before=before)
        self.model.flights.append(flight)

    @rule(data=st.data())
    def depart(self, data: st.DataObject) -> None:
        flight = self.pick(data, sent=False)
        if flight:
            flight.sent_at = self.model.now
            self.ledgers[flight.mapping].mark_sent([flight.number], now=self.model.now)
            self.become(flight, "sent")

    @rule(data=st.data(), unclear=st.booleans())
    def come_back(self, data: st.DataObject, *, unclear: bool) -> None:
        flight = self.pick(data, sent=True)
        if flight:
            ledger = self.ledgers[flight.mapping]
            (ledger.mark_in_doubt if unclear else ledger.mark_not_sent)(flight.number)
            self.become(flight, "claimed", doubt=unclear)

    @rule(data=st.data(), state=st.sampled_from(["accepted", "refused", "in_doubt", "held"]))
    def settle(self, data: st.DataObject, state: str) -> None:
        flight = self.pick(data, sent=True)
        if flight:
            unclear = state in ("in_doubt", "held")
            kept = Kept(reason="why", unclear=unclear)
            ledger = self.ledgers[flight.mapping]
            if state == "refused":
                self.refuse(ledger, flight, kept)
                return
            ledger.settle(flight.number, state, now=self.model.now, kept=kept)
            self.become(flight, state, doubt=unclear)

    def refuse(self, ledger: Ledger, flight: Flight, kept: Kept) -> None:
        ledger.refuse(flight.number, claim(*flight.ids), now=self.model.now, kept=kept)
        self.become(flight, "refused")
        for one in flight.ids:
            self.model.rows[one] = self.model.rows[one].accepted or self.model.rows[one]

    @rule(data=st.data())
    def split(self, data: st.DataObject) -> None:
        flight = self.pick(data, sent=True)
        if flight and len(flight.ids) > 1:
            parts = (flight.ids[:1], flight.ids[1:])
            claims = [claim(*part) for part in parts]
            ledger = self.ledgers[flight.mapping]
            numbers = ledger.split(flight.number, claims, now=self.model.now)
            self.become(flight, "claimed")
            self.model.flights.remove(flight)
            self.model.flights += [
                replace(flight, number=number, ids=part)
                for number, part in zip(numbers, parts, strict=True)
            ]

    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        flight = self.pick(data, sent=False)
        if flight:
            ledger = self.ledgers[flight.mapping]
            ledger.release(flight.number, claim(*flight.ids), reason="", now=self.model.now)
            self.undo(flight)

    @rule(data=st.data(), whole=st.booleans())
    def hold_back(self, data: st.DataObject, *, whole: bool) -> None:
        flight = self.pick(data, sent=False)
        if flight and (whole or len(flight.ids) > 1):
            ids = flight.ids if whole else flight.ids[:1]
            part = None if whole else claim(*ids)
            ledger = self.ledgers[flight.mapping]
            ledger.hold_back(flight.number, part, reason="in_doubt", now=self.model.now)
            for one in ids:
                self.model.rows[one] = replace(self.model.rows[one], state="held")
            flight.ids = flight.ids[len(ids) :]
            if not flight.ids:
                self.model.flights.remove(flight)

    @rule(mapping=MAPPING)
    def crash(self, mapping: str) -> None:
        for flight in [f for f in self.model.flights if f.mapping == mapping]:
            if self.model.rows[flight.ids[0]].state == "sent":
                self.become(flight, "in_doubt", doubt=True)
            else:
                self.undo(flight)
        self.ledgers[mapping] = self.begin(mapping)

    @rule(seconds=st.integers(1, 50))
    def wait(self, seconds: int) -> None:
        self.model.now += seconds

    @precondition(lambda self: not self.model.flights)
    @rule(mapping=MAPPING)
    def hold_every_doubt(self, mapping: str) -> None:
        with self.state.write() as connection:
            held = expire(connection, mapping=mapping, target="x", before=self.model.now)
        rows = self.model.rows
        doubtful = [
            one for one, row in rows.items() if (row.state, row.mapping) == ("in_doubt", mapping)
        ]
        assert held == len(doubtful)
        for one in doubtful:
            rows[one] = replace(rows[one], state="held")

    @precondition(lambda self: not self.model.flights)
    @rule(mapping=MAPPING, word=st.sampled_from(["resend", "assume_accepted"]))
    def resolve(self, mapping: str, word: Word) -> None:
        with self.state.write() as connection:
            count = resolve(
                connection, mapping=mapping, target="x", word=word, conversion_ids=None,
                now=self.model.now,
            )  # fmt: skip
        rows = self.model.rows
        undecided = [
            one for one, row in rows.items()
            if row.state in ("held", "in_doubt") and row.mapping == mapping
        ]  # fmt: skip
        assert count == len(undecided)
        for one in undecided:
            if word == "resend":
                rows[one] = Row(state="refused", mapping=mapping, digest="")
            else:
                rows[one] = replace(rows[one], state="accepted", doubt=None, accepted=None)

    @invariant()
    def the_ledger_says_what_the_model_says(self) -> None:
        found = self.ledgers["purchases"].known(1, IDS)
        told = {
            IDS[place]: (known.state, known.mapping, known.digest, doubt_of(known))
            for place, known in found.items()
        }
        assert told == {
            one: (row.state, row.mapping, row.digest, doubt_of(row))
            for one, row in self.model.rows.items()
        }


def acceptance(was: Row | None) -> Row | None:
    """What a conversion falls back to that is claimed now."""
    if was is None or was.state == "accepted":
        return was
    return was.accepted if was.state == "in_doubt" else None


def doubt_of(one: Row | Known) -> int | None:
    """Since when it is in doubt; an acceptance has ended that."""
    since = one.doubt if isinstance(one, Row) else one.doubt_since
    return None if one.state == "accepted" else since


SENT = ("claimed", "sent")
SETTINGS = settings(
    max_examples=40,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)


def test_the_ledger_agrees_with_a_model_whatever_happens(new_url: Callable[[], str]) -> None:
    machine = type("Machine", (LedgerMachine,), {"new_url": staticmethod(new_url)})
    run_state_machine_as_test(machine, settings=SETTINGS)
