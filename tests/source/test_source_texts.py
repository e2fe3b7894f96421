from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.source.texts import INSTANT, MOMENT, bits, decimal, structs, typed, unhexed

ITEMS = pa.list_(pa.struct([("sku", pa.string()), ("price", pa.decimal128(10, 2))]))


@pytest.mark.parametrize(
    ("precision", "scale", "expected"),
    [
        (12, 2, pa.decimal128(12, 2)),
        (38, 38, pa.decimal128(38, 38)),
        (3, -2, pa.decimal128(5, 0)),
        (3, 5, pa.decimal128(5, 5)),
        (39, 2, pa.string()),
        (38, -1, pa.string()),
    ],
)
def test_a_decimal_has_the_digits_it_needs_or_is_text(
    precision: int, scale: int, expected: pa.DataType
) -> None:
    assert decimal(precision, scale) == expected


@given(st.lists(st.none() | st.decimals(allow_nan=False, allow_infinity=False, places=9)))
def test_digits_survive(values: list[Decimal | None]) -> None:
    small = [None if value is None else value % 10**20 for value in values]
    texts = [None if value is None else format(value, "f") for value in small]
    assert typed(texts, pa.decimal128(38, 9)).to_pylist() == small


@given(st.lists(st.none() | st.floats(allow_nan=False)))
def test_floats_survive(values: list[float | None]) -> None:
    texts = [None if value is None else repr(value) for value in values]
    assert typed(texts, pa.float64()).to_pylist() == values


@given(st.lists(st.none() | st.datetimes()))
def test_times_survive(values: list[object]) -> None:
    texts = [None if value is None else str(value) for value in values]
    assert typed(texts, MOMENT).to_pylist() == values


def test_what_is_no_time_between_the_years_1_and_9999_is_null() -> None:
    strange = ["infinity", "0044-03-15 BC", "10000-01-01 00:00:00", "2024-02-30", "0000-00-00"]
    for type_, plain in ((MOMENT, "2024-03-01 10:00:00.5"), (pa.date32(), "2024-03-01")):
        column = typed([plain, None, *strange], type_)
        assert column.type == type_
        assert column.null_count == 6
        assert str(column[0].as_py()).startswith("2024-03-01")


def test_an_offset_is_kept_beside_a_time_that_is_none() -> None:
    column = typed(["2024-03-01 10:00:00+02", "-infinity"], INSTANT)
    assert [str(value) for value in column.to_pylist()] == ["2024-03-01 08:00:00+00:00", "None"]


def test_nan_is_null_among_decimals_alone() -> None:
    assert typed(["NaN", "1.50"], pa.decimal128(5, 2)).to_pylist() == [None, Decimal("1.50")]
    assert str(typed(["NaN", "1.5"], pa.float64()).to_pylist()[0]) == "nan"


@pytest.mark.parametrize(
    ("text", "type_"),
    [("x", pa.int64()), ("1.239", pa.decimal128(9, 2)), ("1000", pa.decimal128(3, 0))],
)
def test_what_is_no_value_of_its_type_is_an_error_and_not_cut(
    text: str, type_: pa.DataType
) -> None:
    with pytest.raises(pa.ArrowInvalid):
        typed(["1", text], type_)


def test_bits_are_booleans_and_other_numbers_null() -> None:
    assert bits(["1", "0", None, "2", "-1"]).to_pylist() == [True, False, None, None, None]


def test_bytes_come_from_their_digits() -> None:
    assert unhexed(["00ff", "", None]).to_pylist() == [b"\x00\xff", b"", None]


def test_lists_of_structs_keep_digits_nulls_and_empty_lists() -> None:
    texts = [
        '[{"sku": "A", "price": 12345678.10}, null, {"sku": null, "price": null}]',
        None,
        "[]",
        '[[{"sku": "B", "price": 1}], [{"sku": "C", "price": 0.5}]]',
    ]
    assert structs(texts, type_=ITEMS).to_pylist() == [
        [{"sku": "A", "price": Decimal("12345678.10")}, None, {"sku": None, "price": None}],
        None,
        [],
        [{"sku": "B", "price": Decimal(1)}, {"sku": "C", "price": Decimal("0.50")}],
    ]


def test_a_batch_of_nulls_alone_keeps_its_type() -> None:
    for type_ in (ITEMS, pa.decimal128(10, 2), INSTANT, pa.bool_()):
        array = structs([None], type_=type_) if type_ == ITEMS else typed([None], type_)
        assert (array.type, array.null_count) == (type_, 1)


def test_members_are_of_their_types() -> None:
    type_ = pa.list_(pa.struct([("gift", pa.bool_()), ("at", INSTANT), ("weight", pa.float64())]))
    text = '[{"gift": true, "at": "2024-03-01T10:00:00+02:00", "weight": "NaN"}]'
    ((item,),) = structs([text], type_=type_).to_pylist()
    assert item["gift"] is True
    assert str(item["at"]) == "2024-03-01 08:00:00+00:00"
    assert str(item["weight"]) == "nan"
