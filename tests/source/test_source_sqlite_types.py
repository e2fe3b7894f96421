import sqlite3
from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone

import pyarrow as pa
import pytest

from connector.errors import ConfigurationError
from connector.source import CursorValue
from connector.source.sqlite_types import as_named, bound_sql, text

Read = Callable[..., pa.Table]
Make = Callable[..., str]
Inserted = Callable[..., str]

DECIDED = [
    ("", ["1", "-9223372036854775808", "null"], pa.int64(), [1, -(2**63), None]),
    ("", ["1.5", "1e300", "null"], pa.float64(), [1.5, 1e300, None]),
    ("", ["1", "2.5", "9007199254740993"], pa.float64(), [1.0, 2.5, 9007199254740992.0]),
    ("", ["'a'", "''", "null"], pa.string(), ["a", "", None]),
    ("", ["'it''s \"x\"'", "'a' || char(0) || 'b'"], pa.string(), ["it's \"x\"", "a\0b"]),
    ("", ["'a'", "12345678901234567", "null"], pa.string(), ["a", "12345678901234567", None]),
    ("", ["'a'", "1.5", "1e22", "1e-7", "7.0"], pa.string(),
     ["a", "1.5", "10000000000000000000000", "0.0000001", "7.0"]),
    ("", ["'a'", "0.1", "3"], pa.string(), ["a", "0.1", "3"]),
    ("", ["x'00ff'", "null"], pa.binary(), [b"\0\xff", None]),
    ("", ["null"], pa.null(), [None]),
    ("boolean", ["1", "0", "null"], pa.bool_(), [True, False, None]),
    ("BOOL", ["1"], pa.bool_(), [True]),
    ("boolean", ["1", "2"], pa.int64(), [1, 2]),
    ("boolean", ["1", "'yes'"], pa.string(), ["1", "yes"]),
    ("integer", ["1", "0"], pa.int64(), [1, 0]),
    ("datetime", ["'2024-01-01 00:00:00'"], pa.string(), ["2024-01-01 00:00:00"]),
    ("decimal(10,2)", ["'10.10'", "3"], pa.float64(), [10.1, 3.0]),
    ("varchar", ["12", "'x'"], pa.string(), ["12", "x"]),
    ("boolean", ["null"], pa.bool_(), [None]),
    ("integer", ["null"], pa.int64(), [None]),
    ("double precision", ["null"], pa.float64(), [None]),
    ("blob", ["null"], pa.binary(), [None]),
    ("timestamp", ["null"], pa.null(), [None]),
    ("decimal(10,2)", ["null"], pa.null(), [None]),
    ("varchar(9)", ["null"], pa.string(), [None]),
    ("text", ["null"], pa.string(), [None]),
    ("clob", ["null"], pa.string(), [None]),
]  # fmt: skip


@pytest.fixture
def inserted(sqlite_with: Make) -> Inserted:
    """A table t with a number n and one column x, declared and filled as told."""

    def inserted(declared: str, *values: str) -> str:
        rows = ", ".join(f"({n}, {value})" for n, value in enumerate(values))
        return sqlite_with(
            f"create table t (n integer, x {declared})", f"insert into t values {rows}"
        )

    return inserted


@pytest.mark.parametrize(("declared", "values", "type_", "arrived"), DECIDED)
def test_a_column_gets_the_one_type_that_takes_all_it_holds(
    inserted: Inserted,
    read: Read,
    *,
    declared: str,
    values: list[str],
    type_: pa.DataType,
    arrived: list[object],
) -> None:
    url = inserted(declared, *values)
    for selected in ({"table": "t"}, {"query": "select n, x from t"}):
        column = read(url, **selected)["x"]
        assert column.type == type_
        assert column.to_pylist() == arrived


def test_the_type_is_that_of_all_batches_not_of_the_first(inserted: Inserted, read: Read) -> None:
    url = inserted("", *["null"] * 100, *["1"] * 100, *["2.5"] * 100)
    column = read(url, table="t", rows=100)["x"]
    assert column.type == pa.float64()
    assert [chunk.null_count for chunk in column.chunks] == [100, 0, 0]
    assert column.chunk(1).to_pylist() == [1.0] * 100


def test_the_type_is_that_of_all_rows_whichever_are_read(inserted: Inserted, read: Read) -> None:
    url = inserted("", "1", "2", "'three'")
    assert read(url, table="t")["x"].type == pa.string()
    assert read(url, table="t", limit=2)["x"].type == pa.string()
    assert read(url, table="t", cursor="n", since=2)["x"].to_pylist() == ["three"]


def test_the_declaration_counts_through_a_query_a_join_and_a_view(
    sqlite_with: Make, read: Read
) -> None:
    url = sqlite_with(
        "create table t (id integer, paid boolean)",
        "insert into t values (1, 1)",
        "create view v as select id, paid as settled from t",
    )
    query = "select t.paid, v.settled, t.paid + 0 as computed from t join v using (id)"
    assert read(url, query=query).schema.types == [pa.bool_(), pa.bool_(), pa.int64()]


def test_bytes_beside_other_values_are_to_be_cast(inserted: Inserted, read: Read) -> None:
    with pytest.raises(ConfigurationError, match="the column 'x' mixes bytes"):
        read(inserted("", "x'00'", "'a'"), table="t")


