"""A row that PostgreSQL prints as one text is taken apart into what stood in its columns."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial

import psycopg
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from servers import Server

from connector.source.postgresql_rows import batch, row_item
from connector.source.texts import INSTANT, MOMENT, Column, column, structs, unhexed

Read = Callable[..., pa.Table]
Texts = Sequence[str | None]

# All that a record or CSV could take for something else, and what no rule of theirs is about.
SIGNS = "\"\\,()\n\r\t\x01\x1f\x7f '{}Na\u0085\u00a0\u2028\ufeff\u0130é\U0001f600"
TEXT = st.text(st.sampled_from(SIGNS) | st.characters(codec="utf-8", exclude_characters="\0"))
CELLS = st.none() | TEXT | st.sampled_from(["", "NULL", "\\N", '""', "\\", "\r\n", '"\n"'])
TABLE = st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=30)


def printed(*cells: str | None) -> str:
    """A record as PostgreSQL's manual says it prints, between two columns that are null."""
    return f"(,{','.join(map(printed_cell, cells))},)"


def printed_cell(text: str | None) -> str:
    if text is None:
        return ""
    quoted = not text or any(sign in '"\\,()' or sign.isspace() for sign in text)
    inner = text.replace("\\", "\\\\").replace('"', '""')
    return f'"{inner}"' if quoted else inner


def lines(rows: Sequence[Texts]) -> bytes:
    return "\n".join(printed(*row) for row in rows).encode()


def texts_named(*names: str) -> list[Column]:
    return [column(name, pa.string(), sql=f'selection."{name}"') for name in names]


def arrived(type_: pa.DataType, *texts: str | None) -> pa.Array:
    one = [column("x", type_, sql="")]
    return batch(lines([[text] for text in texts]), one)["x"]


@settings(deadline=None)
@given(rows=TABLE)
def test_texts_come_apart_as_they_were(rows: list[Texts]) -> None:
    found = batch(lines(rows), texts_named("a", "b", "c"))
    assert list(zip(*(found[name].to_pylist() for name in "abc"), strict=True)) == rows


@settings(deadline=None)
@given(rows=TABLE)
def test_a_server_prints_records_as_its_manual_says(server: Server, rows: list[Texts]) -> None:
    records = ", ".join(["(null, %s::text, %s::text, %s::text, null)"] * len(rows))
    url = server.owner("public").partition("?")[0].replace("+psycopg", "")
    with psycopg.connect(url) as connection:
        given_ = [cell for row in rows for cell in row]
        cursor = psycopg.ClientCursor(connection)
        query = f"select row(t.*)::text from (values {records}) t"
        told = [text for (text,) in cursor.execute(query, given_).fetchall()]
    found = batch("\n".join(told).encode(), texts_named("a", "b", "c"))
    assert list(zip(*(found[name].to_pylist() for name in "abc"), strict=True)) == rows


@pytest.fixture(scope="module")
def server(postgresql_server: Server) -> Server:
    return postgresql_server


def test_a_null_is_not_an_empty_text() -> None:
    assert arrived(pa.string(), None, "", "NULL", None).to_pylist() == [None, "", "NULL", None]


def test_one_item_of_a_select_holds_every_column() -> None:
    columns = [column("a", pa.int64(), sql="one"), column("b", pa.string(), sql="two::text")]
    assert row_item(columns) == "row(null, one, two::text, null)::pg_catalog.text"


@pytest.mark.parametrize(
    ("type_", "texts", "values"),
    [
        (pa.bool_(), ["true", "false", None], [True, False, None]),
        (pa.int16(), ["-32768", None, "7"], [-32768, None, 7]),
        (pa.int64(), ["9223372036854775807"], [2**63 - 1]),
        (pa.float64(), ["0.1", "-Infinity", "5e-324"], [0.1, float("-inf"), 5e-324]),
        (pa.decimal128(38, 2), ["1.10", "-0.01"], [Decimal("1.10"), Decimal("-0.01")]),
        (pa.decimal128(4, 2), ["1.10", "NaN", None], [Decimal("1.10"), None, None]),
    ],
)
def test_a_text_becomes_its_columns_type(
    type_: pa.DataType, texts: Texts, values: Sequence[object]
) -> None:
    found = arrived(type_, *texts)
    assert found.type == type_
    assert found.to_pylist() == values


@pytest.mark.parametrize("type_", [MOMENT, INSTANT])
def test_a_time_that_is_none_leaves_those_beside_it(type_: pa.DataType) -> None:
    zone = "+00" if type_ == INSTANT else ""
    good, later = f"2024-03-31 02:30:00.5{zone}", f"10000-01-01 00:00:00{zone}"
    found = arrived(type_, good, "infinity", None, later, f"0044-03-15 00:00:00{zone} BC", good)
    told = datetime(2024, 3, 31, 2, 30, 0, 500_000, UTC if type_ == INSTANT else None)
    assert found.to_pylist() == [told, None, None, None, None, told]


def test_bytes_and_lists_are_read_from_their_texts() -> None:
    items = pa.list_(pa.struct([pa.field("sku", pa.string())]))
    columns = [
        column("y", pa.binary(), sql="", array=unhexed),
        column("items", items, sql="", array=partial(structs, type_=items)),
    ]
    found = batch(lines([("00ff", '[{"sku": "a\\\\\\"b"}, null]'), (None, None)]), columns)
    assert found["y"].to_pylist() == [b"\x00\xff", None]
    assert found["items"].to_pylist() == [[{"sku": 'a\\"b'}, None], None]


@pytest.mark.parametrize("text", ["", "x", "1.5", "2147483648"])
def test_a_text_that_is_no_value_of_its_type_is_an_error(text: str) -> None:
    with pytest.raises(pa.ArrowInvalid):
        arrived(pa.int32(), "1", text)


def test_a_row_of_other_columns_is_an_error() -> None:
    with pytest.raises(pa.ArrowInvalid):
        batch(b"(,1,2,)", texts_named("a"))


def test_the_schema_keeps_names_and_marks() -> None:
    names = ['a"b', "a,b", "0", "(", ""]
    columns = [column(name, pa.string(), sql="", mark=b"json") for name in names]
    found = batch(lines([["{}"] * 5]), columns)
    assert found.schema.equals(pa.schema([one.field for one in columns]), check_metadata=True)
    assert found.schema.field("(").metadata == {b"connector.type": b"json"}


@pytest.mark.parametrize("sign", ["x", '"', "\\", "\n", "é", "\U0001f600"])
def test_a_text_of_many_megabytes_arrives_whole(
    postgresql_with: Callable[..., str], read: Read, sign: str
) -> None:
    query = f"select repeat(chr({ord(sign)}), 3000000) as x, 1 as i from generate_series(1, 2)"
    table = read(postgresql_with(), query=query)
    assert table["i"].to_pylist() == [1, 1]
    assert set(table["x"].to_pylist()) == {sign * 3_000_000}
