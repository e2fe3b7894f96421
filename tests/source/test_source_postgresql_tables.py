"""A table of PostgreSQL is found by its name, or the nearest one is told."""

from collections.abc import Callable

import pyarrow as pa
import pytest

from connector.errors import ConfigurationError

Read = Callable[..., pa.Table]
Make = Callable[..., str]


@pytest.mark.parametrize(
    ("wanted", "rows"),
    [("orders", 1), ("public.orders", 1), ("eu.orders", 2), ("EU.Orders", 2), ("Odd.Name", 3)],
)
def test_a_table_is_found_with_and_without_its_schema(
    postgresql_with: Make, read: Read, wanted: str, rows: int
) -> None:
    url = postgresql_with(
        "create schema eu",
        "create table orders as select 1 as id",
        "create view eu.orders as select generate_series(1, 2) as id",
        'create table "Odd.Name" as select generate_series(1, 3) as id',
    )
    assert read(url, table=wanted).num_rows == rows


@pytest.mark.parametrize(
    ("wanted", "near"),
    [("ordres", "orders"), ("visits", "eu.visits"), ("eu.visit", "eu.visits")],
)
def test_a_table_that_is_not_there_names_the_nearest(
    postgresql_with: Make, read: Read, wanted: str, near: str
) -> None:
    url = postgresql_with(
        "create table orders (id int)", "create schema eu", "create table eu.visits (id int)"
    )
    with pytest.raises(ConfigurationError, match=f"no table '{wanted}'; did you mean '{near}'"):
        read(url, table=wanted)


def test_the_catalog_is_no_warehouse(postgresql_with: Make, read: Read) -> None:
    with pytest.raises(ConfigurationError, match="no table"):
        read(postgresql_with(), table="pg_catalog.pg_class")
