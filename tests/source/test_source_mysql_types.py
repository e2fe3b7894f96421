"""Every type of MariaDB arrives as what it is declared, or as the text the server prints."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest
from servers import Server

Read = Callable[..., pa.Table]

INSTANT, MOMENT = pa.timestamp("us", "UTC"), pa.timestamp("us")

# A declaration, a value as SQL, and what arrives.
STORED = [
    ("boolean", "true", pa.bool_(), True),
    ("tinyint(1)", "0", pa.bool_(), False),
    ("tinyint(1)", "2", pa.bool_(), None),
    ("tinyint", "-128", pa.int64(), -128),
    ("bit(1)", "b'1'", pa.bool_(), True),
    ("bit(64)", "b'11'", pa.uint64(), 3),
    ("int(8) zerofill", "7", pa.uint64(), 7),
    ("bigint", "-9223372036854775808", pa.int64(), -(2**63)),
    ("bigint unsigned", "18446744073709551615", pa.uint64(), 2**64 - 1),
    ("year", "2024", pa.uint64(), 2024),
    ("float", "16777216", pa.float32(), 16777216.0),
    ("double", "1e-300", pa.float64(), 1e-300),
    ("double", "0.1e0 + 0.2e0", pa.float64(), 0.1 + 0.2),
    ("decimal(12,2)", "1.1", pa.decimal128(12, 2), Decimal("1.10")),
    ("decimal(12,2) unsigned", "9999999999.99", pa.decimal128(12, 2), Decimal("9999999999.99")),
    ("decimal(38)", "9" * 38, pa.decimal128(38, 0), Decimal("9" * 38)),
    ("decimal(38,38)", f"0.{'9' * 38}", pa.decimal128(38, 38), Decimal(f"0.{'9' * 38}")),
    ("decimal(65,2)", f"{'9' * 63}.50", pa.string(), f"{'9' * 63}.50"),
    ("varchar(9)", "'a''\u00e9\U0001f600'", pa.string(), "a'\u00e9\U0001f600"),
    ("varchar(9) character set latin1", "'\u00e9'", pa.string(), "\u00e9"),
    ("text", "''", pa.string(), ""),
    ("enum('red', 'blue')", "'blue'", pa.string(), "blue"),
    ("set('a', 'b')", "'a,b'", pa.string(), "a,b"),
    ("json", "'{\"price\": 1.10}'", pa.string(), '{"price": 1.10}'),
    ("uuid", "'8ea1b470-6890-494f-8b4b-8899235e0a19'", pa.string(),
     "8ea1b470-6890-494f-8b4b-8899235e0a19"),
    ("inet6", "'::1'", pa.string(), "::1"),
    ("binary(2)", "x'00ff'", pa.binary(), b"\x00\xff"),
    ("blob", "x'ff'", pa.binary(), b"\xff"),
    ("date", "'2024-03-01'", pa.date32(), date(2024, 3, 1)),
    ("datetime(6)", "'2024-03-31 02:30:00.123456'", MOMENT, "2024-03-31 02:30:00.123456"),
    ("timestamp(3) null", "'2024-03-31 02:30:00.125'", INSTANT, "2024-03-31 02:30:00.125000+00:00"),
    ("time", "'-10:30'", pa.string(), "-10:30:00"),
    ("date", "'0000-00-00'", pa.date32(), None),
    ("datetime", "'0000-00-00 00:00:00'", MOMENT, None),
    ("datetime", "'2024-00-00 00:00:00'", MOMENT, None),
    ("timestamp null", "0", INSTANT, None),
    *((type_, "null", None, None) for type_ in ("int", "decimal(9,2)", "text", "blob", "json")),
]  # fmt: skip


@pytest.fixture(scope="module")
def stored(mariadb_server: Server) -> str:
    """One table with a column for each of `STORED`."""
    columns = ", ".join(f"c{n} {declared}" for n, (declared, *_) in enumerate(STORED))
    values = ", ".join(value for _, value, *_ in STORED)
    return mariadb_server.database(
        "set sql_mode = ''", "set time_zone = '+00:00'", f"create table t ({columns})",
        f"insert into t values ({values})",
    )  # fmt: skip


@pytest.mark.parametrize("number", range(len(STORED)), ids=[" ".join(one[:2]) for one in STORED])
def test_a_column_arrives_as_declared(stored: str, read: Read, number: int) -> None:
    _, _, type_, value = STORED[number]
    column = read(stored, query=f"select c{number} from t")
    found = column[0][0].as_py()
    assert type_ is None or column.schema.types == [type_]
    assert (str(found) if isinstance(found, datetime) else found) == value


@pytest.mark.parametrize(
    ("sql", "type_", "value"),
    [
        ("sum(i)", pa.decimal128(32, 0), Decimal(3)),
        ("count(*)", pa.int64(), 2),
        ("avg(price)", pa.decimal128(14, 6), Decimal("1.75")),
        ("max(at)", INSTANT, "2024-01-01 00:00:00+00:00"),
        ("null", pa.string(), None),
        ("i / 3", None, None),
    ],
)
def test_an_expression_has_the_type_the_server_gives_it(
    mariadb_server: Server, read: Read, sql: str, type_: pa.DataType | None, value: object
) -> None:
    url = mariadb_server.database(
        "set time_zone = '+00:00'",
        "create table t (i int, price decimal(10,2), at timestamp null)",
        "insert into t values (1, 1.5, '2024-01-01'), (2, 2, null)",
    )
    table = read(url, query=f"select {sql} as x from t")
    if type_ is None:
        assert pa.types.is_decimal(table["x"].type)
        return
    found = table["x"][0].as_py()
    assert table["x"].type == type_
    assert (str(found) if isinstance(found, datetime) else found) == value


def test_a_time_with_a_zone_is_the_same_moment_whatever_the_server_is_set_to(
    mariadb_server: Server, read: Read
) -> None:
    url = mariadb_server.database(
        "create table t (at timestamp null)",
        "set time_zone = '+09:00'",
        "insert into t values ('2024-01-01 09:00:00')",
    )
    assert [str(value) for value in read(url, table="t")["at"].to_pylist()] == [
        "2024-01-01 00:00:00+00:00"
    ]


def test_types_hold_over_batches_of_nulls_alone(mariadb_server: Server, read: Read) -> None:
    url = mariadb_server.database(
        "create table t (n int, b boolean, price decimal(10,2), at timestamp null, s text)",
        "insert into t (n) select seq from seq_1_to_40",
        "insert into t values (41, true, 1.5, '2024-01-01', 'x')",
    )
    table = read(url, query="select * from t order by n", rows=10)
    assert [column.null_count for column in table.columns] == [0, 40, 40, 40, 40]
    assert table.schema.types[1:3] == [pa.bool_(), pa.decimal128(10, 2)]


def test_names_of_columns_may_be_anything(mariadb_server: Server, read: Read) -> None:
    names = ['a"b', "a`b", "{x}", "a b%s", "\u00e9\u0130", "select"]
    items = ", ".join("1 as `" + name.replace("`", "``") + "`" for name in names)
    assert read(mariadb_server.database(), query=f"select {items}").column_names == names
