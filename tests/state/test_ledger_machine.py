"""The ledger against a plain model, over any order of what runs may do and of crashes."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
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
from connector.state.ledger import ClaimLostError, Kept, Ledger
from connector.state.place import place_of
from connector.state.recovery import expire, recover

IDS = tuple("12345")
MAPPINGS = ("purchases", "refunds")
SOME = st.lists(st.sampled_from(IDS), min_size=1, unique=True).map(tuple)
MAPPING = st.sampled_from(MAPPINGS)
DIGEST = st.sampled_from(("1:a", "1:b"))


@dataclass(frozen=True, kw_only=True)
class Row:
    """What the ledger should say of a conversion."""

    state: str
    mapping: str
    digest: str
    doubt: int | None = None


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
        return Ledger(self.state, run=run, mapping=mapping, rules_digest="rules")

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

    @rule(ids=SOME, mapping=MAPPING, digest=DIGEST, stale=st.booleans())
    def claim(self, ids: tuple[str, ...], mapping: str, digest: str, *, stale: bool) -> None:
        ledger, rows = self.ledgers[mapping], self.model.rows
        found = ledger.known(1, ids)
        seen = [found[p].batch if p in found and not stale else None for p in range(len(ids))]
        free = all(
            one not in rows or (rows[one].state in ("in_doubt", "refused") and not stale)
            for one in ids
        )
        try:
            [number] = ledger.claim([claim(*ids, digest=digest, seen=seen)], now=self.model.now)
        except ClaimLostError:
            assert not free
            return
        assert free
        before = {one: rows.get(one) for one in ids}
        for one in ids:
            was = rows.get(one)
            rows[one] = Row(
                state="claimed", mapping=mapping, digest=digest, doubt=was.doubt if was else None
            )
        flight = Flight(number=number, mapping=mapping, ids=ids, before=before)
        self.model.flights.append(flight)

    @rule(data=st.data())
    def depart(self, data: st.DataObject) -> None:
        flight = self.pick(data, sent=False)
        if flight:
            flight.sent_at = self.model.now
            self.ledgers[flight.mapping].mark_sent(flight.number, now=self.model.now)
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
            ledger.settle(flight.number, state, now=self.model.now, kept=kept)
            self.become(flight, state, doubt=unclear)

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

    @invariant()
    def the_ledger_says_what_the_model_says(self) -> None:
        found = self.ledgers["purchases"].known(1, IDS)
        told = {
            IDS[place]: Row(
                state=known.state, mapping=known.mapping, digest=known.digest,
                doubt=known.doubt_since,
            )
            for place, known in found.items()
        }  # fmt: skip
        assert told == self.model.rows


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
