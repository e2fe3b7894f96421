import re
from datetime import date, datetime, timedelta
from decimal import Decimal

import pyarrow as pa
import pytest
from rows import NOW, batch_of, mapped, mapping_of, misfits, sql, with_fields

from connector.conversions.mapper import open_mapper

CURSOR = "{table: orders, cursor: updated_at}"
MICROSECONDS = 1_793_611_815_417_999


NO_COLUMN = {
    ("fields", "{conversion_time: paid_at, conversion_id: order_di}"): (
        "5:51 the source has no column 'order_di'; did you mean 'order_id'?"
        " (it has order_id, paid_at, email)"
    ),
    ("fields", "{conversion_time: {column: paid}, conversion_id: order_id}"): (
        "5:36 the source has no column 'paid'; did you mean 'paid_at'?"
    ),
    ("fields", "{conversion_time: paid_at, conversion_id: order_id, number_items: zzz}"): (
        "5:75 the source has no column 'zzz' (it has"
    ),
    ("identifiers", "{email: mail}"): (
        "4:22 the source has no column 'mail'; did you mean 'email'?"
    ),
    ("identifiers", "{email: email, phone: {column: email, region: {column: x}}}"): (
        "4:69 the source has no column 'x'"
    ),
    ("consent", "{column: x, granted: [true]}"): "6:19 the source has no column 'x'",
    ("contents", "{from: x, fields: {content_id: sku}}"): "6:18 the source has no column 'x'",
    ("source", "{table: orders, cursor: x}"): "2:33 the source has no column 'x'",
    (
        "destination",
        "{type: x_conversions, connection: x, pixel_id: {column: x}, event_id: a}",
    ): "3:70 the source has no column 'x'",
}


@pytest.mark.parametrize(("section", "written"), NO_COLUMN)
def test_a_missing_column_is_told_with_its_place_and_the_nearest_name(
    section: str, written: str
) -> None:
    (told,) = misfits({}, **{section: written})
    assert told.startswith(NO_COLUMN[section, written])


def test_everything_that_does_not_fit_is_told_at_once() -> None:
    told = misfits(
        {"paid_at": pa.array([NOW.date()]), "order_id": pa.array([1.5])},
        identifiers="{email: mail}", consent="{sql: uuid(), granted: [true]}",
        source="{table: orders, cursor: order_id}",
    )  # fmt: skip
    assert [problem.partition(" ")[0] for problem in told] == [
        "5:27",
        "5:51",
        "4:22",
        "6:16",
        "2:33",
    ]


def test_a_long_list_of_columns_is_cut() -> None:
    columns = {f"column_{n}": pa.array(["x"]) for n in range(300)}
    (told,) = misfits(dict(columns), identifiers="{email: zzzzzz}")
    assert told.endswith("column_26, …)")


def test_columns_are_found_without_regard_to_case_and_whatever_their_names_hold() -> None:
    columns = {
        "Order ID": pa.array(["7"]),
        'e"mail; --': pa.array(["ada@example.com"]),
        "PAID_AT": batch_of({})["paid_at"],
    }
    batch = pa.RecordBatch.from_pydict(columns)
    mapping = mapping_of(
        fields="{conversion_time: Paid_At, conversion_id: order id}",
        identifiers="""{email: 'E"Mail; --'}""",
    )
    with open_mapper(mapping, batch.schema, now=NOW) as mapper:
        (row,) = mapper.map(batch).to_pylist()
    assert (row["outcome"], row["conversion_id"]) == ("sendable", "7")


@pytest.mark.parametrize(
    "name", ["source", "body", "suppressed", "email.given", "read_row", "cursor", "select"]
)
def test_a_column_may_have_a_name_that_the_statement_uses(name: str) -> None:
    both = with_fields(description=f"'{name}'", event_source_url=sql(f'"{name}"'))
    (row,) = mapped({name: ["here"]}, fields=both)
    assert row["conversion"]["description"] == row["conversion"]["event_source_url"] == "here"


