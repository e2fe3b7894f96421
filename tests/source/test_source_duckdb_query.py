from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pyarrow as pa
import pytest

from connector.errors import ConfigurationError
from connector.source import CursorValue

Read = Callable[..., pa.Table]
Make = Callable[..., str]

READS = [
    "select id from orders",
    "SELECT id FROM orders;",
    "select id from orders; -- all of them",
    "-- all of them\nselect id from orders -- really",
    "/* all */ select id from orders /* of them */",
    "with o as (select id from orders) select * from o",
    "from orders select id",
    "from orders",
    "table orders",
    "(select id from orders)",
    "select id from (select 'it''s' as note, * from orders)",
    "values (1), (2), (3)",
]

REFUSED = [
    ("", "the query has 0"),
    ("-- nothing", "the query has 0"),
    ("select 1; select 2", "the query has 2"),
    ("select 1; drop table orders", "the query has 2"),
    ("insert into orders values (4)", "the query is INSERT"),
    ("delete from orders", "the query is DELETE"),
    ("create table copied as from orders", "the query is CREATE"),
    ("copy orders to '{root}/stolen.csv'", "the query is COPY"),
    ("attach '{root}/other.duckdb'", "the query is ATTACH"),
    ("pragma database_list", "the query is PRAGMA"),
    ("set enable_external_access = true", "the query is SET"),
    ("install httpfs", "the query is"),
    ("call pragma_version()", "the query is CALL"),
    ("pivot orders on note using sum(id)", "IN"),
    ("select 1) as a, (select 2", "syntax error"),
    ("select id from orders where id = ?", "parameter"),
    ("select id from orders where id = $id", "parameter"),
    ("with w as (insert into orders(id) values (4) returning id) from w", "read-only"),
    ("select * from read_csv('/etc/passwd')", "Cannot access file"),
    ("select * from '/etc/passwd'", "Permission Error|does not exist"),
    ("select * from read_text('{root}/notes.txt')", "Cannot access file"),
    ("select * from glob('/etc/*')", "Cannot access file"),
    ("select * from 'https://127.0.0.1:1/orders.parquet'", "Cannot access file"),
    ("select * from query('select * from read_text(''/etc/passwd'')')", "Cannot access file"),
    ("select * from sqlite_scan('{root}/state.db', 'ledger')", "source cannot be read"),
    ("select * from duckdb_secrets()", "Permission error"),
    ("select getenv('HOME')", "does not exist"),
    ("select * from hidden", "hidden does not exist"),
    ("selec id from orders", r"syntax error .* \(line 1 of the query\)"),
    ("select id,\n\n  1 + from orders", r"syntax error .* \(line 3 of the query\)"),
    ("select nosuch from orders", '"nosuch" not found'),
    ("select id as a, note as A from orders", "'A', 'a'"),
    ("select o.id, p.id from orders o join orders p using (id)", "'id'"),
]


@pytest.fixture
def orders(duckdb_with: Make, tmp_path: Path) -> str:
    (tmp_path / "notes.txt").write_text("secret")
    return duckdb_with(
        "create table orders as select * from (values (1, 'a'), (2, 'b'), (3, 'c')) t(id, note)"
    )


@pytest.mark.parametrize("query", READS)
def test_every_form_of_a_select_is_read(orders: str, read: Read, query: str) -> None:
    assert read(orders, query=query).column(0).to_pylist() == [1, 2, 3]


@pytest.mark.parametrize(("query", "why"), REFUSED)
def test_what_is_not_one_select_over_the_file_is_refused(
    orders: str, read: Read, tmp_path: Path, query: str, why: str
) -> None:
    hidden = pa.table({"id": [1]})
    files = sorted(tmp_path.iterdir())
    with pytest.raises(ConfigurationError, match=why) as refused:
        read(orders, query=query.format(root=tmp_path))
    assert "\n" not in str(refused.value)
    assert sorted(tmp_path.iterdir()) == files
    assert read(orders, table="orders").num_rows == 3
    assert hidden.num_rows == 1


