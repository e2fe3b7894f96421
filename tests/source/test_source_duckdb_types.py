from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from uuid import UUID

import duckdb
import pyarrow as pa
import pytest

from connector.errors import ConfigurationError
from connector.source.duckdb_types import carried, is_faithful
from connector.source.selection import TYPE_MARK

Read = Callable[..., pa.Table]
Make = Callable[..., str]

ID = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"

CARRIED = [
    ("true", pa.bool_(), True),
    ("1::tinyint", pa.int8(), 1),
    ("1::utinyint", pa.uint8(), 1),
    ("-1::smallint", pa.int16(), -1),
    ("1::usmallint", pa.uint16(), 1),
    ("1::integer", pa.int32(), 1),
    ("1::uinteger", pa.uint32(), 1),
    ("9223372036854775807::bigint", pa.int64(), 2**63 - 1),
    ("18446744073709551615::ubigint", pa.uint64(), 2**64 - 1),
    ("-99999999999999999999::hugeint", pa.decimal128(38, 0), Decimal(-99999999999999999999)),
    ("99999999999999999999::uhugeint", pa.decimal128(38, 0), Decimal(99999999999999999999)),
    ("sum(9223372036854775807)", pa.decimal128(38, 0), Decimal(2**63 - 1)),
    ("1.5::float", pa.float32(), 1.5),
    ("1.1::double", pa.float64(), 1.1),
    ("1.10::decimal(4,2)", pa.decimal128(4, 2), Decimal("1.10")),
    ("1.100::decimal(9,3)", pa.decimal128(9, 3), Decimal("1.100")),
    ("9007199254740993.01::decimal(18,2)", pa.decimal128(18, 2), Decimal("9007199254740993.01")),
    (f"{'9' * 36}.99::decimal(38,2)", pa.decimal128(38, 2), Decimal("9" * 36 + ".99")),
    (f"'{ID}'::uuid", pa.string(), ID),
    ("'paid'::enum('open', 'paid')", pa.string(), "paid"),
    ("'{\"a\": 1.10}'::json", pa.string(), '{"a": 1.10}'),
    ("'it''s \"x\"' || chr(0) || 'y\\n'", pa.string(), "it's \"x\"\0y\\n"),
    ("'\\x00\\xff'::blob", pa.binary(), b"\x00\xff"),
    ("'0101'::bit", pa.string(), "0101"),
    ("date '2024-02-29'", pa.date32(), date(2024, 2, 29)),
    ("time '10:11:12.5'", pa.time64("us"), time(10, 11, 12, 500000)),
    ("timetz '10:11:12+02'", pa.string(), "10:11:12+02"),
    (
        "timestamp '2024-02-29 10:11:12.123456'",
        pa.timestamp("us"),
        datetime(2024, 2, 29, 10, 11, 12, 123456),  # noqa: DTZ001 - the column has no zone
    ),
    ("timestamp_s '2024-02-29 10:11:12'", pa.timestamp("s"), datetime(2024, 2, 29, 10, 11, 12)),  # noqa: DTZ001 - likewise
    ("timestamp_ms '2024-02-29 10:11:12'", pa.timestamp("ms"), datetime(2024, 2, 29, 10, 11, 12)),  # noqa: DTZ001 - likewise
    (
        "timestamptz '2024-02-29 10:11:12.5+05:30'",
        pa.timestamp("us", tz="UTC"),
        datetime(2024, 2, 29, 4, 41, 12, 500000, tzinfo=UTC),
    ),
    ("null", pa.null(), None),
    ("[{'a': null}]", pa.list_(pa.struct([("a", pa.null())])), [{"a": None}]),
    ("null::integer", pa.int32(), None),
    ("'x'::variant", pa.string(), "x"),
    ("union_value(n := 7)", pa.string(), "7"),
    ("[1, null]", pa.list_(pa.int32()), [1, None]),
    ("[1, 2]::utinyint[2]", pa.list_(pa.uint8(), 2), [1, 2]),
    ("map {'a': 1.5::float}", pa.map_(pa.string(), pa.float32()), [("a", 1.5)]),
    ("map {'a': 5::hugeint}", pa.map_(pa.string(), pa.decimal128(38, 0)), [("a", Decimal(5))]),
    ("[5::hugeint]::hugeint[1]", pa.list_(pa.decimal128(38, 0), 1), [Decimal(5)]),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "type_", "value"), CARRIED)
def test_a_type_arrives_with_its_value(
    duckdb_with: Make, read: Read, sql: str, type_: pa.DataType, value: object
) -> None:
    table = read(duckdb_with(), query=f"select {sql} as x")
    assert table.schema.field("x").type == type_
    assert table["x"].to_pylist() == [value]


