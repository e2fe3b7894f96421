"""How many rows a second the ledger claims and settles, alone.

As a sync does it: looked up and claimed twenty requests of 500 at a time, then each marked as sent
and settled in transactions of their own.
"""

import random
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import servers
from benchmarks.syncs import accepted_in, durable
from benchmarks.warehouse import Keys

from connector.state import database, runs
from connector.state.database import Database
from connector.state.ledger import Claim, Kept, Ledger
from connector.state.place import Place, place_of

REQUEST, GROUP = 500, 20


@dataclass(frozen=True, kw_only=True)
class Pace:
    """Seconds for so many rows, in a ledger that held `held` before."""

    where: str
    keys: Keys
    rows: int
    held: int
    claiming: float
    settling: float

    @property
    def seconds(self) -> float:
        """All of it."""
        return self.claiming + self.settling


def paces(rows: int, held: int) -> list[Pace]:
    """SQLite and PostgreSQL, keys in order and at random; SQLite with much in it already, too."""
    with _places() as (files, schemas):
        empty = [
            measure(where, next(places), rows=rows, keys=keys)
            for where, places in (("SQLite", files), ("PostgreSQL", schemas))
            for keys in ("in order", "at random")
        ]
        return empty + [
            measure("SQLite", next(files), rows=rows, keys=keys, held=held)
            for keys in ("in order", "at random")
        ]


@contextmanager
def _places() -> Iterator[tuple[Iterator[Place], Iterator[Place]]]:
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as made,
        servers.postgresql(durable=True) as server,
    ):
        folder = Path(made)
        files = (folder / f"{number}.db" for number in range(4))
        schemas = (place_of(server.owner(f"ledger_{number}"), folder) for number in range(2))
        yield files, schemas


def measure(where: str, place: Place, *, rows: int, keys: Keys, held: int = 0) -> Pace:
    """Rows that are new to a ledger; the `held` ones have keys of the same kind."""
    database.create(place)
    wanted = _ids(held + rows, keys)
    with database.opened(place) as state:
        durable(state)
        ledger = _ledger(state)
        destination = ledger.make_destination(target="x", pixel_id="o8z6j", event_id="o87ne")
        _sent(ledger, destination, wanted[:held])
        claiming, settling = _sent(ledger, destination, wanted[held:])
        assert accepted_in(state) == held + rows
    return Pace(where=where, keys=keys, rows=rows, held=held, claiming=claiming, settling=settling)


def _ids(rows: int, keys: Keys) -> list[str]:
    if keys == "in order":
        return [f"order-{number:012d}" for number in range(rows)]
    drawn = random.Random(7)
    return [f"{drawn.getrandbits(128):032x}" for _ in range(rows)]


def _ledger(state: Database) -> Ledger:
    with state.write() as connection:
        run = runs.begin_run(connection, run_id="1", mapping="purchases", target="x", now=1)
    return Ledger(state, run=run, mapping="purchases", rules_digest="rules")


def _sent(ledger: Ledger, destination: int, ids: Sequence[str]) -> tuple[float, float]:
    """Seconds to claim all, and to settle all."""
    claiming = settling = 0.0
    for start in range(0, len(ids), REQUEST * GROUP):
        group = ids[start : start + REQUEST * GROUP]
        begun = time.perf_counter()
        assert not ledger.known(destination, group)
        batches = ledger.claim(_claims(destination, group), now=2)
        claimed = time.perf_counter()
        for batch in batches:
            ledger.mark_sent([batch], now=3)
            ledger.settle(batch, "accepted", now=4, kept=Kept(debug_id="b51c0d7e"))
        claiming += claimed - begun
        settling += time.perf_counter() - claimed
    return claiming, settling


def _claims(destination: int, ids: Sequence[str]) -> list[Claim]:
    parts = [ids[start : start + REQUEST] for start in range(0, len(ids), REQUEST)]
    return [
        Claim(
            destination=destination,
            conversion_ids=part,
            digests=["1:0123456789abcdef0123456789abcdef"] * len(part),
            seen=[None] * len(part),
        )
        for part in parts
    ]
