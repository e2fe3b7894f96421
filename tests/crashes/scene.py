"""A shop whose orders go to a simulated X, and syncs of it that can be stopped and killed."""

import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import psycopg
from crashes.children import Plan, Rule
from crashes.clock import Clock
from shop import Shell
from zygote import RUNNING, Zygote

from connector import api
from connector.api.keeping import Ruling
from connector.errors import UnreachableError
from connector.state import database
from connector.state.database import Database
from connector.state.place import place_of
from connector.state.resolution import Word

PATIENCE_SECONDS = 60
MAPPINGS = ("purchases", "copies")
ORDERS = """\
create table if not exists orders (
  order_id varchar, email varchar, paid_at timestamptz, updated_at timestamptz,
  amount decimal(9, 2), currency varchar, event varchar, note varchar
)
"""
MORE = """\
insert into orders
select 'order-' || i, 'ada' || i || '@example.com', to_timestamp({now}) - interval 1 minute,
  to_timestamp({now}), cast(i as decimal(9, 2)), 'EUR', '{event}',
  case when list_contains({bad}, i) then 'bad' else 'good' end
from range({first}, {last}) t(i)
"""
MAPPING = """\
source: {{table: orders, cursor: updated_at}}
destination: {{type: x_conversions, connection: x, pixel_id: {pixel}, event_id: {{column: event}}}}
identifiers: {{email: email}}
fields:
  conversion_time: paid_at
  conversion_id: order_id
  value: amount
  price_currency: currency
  description: note
in_doubt: {in_doubt}
limits: {{max_rejected: 1}}
"""


@dataclass(kw_only=True)
class Sync:
    """A sync in a process of its own; `status` is that of `waitpid`, RUNNING until it has one."""

    number: int
    told: Path
    zygote: Zygote
    status: int = RUNNING

    def look(self) -> int:
        """Ask how it is; a process that was stopped counts as running once it was woken."""
        if self.is_alive:
            found = self.zygote.status(self.number)
            self.status = self.status if found == RUNNING else found
        return self.status

    @property
    def is_stopped(self) -> bool:
        return self.status != RUNNING and os.WIFSTOPPED(self.status)

    @property
    def is_alive(self) -> bool:
        return self.status == RUNNING or self.is_stopped

    @property
    def code(self) -> int:
        """Its exit code, or minus the signal that ended it."""
        return os.waitstatus_to_exitcode(self.status)

    def signal(self, number: int) -> None:
        if self.is_alive:
            os.kill(self.number, number)
            if number == signal.SIGCONT:
                self.status = RUNNING

    def steps(self) -> list[str]:
        """The steps it told, whether it is the command or a call."""
        lines = self.told.read_text("utf-8").splitlines() if self.told.exists() else []
        words = [line.partition(" DEBUG ")[2] or line for line in lines]
        return [word.partition(":")[0] for word in words if word.partition(":")[0] in api.STEPS]

    def until(self, happens: Callable[[], bool]) -> None:
        """Wait until something happens, or it is stopped or at its end."""
        ends = time.monotonic() + PATIENCE_SECONDS
        while self.look() == RUNNING and not happens():
            assert time.monotonic() < ends, self.told.read_text("utf-8")[-2000:]
            time.sleep(0.002)

    def end(self) -> int:
        """Wait for its end; its exit code."""
        self.until(lambda: False)
        assert not self.is_stopped
        return self.code


class Known(NamedTuple):
    """What the ledger says of a conversion; `settled` in seconds, of its batch."""

    state: str
    settled: float | None
    mapping: str


class Receipts(NamedTuple):
    """What X says of a conversion; times in epoch seconds."""

    times: int
    first: float
    last: float
    acknowledged: bool


