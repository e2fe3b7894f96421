"""Whole syncs from the start of the process to its end, and the proof that nothing was left out."""

import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import tools, warehouse
from benchmarks.answering import answering, received
from benchmarks.launch import launched
from benchmarks.tools import Case, Command, Prepare, Task

from connector.state import database
from connector.state.database import Database
from connector.state.place import Place, place_of

OURS = "connector"
STATE = "sqlite:///state/connector.db"
AGAIN = "--full-refresh"
_SQLITE = {"pragma synchronous": 2, "pragma journal_mode": "wal"}  # 2 is FULL
_POSTGRESQL = {"show synchronous_commit": "on", "show fsync": "on"}


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is measured: so many orders of a case; `state` is the URL of our ledger."""

    what: str
    case: Case
    rows: int
    keys: warehouse.Keys = "in order"
    state: str = STATE


@dataclass(frozen=True, kw_only=True)
class Sync:
    """One run; the seconds of the server's processor are apart from those of the tool."""

    what: str
    tool: str
    rows: int
    seconds: float
    cpu_seconds: float
    peak_bytes: int
    server_cpu_seconds: float
    requests: int


@dataclass(frozen=True, kw_only=True)
class Site:
    """A tool in a fresh folder, its server, and where our ledger is."""

    folder: Path
    address: str
    command: Command
    place: Place


@dataclass(frozen=True, kw_only=True)
class Yard:
    """Where warehouses are kept, the tools that are compared by name, and drt's Python."""

    folder: Path
    tools: Mapping[str, Prepare]
    drt: Path | None = None

    def url(self, plan: Plan) -> str:
        """The plan's orders as a DuckDB file, made once."""
        shop = warehouse.Shop(rows=plan.rows, keys=plan.keys, wide=plan.case == "all")
        return f"duckdb:///{warehouse.make(self.folder / f'{shop.name}.duckdb', shop)}"


def compared(yard: Yard, plan: Plan, *, rounds: int) -> list[Sync]:
    """Each tool in turn, and that several times, so that a noisy minute is no one tool's."""
    url = yard.url(plan)
    return [
        once(plan, name, prepare, url)
        for _ in range(rounds)
        for name, prepare in yard.tools.items()
    ]


def ours(plan: Plan, url: str, *, rounds: int) -> list[Sync]:
    """This tool alone."""
    return [once(plan, OURS, tools.connector, url) for _ in range(rounds)]


def once(plan: Plan, name: str, prepare: Prepare, url: str) -> Sync:
    """A first sync in a fresh folder: everything leaves, once."""
    with prepared(plan, prepare, url) as site:
        return measured(plan, name, site, sends=plan.rows)


def again(plan: Plan, url: str, *, rounds: int) -> list[Sync]:
    """Syncs that read everything again after it was sent, and send nothing."""
    with prepared(plan, tools.connector, url) as site:
        measured(plan, OURS, site, sends=plan.rows)
        before = received(site.address).requests
        found = [
            measured(plan, OURS, site, AGAIN, sends=plan.rows, accepted=0) for _ in range(rounds)
        ]
        assert {sync.requests for sync in found} == {before}
    return found


@contextmanager
def prepared(plan: Plan, prepare: Prepare, url: str) -> Iterator[Site]:
    """A tool that has never run, and a server that has received nothing."""
    with tempfile.TemporaryDirectory(prefix="bench-") as made, answering() as address:
        folder = Path(made)
        task = Task(case=plan.case, warehouse=url, address=address, state=plan.state)
        command, place = prepare(folder, task), place_of(plan.state, folder)
        if prepare is tools.connector:
            database.create(place)
        yield Site(folder=folder, address=address, command=command, place=place)


def measured(
    plan: Plan, name: str, site: Site, *options: str, sends: int, accepted: int | None = None
) -> Sync:
    """Run the command; `sends` is what the server must have then, `accepted` what the run adds."""
    command = site.command
    spent = launched(
        [*command.words, *options], folder=site.folder, environment=command.environment
    )
    arrived = received(site.address)
    assert arrived.conversions == sends, arrived
    assert arrived.distinct in {sends, None}, arrived
    if name == OURS:
        prove(
            site.place, spent.out, rows=plan.rows, accepted=sends if accepted is None else accepted
        )
    return Sync(
        what=plan.what, tool=name, rows=plan.rows, seconds=spent.seconds,
        cpu_seconds=spent.cpu_seconds, peak_bytes=spent.peak_bytes,
        server_cpu_seconds=arrived.cpu_seconds, requests=arrived.requests,
    )  # fmt: skip


def prove(place: Place, printed: str, *, rows: int, accepted: int) -> None:
    """See that a sync gave no promise up: the summary, the ledger, and how it is written."""
    [summary] = json.loads(printed)["mappings"]
    assert summary["rows"]["accepted"] == accepted, summary["rows"]
    assert summary["rows"]["deduplicated"] == rows - accepted, summary["rows"]
    with database.opened(place) as state:
        assert accepted_in(state) == rows
        durable(state)


def accepted_in(state: Database) -> int:
    """How many conversions the ledger has as accepted."""
    [[kept]] = state.read(
        "select count(*) from conversions c join batches b on b.id = c.batch"
        " where b.state = 'accepted'"
    )
    return int(kept)


def durable(state: Database) -> None:
    """See that what is committed is on disk, on a connection as the product opens it."""
    wanted = _SQLITE if isinstance(state.place, Path) else _POSTGRESQL
    assert {asked: state.read(asked)[0][0] for asked in wanted} == wanted
