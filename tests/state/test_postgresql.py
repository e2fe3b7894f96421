"""What holds of a state in PostgreSQL alone."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, suppress
from pathlib import Path

import psycopg
import pytest
from ledgers import claim, facts
from psycopg.conninfo import make_conninfo
from servers import PASSWORD, READER
from servers import Server as Running

from connector.errors import (
    AlreadyRunningError,
    ConfigurationError,
    OvertakenError,
    UnreachableError,
)
from connector.state import database, runs
from connector.state.database import Database
from connector.state.ledger import Claim, ClaimLostError, Ledger
from connector.state.lock import sync_lock
from connector.state.place import Place, Server, place_of
from connector.state.recovery import recover

ROOT = Path(__file__).parents[2]
NUMBERS = iter(range(1_000_000))


@pytest.fixture
def url(postgresql_server: Running) -> str:
    return postgresql_server.owner(f"alone_{next(NUMBERS)}")


def lock(place: Place) -> AbstractContextManager[None]:
    return sync_lock(place, mapping="purchases", target="x", wait=False, sleep=lambda _: None)


def setting(state: Database, name: str) -> str:
    [(value,)] = state.read(f"show {name}")
    return str(value)


def end_sessions(place: Place, ours: str = "true") -> int:
    """Have the server end the sessions of this tool, or those of a condition; their number."""
    assert isinstance(place, Server)
    sessions = f"from pg_stat_activity where application_name like 'connector,%' and {ours}"
    with psycopg.connect(make_conninfo("", **place.parameters), autocommit=True) as connection:
        found = connection.execute(f"select pg_terminate_backend(pid) {sessions}".encode())
        return len(found.fetchall())


@pytest.mark.parametrize(
    ("role", "kept"), [("off", "on"), ("local", "on"), ("remote_apply", "remote_apply")]
)
def test_a_commit_is_on_disk_whatever_the_account_s_settings(
    url: str, role: str, kept: str
) -> None:
    settings = {"synchronous_commit": role, "default_transaction_isolation": "serializable"}
    options = "".join(f"%20-c%20{name}%3D{value}" for name, value in settings.items())
    weak = f"{url}&options={options}"
    database.create(place_of(url, ROOT))
    with database.opened(place_of(weak, ROOT)) as state:
        assert setting(state, "synchronous_commit") == kept
        with state.write() as connection:
            level = connection.execute("show transaction_isolation").fetchone()
        assert level == ("read committed",)


def test_a_schema_that_is_there_is_used(url: str, postgresql_server: Running) -> None:
    place = place_of(url, ROOT)
    assert isinstance(place, Server)
    postgresql_server.run(postgresql_server.port, "", [f"create schema {place.schema}"])
    assert database.create(place)
    assert not database.create(place)


def test_two_schemas_of_a_database_are_two_states(postgresql_server: Running) -> None:
    first, second = (place_of(postgresql_server.owner(f"two_{n}"), ROOT) for n in range(2))
    database.create(first)
    with pytest.raises(ConfigurationError, match="schema two_1"), database.opened(second):
        pass


def test_tables_of_something_else_are_not_taken_for_a_state(
    url: str, postgresql_server: Running
) -> None:
    place = place_of(url, ROOT)
    assert isinstance(place, Server)
    other = f"create table {place.schema}.meta (key text, value text)"
    postgresql_server.run(postgresql_server.port, "", [f"create schema {place.schema}", other])
    with pytest.raises(ConfigurationError, match="not a state"), database.opened(place):
        pass
    with pytest.raises(ConfigurationError, match="not a state"):
        database.create(place)


@pytest.mark.parametrize("password", [PASSWORD, "hunter2-wrong"])
def test_an_account_that_may_not_is_told_without_its_password(
    postgresql_server: Running, password: str
) -> None:
    url = f"postgresql://{READER}:{password}@127.0.0.1:{postgresql_server.port}/postgres"
    with pytest.raises(ConfigurationError, match=r"permission denied|authentication") as refused:
        database.create(place_of(url, ROOT))
    assert "hunter2" not in str(refused.value)


def test_a_database_that_is_not_there_is_a_mistake_of_the_config(
    postgresql_server: Running,
) -> None:
    url = f"postgresql://postgres@127.0.0.1:{postgresql_server.port}/nowhere"
    with pytest.raises(ConfigurationError, match="nowhere"), database.opened(place_of(url, ROOT)):
        pass


@pytest.mark.parametrize("wrong", [":99999/postgres", "/postgres?service=none"])
def test_an_address_that_the_client_cannot_use_is_a_mistake_of_the_config(wrong: str) -> None:
    place = place_of(f"postgresql://postgres@127.0.0.1{wrong}", ROOT)
    with pytest.raises(ConfigurationError, match="cannot be used"), database.opened(place):
        pass


def test_a_database_without_unicode_is_refused(postgresql_server: Running) -> None:
    latin = "create database latin encoding 'LATIN1' locale 'C' template template0"
    postgresql_server.run(postgresql_server.port, "", [latin])
    url = f"postgresql://postgres@127.0.0.1:{postgresql_server.port}/latin"
    with pytest.raises(ConfigurationError, match="UTF8"):
        database.create(place_of(url, ROOT))


def test_nobody_there_is_out_of_reach() -> None:
    place = place_of("postgresql://me:hunter2@127.0.0.1:1/shop", ROOT)
    with pytest.raises(UnreachableError, match="refused") as refused, database.opened(place):
        pass
    assert "hunter2" not in str(refused.value)


def test_a_server_that_goes_away_is_out_of_reach(
    place: Place, begin: Callable[..., Ledger]
) -> None:
    ledger = begin()
    [batch] = ledger.claim([claim("1")], now=100)
    assert end_sessions(place)
    with pytest.raises(UnreachableError):
        ledger.mark_sent([batch], now=110)
    assert facts(begin("refunds"), "1") == ("claimed", "1:a", None)


def test_a_run_that_lost_its_lock_is_overtaken_by_the_next(
    place: Place, begin: Callable[..., Ledger], state: Database
) -> None:
    with lock(place):
        ledger = begin()
        [batch] = ledger.claim([claim("1")], now=100)
        assert end_sessions(place, "query like '%pg_try_advisory_lock%'") == 1
        ledger.mark_sent([batch], now=110)  # nobody else has begun
        with lock(place):
            with state.write() as connection:
                names = {"mapping": "purchases", "target": "x"}
                run = runs.begin_run(connection, run_id="next", now=120, **names)
                recover(connection, run=run, **names)
            with pytest.raises(OvertakenError):
                ledger.mark_not_sent(batch)


def test_the_lock_outlives_the_transactions_of_its_run(place: Place, state: Database) -> None:
    with lock(place):
        with state.write(), suppress(UnreachableError):
            state.read("select 1 from nowhere")
        with pytest.raises(AlreadyRunningError, match=f"process {os.getpid()}"), lock(place):
            pass


CLAIMER = """
import sys
from pathlib import Path
from connector.state import database
from connector.state.place import place_of
with database.opened(place_of(sys.argv[1], Path())) as state, state.write() as connection:
    connection.execute("insert into meta values ('note', 'half')")
    print("writing", flush=True)
    sys.stdin.read()
