"""A ledger on disk, an X that does as a test says, and a clock that only waiting moves."""

import json
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Literal
from uuid import uuid4

import pyarrow as pa

from connector.conversions.claims import Claims
from connector.conversions.deliver import Delivery
from connector.conversions.outcomes import RESEND_WINDOW, Allowance, Sender
from connector.conversions.replay import Replay, Stakes, agreed, at_stake
from connector.conversions.requests import Batch
from connector.conversions.sifting import Rules
from connector.conversions.tally import Tally
from connector.conversions.traffic import Edges, Policy, Traffic
from connector.http import Answer, NoAnswer
from connector.state import database, runs
from connector.state.database import Database
from connector.state.ledger import Known, Ledger
from connector.state.place import Place, place_of
from connector.state.recovery import expire, recover
from connector.state.resolution import Word, resolve, settle_dead

START = 1_795_000_000.0  # epoch seconds
PIXEL, EVENT = "o8z6j", "o87ne"
TIMED_OUT = NoAnswer(left=True, why="no answer in time")
REFUSED_PORT = NoAnswer(left=False, why="the connection was refused")

Reply = Answer | NoAnswer | None
Script = Reply | Callable[[Batch], Reply]


def mapped(
    ids: Iterable[str], *, content: str = "a", event_id: str = EVENT, pixel_id: str = PIXEL,
    age: timedelta = timedelta(minutes=1), **columns: Sequence[object],
) -> pa.RecordBatch:  # fmt: skip
    """Sendable rows as the mapper gives them, each worth 1.50 EUR; `columns` replace some."""
    ids = list(ids)
    count = len(ids)
    outcomes = columns.get("outcome", ["sendable"] * count)
    keys = [
        hash((pixel_id, event_id, one)) % 2**64 if outcome == "sendable" else None
        for one, outcome in zip(ids, outcomes, strict=True)
    ]
    made: dict[str, tuple[pa.DataType, Sequence[object]]] = {
        "outcome": (pa.string(), outcomes),
        "reasons": (pa.string(), [None] * count),
        "dropped": (pa.string(), [None] * count),
        "warnings": (pa.string(), [None] * count),
        "hashed": (pa.string(), [None] * count),
        "identifiers": (pa.uint8(), [2] * count),
        "pixel_id": (pa.string(), [pixel_id] * count),
        "event_id": (pa.string(), [event_id] * count),
        "conversion_id": (pa.string(), ids),
        "time_ms": (pa.int64(), [int((START - age.total_seconds()) * 1000)] * count),
        "value": (pa.string(), ["1.50"] * count),
        "currency": (pa.string(), ["EUR"] * count),
        "body": (pa.string(), [body(one, content) for one in ids]),
        "digest": (pa.string(), [f"1:{content}"] * count),
        "key": (pa.uint64(), keys),
        "cursor": (pa.int64(), list(range(count))),
    }
    arrays = {
        name: pa.array(columns.get(name, values), kind) for name, (kind, values) in made.items()
    }
    return pa.RecordBatch.from_pydict(arrays)


def body(one: str, content: str = "a") -> str:
    return json.dumps({"conversion_id": one, "description": content}, ensure_ascii=False)


def numbered(count: int) -> list[str]:
    return [str(number) for number in range(count)]


def ids_of(batch: Batch) -> list[str]:
    found: list[str] = batch.rows["conversion_id"].to_pylist()
    return found


def accept(batch: Batch) -> Answer:
    """X takes all of it."""
    return acknowledged(batch.size)


def acknowledged(processed: int) -> Answer:
    data = {"conversions_processed": processed, "debug_id": "b51c0d7e"}
    return Answer(status=200, headers={}, body=json.dumps({"data": data}).encode())


