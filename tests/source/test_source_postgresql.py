"""PostgreSQL as a source: sealed, one snapshot, and let go of."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from hashlib import md5
from itertools import chain
from pathlib import Path

import psycopg
import pyarrow as pa
import pytest
from servers import Server

from connector.errors import ConfigurationError, UnreachableError
from connector.source import Selection, Source

Open = Callable[[str], AbstractContextManager[Source]]
Read = Callable[..., pa.Table]
Make = Callable[..., str]

NUMBERS = "create table t as select i, md5(i::text) as s from generate_series(0, 29999) i"
EVERYTHING = Selection(table="t")
SESSIONS = "select count(*) from pg_stat_activity where application_name = 'connector'"


def administrator(url: str) -> str:
    """The same database as one who may do everything."""
    return url.replace("+psycopg", "").replace("reader:hunter2@", "postgres@")


def sessions(url: str, condition: str = "true") -> int:
    with psycopg.connect(administrator(url)) as connection:
        ((number,),) = connection.execute(f"{SESSIONS} and {condition}").fetchall()
    return int(number)


def until(what: Callable[[], bool]) -> None:
    """Wait for what the server does in its own time."""
    ends = time.monotonic() + 30
    while not what():
        assert time.monotonic() < ends
        time.sleep(0.05)


@pytest.mark.parametrize("scheme", ["postgresql", "postgresql+psycopg", "PostgreSQL"])
def test_rows_come_in_batches_of_the_told_schema(
    postgresql_numbers: str, read: Read, scheme: str
) -> None:
    url = f"{scheme}://{postgresql_numbers.partition('://')[2]}"
    table = read(url, table="t", rows=7001)
    assert table.num_rows == 30_000
    assert table.schema == pa.schema([("i", pa.int32()), ("s", pa.string())])
    assert table.slice(29_999).to_pylist() == [{"i": 29_999, "s": md5(b"29999").hexdigest()}]


@pytest.mark.parametrize(
    "query",
    [
        "select i from t;",
        "select i from t where s not like '%s' -- and a last comment",
        "with all_of_it as (table t) select i from all_of_it order by i",
        "/* select */ values (1), (2)",
        "table t",
    ],
)
def test_whatever_is_one_select_is_read(postgresql_numbers: str, read: Read, query: str) -> None:
    assert read(postgresql_numbers, query=query).num_rows > 0


@pytest.mark.parametrize(
    "query",
    [
        "insert into t values (1)",
        "delete from t",
        "update t set i = 0",
        "drop table t",
        "with gone as (delete from t returning i) select * from gone",
        "select i from t; drop table t",
        "select 1) as a; drop table t; select (2",
        "select i into other from t",
        "copy t to stdout",
        "select i from t for update",
        "explain select 1",
        "show TimeZone",
        "set TimeZone = 'Asia/Tokyo'",
        "commit",
        "call something()",
        "select $1",
        "",
    ],
)
def test_whatever_else_is_refused_and_changes_nothing(
    postgresql_numbers: str, read: Read, query: str
) -> None:
    with pytest.raises(ConfigurationError, match="not one SELECT"):
        read(administrator(postgresql_numbers), query=query or " ")
    assert read(postgresql_numbers, table="t").num_rows == 30_000


@pytest.mark.parametrize(
    "expression",
    ["nextval('numbers')", "write_it()", "set_config('transaction_read_only', 'off', false)"],
)
def test_a_function_that_writes_is_stopped_even_for_an_administrator(
    postgresql_with: Make, read: Read, expression: str
) -> None:
    url = postgresql_with(
        "create sequence numbers",
        "create table t (i int)",
        "create function write_it() returns int language sql as"
        " 'insert into t values (1) returning i'",
    )
    with pytest.raises(ConfigurationError):
        read(administrator(url), query=f"select {expression} as x")
    assert read(url, table="t").num_rows == 0


def test_a_session_is_sealed_and_says_whose_it_is(postgresql_numbers: str, read: Read) -> None:
    settings = {
        "TimeZone": "UTC", "DateStyle": "ISO, MDY", "application_name": "connector",
        "client_encoding": "UTF8", "cursor_tuple_fraction": "1", "extra_float_digits": "3",
        "synchronize_seqscans": "off", "transaction_isolation": "repeatable read",
        "transaction_read_only": "on",
    }  # fmt: skip
    items = ", ".join(f"current_setting('{name}') as \"{name}\"" for name in settings)
    assert read(postgresql_numbers, query=f"select {items}").to_pylist() == [settings]


def test_types_are_told_without_running_the_query(postgresql_numbers: str, opened: Open) -> None:
    query = "select i, pg_sleep(60)::text as slept from t"
    with opened(postgresql_numbers) as source:
        assert source.schema(Selection(query=query)).names == ["i", "slept"]
        assert source.count(Selection(query=query)) is None


def test_all_that_is_read_is_of_one_moment(postgresql_server: Server, opened: Open) -> None:
    url = postgresql_server.database(NUMBERS)
    with opened(url) as source:
        first = source.batches(EVERYTHING, rows=10_000)
        next(first)
        postgresql_server.change(url, "delete from t where i > 10")
        assert sum(batch.num_rows for batch in first) == 20_000
        assert sum(batch.num_rows for batch in source.batches(EVERYTHING, rows=1000)) == 30_000


def test_readings_overlap_and_a_failed_one_does_not_disturb_the_others(
    postgresql_numbers: str, opened: Open
) -> None:
    with opened(postgresql_numbers) as source:
        first = source.batches(EVERYTHING, rows=10_000)
        next(first)
        failing = source.batches(Selection(query="select 1 / (i - 5000) as x from t"), rows=1000)
        with pytest.raises(ConfigurationError, match="DivisionByZero"):
            list(failing)
        with pytest.raises(ConfigurationError, match="no table 'tt'"):
            source.schema(Selection(table="tt"))
        assert sum(batch.num_rows for batch in first) == 20_000


def test_nothing_of_a_session_is_left_when_it_is_let_go(
    postgresql_numbers: str, opened: Open
) -> None:
    with opened(postgresql_numbers) as source:
        given_up = source.batches(EVERYTHING, rows=10)
        next(given_up)
        assert sessions(postgresql_numbers) == 1
    until(lambda: sessions(postgresql_numbers) == 0)
    with pytest.raises(UnreachableError):
        next(given_up)


SLOW_THIRD = Selection(query="select i, pg_sleep(60 * (i / 2)) is null from t where i < 5")


def test_the_next_rows_are_read_while_the_last_are_used(
    postgresql_numbers: str, opened: Open
) -> None:
    with opened(postgresql_numbers) as source:
        reading = source.batches(SLOW_THIRD, rows=1)
        assert next(reading)["i"].to_pylist() == [0]
        assert next(reading)["i"].to_pylist() == [1]
        until(lambda: sessions(postgresql_numbers, "wait_event = 'PgSleep'") == 1)
    until(lambda: sessions(postgresql_numbers) == 0)


def test_rows_before_a_failure_arrive_though_the_next_were_read_ahead(
    postgresql_numbers: str, opened: Open
) -> None:
    query = "select 1 / (2 - i) as x from generate_series(0, 4) i"
    with opened(postgresql_numbers) as source:
        reading = source.batches(Selection(query=query), rows=1)
        assert [next(reading)["x"].to_pylist() for _ in range(2)] == [[0], [1]]
        with pytest.raises(ConfigurationError, match="DivisionByZero"):
            next(reading)
        assert sum(batch.num_rows for batch in source.batches(EVERYTHING, rows=9999)) == 30_000


def test_a_reading_that_is_given_up_does_not_disturb_the_next(
    postgresql_numbers: str, opened: Open
) -> None:
    with opened(postgresql_numbers) as source:
        for _ in range(3):
            given_up = source.batches(EVERYTHING, rows=10)
            assert next(given_up).num_rows == 10
            del given_up
        assert sum(batch.num_rows for batch in source.batches(EVERYTHING, rows=7000)) == 30_000


@pytest.mark.parametrize("rows", [1, 2, 3, 4])
def test_each_row_comes_once_however_many_come_at_once(
    postgresql_numbers: str, opened: Open, rows: int
) -> None:
    with opened(postgresql_numbers) as source:
        selection = Selection(query="select i from t where i < 6 order by i")
        batches = [one["i"].to_pylist() for one in source.batches(selection, rows=rows)]
    assert list(chain.from_iterable(batches)) == list(range(6))
    assert [len(one) for one in batches[:-1]] == [rows] * (len(batches) - 1)


@pytest.mark.parametrize(
    "query",
    [
        "select count(*) from generate_series(1, 1000000000000) i where i % 7 = 3",
        "select pg_sleep(60)::text as slept",
    ],
)
def test_ctrl_c_stops_a_long_query(
    postgresql_numbers: str,
    interrupted: Callable[[str, Path, str], str],
    tmp_path: Path,
    query: str,
) -> None:
    assert interrupted(postgresql_numbers, tmp_path, query) == "interrupted"
    until(lambda: sessions(postgresql_numbers) == 0)


BOUNDS = [
    ("at", datetime(2024, 1, 1, 0, 0, 3, tzinfo=UTC)),
    ("wall", datetime(2024, 1, 1, 0, 0, 3, tzinfo=UTC)),
    ("day", datetime(2024, 1, 3, 23, tzinfo=UTC)),
    ("i", 3),
    ("big", 3),
]


@pytest.fixture(scope="module")
def times(postgresql_server: Server) -> str:
    return postgresql_server.database(
        """
        create table t as select i, i::numeric(30) as big,
            timestamptz '2024-01-01 00:00:00Z' + i * interval '1 second' as at,
            timestamp '2024-01-01' + i * interval '1 second' as wall,
            date '2024-01-01' + (i - 1) as day
        from generate_series(1, 4) i
        """,
        "insert into t values (null, null, null, null, null)",
    )


@pytest.mark.parametrize(("cursor", "since"), BOUNDS)
def test_a_bound_leaves_what_is_later_and_what_is_null(
    times: str, read: Read, cursor: str, since: object
) -> None:
    for source in ({"table": "t"}, {"query": "select * from t where '%' <> '$1'"}):
        table = read(times, **source, cursor=cursor, since=since)
        assert sorted(table["i"].to_pylist(), key=lambda i: i or 0) == [None, 3, 4]


def test_a_bound_uses_an_index(postgresql_server: Server, postgresql_with: Make) -> None:
    url = postgresql_with(NUMBERS, "create index on t (i)", "analyze t")
    with psycopg.connect(administrator(url)) as connection:
        plan = connection.execute(
            'explain select row(null, selection."i", null)::text from (select * from t\n) selection'
            ' where (selection."i" >= 29990 or selection."i" is null)'
        ).fetchall()
    assert any("Index" in line for (line,) in plan)


def test_a_limit_bounds_the_rows(postgresql_numbers: str, read: Read) -> None:
    assert read(postgresql_numbers, table="t", limit=3).num_rows == 3
    assert read(postgresql_numbers, table="t", limit=0).num_rows == 0
    table = read(postgresql_numbers, query="select i from t order by i desc limit 5", limit=2)
    assert table["i"].to_pylist() == [29_999, 29_998]


def test_memory_does_not_grow_with_the_result(
    postgresql_with: Make, peak_megabytes: Callable[[str, str], float]
) -> None:
    few, many = (
        f"select repeat('x', 10000) as s from generate_series(1, {rows})" for rows in (1, 15_000)
    )
    url = postgresql_with()
    assert peak_megabytes(url, many) < peak_megabytes(url, few) + 60