def test_text_that_is_not_utf_8_is_refused_without_being_shown(
    inserted: Inserted, read: Read
) -> None:
    url = inserted("", "cast(x'6a616e65ff' as text)")
    with pytest.raises(ConfigurationError, match="the column 'x' holds text that is not") as failed:
        read(url, table="t")
    assert "jane" not in str(failed.value)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, None),
        ("1e5", "1e5"),
        (10**18, "1000000000000000000"),
        (0.1 + 0.2, "0.30000000000000004"),
        (1.5e-10, "0.00000000015"),
        (-2.0, "-2.0"),
    ],
)
def test_a_number_among_texts_is_written_in_plain_digits(
    value: float | str | None, written: str | None
) -> None:
    assert text(value) == written


def test_names_that_sqlite_numbered_are_the_same_again() -> None:
    assert as_named(["a", "A:1", "a:2", "b:1", "c"]) == ["a", "A", "a", "b:1", "c"]


def at(*parts: int, hours: int = 0) -> datetime:
    return datetime(*parts, tzinfo=timezone(timedelta(hours=hours)))  # type: ignore[misc,arg-type]  # as many parts as the test needs


TIME_BOUNDS: list[tuple[CursorValue, dict[str, bool]]] = [
    (
        at(2024, 1, 2, 10),
        {
            "2024-01-02 09:59:59.999": False,
            "2024-01-02 10:00:00": True,
            "2024-01-02T10:00:00": True,
            "2024-01-02T09:59:59Z": False,
            "2024-01-02T10:00:00.000Z": True,
            "2024-01-02 11:59:59+02:00": False,
            "2024-01-02T12:00:00+02:00": True,
            "2024-01-02 04:30:00 -05:30": True,
            "2024-01-02 04:29:59-05:30": False,
            "2024-01-02 10:00": True,
            "2024-01-02 09:59": False,
            "2024-01-02": False,
            "2024-01-03": True,
        },
    ),
    (
        at(2024, 1, 2, 12, 0, 0, 999_999, hours=2),
        {"2024-01-02 10:00:00.99": True, "2024-01-02 10:00:00": True, "2024-01-02 09:59:59": False},
    ),
    (date(2024, 1, 2), {"2024-01-01": False, "2024-01-02": True, "2024-01-01 23:59:59.9": False}),
    (
        at(2024, 1, 2),
        dict.fromkeys(
            ("", "junk", "2024", "12:30", "20240101", "1704067200", "2023-1-1", " 2023-01-01",
             "2023-01-01T00:00:00+0200", "01.01.2023", "2023-13-41", "2023-01-01 25:00:00"),
            True,
        ),
    ),
    (at(999, 1, 2), {"0999-01-01": False, "0999-01-02": True}),
]  # fmt: skip


@pytest.mark.parametrize(("since", "read_or_not"), TIME_BOUNDS)
def test_texts_of_times_compare_as_times_and_what_is_none_is_always_read(
    since: CursorValue, read_or_not: dict[str, bool]
) -> None:
    condition, bound = bound_sql('the "time"', since)
    connection = sqlite3.connect(":memory:")
    connection.execute('create table t ("the ""time""")')
    connection.executemany("insert into t values (?)", [(value,) for value in read_or_not])
    found = connection.execute(f"select * from t where {condition}", (bound,)).fetchall()
    connection.close()
    assert {value for (value,) in found} == {
        value for value, wanted in read_or_not.items() if wanted
    }


def test_null_is_read_under_every_bound(inserted: Inserted, read: Read) -> None:
    url = inserted("", "null", "'2020-01-01'", "'2024-01-01'")
    assert read(url, table="t", cursor="X", since=at(2023, 1, 1))["n"].to_pylist() == [0, 2]
    as_null = "select n, null as x from t"
    for since in (5, at(2023, 1, 1), date(2023, 1, 1)):
        assert read(url, query=as_null, cursor="x", since=since).num_rows == 3


@pytest.mark.parametrize("declared", ["", "integer", "text"])
def test_numbers_compare_as_numbers_whatever_the_column_is_declared_as(
    inserted: Inserted, read: Read, declared: str
) -> None:
    url = inserted(declared, "9", "10", "11")
    query = "select n, cast(x as integer) as x from t"
    assert read(url, query=query, cursor="x", since=10)["n"].to_pylist() == [1, 2]


def test_what_is_not_a_number_is_read_under_a_number(inserted: Inserted, read: Read) -> None:
    url = inserted("", "4", "5", "'4'", "null")
    assert read(url, table="t", cursor="x", since=5)["n"].to_pylist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("value", "since"),
    [("1704067200", at(2024, 1, 1)), ("1.5", date(2024, 1, 1))],
)
def test_numbers_read_from_a_time_on_are_refused(
    inserted: Inserted, read: Read, value: str, since: CursorValue
) -> None:
    with pytest.raises(ConfigurationError, match="the cursor 'x'"):
        read(inserted("", value), table="t", cursor="x", since=since)


def test_texts_read_from_a_number_on_are_refused(inserted: Inserted, read: Read) -> None:
    with pytest.raises(ConfigurationError, match=r"holds text.*full-refresh"):
        read(inserted("", "'2024-01-01'"), table="t", cursor="x", since=5)


@pytest.mark.parametrize("value", ["1.5", "x'00'"])
def test_a_cursor_of_fractions_or_bytes_is_to_be_cast(
    inserted: Inserted, read: Read, value: str
) -> None:
    with pytest.raises(ConfigurationError, match=r"the cursor 'x' is neither .* cast it"):
        read(inserted("", value), table="t", cursor="x")


def test_an_empty_table_bounds_anything(inserted: Inserted, read: Read) -> None:
    url = inserted("text", "'a'")
    query = "select * from t where false"
    assert read(url, query=query, cursor="x", since=5).num_rows == 0
    assert read(url, query=query, cursor="x", since=date(2024, 1, 1)).num_rows == 0