@pytest.mark.parametrize(
    "query",
    [
        "select note::integer from orders",
        "select error('note is ' || note) from orders",
        "select if(id = 3, error('note is ' || note), id) from orders",
        "select strptime(note, '%Y') from orders",
        "select json_extract(note, '$.a') from orders",
        "select (note || 'secret')::json from orders",
        "select cast(1e30 * id as integer) from orders",
    ],
)
def test_an_error_over_the_rows_repeats_no_value(duckdb_with: Make, read: Read, query: str) -> None:
    url = duckdb_with("create table orders as select 3 as id, 'jane@example.com' as note")
    with pytest.raises(ConfigurationError, match="run the query in DuckDB") as failed:
        read(url, query=query)
    for value in ("jane", "secret", "e+30"):
        assert value not in str(failed.value)
    assert failed.value.__suppress_context__


def test_an_error_far_into_the_rows_comes_after_those_before_it(
    duckdb_with: Make, read: Read
) -> None:
    query = "select if(i = 900000, error('note ' || i), i) as i from range(1000000) r(i)"
    with pytest.raises(ConfigurationError, match=r"\(Invalid Input error\)") as failed:
        read(duckdb_with(), query=query, rows=50000)
    assert "900000" not in str(failed.value)


def test_a_table_is_read_by_name_and_by_schema(duckdb_with: Make, read: Read) -> None:
    url = duckdb_with(
        'create table "or""ders ; --" as select 1 as id',
        "create schema raw",
        "create table raw.orders as select 2 as id",
        "create view latest as select 3 as id",
    )
    tables = ['or"ders ; --', "raw.orders", "RAW.Orders", "latest"]
    assert [read(url, table=table)["id"].to_pylist() for table in tables] == [[1], [2], [2], [3]]


def test_a_missing_table_is_answered_with_the_nearest(orders: str, read: Read) -> None:
    with pytest.raises(ConfigurationError, match="no table 'ordres'; did you mean 'orders'"):
        read(orders, table="ordres")


def test_a_table_is_never_a_query_nor_a_file(orders: str, read: Read) -> None:
    for name in ("/etc/passwd", "duckdb_settings()", "(select 1)", "orders; select 1"):
        with pytest.raises(ConfigurationError, match="has no table"):
            read(orders, table=name)


def test_the_order_and_the_limit_of_a_query_hold(duckdb_with: Make, read: Read) -> None:
    url = duckdb_with("create table t as select i from range(200000) r(i)")
    query = "select i from t order by hash(i)"
    ordered = read(url, query=query, rows=50000)["i"].to_pylist()
    assert read(url, query=query, limit=5)["i"].to_pylist() == ordered[:5]
    assert read(url, query=query + " limit 3", limit=5)["i"].to_pylist() == ordered[:3]
    assert ordered != sorted(ordered)


def test_a_limit_of_nothing_gives_the_types_alone(orders: str, read: Read) -> None:
    table = read(orders, table="orders", limit=0)
    assert (table.num_rows, table.column_names) == (0, ["id", "note"])


