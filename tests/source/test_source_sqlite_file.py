import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from pathlib import Path

import pyarrow as pa
import pytest

from connector.errors import ConfigurationError, UnreachableError
from connector.source import Selection, Source

Open = Callable[[str], AbstractContextManager[Source]]
Read = Callable[..., pa.Table]
Make = Callable[..., str]
Holding = Callable[[str, Path], AbstractContextManager[int]]

WRITER = (
    "import sqlite3; held = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
    "held.execute('begin exclusive')"
)
NUMBERS = (
    "create table t (i integer, s text)",
    """
    with recursive n(i) as (select 0 union all select i + 1 from n where i < 29999)
    insert into t select i, 'row ' || i from n
    """,
)
EVERYTHING = Selection(table="t")

READS = [
    "select i from t",
    "SELECT i FROM t;",
    "select i from t; -- all of them",
    "-- all\nselect i from t -- really",
    "with n as (select i from t) select * from n",
    "select * from (select i from t) order by i",
    "select e.value as i from t, json_each(json_array(t.i)) e",
]

REFUSED = [
    ("", "incomplete input"),
    ("-- nothing", "incomplete input"),
    ("select 1; select 2", "one statement"),
    ("insert into t values (1, 'x')", 'near "insert"'),
    ("with n as (select 1) delete from t", 'near "delete"'),
    ("drop table t", 'near "drop"'),
    ("attach '{root}/other.db' as other", 'near "attach"'),
    ("pragma journal_mode = wal", 'near "pragma"'),
    ("vacuum into '{root}/stolen.db'", 'near "vacuum"'),
    ("create table c as select 1", 'near "create"'),
    ("explain select 1", 'near "explain"'),
    ("select 1) union select * from (select 2", "syntax error"),
    ("select i from t where i = ?", "parameters"),
    ("select i from t where i = :i", "parameters"),
    ("select * from pragma_table_info('t')", "reads tables and views"),
    ("select load_extension('{root}/evil.so')", "SQLITE_ERROR"),
    ("select readfile('/etc/passwd')", "no such function: readfile"),
    ("selec i from t", 'near "selec": syntax error'),
    ("select nosuch from t", "no such column: nosuch"),
    ("select * from hidden", "no such table: .*hidden"),
    ("select i, s as I from t", "'I'"),
    ("select a.i, b.i from t a join t b using (i)", "'i'"),
    ("select 'a\0b'", "null character"),
]


@pytest.mark.parametrize("query", READS)
def test_every_form_of_a_select_is_read(sqlite_with: Make, read: Read, query: str) -> None:
    url = sqlite_with("create table t (i integer)", "insert into t values (1), (2)")
    assert read(url, query=query)["i"].to_pylist() == [1, 2]


@pytest.mark.parametrize(("query", "why"), REFUSED)
def test_what_is_not_one_select_over_the_file_is_refused(
    sqlite_with: Make, read: Read, tmp_path: Path, query: str, why: str
) -> None:
    url = sqlite_with(*NUMBERS)
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    with pytest.raises(ConfigurationError, match=why):
        read(url, query=query.format(root=tmp_path))
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before


def test_even_without_the_check_of_its_text_a_connection_only_reads(
    sqlite_with: Make, opened: Open, tmp_path: Path
) -> None:
    with opened(sqlite_with(*NUMBERS)) as source:
        connection = source.connection  # type: ignore[attr-defined]  # a SQLite source
        for statement in ("delete from t", "pragma query_only", "attach ':memory:' as x", "commit"):
            with pytest.raises(sqlite3.DatabaseError, match="not authorized"):
                connection.execute(statement)


@pytest.mark.parametrize(
    "query",
    [
        "select json(s) from t",
        "select json_extract('{}', s) from t",
        "select abs(i - 9223372036854775807 - 1) from t",
        "select iif(i = 29999, json(s), s) from t",
    ],
)
def test_an_error_over_the_rows_repeats_no_value(sqlite_with: Make, read: Read, query: str) -> None:
    with pytest.raises(ConfigurationError, match="run the query in SQLite") as failed:
        read(sqlite_with(*NUMBERS), query=query)
    assert "row " not in str(failed.value)
    assert failed.value.__suppress_context__


def test_values_that_change_between_two_readings_are_refused(sqlite_with: Make, read: Read) -> None:
    query = "select iif(random() % 100, i, s) as x from t limit 20"
    url = sqlite_with(*NUMBERS)

    def again_and_again() -> None:
        for _ in range(200):
            read(url, query=query)

    with pytest.raises(ConfigurationError, match=r"random\(\)") as failed:
        again_and_again()
    assert "row " not in str(failed.value)


def test_a_table_is_read_by_its_name_whatever_that_is(sqlite_with: Make, read: Read) -> None:
    url = sqlite_with(
        'create table "or""ders ; --" as select 1 as i', "create view latest as select 2 as i"
    )
    tables = ['or"ders ; --', 'main.OR"ders ; --', "latest"]
    assert [read(url, table=table)["i"].to_pylist() for table in tables] == [[1], [1], [2]]


def test_a_missing_table_is_answered_with_the_nearest(sqlite_with: Make, read: Read) -> None:
    with pytest.raises(ConfigurationError, match="no table 'order'; did you mean 'orders'"):
        read(sqlite_with("create table orders (i)"), table="order")


