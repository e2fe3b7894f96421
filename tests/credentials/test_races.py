"""Processes that refresh at once, and processes that are killed at each step."""

import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from vaults import CANARY, KEY, PAIR, connection, ended, forked, start

from connector.credentials import (
    OAuth2Tokens,
    Vault,
    disk,
    keep,
    keeping,
    kept,
    refreshing,
    vault_of,
)

MakeVault = Callable[..., Vault]
ENVIRONMENT = {"CONNECTOR_SECRET_KEY": KEY}

# A file stands for the platform: each refresh adds a line, and an old refresh token is refused.
CHILD = """
import os, signal, sys, time
from pathlib import Path
from connector.credentials import *
from connector.errors import TokenRefusedError
from connector.state import database
from connector.state.place import place_of
from vaults import NOW, later

folder, url, platform, step, work = sys.argv[1:]

def refresh(tokens):
    with open(platform, "a+") as asked:
        asked.write(f"{os.getpid()} {tokens.refresh_token}\\n")
        asked.flush()
        asked.seek(0)
        seen = [line.split()[1] for line in asked]
    time.sleep(0.05)
    if step in signal.Signals.__members__:
        os.kill(os.getpid(), signal.Signals[step])
    if seen.count(tokens.refresh_token) > 1:
        raise TokenRefusedError("refused")
    return later(tokens)

def reached(now):
    if now == step:
        os.kill(os.getpid(), signal.SIGKILL)

with database.opened(place_of(url, Path())) as state:
    vault = vault_of(Path(folder), state, os.environ, edges=Edges(reached=reached))
    print("ready", flush=True)
    sys.stdin.readline()
    if work == "fresh":
        issuer = Issuer(refresh=refresh, revoke=print)
        print(fresh(vault, "x", issuer, now=lambda: NOW).secret.access_token)
    elif work == "rekey":
        print(rekey(vault).resealed)
    else:
        print(share(vault, "x", work).visibility)
"""


@pytest.fixture
def platform(tmp_path: Path) -> Path:
    made = tmp_path / "platform"
    made.touch()
    return made