BOUNDS: list[tuple[str, list[str], CursorValue]] = [
    ("timestamp", ["2024-01-02 09:59:59.999999", "2024-01-02 10:00:00", "2024-01-03"],
     datetime(2024, 1, 2, 10, tzinfo=UTC)),
    ("timestamp", ["2024-01-02 07:59:59", "2024-01-02 08:00:00", "infinity"],
     datetime(2024, 1, 2, 10, tzinfo=timezone(timedelta(hours=2)))),
    ("timestamp", ["2024-01-01 23:59:59", "2024-01-02 00:00:00", "2024-01-03"], date(2024, 1, 2)),
    ("timestamp_s", ["2024-01-02 09:59:59", "2024-01-02 10:00:01", "2024-01-03"],
     datetime(2024, 1, 2, 10, 0, 0, 400000, tzinfo=UTC)),
    ("timestamp_ms", ["2024-01-02 09:59:59.999", "2024-01-02 10:00:00.001", "2024-01-03"],
     datetime(2024, 1, 2, 10, 0, 0, 999, tzinfo=UTC)),
    ("timestamp_ns", ["2024-01-02 09:59:59.999999999", "2024-01-02 10:00:00", "2024-01-03"],
     datetime(2024, 1, 2, 10, tzinfo=UTC)),
    ("timestamptz", ["2024-01-02 11:59:59.9+02", "2024-01-02 12:00:00+02", "2024-01-02 10:00:01Z"],
     datetime(2024, 1, 2, 10, tzinfo=UTC)),
    ("timestamptz", ["2024-01-01 23:59:59.9Z", "2024-01-02 00:00:00Z", "2024-01-02 10:00:01Z"],
     date(2024, 1, 2)),
    ("date", ["2024-01-01", "2024-01-02", "2024-01-03"], date(2024, 1, 2)),
    ("date", ["2024-01-01", "2024-01-02", "2024-01-03"], datetime(2024, 1, 2, 23, tzinfo=UTC)),
    ("tinyint", ["-3", "-2", "127"], -2),
    ("utinyint", ["1", "2", "255"], 2),
    ("bigint", ["9007199254740992", "9007199254740993", "9007199254740994"], 9007199254740993),
    ("hugeint", ["1", "99999999999999999999", "99999999999999999999"], 2**64),
    ("decimal(20,0)", ["41", "42", "43"], 42),
]  # fmt: skip


@pytest.mark.parametrize(("type_", "values", "since"), BOUNDS)
def test_a_bound_reads_from_itself_on_and_every_null(
    duckdb_with: Make, read: Read, type_: str, values: list[str], since: CursorValue
) -> None:
    rows = ", ".join(f"({n}, '{value}'::{type_})" for n, value in enumerate(values))
    url = duckdb_with(f"create table t as from (values {rows}, (3, null)) t(n, Seen)")
    for source in ({"table": "t"}, {"query": "select * from t"}):
        assert read(url, cursor="seen", since=since, **source)["n"].to_pylist() == [1, 2, 3]
    assert read(url, table="t", cursor="seen")["n"].to_pylist() == [0, 1, 2, 3]


def test_a_bound_is_the_same_moment_whatever_the_zone_of_the_host(
    duckdb_with: Make, read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    url = duckdb_with(
        "create table t as select '2024-01-02 10:00:00'::timestamp::timestamptz as seen"
    )
    query = "select seen, current_setting('TimeZone') as zone, seen::varchar as text from t"
    (row,) = read(url, query=query).to_pylist()
    assert row["zone"] == "UTC"
    assert row["text"].endswith("+00")


@pytest.mark.parametrize("type_", ["varchar", "double", "decimal(9,2)", "boolean", "time", "json"])
def test_a_cursor_of_another_type_is_to_be_cast(duckdb_with: Make, read: Read, type_: str) -> None:
    url = duckdb_with(f"create table t (seen {type_})")
    with pytest.raises(ConfigurationError, match=r"the cursor 'seen' is .*: cast it"):
        read(url, table="t", cursor="seen")


@pytest.mark.parametrize(
    ("type_", "since"),
    [("bigint", date(2024, 1, 1)), ("date", 5), ("timestamp", 5), ("timestamptz", 5)],
)
def test_a_bound_of_another_kind_than_the_cursor_is_refused(
    duckdb_with: Make, read: Read, type_: str, since: CursorValue
) -> None:
    url = duckdb_with(f"create table t (seen {type_})")
    with pytest.raises(ConfigurationError, match="full-refresh"):
        read(url, table="t", cursor="seen", since=since)


def test_a_cursor_must_be_a_column_of_the_result(orders: str, read: Read) -> None:
    with pytest.raises(ConfigurationError, match=r"'nte' is not a column .* did you mean 'note'"):
        read(orders, query="select note from orders", cursor="nte")
    with pytest.raises(ConfigurationError, match="'id' is not a column"):
        read(orders, query="select note from orders", cursor="id")
