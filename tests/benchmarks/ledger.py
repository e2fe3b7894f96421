"""How many rows a second the ledger claims and settles, alone.

PYTHONPATH=.:tests python tests/benchmarks/ledger.py

100,000 rows in requests of 500, as a sync does it: looked up and claimed twenty requests at a time,
then each marked as sent and settled in transactions of their own.
"""

import random
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import servers

from connector.state import database, runs
from connector.state.ledger import Claim, Kept, Ledger
from connector.state.place import Place, place_of

ROWS, REQUEST, GROUP = 100_000, 500, 20


def ids(*, in_order: bool) -> list[str]:
    made = [f"order-{number:012d}" for number in range(ROWS)]
    if not in_order:
        random.Random(7).shuffle(made)
    return made


def claims(destination: int, keys: list[str]) -> list[Claim]:
    parts = [keys[start : start + REQUEST] for start in range(0, len(keys), REQUEST)]
    return [
        Claim(
            destination=destination,
            conversion_ids=part,
            digests=["1:0123456789abcdef0123456789abcdef"] * len(part),
            seen=[None] * len(part),
        )
        for part in parts
    ]


def measure(place: Place, keys: list[str]) -> tuple[float, float]:
    """Seconds to claim all, and to settle all."""
    claiming = settling = 0.0
    with database.opened(place) as state:
        with state.write() as connection:
            run = runs.begin_run(connection, run_id="1", mapping="purchases", target="x", now=1)
        ledger = Ledger(state, run=run, mapping="purchases", rules_digest="rules")
        destination = ledger.make_destination(target="x", pixel_id="o8z6j", event_id="o87ne")
        for start in range(0, ROWS, REQUEST * GROUP):
            group = keys[start : start + REQUEST * GROUP]
            begun = time.perf_counter()
            assert not ledger.known(destination, group)
            batches = ledger.claim(claims(destination, group), now=2)
            claimed = time.perf_counter()
            for batch in batches:
                ledger.mark_sent(batch, now=3)
                ledger.settle(batch, "accepted", now=4, kept=Kept(debug_id="b51c0d7e"))
            claiming += claimed - begun
            settling += time.perf_counter() - claimed
    return claiming, settling


@contextmanager
def places() -> Iterator[dict[str, list[Place]]]:
    with tempfile.TemporaryDirectory() as folder, servers.postgresql(durable=True) as server:
        files: list[Place] = [Path(folder) / f"{number}.db" for number in range(2)]
        schemas = [place_of(server.owner(f"ledger_{number}"), Path()) for number in range(2)]
        yield {"SQLite": files, "PostgreSQL": schemas}


if __name__ == "__main__":
    with places() as found:
        for name, (first, second) in found.items():
            for place, in_order in ((first, True), (second, False)):
                database.create(place)
                claiming, settling = measure(place, ids(in_order=in_order))
                order = "in order " if in_order else "at random"
                print(  # noqa: T201 - what a benchmark is for
                    f"{name:10} ids {order}: {ROWS / (claiming + settling):8,.0f} rows/s"
                    f" (claim {ROWS / claiming:,.0f}, settle {ROWS / settling:,.0f})"
                )
