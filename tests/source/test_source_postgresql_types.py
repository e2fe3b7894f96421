"""Every type of PostgreSQL arrives as what it is declared, or as the text the server prints."""

import json
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest
from servers import Server

from connector.errors import ConfigurationError
from connector.source.selection import TYPE_MARK

Read = Callable[..., pa.Table]
Make = Callable[..., str]

INSTANT, MOMENT = pa.timestamp("us", "UTC"), pa.timestamp("us")

PLAIN = [
    ("true", pa.bool_(), True),
    ("7::int2", pa.int16(), 7),
    ("-2147483648", pa.int32(), -(2**31)),
    ("9223372036854775807", pa.int64(), 2**63 - 1),
    ("0.1::float4", pa.float32(), pa.scalar(0.1, pa.float32()).as_py()),
    ("1e-300::float8", pa.float64(), 1e-300),
    ("0.1::float8 + 0.2::float8", pa.float64(), 0.1 + 0.2),
    ("'-Infinity'::float8", pa.float64(), float("-inf")),
    ("1.10::numeric(12,2)", pa.decimal128(12, 2), Decimal("1.10")),
    (f"{'9' * 38}::numeric(38)", pa.decimal128(38, 0), Decimal("9" * 38)),
    ("0.00010::numeric(3,5)", pa.decimal128(5, 5), Decimal("0.00010")),
    ("12345::numeric(3,-2)", pa.decimal128(5, 0), Decimal(12300)),
    ("1.100::numeric", pa.string(), "1.100"),
    (f"{'9' * 60}.50", pa.string(), f"{'9' * 60}.50"),
    ("1e-20::numeric", pa.string(), "0.00000000000000000001"),
    ("'NaN'::numeric", pa.string(), "NaN"),
    ("1::numeric(50,2)", pa.string(), "1.00"),
    ("(-12.5)::numeric::money", pa.string(), "-12.50"),
    ("''", pa.string(), ""),
    ("'a''\u00e9\U0001f600'::varchar(9)", pa.string(), "a'\u00e9\U0001f600"),
    ("'EUR'::char(5)", pa.string(), "EUR"),
    ("'x'::name", pa.string(), "x"),
    ("null", pa.string(), None),
    ("date '0001-01-01'", pa.date32(), date(1, 1, 1)),
    ("timestamp '2024-03-31 02:30:00.123456'", MOMENT, "2024-03-31 02:30:00.123456"),
    ("timestamptz '2024-03-31 02:30:00+05:30'", INSTANT, "2024-03-30 21:00:00+00:00"),
    ("timestamptz '1815-01-01 00:00:00 Europe/Paris'", INSTANT, "1814-12-31 23:50:39+00:00"),
    ("time '10:30'", pa.string(), "10:30:00"),
    ("interval '1 day 2 hours'", pa.string(), "1 day 02:00:00"),
    ("'\\x00ff'::bytea", pa.binary(), b"\x00\xff"),
    ("'10.0.0.1'::inet", pa.string(), "10.0.0.1"),
    ("'2001:db8::1'::inet", pa.string(), "2001:db8::1"),
    ("'10.1.0.0/16'::inet", pa.string(), "10.1.0.0/16"),
    ("'10.1.0.0/16'::cidr", pa.string(), "10.1.0.0/16"),
    ("int4range(1, 5)", pa.string(), "[1,5)"),
    ("b'101'", pa.string(), "101"),
    ("pg_sleep(0)", pa.string(), ""),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "type_", "value"), PLAIN, ids=[sql[:40] for sql, *_ in PLAIN])
def test_a_type_arrives_as_declared(
    postgresql_url: str, read: Read, sql: str, type_: pa.DataType, value: object
) -> None:
    table = read(postgresql_url, query=f"select {sql} as x")
    found = table["x"][0].as_py()
    assert table.schema.field("x").type == type_
    assert (str(found) if isinstance(found, datetime) else found) == value


@pytest.fixture(scope="module")
def postgresql_url(postgresql_server: Server) -> str:
    return postgresql_server.database(
        "create type colour as enum ('red', 'blue')",
        "create domain price as numeric(10, 2) check (value >= 0)",
        "create type item as (sku text, unit_price price, qty int, colour colour)",
        "create type parcel as (label text, extra jsonb)",
        'create type odd as (a int, "A" int)',
    )