"""


def test_a_writer_that_is_killed_leaves_nothing_and_stops_nobody(
    url: str, place: Place, state: Database
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", CLAIMER, url],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": str(ROOT)},
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == b"writing\n"
        process.send_signal(signal.SIGKILL)
    with state.write() as connection:
        connection.execute("insert into meta values ('other', 'whole')")
    assert state.read("select value from meta where key in ('note', 'other')") == [("whole",)]


def test_of_many_who_claim_the_same_each_conversion_is_taken_once(
    place: Place, begin: Callable[..., Ledger]
) -> None:
    """Eight mappings, each in another order, all at once; who loses asks again."""
    ids = [f"order-{number}" for number in range(300)]
    ledgers = [begin(f"mapping-{number}") for number in range(8)]
    ready = threading.Barrier(len(ledgers), timeout=30)

    def take(number: int) -> list[str]:
        ledger, taken = ledgers[number], []
        order = ids[number * 37 :] + ids[: number * 37]
        ready.wait()
        for start in range(0, len(order), 20):
            part = order[start : start + 20]
            while part:
                try:
                    ledger.claim([claim(*part)], now=100)
                except ClaimLostError:
                    found = ledger.known(1, part)
                    part = [one for place, one in enumerate(part) if place not in found]
                else:
                    taken += part
                    break
        return taken

    with ThreadPoolExecutor(len(ledgers)) as pool:
        taken = [one for part in pool.map(take, range(len(ledgers))) for one in part]
    assert sorted(taken) == sorted(ids)
    assert {facts(ledgers[0], one) for one in ids} == {("claimed", "1:a", None)}


def test_what_another_host_refused_and_moved_is_lost_when_it_was_seen_before(
    begin: Callable[..., Ledger],
) -> None:
    """A claim of many, where one was gone when it came to it, is no claim at all."""
    ours = begin("purchases")
    gone = Claim(destination=1, conversion_ids=["1"], digests=["1:a"], seen=[77])
    [batch] = ours.claim([gone], now=100)
    ours.release(batch, gone, reason="", now=110)
    assert facts(ours, "1") is None


@pytest.mark.parametrize(("url", "loaded"), [("sqlite:///a.db", False), ("postgresql://h/d", True)])
def test_its_library_is_loaded_by_an_address_that_needs_it(url: str, *, loaded: bool) -> None:
    script = (
        "import sys; from pathlib import Path; from connector import api\n"
        "from connector.state.place import place_of\n"
        "place_of(sys.argv[1], Path())\n"
        "print('psycopg' in sys.modules, 'sqlalchemy' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, url], capture_output=True, text=True, check=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.stdout == f"{loaded} False\n"
