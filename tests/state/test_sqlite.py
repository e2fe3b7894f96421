import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from connector.errors import ConfigurationError, UnreachableError
from connector.state import sqlite
from connector.state.sqlite import SQLiteDatabase

NOTE = "insert into meta values ('note', ?)"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "connector.db"
    sqlite.create(made)
    return made


@pytest.fixture
def state(path: Path) -> Iterator[SQLiteDatabase]:
    with sqlite.opened(path, busy_seconds=1) as opened:
        yield opened


def test_a_state_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "state" / "connector.db"
    assert sqlite.create(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in path.parents[:2]} == {0o700}
    assert [entry.name for entry in path.parent.iterdir()] == ["connector.db"]


@pytest.mark.parametrize("content", [b"", b"order_id,email\n"])
def test_a_file_that_is_no_state_is_not_taken_for_one(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "connector.db"
    path.write_bytes(content)
    with pytest.raises(ConfigurationError, match="is not a state of this tool"):
        sqlite.create(path)
    assert path.read_bytes() == content


def test_a_making_that_fails_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    statements = ["create table meta (key, value)", "create nonsense"]
    monkeypatch.setattr(sqlite, "steps", lambda *_, **__: statements)
    with pytest.raises(UnreachableError):
        sqlite.create(tmp_path / "connector.db")
    assert not list(tmp_path.iterdir())


def test_each_commit_is_on_disk_before_it_returns(state: SQLiteDatabase) -> None:
    assert state.read("pragma synchronous") == [(2,)]
    assert state.read("pragma journal_mode") == [("wal",)]


def test_a_full_disk_undoes_the_transaction_and_is_no_end(state: SQLiteDatabase) -> None:
    [(pages,)] = state.read("pragma page_count")
    state.read(f"pragma max_page_count = {pages}")

    def fill() -> None:
        with state.write() as connection:
            connection.execute(NOTE, ("x" * 1_000_000,))

    with pytest.raises(UnreachableError, match="full"):
        fill()
    state.read("pragma max_page_count = 1000000")
    fill()
    assert state.read("select count(*) from meta where key = 'note'") == [(1,)]


def test_a_state_that_cannot_be_written_is_out_of_reach(path: Path) -> None:
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
        connection.isolation_level = None
        state = SQLiteDatabase(connection, path)
        with pytest.raises(UnreachableError, match="readonly"), state.write() as writing:
            writing.execute(NOTE, ("no",))


def test_a_folder_where_the_state_should_be_is_out_of_reach(tmp_path: Path) -> None:
    with (
        pytest.raises(UnreachableError, match=str(tmp_path)),
        sqlite.opened(tmp_path, busy_seconds=1),
    ):
        pass


def test_a_state_that_cannot_be_made_there_is_out_of_reach(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UnreachableError, match="Not a directory"):
        sqlite.create(tmp_path / "file" / "connector.db")


@pytest.mark.parametrize("content", [b"", b"a shopping list\n" * 100])
def test_another_file_is_not_taken_for_a_state(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "connector.db"
    path.write_bytes(content)
    with (
        pytest.raises(ConfigurationError, match="not a state"),
        sqlite.opened(path, busy_seconds=1),
    ):
        pass
    assert path.read_bytes() == content


def test_a_copy_is_a_state_for_its_owner_alone(path: Path, state: SQLiteDatabase) -> None:
    with state.write() as connection:
        connection.execute(NOTE, ("kept",))
    copy = path.with_name("copy.db")
    sqlite.backup(path, copy)
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    with sqlite.opened(copy, busy_seconds=1) as copied:
        assert copied.read("select value from meta where key = 'note'") == [("kept",)]


def test_a_copy_replaces_nothing(path: Path, tmp_path: Path) -> None:
    target = tmp_path / "precious"
    target.write_text("kept")
    with pytest.raises(ConfigurationError, match="there already"):
        sqlite.backup(path, target)
    assert target.read_text() == "kept"
    assert not list(tmp_path.glob("precious-*"))