@pytest.mark.parametrize("visibility", ["private", "workspace"])
def test_of_many_processes_one_refreshes_and_all_have_its_pair(
    vault: MakeVault, url: str, folder: Path, platform: Path, visibility: str
) -> None:
    keep(vault(), connection(visibility=visibility), PAIR)
    processes = [
        forked(CHILD, folder, url, platform, "", "fresh", environment=ENVIRONMENT) for _ in range(6)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    told = [ended(process) for process in processes]
    assert told == [(0, "access-1\n", "")] * len(processes)
    assert len(platform.read_text().splitlines()) == 1
    one = kept(vault(), "x")
    assert isinstance(one.secret, OAuth2Tokens)
    assert one.secret.refresh_token == "refresh-1"


LOST = "answered"


@pytest.mark.parametrize("visibility", ["private", "workspace"])
@pytest.mark.parametrize("step", [*refreshing.STEPS, *disk.STEPS])
def test_a_refresh_that_is_killed_leaves_one_pair_that_is_good(
    vault: MakeVault, url: str, folder: Path, platform: Path, visibility: str, step: str
) -> None:
    keep(vault(), connection(visibility=visibility), PAIR)
    killed = step not in disk.STEPS or visibility == "private"
    process = forked(CHILD, folder, url, platform, step, "fresh", environment=ENVIRONMENT)
    code, _, err = ended(process)
    assert (code == -signal.SIGKILL) == killed, err
    again = forked(CHILD, folder, url, platform, "", "fresh", environment=ENVIRONMENT)
    code, out, err = ended(again)
    if step == LOST:
        assert "UTC was lost" in err
        assert kept(vault(), "x").connection.status == "revoked"
        return
    assert (code, out) == (0, "ready\naccess-1\n"), err
    assert len(platform.read_text().splitlines()) == 1


@pytest.mark.parametrize("visibility", ["private", "workspace"])
@pytest.mark.parametrize("asked", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_who_wants_it_to_end_waits_until_the_pair_is_kept(
    vault: MakeVault, url: str, folder: Path, platform: Path, visibility: str,
    asked: signal.Signals,
) -> None:  # fmt: skip
    keep(vault(), connection(visibility=visibility), PAIR)
    process = forked(CHILD, folder, url, platform, asked.name, "fresh", environment=ENVIRONMENT)
    code, out, err = ended(process)
    assert (code, out) == (-asked, "ready\n"), err
    one = kept(vault(), "x")
    assert isinstance(one.secret, OAuth2Tokens)
    assert one.secret.refresh_token == "refresh-1"
    assert one.connection.refresh_began_at is None


@pytest.mark.parametrize("step", ["keys_added", "resealed", "keys_trimmed", *disk.STEPS])
def test_a_change_of_keys_that_is_killed_leaves_everything_readable(
    vault: MakeVault, url: str, folder: Path, platform: Path, step: str
) -> None:
    for name in ("x", "y"):
        keep(vault({}), connection(name), PAIR)
    process = forked(CHILD, folder, url, platform, step, "rekey", environment={})
    assert ended(process)[0] == -signal.SIGKILL
    for name in ("x", "y"):
        assert kept(vault({}), name).secret == PAIR
    process = forked(CHILD, folder, url, platform, "", "rekey", environment={})
    assert ended(process)[0] == 0
    for name in ("x", "y"):
        assert kept(vault({}), name).secret == PAIR
    assert len((folder / "key").read_text().split()) == 1


@pytest.mark.parametrize("move", [("private", "workspace"), ("workspace", "private")])
@pytest.mark.parametrize("step", ["placed", "cleared", *disk.STEPS])
def test_a_move_that_is_killed_leaves_one_that_is_readable(
    vault: MakeVault, url: str, folder: Path, platform: Path, move: tuple[str, str], step: str
) -> None:  # fmt: skip
    there, to = move
    keep(vault(), connection(visibility=there), PAIR)
    process = forked(CHILD, folder, url, platform, step, to, environment=ENVIRONMENT)
    code, _, err = ended(process)
    assert (code == -signal.SIGKILL) == (step in keeping.STEPS or to == "private"), err
    assert kept(vault(), "x").secret == PAIR
    again = forked(CHILD, folder, url, platform, "", to, environment=ENVIRONMENT)
    assert ended(again)[:2] == (0, f"ready\n{to}\n")
    assert kept(vault(), "x").secret == PAIR


WRITER = """
import os, sys
from pathlib import Path
from dataclasses import replace
from connector.credentials import keep, vault_of
from vaults import PAIR, connection
vault = vault_of(Path(sys.argv[1]), None, {})
print("ready", flush=True)
for number in range(10_000):
    keep(vault, connection(), replace(PAIR, access_token=f"{number}"))
"""


@pytest.mark.parametrize("after", [0.0, 0.004, 0.011, 0.023, 0.05])
def test_a_writer_killed_at_any_moment_leaves_a_whole_file(folder: Path, after: float) -> None:
    keep(vault_of(folder, None, {}), connection(), PAIR)
    process = start(WRITER, folder)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    time.sleep(after)
    process.send_signal(signal.SIGKILL)
    ended(process)
    vault = vault_of(folder, None, {})
    assert isinstance(kept(vault, "x").secret, OAuth2Tokens)
    keep(vault, connection(), PAIR)
    assert {path.name for path in folder.iterdir()} == {".gitignore", "key", "lock", "x.json"}


TRACED = """
import sys
from pathlib import Path
from connector.credentials import kept, vault_of
import logging
logging.basicConfig(level=logging.DEBUG)
one = kept(vault_of(Path(sys.argv[1]), None, {}), "x")
print(one, flush=True)
raise RuntimeError(one, one.secret)
"""


def test_no_traceback_of_a_process_shows_a_secret(alone: Vault, folder: Path) -> None:
    keep(alone, connection(), OAuth2Tokens(access_token=CANARY, refresh_token=CANARY))
    code, out, err = ended(start(TRACED, folder))
    assert code == 1
    assert "RuntimeError" in err
    assert CANARY not in out + err


def test_every_step_has_a_name_of_its_own() -> None:
    tables = (disk.STEPS, keeping.STEPS, refreshing.STEPS)
    assert len({step for table in tables for step in table}) == sum(map(len, tables))
