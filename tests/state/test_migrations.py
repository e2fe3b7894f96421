import shutil
import stat
from contextlib import suppress
from pathlib import Path

import pytest
from ledgers import claim, facts
from servers import Server as Running

from connector.errors import ConfigurationError
from connector.state import database, migrations, postgresql, runs, sqlite
from connector.state.ledger import Ledger
from connector.state.migrations import VERSION
from connector.state.place import Server, place_of
from connector.state.recovery import recover

# A file of version 1 with two conversions in each state, its last run left open.
OLD = Path(__file__).with_name("state_v1.db")
# The same of version 2, with a rate budget that was used.
SECOND = Path(__file__).with_name("state_v2.db")
LEFT = {
    "accepted-1": "accepted", "refused-1": "refused", "refused-2": "claimed",
    "in_doubt-2": "in_doubt", "held-1": "held", "claimed-1": "claimed", "sent-2": "sent",
}  # fmt: skip
RECOVERED = LEFT | {"claimed-1": None, "refused-2": "refused", "sent-2": "in_doubt"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "connector.db"
    shutil.copy(OLD, made)
    return made


def states(path: Path) -> dict[str, str | None]:
    with database.opened(path) as state:
        ledger = Ledger(state, run=0, mapping="", rules_digest="")
        found = {one: facts(ledger, one) for one in LEFT}
    return {one: fact[0] if fact else None for one, fact in found.items()}


def test_an_older_state_is_migrated_when_it_is_opened(path: Path) -> None:
    assert states(path) == LEFT
    with database.opened(path) as state:
        assert state.read("select value from meta") == [(str(VERSION),)]
        assert state.read("select * from budgets") == []
        assert state.read("select amount from amounts") == [("9.99",)]


def test_a_state_of_version_2_gets_room_for_connections_and_keeps_the_rest(
    path: Path,
) -> None:
    shutil.copy(SECOND, path)
    assert states(path) == LEFT
    assert path.with_name("connector.db.v2.bak").exists()
    with database.opened(path) as state:
        assert state.read("select value from meta") == [(str(VERSION),)]
        assert state.read("select amount from budgets") == [(7,)]
        assert state.read("select * from connections") == []


def test_an_older_state_is_copied_first(path: Path) -> None:
    with database.opened(path):
        pass
    copy = path.with_name("connector.db.v1.bak")
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert copy.read_bytes()[100:] == OLD.read_bytes()[100:]
    assert {each.name.rpartition("-")[2] for each in path.parent.iterdir()} <= {
        "connector.db", "connector.db.v1.bak", "wal", "shm",
    }  # fmt: skip


def test_a_run_goes_on_from_an_older_state(path: Path) -> None:
    names = {"mapping": "purchases", "target": "x"}
    with database.opened(path) as state:
        with state.write() as connection:
            run = runs.begin_run(connection, run_id="later", now=1, **names)
            assert recover(connection, run=run, **names) == 1
        assert states(path) == RECOVERED
        ledger = Ledger(state, run=run, mapping="purchases", rules_digest="rules")
        ledger.claim([claim("claimed-1")], now=2)


def test_migrating_says_from_where_and_where_the_copy_is(path: Path) -> None:
    copy = path.with_name("connector.db.v1.bak")
    assert database.migrate(path, backed_up=False) == (1, copy)
    copy.unlink()
    assert database.migrate(path, backed_up=False) == (VERSION, None)
    assert not copy.exists()


def test_a_migration_that_fails_changes_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        statements = ["create table half (a)", "create nonsense"]
        patched.setattr(sqlite, "steps", lambda *_, **__: statements)
        with suppress(Exception), database.opened(path):
            pytest.fail("it was opened")
    with database.opened(path) as state:
        assert state.read("select name from sqlite_master where name = 'half'") == []
    assert states(path) == LEFT


def test_a_migration_goes_on_after_one_that_was_killed(path: Path) -> None:
    copy = path.with_name("connector.db.v1.bak")
    copy.write_text("half a copy")
    assert database.migrate(path, backed_up=False) == (1, copy)
    assert copy.stat().st_size == OLD.stat().st_size


def test_where_there_is_no_state_nothing_is_migrated(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="state init"):
        database.migrate(tmp_path / "connector.db", backed_up=True)


@pytest.mark.parametrize("old", [OLD, SECOND], ids=["of version 1", "of version 2"])
def test_a_new_state_has_the_tables_of_a_migrated_one(
    path: Path, tmp_path: Path, old: Path
) -> None:
    shutil.copy(old, path)
    tables = "select name, sql from sqlite_master where sql is not null order by name"
    database.create(tmp_path / "new.db")
    with database.opened(path) as migrated, database.opened(tmp_path / "new.db") as new:
        words = [
            [(n, " ".join(sql.split())) for n, sql in one.read(tables)] for one in (migrated, new)
        ]
    assert words[0] == words[1]


def test_a_state_of_version_3_gets_room_for_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "third.db"
    with monkeypatch.context() as patched:
        patched.setattr(migrations, "STEPS", migrations.STEPS[:3])
        patched.setattr(sqlite, "VERSION", 3)
        database.create(path)
    with database.opened(path) as state:
        assert state.read("select * from writes") == []
        assert state.read("select * from connections") == []
    assert path.with_name("third.db.v3.bak").exists()


@pytest.fixture(params=[1, 2, 3])
def version(request: pytest.FixtureRequest) -> int:
    number: int = request.param
    return number


@pytest.fixture
def older(postgresql_server: Running, monkeypatch: pytest.MonkeyPatch, version: int) -> Server:
    """A state of an older version in PostgreSQL."""
    place = place_of(postgresql_server.owner(f"older_{version}"), Path())
    assert isinstance(place, Server)
    with monkeypatch.context() as patched:
        patched.setattr(migrations, "STEPS", migrations.STEPS[:version])
        patched.setattr(postgresql, "VERSION", version)
        postgresql.create(place)
    return place


def test_the_backup_of_a_database_is_its_operator_s(older: Server, version: int) -> None:
    with pytest.raises(ConfigurationError, match="migrate --yes"), database.opened(older):
        pass
    with pytest.raises(ConfigurationError, match="pg_dump --schema=older_"):
        database.migrate(older, backed_up=False)
    assert database.migrate(older, backed_up=True) == (version, None)
    with database.opened(older) as state:
        assert state.read("select * from budgets") == []
        assert state.read("select * from connections") == []
        assert state.read("select * from writes") == []
    assert database.migrate(older, backed_up=False) == (VERSION, None)
