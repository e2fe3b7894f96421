"""What a sync does when a database goes away, that of its state or of its rows, or is shared."""

import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
import servers
from outages import Command, fill, goes_on, nothing_half_written, project, rows_of, started, told
from servers import Server
from shop import Shell

WAREHOUSE = 'warehouse: {url: "duckdb:///shop.duckdb"}'
BOTH = 4  # each sync has a connection for the state and one for its lock
CUT = "select pg_terminate_backend(pid) from pg_stat_activity where {whose}"
OF_THE_STATE = "application_name like 'connector, process %' and datname = 'postgres'"
SLOW_ORDERS = """
create view orders as
select 'order-' || i as order_id, 'ada' || i || '@example.com' as email, 'EUR' as currency,
  now() - interval '1 minute' as paid_at, (i % 1000)::numeric(9, 2) as amount,
  case when i = 30000 then (select pg_sleep(seconds)::text from patience) end as slept
from generate_series(0, 39999) i
"""


@pytest.fixture
def schema(postgresql_server: Server) -> str:
    return f"outage_{next(postgresql_server.numbers)}"


@contextmanager
def crashed(server: Server) -> Iterator[Callable[[], None]]:
    """End a server as a crash does; what is given starts it again, for as long as the block."""
    with psycopg.connect(f"postgresql://postgres@127.0.0.1:{server.port}/postgres") as connection:
        row = connection.execute("select pg_read_file('postmaster.pid')").fetchone()
    assert row is not None
    process = int(row[0].split()[0])
    command = Path(f"/proc/{process}/cmdline").read_text().removesuffix("\0").split("\0")
    again: list[subprocess.Popen[bytes]] = []

    def start() -> None:
        again.append(subprocess.Popen(command, stderr=subprocess.DEVNULL, **servers.unprivileged()))
        servers.until_it_answers(server)

    servers.crash(process)
    try:
        yield start
    finally:
        for each in again:
            each.terminate()
            each.wait(30)


def test_a_state_whose_connections_are_cut_is_out_of_reach_and_the_next_sync_goes_on(
    tmp_path: Path, postgresql_server: Server, schema: str
) -> None:
    state = postgresql_server.owner(schema)
    with project(tmp_path, 4000, state=state, latency_seconds=0.5) as shell:
        with started(shell, "sync", "--json") as sync:
            sync.until("receipts")
            postgresql_server.run(postgresql_server.port, "", [CUT.format(whose=OF_THE_STATE)])
            ended = sync.ended()
        told(ended, 8, "cannot be used now")
        assert rows_of(ended)["read"] == 4000
        nothing_half_written(shell)
        in_flight = shell.wire()["receipts"]
        assert in_flight <= 2000
        assert goes_on(shell, 4000, unkept=in_flight) == {2: in_flight, 1: 4000 - in_flight}


def test_a_state_whose_server_crashes_and_comes_back_has_lost_nothing(tmp_path: Path) -> None:
    with (
        servers.postgresql(durable=True) as server,
        project(tmp_path, 6000, state=server.owner("outage"), latency_seconds=0.5) as shell,
    ):
        with started(shell, "sync", "--json") as sync:
            sync.until("receipts", 2500)
            with crashed(server) as start:
                ended = sync.ended()
                told(ended, 8, "cannot be used now")
                nothing_half_written(shell)
                told(shell.run("sync"), 8, "cannot be used now")
                kept = rows_of(ended)["accepted"]
                assert kept >= 500
                start()
                receipts = goes_on(shell, 6000, unkept=shell.wire()["receipts"] - kept)
        assert set(receipts) == {1, 2}
        assert receipts[2] <= 2000


def test_a_warehouse_that_goes_away_while_it_is_read_lets_nothing_leave(
    tmp_path: Path, postgresql_server: Server
) -> None:
    slow = "create table patience as select 20.0::float8 as seconds"
    url = postgresql_server.database(slow, SLOW_ORDERS)
    name = url.rpartition("/")[2]
    reading = f"usename = 'reader' and datname = '{name}' and state = 'active'"
    with project(tmp_path, 1) as shell:
        config = (tmp_path / "config.yaml").read_text("utf-8")
        assert WAREHOUSE in config
        shell.write("config.yaml", config.replace(WAREHOUSE, f'warehouse: {{url: "{url}"}}'))
        with started(shell, "sync", "--json") as sync:
            sync.when(
                lambda: _count(postgresql_server, f"{reading} and wait_event = 'PgSleep'") == 1
            )
            postgresql_server.run(postgresql_server.port, "", [CUT.format(whose=reading)])
            ended = sync.ended()
        told(ended, 8, "could not be read")
        assert "hunter2" not in ended.err + ended.out
        assert shell.wire()["requests"] == 0
        nothing_half_written(shell)
        postgresql_server.change(url, "update patience set seconds = 0")
        assert goes_on(shell, 40_000) == {1: 40_000}


def _count(server: Server, whose: str) -> int:
    """How many connections are like that."""
    with psycopg.connect(f"postgresql://postgres@127.0.0.1:{server.port}/postgres") as connection:
        query = f"select count(*) from pg_stat_activity where {whose}"
        row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return int(row[0])


@contextmanager
def two_hosts(folder: Path, state: str) -> Iterator[tuple[Shell, Shell, Command]]:
    """Two projects with the same orders and one state; the first one's sync stands still."""
    with project(folder / "one", 1500, state=state, latency_seconds=0.5) as first:
        second = Shell(folder=folder / "two", address=first.address, state=state)
        fill(second, 1500)
        with started(first, "sync", "--json") as sync:
            sync.until("receipts")
            sync.process.send_signal(signal.SIGSTOP)
            yield first, second, sync


@pytest.mark.parametrize(("words", "code"), [((), 6), (("--skip-if-running",), 0)])
def test_of_two_hosts_with_one_state_the_second_leaves_the_rows_to_the_first(
    tmp_path: Path, postgresql_server: Server, schema: str, words: tuple[str, ...], code: int
) -> None:
    with two_hosts(tmp_path, postgresql_server.owner(schema)) as (first, second, sync):
        other = second.run("sync", "--json", *words)
        sync.process.send_signal(signal.SIGCONT)
        told(other, code, "another sync to")
        assert rows_of(other) == {}
        assert rows_of(sync.ended()) == {"read": 1500, "accepted": 1500}
        assert goes_on(first, 1500) == {1: 1500}
        assert goes_on(second, 1500) == {1: 1500}


def test_of_two_hosts_with_one_state_the_second_may_wait_for_the_first(
    tmp_path: Path, postgresql_server: Server, schema: str
) -> None:
    with (
        two_hosts(tmp_path, postgresql_server.owner(schema)) as (_, second, sync),
        started(second, "sync", "--json", "--wait") as waiting,
    ):
        waiting.when(lambda: _count(postgresql_server, OF_THE_STATE) == BOTH)
        sync.process.send_signal(signal.SIGCONT)
        assert rows_of(sync.ended()) == {"read": 1500, "accepted": 1500}
        ended = waiting.ended()
        assert ended.code == 0, ended
        assert rows_of(ended) == {"read": 1500, "deduplicated": 1500}
        assert goes_on(second, 1500) == {1: 1500}
