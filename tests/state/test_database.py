import sqlite3
import stat
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from connector.errors import ConfigurationError, UnreachableError
from connector.state import database
from connector.state.database import Database

NOTE = "insert into meta values ('note', ?)"


def notes(state: Database) -> list[tuple[str, ...]]:
    return state.read("select value from meta where key = 'note'")


def test_a_state_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "state" / "connector.db"
    assert database.create(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in path.parents[:2]} == {0o700}
    assert [entry.name for entry in path.parent.iterdir()] == ["connector.db"]


def test_making_a_state_again_leaves_the_first(path: Path, state: Database) -> None:
    with state.write() as connection:
        connection.execute(NOTE, ("kept",))
    assert not database.create(path)
    assert notes(state) == [("kept",)]


def test_of_two_who_make_a_state_at_once_one_does(tmp_path: Path) -> None:
    path = tmp_path / "connector.db"
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(database.create, [path] * 8))
    assert sorted(made) == [False] * 7 + [True]
    with database.opened(path) as state:
        assert state.read("select value from meta") == [("1",)]
    assert [entry.name for entry in tmp_path.iterdir()] == ["connector.db"]


def test_a_making_that_fails_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "TABLES", "create table meta (key, value); create nonsense")
    with pytest.raises(UnreachableError):
        database.create(tmp_path / "connector.db")
    assert not list(tmp_path.iterdir())


def test_each_commit_is_on_disk_before_it_returns(state: Database) -> None:
    assert state.read("pragma synchronous") == [(2,)]
    assert state.read("pragma journal_mode") == [("wal",)]


def test_a_block_that_raises_leaves_nothing_behind(state: Database) -> None:
    def write_and_fail() -> None:
        with state.write() as connection:
            connection.execute(NOTE, ("half",))
            raise KeyError

    with pytest.raises(KeyError):
        write_and_fail()
    assert notes(state) == []
    with state.write() as connection:
        connection.execute(NOTE, ("whole",))
    assert notes(state) == [("whole",)]


def test_a_state_that_another_process_writes_is_waited_for(path: Path, state: Database) -> None:
    with (
        state.write(),
        database.opened(path, busy_seconds=0.05) as late,
        pytest.raises(UnreachableError, match="locked"),
        late.write(),
    ):
        pass


def test_reading_goes_on_while_another_process_writes(path: Path, state: Database) -> None:
    with state.write() as connection, database.opened(path, busy_seconds=0.05) as reader:
        connection.execute(NOTE, ("soon",))
        assert notes(reader) == []


def test_a_full_disk_undoes_the_transaction_and_is_no_end(state: Database) -> None:
    [(pages,)] = state.read("pragma page_count")
    state.read(f"pragma max_page_count = {pages}")

    def fill() -> None:
        with state.write() as connection:
            connection.execute(NOTE, ("x" * 1_000_000,))

    with pytest.raises(UnreachableError, match="full"):
        fill()
    state.read("pragma max_page_count = 1000000")
    fill()
    assert len(notes(state)) == 1


def test_a_state_that_cannot_be_written_is_out_of_reach(path: Path) -> None:
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
        connection.isolation_level = None
        state = Database(connection, path)
        with pytest.raises(UnreachableError, match="readonly"), state.write() as writing:
            writing.execute(NOTE, ("no",))


def test_a_folder_where_the_state_should_be_is_out_of_reach(tmp_path: Path) -> None:
    with pytest.raises(UnreachableError, match=str(tmp_path)), database.opened(tmp_path):
        pass


def test_a_state_that_cannot_be_made_there_is_out_of_reach(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UnreachableError, match="Not a directory"):
        database.create(tmp_path / "file" / "connector.db")


def test_without_a_state_the_way_to_make_one_is_told(tmp_path: Path) -> None:
    with (
        pytest.raises(ConfigurationError, match="connector state init"),
        database.opened(tmp_path / "connector.db"),
    ):
        pass


@pytest.mark.parametrize("content", [b"", b"a shopping list\n" * 100])
def test_another_file_is_not_taken_for_a_state(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "connector.db"
    path.write_bytes(content)
    with pytest.raises(ConfigurationError, match="not a state"), database.opened(path):
        pass
    assert path.read_bytes() == content


def test_a_state_of_a_newer_tool_is_refused(path: Path, state: Database) -> None:
    with state.write() as connection:
        connection.execute("update meta set value = '2' where key = 'schema_version'")
    with pytest.raises(ConfigurationError, match="newer"), database.opened(path):
        pass


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:///state/connector.db", "/project/state/connector.db"),
        ("sqlite:////var/lib/connector.db", "/var/lib/connector.db"),
    ],
)
def test_a_relative_state_starts_at_the_project(url: str, path: str) -> None:
    assert database.sqlite_path(url, Path("/project")) == Path(path)


@pytest.mark.parametrize("url", ["sqlite:///", "postgresql+psycopg://me:secret@host/db", "x.db"])
def test_another_kind_of_state_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(ConfigurationError, match="sqlite:///") as refused:
        database.sqlite_path(url, Path("/project"))
    assert "secret" not in str(refused.value)
