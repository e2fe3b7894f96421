"""Snowflake, as far as fakesnow plays it on DuckDB."""

import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from importlib import import_module
from importlib.util import find_spec

import pyarrow as pa
import pytest

from connector.errors import ConfigurationError
from connector.source import Selection, Source
from connector.source.sqlalchemy_url import open_sqlalchemy
from connector.source.texts import INSTANT, MOMENT

if find_spec("fakesnow") is None or find_spec("snowflake") is None:
    pytest.skip(
        "fakesnow wants an older driver: pip install fakesnow 'snowflake-connector-python<5'"
        " 'snowflake-sqlalchemy<2'",
        allow_module_level=True,
    )


@pytest.fixture
def snowflake() -> Iterator[Source]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # theirs, of libraries that they use
        fakesnow, driver = map(import_module, ("fakesnow", "snowflake.connector"))
        with fakesnow.patch():
            with driver.connect(database="shop", schema="eu") as connection:
                for statement in STATEMENTS:
                    connection.cursor().execute(statement)
            with open_sqlalchemy("snowflake://reader:hunter2@account/shop/eu") as source:
                yield source


STATEMENTS = (
    """
    create table orders (id int, total number(10,2), ratio float, raw variant, paid_at timestamp_tz,
        wall timestamp_ntz, note varchar, paid boolean, day date)
    """,
    """
    insert into orders select 1, 1.50, 0.5, parse_json('{"a": 1}'),
        '2024-01-01 00:00:00+02'::timestamp_tz, '2024-01-01 10:00:00', 'x', true, '2024-01-01'
    """,
    "insert into orders (id) values (2)",
)


def rows_of(source: Source, selection: Selection) -> list[dict[str, object]]:
    schema, batches = source.schema(selection), list(source.batches(selection, rows=1))
    assert all(batch.schema == schema and batch.num_rows == 1 for batch in batches)
    return [row for batch in batches for row in batch.to_pylist()]


def test_declared_types_and_nulls_arrive(snowflake: Source) -> None:
    selection = Selection(table="orders")
    assert snowflake.schema(selection).types == [
        pa.decimal128(38, 0), pa.decimal128(10, 2), pa.float64(), pa.string(), INSTANT, MOMENT,
        pa.string(), pa.bool_(), pa.date32(),
    ]  # fmt: skip
    first, second = rows_of(snowflake, selection)
    assert first["TOTAL"] == Decimal("1.50")
    assert first["PAID_AT"] == datetime(2023, 12, 31, 22, tzinfo=UTC)
    assert set(second.values()) == {None, Decimal(2)}


@pytest.mark.parametrize(
    ("cursor", "since", "ids"),
    [
        ("paid_at", datetime(2023, 12, 31, 22, tzinfo=UTC), [1, 2]),
        ("paid_at", datetime(2023, 12, 31, 23, tzinfo=UTC), [2]),
        ("wall", datetime(2024, 1, 1, 11, tzinfo=UTC), [2]),
        ("day", datetime(2024, 1, 1, 11, tzinfo=UTC), [1, 2]),
        ("id", 2, [2]),
    ],
)
def test_a_bound_holds(
    snowflake: Source, cursor: str, since: datetime | int, ids: list[int]
) -> None:
    rows = rows_of(snowflake, Selection(table="orders", cursor=cursor, since=since))
    assert [row["ID"] for row in rows] == ids


def test_a_query_and_a_limit_hold(snowflake: Source) -> None:
    query = "select id from orders where note is null or note not like '%y:z' -- a comment"
    assert len(rows_of(snowflake, Selection(query=query))) == 2
    assert len(rows_of(snowflake, Selection(query=query, limit=1))) == 1


def test_what_is_not_one_select_is_refused(snowflake: Source) -> None:
    with pytest.raises(ConfigurationError, match="not one SELECT"):
        snowflake.schema(Selection(query="delete from orders"))
    assert len(rows_of(snowflake, Selection(table="orders"))) == 2