def test_types_side_by_side_are_what_each_is_alone(postgresql_url: str, read: Read) -> None:
    names = [f"x{number}" for number in range(len(PLAIN))]
    items = ", ".join(f"{sql} as {name}" for name, (sql, *_) in zip(names, PLAIN, strict=True))
    nulls = ", ".join(f"{name}.{name}" for name in names)
    joins = " ".join(f"left join lateral (select one.{n} where i <> 2) {n} on true" for n in names)
    query = f"select {nulls} from generate_series(1, 3) i, (select {items}) one {joins} order by i"
    table = read(postgresql_url, query=query)
    assert table.schema.types == [type_ for _, type_, _ in PLAIN]
    for name, (_, _, value) in zip(names, PLAIN, strict=True):
        found = [str(x) if isinstance(x, datetime) else x for x in table[name].to_pylist()]
        assert found == [value, None, value]


def test_what_only_its_database_knows_is_read_as_what_it_stands_on(
    postgresql_url: str, read: Read
) -> None:
    table = read(postgresql_url, query="select 'red'::colour as colour, 1.5::price as price")
    assert table.schema.types == [pa.string(), pa.decimal128(10, 2)]
    assert table.to_pylist() == [{"colour": "red", "price": Decimal("1.50")}]


@pytest.mark.parametrize(
    ("sql", "beside"),
    [
        ("timestamptz 'infinity'", "now()"),
        ("timestamptz '-infinity'", "now()"),
        ("timestamp '10000-01-01'", "timestamp '9999-12-31 23:59:59.999999'"),
        ("timestamp '0044-03-15 BC'", "timestamp '0001-01-01'"),
        ("date 'infinity'", "current_date"),
        ("date '5874897-12-31'", "date '9999-12-31'"),
        ("'NaN'::numeric(10,2)", "1.50::numeric(10,2)"),
    ],
)
def test_what_has_no_value_among_its_kind_is_null(
    postgresql_url: str, read: Read, sql: str, beside: str
) -> None:
    query = f"select {{}} as x union all select {beside}"
    table = read(postgresql_url, query=query.format(sql))
    assert table.schema == read(postgresql_url, query=query.format(beside)).schema
    assert table["x"].is_null().to_pylist() == [True, False]
    assert not pa.types.is_string(table["x"].type)


@pytest.mark.parametrize("type_", ["json", "jsonb"])
def test_json_is_the_text_the_server_prints(postgresql_url: str, read: Read, type_: str) -> None:
    text = '{"price": 1.10, "big": 12345678901234567890.123456789}'
    table = read(postgresql_url, query=f"select '{text}'::{type_} as x")
    assert table.schema.field("x").metadata == {TYPE_MARK: b"json"}
    assert "1.10" in table["x"][0].as_py()
    assert "12345678901234567890.123456789" in table["x"][0].as_py()


def test_a_uuid_is_marked_text(postgresql_url: str, read: Read) -> None:
    value = "8ea1b470-6890-494f-8b4b-8899235e0a19"
    table = read(postgresql_url, query=f"select '{value}'::uuid as x")
    assert table.schema.field("x").metadata == {TYPE_MARK: b"uuid"}
    assert table["x"].to_pylist() == [value]


def test_an_array_of_composites_is_a_list_of_structs(postgresql_url: str, read: Read) -> None:
    table = read(
        postgresql_url,
        query="""
            select array[('A"', 12345678.10, 2, 'red')::item, null,
                ('\u00e9', null, null, null)::item] as x
            union all select null union all select '{}'
        """,
    )
    members = {
        "sku": pa.string(), "unit_price": pa.decimal128(10, 2), "qty": pa.int32(),
        "colour": pa.string(),
    }  # fmt: skip
    assert table["x"].type == pa.list_(pa.struct(list(members.items())))
    first = {"sku": 'A"', "unit_price": Decimal("12345678.10"), "qty": 2, "colour": "red"}
    last = {"sku": "\u00e9", "unit_price": None, "qty": None, "colour": None}
    assert table["x"].to_pylist() == [[first, None, last], None, []]