@dataclass(kw_only=True)
class Scene:
    """A round's shop and what happened in it.

    `shares` are those of X's faults, which heed a change at once. `server` is the address of the
    administrator's database, None for a state in a file.
    """

    shell: Shell
    clock: Clock
    shares: dict[str, float]
    zygote: Zygote
    in_doubt: str
    server: str | None
    orders: dict[str, tuple[str, int]] = field(default_factory=dict)
    bad: set[str] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)
    skips: bool = False
    accepted: set[str] = field(default_factory=set)
    excused: set[str] = field(default_factory=set)
    syncs: int = 0

    @property
    def config(self) -> str:
        return str(self.shell.folder / "config.yaml")

    def open(self) -> None:
        (self.shell.folder / "mappings").mkdir()
        self.shell.config()
        self.shell.sql(ORDERS)
        for name in MAPPINGS:
            text = MAPPING.format(in_doubt=self.in_doubt, pixel=self.pixel)
            self.shell.write(f"mappings/{name}.yaml", text)
        api.init_state(self.project())

    def project(self) -> Any:  # noqa: ANN401 - of the product
        return api.load(self.config)

    def order(self, random: Random, *, rows: int, bad: float) -> None:
        """New orders; so many of them are what X refuses."""
        statements = []
        for event in self.events():
            first = len(self.orders)
            numbers = range(first, first + rows // 2)
            chosen = [number for number in numbers if random.random() < bad]
            self.orders |= {f"order-{number}": (event, number) for number in numbers}
            self.bad |= {f"order-{number}" for number in chosen}
            statements.append(
                MORE.format(
                    now=self.clock.time(), event=event, bad=f"{chosen}::bigint[]", first=first,
                    last=numbers.stop,
                )
            )  # fmt: skip
        self.shell.sql(*statements)

    @property
    def pixel(self) -> str:
        return str(self.shell.address.describe()["pixel_id"])

    def events(self) -> list[str]:
        events = self.shell.address.world.events.values()
        return [one.id for one in events if one.pixel_id == self.pixel][:2]

    def mend(self) -> None:
        """Put right what X refuses."""
        now = f"to_timestamp({self.clock.time()})"
        self.shell.sql(f"update orders set note = 'good', updated_at = {now} where note = 'bad'")
        self.bad.clear()

    def start(self, *rules: Rule, **how: Any) -> Sync:  # noqa: ANN401 - what a plan has
        self.syncs += 1
        told = self.shell.folder / f"told-{self.syncs}"
        plan = Plan(
            config=self.config, clock=str(self.shell.folder / "clock"), told=str(told),
            rules=rules, **how,
        )  # fmt: skip
        return Sync(number=self.zygote.start(plan), told=told, zygote=self.zygote)

    def calm(self) -> dict[str, Any]:
        """A sync in this process."""
        edges = api.Edges(now=self.clock.now, pause=self.clock.pause)
        return api.sync(self.project(), api.Wanted(attended=False), edges)

    def begin(self) -> None:
        """A person's word that the mappings may send, whatever the age of their rows."""
        for name in MAPPINGS:
            api.begin(self.project(), name, before=None, edges=api.Edges(now=self.clock.now))

    def skip(self, hours: float) -> None:
        """Put the clock ahead, by so much that what is in doubt may be held."""
        self.clock.skip(hours * 3600)
        self.skips = True

    def resolve(self, word: Word, by_mapping: Mapping[str, list[str]]) -> None:
        for name, ids in by_mapping.items():
            ruling = Ruling(mapping=name, word=word, conversion_ids=ids)
            edges = api.Edges(now=self.clock.now)
            api.resolve(self.project(), ruling, agree=lambda _found: None, edges=edges)

    def cut(self, sync: Sync, *, lock_alone: bool) -> int:
        """End a process's connections to the database; how many, 0 where there is no server."""
        if self.server is None:
            return 0
        which = "pid in (select pid from pg_locks where locktype = 'advisory' and objsubid = 1)"
        with psycopg.connect(self.server, autocommit=True) as connection:
            return connection.execute(
                "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
                f" where application_name like %s and (%s or {which})",
                [f"connector, process {sync.number} %", not lock_alone],
            ).rowcount

    @contextmanager
    def state(self) -> Iterator[Database]:
        with database.opened(place_of(self.shell.state, self.shell.folder)) as state:
            yield state

    def is_readable(self) -> bool:
        """Whether nobody holds the state for himself."""
        place = place_of(self.shell.state, self.shell.folder)
        try:
            with database.opened(place, busy_seconds=1):
                return True
        except UnreachableError:
            return False

    def read(self, sql: str) -> list[tuple[Any, ...]]:
        with self.state() as state:
            return state.read(sql)

    def ledger(self) -> dict[str, Known]:
        rows = self.read(
            "select c.conversion_id, b.state, b.settled_at, b.mapping"
            " from conversions c left join batches b on b.id = c.batch"
        )
        return {
            one: Known(state, settled and settled / 1000, mapping)
            for one, state, settled, mapping in rows
        }

    def wire(self) -> dict[str, Receipts]:
        """What arrived; an order has one event, so its id is enough."""
        return {
            each["conversion_id"]: Receipts(
                each["receipts"], _seconds(each["first_received_at"]),
                _seconds(each["last_received_at"]), each["acknowledged"],
            )
            for each in self.shell.wire()["conversions"]
        }  # fmt: skip


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