@pytest.mark.parametrize(
    ("column", "kind", "position"),
    [
        (pa.array([MICROSECONDS], pa.timestamp("us", "UTC")), "time", MICROSECONDS),
        (pa.array([MICROSECONDS * 1000 + 999], pa.timestamp("ns", "UTC")), "time", MICROSECONDS),
        (pa.array([MICROSECONDS], pa.timestamp("us")), "time", MICROSECONDS),
        (pa.array([MICROSECONDS * 1000 + 999], pa.timestamp("ns")), "time", MICROSECONDS),
        (pa.array([1_793_611_815_417], pa.timestamp("ms")), "time", 1_793_611_815_417_000),
        (pa.array([1_793_611_815], pa.timestamp("s")), "time", 1_793_611_815_000_000),
        (pa.array([2**62], pa.timestamp("s")), "time", None),
        (pa.array([date(2026, 11, 2)]), "date", 1_793_577_600_000_000),
        (pa.array(["2026-11-02 09:30:15.417999"]), "time", MICROSECONDS),
        (pa.array(["2026-11-02T11:30:15.417999+02:00"]), "time", MICROSECONDS),
        (pa.array(["2026-11-02"]), "time", 1_793_577_600_000_000),
        (pa.array(["now"]), "time", None),
        (pa.array(["nonsense"]), "time", None),
        (pa.array([7]), "integer", 7),
        (pa.array([Decimal(7)], pa.decimal128(38, 0)), "integer", 7),
        (pa.array([2**64 - 1], pa.uint64()), "integer", None),
        (pa.array([None], pa.int64()), "integer", None),
    ],
)
def test_the_cursor_is_a_whole_number(column: pa.Array, kind: str, position: int | None) -> None:
    batch = batch_of({"updated_at": column})
    with open_mapper(mapping_of(source=CURSOR), batch.schema, now=NOW) as mapper:
        assert mapper.cursor_kind == kind
        assert mapper.map(batch).to_pylist()[0]["cursor"] == position


def test_rows_that_are_not_sent_have_a_cursor_too() -> None:
    columns = {
        "updated_at": pa.array([7, 8]),
        "order_id": pa.array([None, "x"]),
        "agreed": pa.array(["y", "n"]),
    }
    consent = "{column: agreed, granted: ['y']}"
    rows = mapped(dict(columns), source=CURSOR, consent=consent)
    assert [(row["outcome"], row["cursor"]) for row in rows] == [("rejected", 7), ("suppressed", 8)]


@pytest.mark.parametrize(
    "column", [pa.array([1.5]), pa.array([True]), pa.array([Decimal("1.5")]), pa.array([b"x"])]
)
def test_another_type_is_no_cursor(column: pa.Array) -> None:
    (told,) = misfits({"updated_at": column}, source=CURSOR)
    assert told.startswith("2:33 the cursor is ")


@pytest.mark.parametrize(
    ("column", "lookback", "message"),
    [
        (pa.array([1]), "2 days", "is a span of time and the cursor BIGINT; write a whole number"),
        (pa.array([Decimal(1)]), "2 days", "is a span of time"),
        (pa.array([NOW]), "0", "is a number and the cursor TIMESTAMP WITH TIME ZONE; write a span"),
        (pa.array([date(2026, 11, 2)]), "7", "is a number and the cursor DATE"),
        (pa.array(["2026-11-02"]), "7", "is a number and the cursor VARCHAR"),
    ],
)
def test_an_overlap_that_its_cursor_cannot_have_is_told(
    column: pa.Array, lookback: str, message: str
) -> None:
    source = f"{{table: orders, cursor: updated_at, lookback: {lookback}}}"
    [told] = misfits({"updated_at": column}, source=source)
    assert told.startswith(f"2:55 lookback {message}")


@pytest.mark.parametrize("lookback", ["2 days", "7"])
def test_an_overlap_of_any_kind_fits_a_cursor_that_holds_nothing(lookback: str) -> None:
    source = f"{{table: orders, cursor: updated_at, lookback: {lookback}}}"
    [row] = mapped({"updated_at": pa.nulls(1)}, source=source)
    assert (row["outcome"], row["cursor"]) == ("sendable", None)


def test_the_statement_does_not_change_with_the_time_it_is_compiled_at() -> None:
    batch = batch_of({})
    said = set()
    for now in (NOW, NOW + timedelta(days=1), datetime(2030, 1, 1, tzinfo=NOW.tzinfo)):
        with open_mapper(mapping_of(), batch.schema, now=now) as mapper:
            said.add(mapper.statement)
    assert len(said) == 1


def test_the_statement_reads_from_top_to_bottom() -> None:
    mapping = mapping_of(fields=with_fields(description=sql("upper(email)")))
    with open_mapper(mapping, batch_of({}).schema, now=NOW) as mapper:
        layers = re.findall(r"(\w+)_row as not materialized", mapper.statement)
        assert layers == ["read", "given", "trimmed", "clean", "valid", "shown", "judged"]
        assert max(map(len, mapper.statement.splitlines())) < 400
