"""The same rows from both engines, and a warehouse that was not made for these tests."""

import math
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector.source import Selection, open_source

Read = Callable[..., pa.Table]
Row = tuple[int | None, float | None, str | None, bool | None, bytes | None]

CHINOOK = Path(__file__).parents[2].parent / "shared" / "data" / "chinook.sqlite"
NEEDS_CHINOOK = pytest.mark.skipif(not CHINOOK.exists(), reason="the sample database is not here")

ROWS = st.lists(
    st.tuples(
        st.none() | st.integers(-(2**63), 2**63 - 1),
        st.none() | st.floats(allow_nan=False, allow_infinity=False),
        st.none() | st.text(st.characters(exclude_categories=["Cs"])),
        st.none() | st.booleans(),
        st.none() | st.binary(),
    ),
    max_size=40,
)


def rows_of(url: str, root: Path, rows: int) -> list[dict[str, object]]:
    with open_source(
        url, root=root, deadline_seconds=0, sleep=lambda _: None, monotonic=lambda: 0
    ) as source:
        batches = source.batches(Selection(table="t"), rows=rows)
        return [row for batch in batches for row in batch.to_pylist()]


@settings(
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # files are made anew each time
)
@given(rows=ROWS, size=st.integers(1, 15))
def test_the_same_rows_from_both_engines_are_equal(
    tmp_path: Path, rows: list[Row], size: int
) -> None:
    create = "create table t (i bigint, d double, s varchar, b boolean, y blob)"
    for file in ("a.duckdb", "a.db"):
        (tmp_path / file).unlink(missing_ok=True)
    with duckdb.connect(str(tmp_path / "a.duckdb")) as quick:
        quick.execute(create)
        if rows:
            quick.executemany("insert into t values (?, ?, ?, ?, ?)", rows)
    with closing(sqlite3.connect(tmp_path / "a.db")) as light, light:
        light.execute(create)
        light.executemany("insert into t values (?, ?, ?, ?, ?)", rows)
    expected = [dict(zip("idsby", row, strict=True)) for row in rows]
    assert rows_of("duckdb:///a.duckdb", tmp_path, size) == expected
    assert rows_of("sqlite:///a.db", tmp_path, size) == expected


@NEEDS_CHINOOK
def test_a_warehouse_of_someone_else_is_read_with_useful_types(read: Read) -> None:
    invoices = read(f"sqlite:///{CHINOOK}", table="Invoice")
    assert invoices.num_rows == 412
    types = dict(zip(invoices.column_names, invoices.schema.types, strict=True))
    assert types["InvoiceId"] == pa.int64()
    assert types["InvoiceDate"] == pa.string()
    assert types["Total"] == pa.float64()
    with closing(sqlite3.connect(f"file:{CHINOOK}?mode=ro", uri=True)) as connection:
        ((total,),) = connection.execute("select sum(Total) from Invoice").fetchall()
    assert math.isclose(sum(Decimal(str(x)) for x in invoices["Total"].to_pylist()), total)


@NEEDS_CHINOOK
def test_a_join_with_a_bound_reads_what_is_new(read: Read) -> None:
    query = """
        select i.InvoiceId, i.InvoiceDate, c.Email, c.Phone, i.Total
        from Invoice i join Customer c using (CustomerId)
    """
    url = f"sqlite:///{CHINOOK}"
    dates = sorted(read(url, query=query)["InvoiceDate"].to_pylist())
    bound = datetime.fromisoformat(dates[400]).replace(tzinfo=UTC)
    recent = read(url, query=query, cursor="InvoiceDate", since=bound)
    assert sorted(recent["InvoiceDate"].to_pylist()) == [day for day in dates if day >= dates[400]]
