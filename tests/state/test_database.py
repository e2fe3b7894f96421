"""What holds of a state in SQLite as in PostgreSQL."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from connector.errors import ConfigurationError, UnreachableError
from connector.state import database
from connector.state.database import Database
from connector.state.migrations import VERSION
from connector.state.place import Place, place_of

NOTE = "insert into meta values ('note', ?)"


def notes(state: Database) -> list[tuple[str, ...]]:
    return state.read("select value from meta where key = 'note'")


def test_making_a_state_again_leaves_the_first(place: Place, state: Database) -> None:
    with state.write() as connection:
        connection.execute(NOTE, ("kept",))
    assert not database.create(place)
    assert notes(state) == [("kept",)]


def test_of_two_who_make_a_state_at_once_one_does(url: str) -> None:
    place = place_of(url, Path())
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(database.create, [place] * 8))
    assert sorted(made) == [False] * 7 + [True]
    with database.opened(place) as state:
        assert state.read("select value from meta") == [(str(VERSION),)]


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


def test_what_the_database_undid_by_itself_is_not_undone_twice(state: Database) -> None:
    def undo_and_fail() -> None:
        with state.write() as connection:
            connection.execute("rollback")
            raise KeyError

    with pytest.raises(KeyError):
        undo_and_fail()


def test_a_state_that_another_process_writes_is_waited_for(place: Place, state: Database) -> None:
    with (
        state.write(),
        database.opened(place, busy_seconds=0.05) as late,
        pytest.raises(UnreachableError, match="lock"),
        late.write(),
    ):
        pass


def test_who_waited_in_vain_can_write_later(place: Place, state: Database) -> None:
    with database.opened(place, busy_seconds=0.05) as late:
        with state.write(), pytest.raises(UnreachableError), late.write():
            pass
        with late.write() as connection:
            connection.execute(NOTE, ("later",))
    assert notes(state) == [("later",)]


def test_reading_goes_on_while_another_process_writes(place: Place, state: Database) -> None:
    with state.write() as connection, database.opened(place, busy_seconds=0.05) as reader:
        connection.execute(NOTE, ("soon",))
        assert notes(reader) == []


def test_a_statement_that_fails_is_a_state_out_of_reach(state: Database) -> None:
    with pytest.raises(UnreachableError), state.write() as connection:
        connection.execute("insert into elsewhere values (1)")
    with pytest.raises(UnreachableError):
        state.read("select * from elsewhere")
    assert notes(state) == []


def test_without_a_state_the_way_to_make_one_is_told(url: str) -> None:
    with (
        pytest.raises(ConfigurationError, match="connector state init"),
        database.opened(place_of(url, Path())),
    ):
        pass


def test_a_state_of_a_newer_tool_is_refused(place: Place, state: Database) -> None:
    newer = str(VERSION + 1)
    with state.write() as connection:
        connection.execute("update meta set value = ? where key = 'schema_version'", (newer,))
    with pytest.raises(ConfigurationError, match="newer"), database.opened(place):
        pass
    with pytest.raises(ConfigurationError, match="newer"):
        database.migrate(place, backed_up=True)
    assert not database.create(place)


@pytest.mark.parametrize("count", [0, 4, 5])
def test_portions_are_all_rows_in_pieces(state: Database, count: int) -> None:
    with state.write() as connection:
        for number in range(count):
            connection.execute("insert into meta values (?, ?)", (f"note {number}", "x"))
    portions = list(
        state.portions("select key from meta where key like 'note%' order by key", rows=2)
    )
    assert [row for _, rows in portions for row in rows] == [(f"note {n}",) for n in range(count)]
    assert {tuple(columns) for columns, _ in portions} == {("key",)}
    assert max(len(rows) for _, rows in portions) == min(2, count)
    with state.write() as connection:
        connection.execute(NOTE, ("after",))
