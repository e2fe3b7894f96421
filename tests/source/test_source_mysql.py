"""MariaDB as a source: sealed, one snapshot, and let go of. MySQL speaks the same."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from hashlib import md5
from pathlib import Path

import pyarrow as pa
import pymysql
import pytest
from servers import Server

from connector.errors import ConfigurationError, UnreachableError
from connector.source import Selection, Source

Open = Callable[[str], AbstractContextManager[Source]]
Read = Callable[..., pa.Table]
Make = Callable[..., str]

NUMBERS = "create table t (i int) as select seq - 1 as i, md5(seq - 1) as s from seq_1_to_30000"
EVERYTHING = Selection(table="t")
OTHERS = "select count(*) as n from information_schema.processlist where user = 'reader'"


def sessions(url: str, read: Read) -> int:
    """The reader's connections beside the two that count them."""
    ((row),) = read(url, query=OTHERS).to_pylist()
    return int(row["n"]) - 2


def eventually_without_sessions(url: str, read: Read) -> bool:
    for _ in range(50):
        if not sessions(url, read):
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize("scheme", ["mysql", "mysql+pymysql", "mariadb", "mariadb+pymysql"])
def test_rows_come_in_batches_of_the_told_schema(
    mariadb_numbers: str, read: Read, scheme: str
) -> None:
    url = f"{scheme}://{mariadb_numbers.partition('://')[2]}"
    table = read(url, table="t", rows=7001)
    assert table.num_rows == 30_000
    assert table.schema.types == [pa.int64(), pa.string()]
    assert table.slice(29_999).to_pylist() == [{"i": 29_999, "s": md5(b"29999").hexdigest()}]


@pytest.mark.parametrize(
    "query",
    [
        "select i from t;",
        "select i from t where s not like '%s' -- and a last comment",
        "select i from t where s <> '\\'' # and a last comment",
        "with all_of_it as (select * from t) select i from all_of_it order by i",
        "/* insert */ select 1 as a union select 2",
    ],
)
def test_whatever_is_one_select_is_read(mariadb_numbers: str, read: Read, query: str) -> None:
    assert read(mariadb_numbers, query=query).num_rows > 0


@pytest.mark.parametrize(
    "query",
    [
        "insert into t values (1, '')",
        "delete from t",
        "drop table t",
        "delete from t returning i",
        "select i from t; drop table t",
        "select 1 as a) as b union select * from (select 2 as a",
        "select i from t into outfile '/tmp/t'",
        "select 1 into @x",
        "show tables",
        "set time_zone = '+09:00'",
        "commit",
        "call something()",
        " ",
    ],
)
def test_whatever_else_is_refused_and_changes_nothing(
    mariadb_numbers: str, read: Read, query: str
) -> None:
    with pytest.raises(ConfigurationError, match="not one SELECT"):
        read(mariadb_numbers.replace("reader:hunter2@", "root@"), query=query)
    assert read(mariadb_numbers, query="select count(*) as n from t").to_pylist() == [{"n": 30_000}]


def test_a_parameter_that_nothing_fills_in_is_refused(mariadb_numbers: str, read: Read) -> None:
    with pytest.raises(ConfigurationError):
        read(mariadb_numbers, query="select ? as x")


def test_a_function_that_writes_is_stopped_even_for_an_administrator(
    mariadb_with: Make, read: Read
) -> None:
    url = mariadb_with(
        "create table t (i int)",
        "create function write_it() returns int begin insert into t values (1); return 1; end",
    )
    with pytest.raises(ConfigurationError, match="READ ONLY"):
        read(url.replace("reader:hunter2@", "root@"), query="select write_it() as x")
    assert read(url, table="t").num_rows == 0


def test_types_are_told_without_running_the_query(mariadb_numbers: str, opened: Open) -> None:
    query = "select i, sleep(60) as slept from t"
    with opened(mariadb_numbers) as source:
        assert source.schema(Selection(query=query)).names == ["i", "slept"]
        assert source.count(Selection(query=query)) is None


def test_a_reading_is_of_one_moment_and_readings_overlap(
    mariadb_server: Server, opened: Open
) -> None:
    url = mariadb_server.database(NUMBERS)
    with opened(url) as source:
        first = source.batches(EVERYTHING, rows=10_000)
        next(first)
        mariadb_server.change(url, "delete from t where i > 10")
        with pytest.raises(ConfigurationError, match="no table 'tt'"):
            source.schema(Selection(table="tt"))
        assert sum(batch.num_rows for batch in source.batches(EVERYTHING, rows=1000)) == 11
        assert sum(batch.num_rows for batch in first) == 20_000


def test_columns_cannot_change_while_they_are_read(mariadb_server: Server, opened: Open) -> None:
    url = mariadb_server.database("create table t (i int)")
    with opened(url) as source:
        source.schema(EVERYTHING)
        change = ["set lock_wait_timeout = 0", "alter table t add column j int"]
        with pytest.raises(pymysql.OperationalError, match="Lock wait timeout"):
            mariadb_server.change(url, *change)
    mariadb_server.change(url, *change)