def test_nanoseconds_are_not_cut(duckdb_with: Make, read: Read) -> None:
    query = "select timestamp_ns '2024-02-29 10:11:12.123456789' as x"
    column = read(duckdb_with(), query=query)["x"]
    assert column.type == pa.timestamp("ns")
    assert column[0].value % 10**9 == 123456789


def test_a_list_of_structs_keeps_its_members_and_their_order(duckdb_with: Make, read: Read) -> None:
    url = duckdb_with(
        "create type size as enum ('S', 'M')",
        'create table orders (items struct(sku varchar, price decimal(9,2), "a ""b" size)[])',
        "insert into orders values ([('x', 1.50, 'M'), ('y', null, null)]), ([]), (null)",
    )
    table = read(url, table="orders")
    assert table["items"].to_pylist() == [
        [
            {"sku": "x", "price": Decimal("1.50"), 'a "b': "M"},
            {"sku": "y", "price": None, 'a "b': None},
        ],
        [],
        None,
    ]
    item = table.schema.field("items").type.value_type
    assert [field.type for field in item] == [pa.string(), pa.decimal128(9, 2), pa.string()]


def test_json_and_uuid_are_marked_wherever_they_stand(duckdb_with: Make, read: Read) -> None:
    query = f"""
        select '{{}}'::json as j, '{ID}'::uuid as u, 'x' as plain,
            [{{'u': '{ID}'::uuid, 'n': 5::hugeint, 'j': '{{}}'::json}}] as items,
            map {{'{ID}'::uuid: '{{}}'::json}} as m, ['{ID}'::uuid]::uuid[1] as a
    """
    schema = read(duckdb_with(), query=query).schema
    item, by_id = schema.field("items").type.value_type, schema.field("m").type
    marks = {
        "j": schema.field("j"),
        "u": schema.field("u"),
        "plain": schema.field("plain"),
        "items.u": item.field("u"),
        "items.n": item.field("n"),
        "items.j": item.field("j"),
        "m.key": by_id.key_field,
        "m.value": by_id.item_field,
        "a": schema.field("a").type.value_field,
    }
    assert {name: (field.metadata or {}).get(TYPE_MARK) for name, field in marks.items()} == {
        "j": b"json",
        "u": b"uuid",
        "plain": None,
        "items.u": b"uuid",
        "items.n": None,
        "items.j": b"json",
        "m.key": b"uuid",
        "m.value": b"json",
        "a": b"uuid",
    }


def test_a_whole_number_beyond_38_digits_fails_instead_of_turning_negative(
    duckdb_with: Make, read: Read
) -> None:
    url = duckdb_with(
        "create table t as select 340282366920938463463374607431768211455::uhugeint n"
    )
    with pytest.raises(ConfigurationError, match="Conversion error") as failed:
        read(url, table="t")
    assert "3402823669" not in str(failed.value)


def test_a_column_that_begins_with_a_batch_of_nulls_keeps_its_declared_type(
    duckdb_with: Make, read: Read
) -> None:
    url = duckdb_with(
        "create table t as select i, if(i >= 5000, (i / 100)::decimal(9,3), null) as amount,"
        " null::timestamptz as at from range(6000) r(i)"
    )
    table = read(url, table="t", rows=1000)
    assert table.schema.types == [
        pa.int64(),
        pa.decimal128(9, 3),
        pa.timestamp("us", tz="UTC"),
    ]
    assert table["amount"].chunk(0).null_count == 1000
    assert table["amount"].chunk(5).null_count == 0


def test_columns_keep_the_names_they_have(duckdb_with: Make, read: Read) -> None:
    query = """select 1 as "a ""b", 'M'::enum('M') as "it's", 2 as "selection", count(*)"""
    names = read(duckdb_with(), query=query).column_names
    assert names == ['a "b', "it's", "selection", "count_star()"]


@pytest.mark.parametrize(
    ("sql", "becomes"),
    [
        ("struct(a integer, b hugeint)", 'STRUCT("a" INTEGER, "b" DECIMAL(38,0))'),
        ("struct(a struct(b enum('x')))[]", 'STRUCT("a" STRUCT("b" VARCHAR))[]'),
        ("map(enum('x'), timetz[3])", "MAP(VARCHAR, VARCHAR[3])"),
        ("geometry", "VARCHAR"),
    ],
)
def test_what_arrow_does_not_carry_is_cast_at_any_depth(sql: str, becomes: str) -> None:
    with duckdb.connect() as connection:
        type_ = connection.sql(f"select null::{sql}").types[0]
        assert not is_faithful(type_)
        assert carried(type_) == becomes


def test_a_uuid_is_the_text_python_would_write(duckdb_with: Make, read: Read) -> None:
    url = duckdb_with("create table t as select uuid() as id from range(50)")
    ids = read(url, table="t")["id"].to_pylist()
    assert [str(UUID(text)) for text in ids] == ids