def test_rows_gathered_with_array_agg_are_a_list_of_structs(
    postgresql_with: Make, read: Read
) -> None:
    url = postgresql_with(
        "create table lines (order_id int, sku text, price numeric(9,3))",
        "insert into lines values (1, 'A', 1.100), (1, 'B', 2), (2, 'C', 3)",
    )
    query = "select order_id, array_agg(lines order by sku) as items from lines group by 1"
    table = read(url, query=f"{query} order by 1")
    assert [item["price"] for item in table["items"][0].as_py()] == [Decimal("1.1"), Decimal(2)]


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("array[1, 2, null]", [1, 2, None]),
        ("array[array['a'], array['b']]", [["a"], ["b"]]),
        ("('A', 1.5, 2, 'red')::item", {"sku": "A", "unit_price": 1.5, "qty": 2, "colour": "red"}),
        ("array[('L', '{\"a\": 1}')::parcel]", [{"label": "L", "extra": {"a": 1}}]),
        ("array[(1, 2)::odd]", [{"a": 1, "A": 2}]),
        ("row(1, 'x')", {"f1": 1, "f2": "x"}),
        ("(select array_agg(r) from (select 1 as a, 'x' as b) r)", [{"a": 1, "b": "x"}]),
    ],
)
def test_what_is_no_list_of_plain_structs_is_json(
    postgresql_url: str, read: Read, sql: str, expected: object
) -> None:
    table = read(postgresql_url, query=f"select {sql} as x")
    assert table.schema.field("x").metadata == {TYPE_MARK: b"json"}
    assert json.loads(table["x"][0].as_py()) == expected


def test_types_hold_over_batches_of_nulls_alone(postgresql_url: str, read: Read) -> None:
    query = """
        select one.* from generate_series(1, 50) i left join (
            select 50 as i, 1.5::numeric(10,2) as price, now() as at, 'x' as s,
                array[('A', 1, 1, null)::item] as items
        ) one using (i) order by i
    """
    table = read(postgresql_url, query=query, rows=10)
    assert [column.null_count for column in table.columns] == [49] * 5
    assert table.schema.types[:2] == [pa.int32(), pa.decimal128(10, 2)]


def test_names_of_columns_may_be_anything(postgresql_url: str, read: Read) -> None:
    names = ['a"b', "{x}", "a b%s", "\u00e9\u0130", "select", "$1"]
    items = ", ".join('1 as "' + name.replace('"', '""') + '"' for name in names)
    assert read(postgresql_url, query=f"select {items}").column_names == names


def test_columns_that_differ_in_case_alone_are_refused(postgresql_numbers: str, read: Read) -> None:
    with pytest.raises(ConfigurationError, match="more than one column 'ID', 'id'"):
        read(postgresql_numbers, query='select i as id, i as "ID" from t')
    with pytest.raises(ConfigurationError, match="no columns"):
        read(postgresql_numbers, query="select from t")


def test_what_a_database_sets_for_its_sessions_does_not_change_the_values(
    postgresql_server: Server, read: Read
) -> None:
    url = postgresql_server.database()
    name = url.rpartition("/")[2]
    settings = {
        "TimeZone": "Asia/Tokyo", "DateStyle": "SQL, DMY", "IntervalStyle": "iso_8601",
        "extra_float_digits": "-3", "bytea_output": "escape", "client_encoding": "LATIN1",
    }  # fmt: skip
    query = """
        select timestamptz '2024-02-01 00:00:00Z' as at, date '2024-02-01' as day, 'é' as s,
            interval '1 day' as i, 0.1::float8 + 0.2::float8 as f, '\\x00'::bytea as y
    """
    plain = read(url, query=query)
    changes = [f"alter database {name} set {one} = '{value}'" for one, value in settings.items()]
    postgresql_server.run(postgresql_server.port, "", changes)
    assert read(url, query=query).equals(plain)
    assert str(plain["at"][0]) == "2024-02-01 00:00:00+00:00"


def test_text_that_is_not_utf_8_is_told_and_not_shown(
    postgresql_server: Server, read: Read
) -> None:
    url = postgresql_server.database()
    name = f"{url.rpartition('/')[2]}_ascii"
    create = f"create database {name} encoding 'SQL_ASCII' template template0 locale 'C'"
    postgresql_server.run(postgresql_server.port, "", [create])
    ascii_url = f"{url.rpartition('/')[0]}/{name}"
    assert read(ascii_url, query="select 'plain' as x").num_rows == 1
    with pytest.raises(ConfigurationError, match="not UTF-8") as told:
        read(ascii_url, query="select 'secret' || E'\\xff' as x")
    assert "secret" not in str(told.value)