def test_nothing_of_a_session_is_left_when_it_is_let_go(
    mariadb_numbers: str, opened: Open, read: Read
) -> None:
    huge = Selection(query="select a.i from t a, t b")
    with opened(mariadb_numbers) as source:
        begun = time.monotonic()
        dropped = source.batches(huge, rows=10)
        next(dropped)
        dropped.close()  # type: ignore[attr-defined]  # it is a generator
        given_up = source.batches(huge, rows=10)
        next(given_up)
        source.batches(huge, rows=10)
    assert eventually_without_sessions(mariadb_numbers, read)
    assert time.monotonic() - begun < 20
    with pytest.raises(UnreachableError):
        list(given_up)


@pytest.mark.parametrize(("wanted", "rows"), [("orders", 1), ("{}.orders", 1), ("Odd.`Name", 3)])
def test_a_table_is_found_with_and_without_its_database(
    mariadb_with: Make, read: Read, wanted: str, rows: int
) -> None:
    url = mariadb_with(
        "create table orders as select 1 as id",
        "create view `Odd.``Name` as select seq as id from seq_1_to_3",
    )
    assert read(url, table=wanted.format(url.rpartition("/")[2])).num_rows == rows


def test_a_url_without_a_database_reads_tables_by_their_full_names(
    mariadb_with: Make, read: Read
) -> None:
    url = mariadb_with("create table orders as select 1 as id")
    server, _, name = url.rpartition("/")
    assert read(server, table=f"{name}.orders").num_rows == 1
    with pytest.raises(ConfigurationError, match=r"did you mean '\w+\.orders'"):
        read(server, table="orders")


def test_a_table_that_is_not_there_names_the_nearest(mariadb_with: Make, read: Read) -> None:
    url = mariadb_with("create table orders (id int)")
    with pytest.raises(ConfigurationError, match="no table 'ordres'; did you mean 'orders'"):
        read(url, table="ordres")


def test_columns_that_differ_in_case_alone_are_refused(mariadb_numbers: str, read: Read) -> None:
    with pytest.raises(ConfigurationError, match="Duplicate column name 'ID'"):
        read(mariadb_numbers, query="select i as id, i as ID from t")


@pytest.mark.parametrize(
    "query", ["select benchmark(1e12, md5('x')) as x", "select sleep(60) as x"]
)
def test_ctrl_c_stops_a_long_query(
    mariadb_numbers: str,
    read: Read,
    interrupted: Callable[[str, Path, str], str],
    tmp_path: Path,
    query: str,
) -> None:
    assert interrupted(mariadb_numbers, tmp_path, query) == "interrupted"
    assert eventually_without_sessions(mariadb_numbers, read)


@pytest.fixture(scope="module")
def times(mariadb_server: Server) -> str:
    return mariadb_server.database(
        "set time_zone = '+00:00'",
        """
        create table t (i int, big decimal(30), at timestamp(6) null, wall datetime(6), day date)
        """,
        """
        insert into t select seq, seq, date_add('2024-01-01', interval seq second),
            date_add('2024-01-01', interval seq second), date_add('2024-01-01', interval seq-1 day)
        from seq_1_to_4
        """,
        "insert into t values (null, null, null, null, null)",
    )


@pytest.mark.parametrize(
    ("cursor", "since"),
    [
        ("at", datetime(2024, 1, 1, 0, 0, 3, tzinfo=UTC)),
        ("wall", datetime(2024, 1, 1, 0, 0, 3, tzinfo=UTC)),
        ("day", datetime(2024, 1, 3, 23, tzinfo=UTC)),
        ("i", 3),
        ("big", 3),
    ],
)
def test_a_bound_leaves_what_is_later_and_what_is_null(
    times: str, read: Read, cursor: str, since: object
) -> None:
    for source in ({"table": "t"}, {"query": "select * from t where '%' <> '%s'"}):
        table = read(times, **source, cursor=cursor, since=since)
        assert sorted(table["i"].to_pylist(), key=lambda i: i or 0) == [None, 3, 4]


def test_a_limit_bounds_the_rows(mariadb_numbers: str, read: Read) -> None:
    assert read(mariadb_numbers, table="t", limit=3).num_rows == 3
    assert read(mariadb_numbers, table="t", limit=0).num_rows == 0
    table = read(mariadb_numbers, query="select i from t order by i desc limit 5", limit=2)
    assert table["i"].to_pylist() == [29_999, 29_998]


def test_memory_does_not_grow_with_the_result(
    mariadb_with: Make, peak_megabytes: Callable[[str, str], float]
) -> None:
    few, many = (f"select repeat('x', 10000) as s from seq_1_to_{rows}" for rows in (1, 15_000))
    url = mariadb_with()
    assert peak_megabytes(url, many) < peak_megabytes(url, few) + 60
