"""Parquet files as a source: what is in the place that the URL names, and nothing beside it."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from connector.errors import ConfigurationError, UnreachableError
from connector.source import Source
from connector.source.selection import TYPE_MARK

Open = Callable[[str], AbstractContextManager[Source]]
Read = Callable[..., pa.Table]
Make = Callable[..., str]

ORDERS = """
    select i as id, (i / 4)::decimal(10,2) as total, 'x' || i as note,
        timestamptz '2024-01-01 00:00:00Z' + to_seconds(i) as at
    from range(10) r(i)
"""


def test_a_file_is_a_table_of_its_name(parquet_with: Make, read: Read) -> None:
    url = parquet_with(ORDERS, "exports/orders 2024.parquet")
    by_name, by_query = read(url, table="orders 2024"), read(url, query='from "orders 2024"')
    assert by_name.equals(by_query)
    assert by_name.num_rows == 10
    assert by_name.schema.types[1] == pa.decimal128(10, 2)
    assert by_name["total"][1].as_py() == Decimal("0.25")


def test_a_folder_is_one_table_of_all_its_files(parquet_with: Make, read: Read) -> None:
    parquet_with("select 1 as id, 1.5::decimal(9,3) as total", "out/orders.v2/b.parquet")
    parquet_with("select 'new' as note, 2 as id", "out/orders.v2/deep/er/a.parquet")
    table = read("parquet:///out/orders.v2", table="orders.v2")
    rows = sorted(table.to_pylist(), key=lambda row: row["id"])
    assert rows == [
        {"id": 1, "total": Decimal("1.5"), "note": None},
        {"id": 2, "total": None, "note": "new"},
    ]


def test_what_folders_say_is_a_column_of_text(parquet_with: Make, read: Read) -> None:
    parquet_with("select 1 as id", "orders/day=2024-01-31/shop=007/a.parquet")
    parquet_with("select 2 as id", "orders/day=2024-02-01/shop=eu/a.parquet")
    table = read("parquet:///orders", query="select *, day::date as date from orders order by id")
    assert table.column("day").to_pylist() == ["2024-01-31", "2024-02-01"]
    assert table.column("shop").to_pylist() == ["007", "eu"]
    assert table.schema.field("date").type == pa.date32()


def test_folders_above_the_place_say_nothing(parquet_with: Make, read: Read) -> None:
    url = parquet_with("select 1 as id", "day=2024-01-31/orders.parquet")
    assert read(url, table="orders").column_names == ["id"]


def test_what_a_writer_has_not_finished_is_not_read(
    parquet_with: Make, read: Read, tmp_path: Path
) -> None:
    parquet_with("select 1 as id", "orders/a.parquet")
    for half in ("_temporary/b.parquet", ".b.parquet", "_b.parquet", "c.parquet.tmp"):
        (tmp_path / "orders" / half).parent.mkdir(exist_ok=True)
        (tmp_path / "orders" / half).write_bytes(b"PAR1 half")
    assert read("parquet:///orders", table="orders").to_pylist() == [{"id": 1}]


@pytest.mark.parametrize("name", ["a[1].parquet", "a*.parquet", "it's.parquet"])
def test_a_name_is_no_pattern(parquet_with: Make, read: Read, name: str) -> None:
    parquet_with("select 1 as id", "a1.parquet")
    parquet_with("select 1 as id", "ab.parquet")
    url = parquet_with("select 2 as id", name)
    assert read(url, table=Path(name).stem).to_pylist() == [{"id": 2}]


def test_a_name_in_a_folder_is_no_pattern(parquet_with: Make, read: Read) -> None:
    for number, name in enumerate(["a[b].parquet", "a*.parquet", "a?.parquet", "ab.parquet"]):
        parquet_with(f"select {number} as id", f"odd [names]/{name}")
    table = read("parquet:///odd [names]", table="odd [names]")
    assert sorted(table["id"].to_pylist()) == [0, 1, 2, 3]


@pytest.mark.parametrize(
    "query",
    [
        "from read_parquet('{other}')",
        "from '{other}'",
        "from read_parquet('{place}/../other.parquet')",
        "select content from read_text('{secret}')",
        "select * from glob('{root}/*')",
        "from read_csv('{secret}')",
    ],
)
@pytest.mark.parametrize("place", ["orders.parquet", "orders"])
def test_no_other_file_is_in_reach(
    parquet_with: Make, read: Read, tmp_path: Path, place: str, query: str
) -> None:
    parquet_with("select 1 as id", "orders.parquet")
    parquet_with("select 1 as id", "orders/a.parquet")
    parquet_with("select 'secret' as id", "other.parquet")
    (tmp_path / "secret.txt").write_text("secret")
    places = {
        "root": tmp_path, "other": tmp_path / "other.parquet", "place": tmp_path / place,
        "secret": tmp_path / "secret.txt",
    }  # fmt: skip
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read(f"parquet:///{place}", query=query.format(**places))


@pytest.mark.parametrize(
    "query",
    [
        "copy orders to '{root}/orders/b.parquet'",
        "attach '{root}/orders/b.db'",
        "create table t as from orders",
        "drop view orders",
        "set enable_external_access = true",
    ],
)
def test_nothing_is_written_even_there(
    parquet_with: Make, read: Read, tmp_path: Path, query: str
) -> None:
    parquet_with("select 1 as id", "orders/a.parquet")
    with pytest.raises(ConfigurationError, match="one SELECT"):
        read("parquet:///orders", query=query.format(root=tmp_path))
    assert [path.name for path in (tmp_path / "orders").iterdir()] == ["a.parquet"]


def test_the_session_is_sealed(parquet_with: Make, read: Read) -> None:
    query = """
        select name, value from duckdb_settings() where name in ('TimeZone', 'temp_directory',
        'enable_external_access', 'lock_configuration', 'python_enable_replacements')
    """
    url = parquet_with("select 1 as id")
    settings = {row["name"]: row["value"] for row in read(url, query=query).to_pylist()}
    assert settings == {
        "TimeZone": "UTC",
        "enable_external_access": "false",
        "lock_configuration": "true",
        "python_enable_replacements": "false",
        "temp_directory": "",
    }


def test_a_bound_and_a_limit_hold(parquet_with: Make, read: Read) -> None:
    url = parquet_with(ORDERS)
    since = datetime(2024, 1, 1, 0, 0, 7, tzinfo=UTC)
    assert read(url, table="orders", cursor="at", since=since)["id"].to_pylist() == [7, 8, 9]
    assert read(url, table="orders", limit=4).num_rows == 4


def test_lists_of_structs_and_json_arrive_as_in_duckdb(parquet_with: Make, read: Read) -> None:
    url = parquet_with("""
        select [{'sku': 'A', 'price': 1.10::decimal(10,2)}] as items, '{"a": 1.10}'::json as raw
    """)
    table = read(url, table="orders")
    assert table["items"].to_pylist() == [[{"sku": "A", "price": Decimal("1.10")}]]
    assert table["raw"].to_pylist() == ['{"a": 1.10}']
    assert table.schema.field("raw").metadata in (None, {TYPE_MARK: b"json"})


def test_a_folder_without_a_parquet_file_says_so(opened: Open, tmp_path: Path) -> None:
    (tmp_path / "orders").mkdir()
    with pytest.raises(ConfigurationError, match=r"holds no file that ends in \.parquet"):
        opened("parquet:///orders").__enter__()


@pytest.mark.parametrize("content", [b"", b"no Parquet" * 100, b"PAR1" + bytes(100) + b"PAR1"])
def test_a_broken_file_is_out_of_reach(opened: Open, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "orders.parquet").write_bytes(content)
    with pytest.raises(UnreachableError, match=r"orders\.parquet"):
        opened("parquet:///orders.parquet").__enter__()


def test_a_table_of_another_name_names_the_file(parquet_with: Make, read: Read) -> None:
    url = parquet_with(ORDERS)
    with pytest.raises(ConfigurationError, match="did you mean 'orders'"):
        read(url, table="order")