def test_a_cursor_must_be_a_column_of_the_result(sqlite_with: Make, read: Read) -> None:
    url = sqlite_with("create table t (i integer, updated_at text)")
    with pytest.raises(ConfigurationError, match="did you mean 'updated_at'"):
        read(url, table="t", cursor="update_at")
    with pytest.raises(ConfigurationError, match="'updated_at' is not a column"):
        read(url, query="select i from t", cursor="updated_at")


def test_the_order_and_the_limit_of_a_query_hold(sqlite_with: Make, read: Read) -> None:
    url = sqlite_with(*NUMBERS)
    query = "select i from t order by i * 7919 % 30011"
    ordered = read(url, query=query)["i"].to_pylist()
    assert ordered != sorted(ordered)
    assert ordered == sorted(ordered, key=lambda i: i * 7919 % 30011)
    assert read(url, query=query, limit=5)["i"].to_pylist() == ordered[:5]
    bounded = read(url, query=query, cursor="i", since=15000, limit=5)["i"].to_pylist()
    assert bounded == [i for i in ordered if i >= 15000][:5]


def test_all_is_read_in_batches_of_the_size_asked_for(sqlite_with: Make, opened: Open) -> None:
    with opened(sqlite_with(*NUMBERS)) as source:
        sizes = [batch.num_rows for batch in source.batches(EVERYTHING, rows=7000)]
        assert sizes == [7000, 7000, 7000, 7000, 2000]
        assert source.count(EVERYTHING) == 30000
        assert source.count(Selection(table="t", cursor="i", since=29990, limit=7)) == 7


def test_an_empty_result_has_its_columns(sqlite_with: Make, read: Read) -> None:
    table = read(sqlite_with("create table t (i integer, s text)"), table="t")
    assert table.schema == pa.schema([("i", pa.int64()), ("s", pa.string())])


def test_a_file_locked_by_a_writer_is_waited_for(
    sqlite_with: Make, opened: Open, holding: Holding, tmp_path: Path
) -> None:
    url, path = sqlite_with(*NUMBERS), tmp_path / "warehouse.db"
    with holding(WRITER, path), pytest.raises(UnreachableError) as unreachable:
        opened(url).__enter__()
    assert f"{path} is held by another process that writes" in str(unreachable.value)
    assert "after 5 seconds" in str(unreachable.value)


@pytest.mark.parametrize("journal", ["delete", "wal"])
def test_what_is_written_meanwhile_is_not_seen(
    sqlite_with: Make, opened: Open, tmp_path: Path, journal: str
) -> None:
    url = sqlite_with(f"pragma journal_mode = {journal}", *NUMBERS)
    with (
        opened(url) as source,
        closing(sqlite3.connect(tmp_path / "warehouse.db", timeout=0)) as other,
    ):
        schema = source.schema(EVERYTHING)
        other.execute("update t set i = 'changed'")
        if journal == "wal":
            other.commit()
        assert source.schema(Selection(query="select * from t")) == schema
        assert sum(batch.num_rows for batch in source.batches(EVERYTHING, rows=1000)) == 30000
    with closing(sqlite3.connect(tmp_path / "warehouse.db", timeout=0)) as other, other:
        other.execute("delete from t")


def test_the_file_is_let_go_when_a_reading_was_given_up(
    sqlite_with: Make, opened: Open, tmp_path: Path
) -> None:
    url = sqlite_with(*NUMBERS)
    with opened(url) as source:
        begun = source.batches(EVERYTHING, rows=1000)
        first = next(begun)
        with closing(sqlite3.connect(tmp_path / "warehouse.db", timeout=0)) as other:
            other.execute("delete from t")
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                other.commit()
    with closing(sqlite3.connect(tmp_path / "warehouse.db", timeout=0)) as other, other:
        other.execute("delete from t")
    assert first.num_rows == 1000
    with pytest.raises(RuntimeError, match="after shutdown"):
        next(begun)


def damaged(content: bytes) -> dict[str, bytes]:
    middle = len(content) // 2
    flipped = bytes(byte ^ 0x55 for byte in content[middle : middle + 50_000])
    return {
        "text": b"no database" * 1000,
        "half": content[:middle],
        "flipped": content[:middle] + flipped + content[middle + 50_000 :],
    }


@pytest.mark.parametrize("how", list(damaged(b"")))
def test_a_broken_file_is_out_of_reach(
    sqlite_with: Make, read: Read, tmp_path: Path, how: str
) -> None:
    url, path = sqlite_with(*NUMBERS), tmp_path / "warehouse.db"
    path.write_bytes(damaged(path.read_bytes())[how])
    with pytest.raises(UnreachableError, match=r"warehouse\.db"):
        read(url, table="t")


@pytest.mark.parametrize(
    "endless", ["select count(*) as n from r", "select n from r", "select n from r where n < 0"]
)
def test_ctrl_c_stops_a_long_query(
    sqlite_with: Make, interrupted: Callable[[str, Path, str], str], tmp_path: Path, endless: str
) -> None:
    query = f"with recursive r(n) as (select 1 union all select n + 1 from r) {endless}"
    assert interrupted(sqlite_with(*NUMBERS), tmp_path, query) == "interrupted"
