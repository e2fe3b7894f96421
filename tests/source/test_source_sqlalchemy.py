"""Warehouses behind SQLAlchemy: with declared types as they come, without from a whole pass."""

import re
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from connector.errors import ConfigurationError, UnreachableError
from connector.source import Selection, Source
from connector.source.selection import TYPE_MARK
from connector.source.sqlalchemy_types import BOUNDS, WAREHOUSES, Warehouse
from connector.source.sqlalchemy_url import open_sqlalchemy
from connector.source.texts import INSTANT, MOMENT

Open = Callable[[str], AbstractContextManager[Source]]
Read = Callable[..., pa.Table]
Make = Callable[..., str]

ORDERS = (
    "create table orders (id integer, total numeric, day text, note text)",
    "insert into orders values (1, 1.5, '2024-01-01', null), (2, 2, '2024-01-02', 'x')",
    "insert into orders values (null, null, null, null), (3, 0.25, '2024-01-03', 'y%s:x')",
)


@pytest.fixture
def generic(sqlite_with: Make, tmp_path: Path) -> str:
    """A file as SQLAlchemy reads it, without declared types."""
    sqlite_with(*ORDERS)
    return f"sqlite+pysqlite:///{tmp_path}/warehouse.db"


@pytest.fixture
def declared(generic: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The same with a driver that declares types, by name as there is nothing else."""
    types = {"id": pa.int64(), "total": pa.decimal128(9, 2), "day": pa.date32()}

    def told(described: Sequence[Any]) -> tuple[pa.DataType, bytes | None]:
        return types.get(described[0], pa.string()), None

    warehouse = Warehouse(
        declared=told, begin=("pragma query_only = true",), bounds=BOUNDS | {"date": "'{}'"}
    )
    monkeypatch.setitem(WAREHOUSES, "sqlite", warehouse)
    return generic


def test_types_are_found_over_all_rows(generic: str, read: Read) -> None:
    table = read(generic, table="orders", rows=3)
    assert table.schema.types == [pa.int64(), pa.float64(), pa.string(), pa.string()]
    assert table["id"].to_pylist() == [1, 2, None, 3]


def test_declared_types_are_taken(declared: str, read: Read) -> None:
    table = read(declared, table="orders", rows=3)
    assert table.schema.types == [pa.int64(), pa.decimal128(9, 2), pa.date32(), pa.string()]
    assert table["total"].to_pylist()[0] == Decimal("1.50")
    assert table["day"].to_pylist()[1] == date(2024, 1, 2)


@pytest.mark.parametrize("kind", ["generic", "declared"])
def test_a_query_is_read_as_it_is_written(
    request: pytest.FixtureRequest, read: Read, kind: str
) -> None:
    url = request.getfixturevalue(kind)
    query = "select id, note from orders where note like '%s:x' -- :x %s ?\n;"
    assert read(url, query=query).to_pylist() == [{"id": 3, "note": "y%s:x"}]


@pytest.mark.parametrize("kind", ["generic", "declared"])
def test_a_bound_and_a_limit_hold_without_changing_types(
    request: pytest.FixtureRequest, opened: Open, kind: str
) -> None:
    url = request.getfixturevalue(kind)
    with opened(url) as source:
        every = Selection(table="orders", cursor="ID")
        late = Selection(table="orders", cursor="ID", since=3)
        few = Selection(table="orders", limit=2)
        assert source.schema(every) == source.schema(late) == source.schema(few)
        assert [one["id"] for one in rows_of(source, late)] == [None, 3]
        assert len(rows_of(source, few)) == 2
        assert rows_of(source, Selection(table="orders", limit=0)) == []
        assert source.count(every) is None


def rows_of(source: Source, selection: Selection) -> list[dict[str, Any]]:
    return [row for batch in source.batches(selection, rows=1) for row in batch.to_pylist()]


def test_a_date_bounds_in_the_words_of_the_warehouse(declared: str, read: Read) -> None:
    since = datetime(2024, 1, 2, 12, tzinfo=UTC)
    table = read(declared, table="orders", cursor="day", since=since)
    assert table["id"].to_pylist() == [2, None, 3]


def test_readings_overlap(generic: str, opened: Open) -> None:
    with opened(generic) as source:
        first = source.batches(Selection(table="orders"), rows=1)
        next(first)
        assert len(rows_of(source, Selection(table="orders"))) == 4
        assert sum(batch.num_rows for batch in first) == 3


@pytest.mark.parametrize("kind", ["generic", "declared"])
@pytest.mark.parametrize(
    "query",
    ["delete from orders", "drop table orders", "select 1; drop table orders", "selec 1", ""],
)
def test_whatever_is_not_one_select_is_refused_and_changes_nothing(
    request: pytest.FixtureRequest, read: Read, kind: str, query: str
) -> None:
    url = request.getfixturevalue(kind)
    with pytest.raises(ConfigurationError, match="not one SELECT"):
        read(url, query=query or " ")
    assert read(url, table="orders").num_rows == 4


def test_equal_names_are_refused(postgresql_with: Make) -> None:
    query = "select * from (select 1 as id) a, (select 2 as id) b"
    with (
        open_sqlalchemy(postgresql_with()) as source,
        pytest.raises(ConfigurationError, match="more than one column 'id'"),
    ):
        source.schema(Selection(query=query))


def test_a_table_that_is_not_there_names_the_nearest(generic: str, read: Read) -> None:
    with pytest.raises(ConfigurationError, match="did you mean 'orders'"):
        read(generic, table="order")
    with pytest.raises(ConfigurationError, match=r"did you mean 'main\.orders'"):
        read(generic, table="main.order")
    assert read(generic, table="main.orders").num_rows == 4


def test_an_error_over_the_rows_holds_none_of_their_values(declared: str, read: Read) -> None:
    with pytest.raises(ConfigurationError, match="not of its column's type") as told:
        read(declared, query="select 'secret' as id")
    assert "secret" not in str(told.value)
    assert told.value.__suppress_context__


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("nosuch://reader:hunter2@host/shop", "docs/warehouses.md"),
        ("oracle+nosuch://reader:hunter2@host/shop", "docs/warehouses.md"),
        ("mssql+pymssql://reader:hunter2@host/shop", "'pymssql'"),
        ("postgresql+psycopg2://reader:hunter2@host:port/shop", "cannot be"),
    ],
)
def test_why_there_is_no_warehouse_is_told_without_the_password(
    opened: Open, url: str, told: str
) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(told)) as refused:
        opened(url).__enter__()
    assert "hunter2" not in str(refused.value)
    assert refused.value.__suppress_context__


def test_a_server_that_is_not_there_is_out_of_reach() -> None:
    url = "mysql+pymysql://reader:hunter2@127.0.0.1:1/shop"
    with pytest.raises(UnreachableError, match="the mysql\\+pymysql warehouse") as told:
        open_sqlalchemy(url).__enter__()
    assert "hunter2" not in str(told.value)


def test_every_kind_of_object_of_a_real_driver_arrives(postgresql_with: Make) -> None:
    url = postgresql_with()
    query = """
        select true as b, 7 as i, 1.10::numeric as n, 0.1::float8 as f, 'é' as s, null as e,
            date '2024-03-01' as d, timestamp '2024-03-01 10:00' as w, '\\x00ff'::bytea as y,
            timestamptz '2024-03-01 10:00+02' as at, '[{"a": 1.5}]'::jsonb as j
    """
    with open_sqlalchemy(url) as source:
        selection = Selection(query=query)
        schema = source.schema(selection)
        (batch,) = source.batches(selection, rows=10)
    assert schema.types == [
        pa.bool_(), pa.int64(), pa.decimal128(3, 2), pa.float64(), pa.string(), pa.null(),
        pa.date32(), MOMENT, pa.binary(), INSTANT, pa.string(),
    ]  # fmt: skip
    (row,) = batch.to_pylist()
    assert (row["n"], row["y"], row["s"]) == (Decimal("1.10"), b"\x00\xff", "é")
    assert row["at"] == datetime(2024, 3, 1, 8, tzinfo=UTC)
    assert schema.field("j").metadata == {TYPE_MARK: b"json"}


def described(code: object, precision: int | None = None, scale: int | None = None) -> list[Any]:
    return ["x", code, None, None, precision, scale, True]


@pytest.mark.parametrize(
    ("name", "column", "type_", "mark"),
    [
        ("snowflake", described(0, 38, 0), pa.decimal128(38, 0), None),
        ("snowflake", described(0, 10, 2), pa.decimal128(10, 2), None),
        ("snowflake", described(2), pa.string(), None),
        ("snowflake", described(7), INSTANT, None),
        ("snowflake", described(8), MOMENT, None),
        ("snowflake", described(10), pa.string(), b"json"),
        ("bigquery", described("NUMERIC"), pa.decimal128(38, 9), None),
        ("bigquery", described("BIGNUMERIC"), pa.string(), None),
        ("bigquery", described("TIMESTAMP"), INSTANT, None),
        ("bigquery", described("DATETIME"), MOMENT, None),
        ("redshift", described(1700), pa.string(), None),
        ("redshift", described(1184), INSTANT, None),
        ("redshift", described(4000), pa.string(), b"json"),
    ],
)
def test_a_driver_declares_types_in_its_own_words(
    name: str, column: list[Any], type_: pa.DataType, mark: bytes | None
) -> None:
    assert WAREHOUSES[name].declared(column) == (type_, mark)