def answer(status: int, *errors: dict[str, object], **headers: str) -> Answer:
    """An answer with errors; `_` in a header's name is a dash."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    shown = json.dumps({"errors": errors}).encode() if errors else b"<html>no</html>"
    return Answer(status=status, headers=named, body=shown)


def error(
    code: str = "INVALID_PARAMETER", parameter: str = "", message: str = ""
) -> dict[str, object]:
    return {"code": code, "parameter": parameter, "message": message}


def refusing(*bad: str, parameter: str = "value") -> Callable[[Batch], Answer]:
    """X refuses a request as a whole while one of these is in it, and does not say which."""

    def reply(batch: Batch) -> Answer:
        wrong = set(ids_of(batch)) & set(bad)
        return answer(400, error(parameter=parameter)) if wrong else accept(batch)

    return reply


@dataclass(frozen=True, kw_only=True)
class Way:
    """How a run goes about it; `rules` is the digest of the mapping's rules.

    With `replay` a person asked for these rows, and agrees to what is at stake.
    """

    mapping: str = "purchases"
    rules: str = "rules"
    in_doubt: Literal["resend", "hold"] = "resend"
    browser_pixel: bool = False
    deadline: float | None = None
    pixel_scope: bool = False
    senders: int = 1
    begun_before: int | None = None
    target: str = "x"
    replay: Replay | None = None


@dataclass(kw_only=True)
class Scene:
    """One state and one X over any number of runs; `posts` are the ids of each request."""

    place: Place
    clock: float = START
    tick: float = 0.0  # what passes from one look at the clock to the next
    usually: Script = accept
    script: deque[Script] = field(default_factory=deque)
    posts: list[list[str]] = field(default_factory=list)
    pauses: list[float] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    stopping: bool = False
    impatient: bool = False  # the user stops a run that waits
    agree: Callable[[Stakes], None] = lambda _: None
    budget: Callable[[int], float] = field(default=lambda _: 0.0)
    allowances: list[Allowance] = field(default_factory=list)

    def post(self, batch: Batch, in_time: Callable[[], bool]) -> Reply:
        if not in_time():
            return NoAnswer(left=False, why="too late to leave")
        self.posts.append(ids_of(batch))
        step = self.script.popleft() if self.script else self.usually
        return step(batch) if callable(step) else step

    def read_clock(self) -> float:
        self.clock += self.tick
        return self.clock

    def pause(self, seconds: float) -> None:
        assert seconds > 0  # to sleep for less is an error
        self.pauses.append(seconds)
        self.clock += seconds
        self.stopping = self.stopping or self.impatient

    @property
    def now(self) -> int:
        return int(self.clock * 1000)

    def _begin(self, state: Database, way: Way) -> Ledger:
        window = RESEND_WINDOW // timedelta(milliseconds=1)
        before = self.now + 1 if way.in_doubt == "hold" else self.now - window
        names = {"mapping": way.mapping, "target": way.target}
        with state.write() as connection:
            run = runs.begin_run(connection, run_id=uuid4().hex, now=self.now, **names)
            recover(connection, run=run, **names)
            expire(connection, before=before, **names)
        double = way.replay is not None and way.replay.allow_double_count
        return Ledger(
            state, run=run, mapping=way.mapping, rules_digest=way.rules, double_count=double
        )

    def _delivery(self, ledger: Ledger, way: Way) -> Delivery:
        edges = Edges(
            post=self.post, ledger=ledger, now=self.read_clock, pause=self.pause,
            random=lambda: 1.0, stopping=lambda: self.stopping, progress=lambda _: None,
            warn=self.warnings.append, budget=self.budget, answered=lambda: None,
            allowed=self.allowances.append,
        )  # fmt: skip
        policy = Policy(
            in_doubt=way.in_doubt, browser_pixel=way.browser_pixel, deadline=way.deadline,
            pixel_scope=way.pixel_scope, senders=way.senders,
        )  # fmt: skip
        return Delivery(traffic=Traffic(edges=edges, policy=policy, tally=Tally()))

    def _claims(self, ledger: Ledger, delivery: Delivery, way: Way) -> Claims:
        def sender() -> Sender:
            return Sender(
                mapping=way.mapping, rules_digest=way.rules, in_doubt=way.in_doubt, now=self.now,
                asked=way.replay is not None,
            )  # fmt: skip

        rules = Rules(sender=sender, begun_before=way.begun_before, browser_pixel=way.browser_pixel)
        return Claims(
            ledger=ledger, target=way.target, rules=rules, tally=delivery.traffic.tally,
            closed=delivery.traffic.closed,
        )  # fmt: skip

    def sync(self, *batches: pa.RecordBatch, way: Way = Way()) -> Tally:
        """One run over these rows, to its end."""
        with database.opened(self.place) as state:
            if isinstance(self.place, Path):
                state.read("pragma synchronous = off")  # no test pulls the plug
            ledger = self._begin(state, way)
            delivery = self._delivery(ledger, way)
            claims = self._claims(ledger, delivery, way)
            if way.replay is not None:
                stakes = at_stake(claims, iter(batches), way.replay, missing=())
                self.agree(stakes)
                claims = agreed(claims, stakes)
            with closing(claims.batches(iter(batches))) as claimed:
                delivery.run(claimed)
        return delivery.traffic.tally

    def resolve(self, word: Word, *, mapping: str = "purchases", target: str = "x") -> int:
        """A person's word on all of a mapping that is undecided."""
        names = {"mapping": mapping, "target": target}
        with database.opened(self.place) as state, state.write() as connection:
            settle_dead(connection, now=self.now, **names)
            return resolve(connection, word=word, conversion_ids=None, now=self.now, **names)

    def known(
        self, *ids: str, event_id: str = EVENT, pixel_id: str = PIXEL, target: str = "x"
    ) -> dict[str, Known]:
        """What the ledger knows of these ids."""
        with database.opened(self.place) as state:
            ledger = Ledger(state, run=0, mapping="", rules_digest="")
            number = ledger.find_destination(target=target, pixel_id=pixel_id, event_id=event_id)
            found = ledger.known(number or 0, ids)
        return {ids[place]: known for place, known in found.items()}

    def open_batches(self, mapping: str, *, target: str = "x") -> int:
        """Batches of a mapping and target that a run has not ended."""
        with database.opened(self.place) as state:
            found = state.read(
                "select count(*) from batches"
                " where mapping = :mapping and state in ('claimed', 'sent')"
                " and destination in (select id from destinations where target = :target)",
                mapping=mapping,
                target=target,
            )
        return int(found[0][0])

    def states(self, *ids: str) -> list[str | None]:
        known = self.known(*ids)
        return [known[one].state if one in known else None for one in ids]


def counts(tally: Tally) -> dict[str, int]:
    """The outcomes that occurred."""
    return {outcome: count for outcome, count in tally.rows.items() if count}


def made_at(url: str) -> Scene:
    """A scene with a state of its own."""
    place = place_of(url, Path())
    database.create(place)
    return Scene(place=place)
