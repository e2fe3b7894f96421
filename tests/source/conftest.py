"""Warehouse files in a fresh folder, and ways to read them."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from servers import Server

from connector.source import Selection, Source, open_source

Open = Callable[[str], AbstractContextManager[Source]]
Read = Callable[..., pa.Table]
Make = Callable[..., str]


@pytest.fixture
def opened(tmp_path: Path) -> Open:
    """Open a URL of the fresh folder; waiting takes no time, on a clock that only sleep moves."""
    slept = [0.0]

    def opened(url: str) -> AbstractContextManager[Source]:
        return open_source(
            url,
            root=tmp_path,
            deadline_seconds=5,
            sleep=slept.append,
            monotonic=lambda: sum(slept),
        )

    return opened


@pytest.fixture
def read(opened: Open) -> Read:
    """Read a selection of a URL; every batch must have the schema that was told before."""

    def read(url: str, *, rows: int = 1000, **selected: object) -> pa.Table:
        selection = Selection(**selected)  # type: ignore[arg-type]  # whatever the test names
        with opened(url) as source:
            schema = source.schema(selection)
            batches = list(source.batches(selection, rows=rows))
        assert all(batch.schema.equals(schema, check_metadata=True) for batch in batches)
        assert all(0 < batch.num_rows <= rows for batch in batches)
        return pa.Table.from_batches(batches, schema=schema)

    return read


@pytest.fixture
def duckdb_with(tmp_path: Path) -> Make:
    """Make a DuckDB file with these statements, and give its URL."""

    def duckdb_with(*statements: str) -> str:
        with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as connection:
            for statement in statements:
                connection.execute(statement)
        return "duckdb:///warehouse.duckdb"

    return duckdb_with


@pytest.fixture
def sqlite_with(tmp_path: Path) -> Make:
    """Make a SQLite file with these statements, and give its URL."""

    def sqlite_with(*statements: str) -> str:
        connection = sqlite3.connect(tmp_path / "warehouse.db")
        for statement in statements:
            connection.execute(statement)
        connection.commit()
        connection.close()
        return "sqlite:///warehouse.db"

    return sqlite_with


@pytest.fixture
def parquet_with(tmp_path: Path) -> Make:
    """Make a Parquet file of this name from a query, and give its URL."""

    def parquet_with(query: str, name: str = "orders.parquet") -> str:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        target = str(path).replace("'", "''")
        with duckdb.connect() as connection:
            connection.execute(f"copy ({query}) to '{target}' (format parquet)")
        return f"parquet:///{name}"

    return parquet_with


@pytest.fixture
def postgresql_with(postgresql_server: Server) -> Make:
    """Make a PostgreSQL database with these statements, and give a reader's URL."""
    return postgresql_server.database


@pytest.fixture(scope="session")
def postgresql_numbers(postgresql_server: Server) -> str:
    """A database with 30,000 rows that no test may change."""
    return postgresql_server.database(
        "create table t as select i, md5(i::text) as s from generate_series(0, 29999) i"
    )


@pytest.fixture(scope="session")
def mariadb_numbers(mariadb_server: Server) -> str:
    """A database with 30,000 rows that no test may change."""
    return mariadb_server.database(
        "create table t (i int) as select seq - 1 as i, md5(seq - 1) as s from seq_1_to_30000"
    )


@pytest.fixture
def mariadb_with(mariadb_server: Server) -> Make:
    """Make a MariaDB database with these statements, and give a reader's URL."""
    return mariadb_server.database


@pytest.fixture
def holding() -> Callable[..., AbstractContextManager[int]]:
    """Another process that opens a file with the given Python, then waits; gives its PID."""

    @contextmanager
    def holding(code: str, path: Path) -> Iterator[int]:
        script = f"import sys\n{code}\nprint('held', flush=True)\nsys.stdin.read()"
        with subprocess.Popen(
            [sys.executable, "-c", script, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "held\n"
            yield process.pid

    return holding


@pytest.fixture
def interrupted() -> Callable[[str, Path, str], str]:
    """Count a URL's endless query in another process that gets Ctrl-C; what became of it."""

    def interrupted(url: str, root: Path, query: str) -> str:
        script = (
            "import os, signal, sys, threading, time\n"
            "from pathlib import Path\n"
            "from connector.source import Selection, open_source\n"
            "url, root, query = sys.argv[1:]\n"
            "threading.Timer(1, os.kill, (os.getpid(), signal.SIGINT)).start()\n"
            "clock = {'sleep': time.sleep, 'monotonic': time.monotonic}\n"
            "try:\n"
            "    with open_source(url, root=Path(root), deadline_seconds=1, **clock) as source:\n"
            "        for _ in source.batches(Selection(query=query), rows=1000): pass\n"
            "except KeyboardInterrupt:\n"
            "    print('interrupted')\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", script, url, str(root), query],
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
            env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        )
        return done.stdout.strip() + done.stderr

    return interrupted


@pytest.fixture
def peak_megabytes() -> Callable[[str, str], float]:
    """Read a URL's query to its end in another process, 1,000 rows at once; the memory it took."""

    def peak_megabytes(url: str, query: str) -> float:
        script = (
            "import resource, sys, time\n"
            "from pathlib import Path\n"
            "from connector.source import Selection, open_source\n"
            "clock = {'sleep': time.sleep, 'monotonic': time.monotonic}\n"
            "with open_source(sys.argv[1], root=Path(), deadline_seconds=1, **clock) as source:\n"
            "    for _ in source.batches(Selection(query=sys.argv[2]), rows=1000): pass\n"
            "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", script, url, query],
            capture_output=True,
            text=True,
            check=True,
            env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        )
        return float(done.stdout)

    return peak_megabytes
