from collections.abc import Sequence
from decimal import Decimal

import pyarrow as pa
import pytest
from rows import mapped, misfits, one

MONEY = "{conversion_time: paid_at, conversion_id: order_id, value: amount, price_currency: cur}"
ITEMS = "{conversion_time: paid_at, conversion_id: order_id, number_items: quantity}"


def amounts(column: Sequence[object]) -> list[str | None]:
    """Each amount as X gets it, its reason, or None where there is none."""
    rows = mapped({"amount": column, "cur": ["EUR"] * len(column)}, fields=MONEY)
    return [row["reasons"] or row["conversion"].get("value") for row in rows]


def counts(column: Sequence[object]) -> list[int | str | None]:
    """Each number of items as X gets it, its reason, or None where there is none."""
    rows = mapped({"quantity": column}, fields=ITEMS)
    return [row["reasons"] or row["conversion"].get("number_items") for row in rows]


def decimals(width: int, scale: int, *values: str) -> pa.Array:
    return pa.array([Decimal(value) for value in values], pa.decimal128(width, scale))


TEXTS = {
    "12.5": "12.50",
    "12": "12.00",
    " 12 ": "12.00",
    "\u00a012.345\t": "12.345",
    "+5": "5.00",
    ".5": "0.50",
    "5.": "5.00",
    "-0": "0.00",
    "-0.00": "0.00",
    "-.0": "0.00",
    "0": "0.00",
    "000012.3000": "12.30",
    "9.995": "9.995",
    "12.3345": "12.3345",
    "1.10": "1.10",
    "100": "100.00",
    "0.001": "0.001",
    "12345678901234567890123456789012345678901234567890.123456789": (
        "12345678901234567890123456789012345678901234567890.123456789"
    ),
    "-5": "negative_value",
    "-0.0000001": "negative_value",
    "- 5": "invalid_value",
    "+-5": "invalid_value",
    "1e3": "invalid_value",
    "1E3": "invalid_value",
    "1_000": "invalid_value",
    "1,000.00": "invalid_value",
    "12,50": "invalid_value",
    "0x10": "invalid_value",
    "1 000": "invalid_value",
    "€12": "invalid_value",
    "12 EUR": "invalid_value",
    ".": "invalid_value",
    "+": "invalid_value",
    "-": "invalid_value",
    "-.": "invalid_value",
    "..5": "invalid_value",
    "1.2.3": "invalid_value",
    "nan": "invalid_value",
    "inf": "invalid_value",
    "Infinity": "invalid_value",
    "null": "invalid_value",
    "true": "invalid_value",
    "١٢": "invalid_value",
    "１２": "invalid_value",  # noqa: RUF001 - digits of a wide font
    "12\x00": "invalid_value",
    "1\n2": "invalid_value",
    "": None,
    " \t\u2003": None,
}


def test_a_text_is_digits_with_at_most_a_sign_and_a_point() -> None:
    assert dict(zip(TEXTS, amounts(list(TEXTS)), strict=True)) == TEXTS


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (decimals(9, 0, "0", "7", "1000"), ["0.00", "7.00", "1000.00"]),
        (decimals(9, 1, "0", "7", "10.5"), ["0.00", "7.00", "10.50"]),
        (decimals(9, 2, "0", "7", "10.50", "42.25"), ["0.00", "7.00", "10.50", "42.25"]),
        (decimals(9, 3, "0", "7", "9.995", "9.990"), ["0.00", "7.00", "9.995", "9.99"]),
        (decimals(9, 4, "12.3345", "12.3000", "100"), ["12.3345", "12.30", "100.00"]),
        (decimals(38, 6, "0.000001", "1.1"), ["0.000001", "1.10"]),
        (decimals(3, 3, "0.125", "0.1", "0"), ["0.125", "0.10", "0.00"]),
        (decimals(2, 2, "0.12", "0.1"), ["0.12", "0.10"]),
        (decimals(1, 1, "0.5"), ["0.50"]),
        (decimals(38, 38, f"0.{'1' * 38}", "0.5"), [f"0.{'1' * 38}", "0.50"]),
        (decimals(38, 0, "9" * 38), [f"{'9' * 38}.00"]),
        (decimals(38, 10, f"{'9' * 28}.{'9' * 10}"), [f"{'9' * 28}.{'9' * 10}"]),
        (decimals(9, 2, "-0.01"), ["negative_value"]),
        (decimals(38, 38, f"-0.{'0' * 37}1"), ["negative_value"]),
        (decimals(38, 0, "-" + "9" * 38), ["negative_value"]),
        (pa.array([None], pa.decimal128(9, 2)), [None]),
        (pa.array([0, 7, 2**63 - 1]), ["0.00", "7.00", "9223372036854775807.00"]),
        (pa.array([255], pa.uint8()), ["255.00"]),
        (pa.array([2**64 - 1], pa.uint64()), ["18446744073709551615.00"]),
        (pa.array([-1], pa.int8()), ["negative_value"]),
        (pa.array([None], pa.int64()), [None]),
    ],
)
def test_an_exact_number_keeps_every_digit(column: pa.Array, expected: list[str | None]) -> None:
    assert amounts(column) == expected


DOUBLES = {
    0.1 + 0.2: "0.30",
    19.99: "19.99",
    9.995: "9.995",
    1 / 3: "0.333333",
    2 / 3: "0.666667",
    0.9999999: "1.00",
    0.0000004: "0.00",
    1e15 + 1: "1000000000000001.00",
    1e20: "100000000000000000000.00",
    1e22: "10000000000000000000000.00",
    12345678901.23: "12345678901.23",
    0.0: "0.00",
    -0.0000001: "negative_value",
    -1e300: "negative_value",
    2.0**70: f"{2**70}.00",
    0.0000005: "0.00",
    0.0000006: "0.000001",
    0.0078125: "0.007812",
    float("inf"): "invalid_value",
    float("-inf"): "invalid_value",
}


def test_a_double_is_rounded_to_six_decimals() -> None:
    assert dict(zip(DOUBLES, amounts(pa.array(list(DOUBLES))), strict=True)) == DOUBLES
    assert amounts(pa.array([float("nan"), -0.0, None])) == ["invalid_value", "0.00", None]


def test_a_single_float_is_rounded_to_six_decimals() -> None:
    column = pa.array([0.1, 19.99, 12345.67, -0.5], pa.float32())
    assert amounts(column) == ["0.10", "19.99", "12345.669922", "negative_value"]


@pytest.mark.parametrize(
    "column", [pa.array([True]), pa.array([b"1"]), pa.array([1], pa.date32()), pa.array([[1]])]
)
def test_what_is_no_number_cannot_be_a_value(column: pa.Array) -> None:
    (told,) = misfits({"amount": column, "cur": ["EUR"]}, fields=MONEY)
    assert told.startswith("5:68 value is ")
    assert told.endswith("; cast it to DECIMAL in the query")


def test_a_constant_may_be_the_value() -> None:
    fields = MONEY.replace("value: amount", "value: {value: 9.50}")
    row = one({"cur": ["EUR"]}, fields=fields)
    assert (row["value"], row["currency"]) == ("9.50", "EUR")


CURRENCIES = {
    "EUR": "EUR",
    " eur\n": "EUR",
    "jPy": "JPY",
    "XAU": "XAU",
    "": "missing_price_currency",
    " \t": "missing_price_currency",
    "EURO": "invalid_price_currency",
    "€": "invalid_price_currency",
    "US": "invalid_price_currency",
    "US$": "invalid_price_currency",
    "DEM": "invalid_price_currency",
    "E R": "invalid_price_currency",
    "978": "invalid_price_currency",
    "EUR\x00": "invalid_price_currency",
}


def test_a_currency_is_one_of_iso_4217() -> None:
    rows = mapped({"amount": ["1"] * len(CURRENCIES), "cur": list(CURRENCIES)}, fields=MONEY)
    told = [row["reasons"] or row["conversion"]["price_currency"] for row in rows]
    assert dict(zip(CURRENCIES, told, strict=True)) == CURRENCIES
    assert [row["currency"] for row in rows[:3]] == ["EUR", "EUR", "JPY"]


def test_whole_amounts_of_yen_have_two_decimals_too() -> None:
    row = one({"amount": pa.array([1000]), "cur": ["JPY"]}, fields=MONEY)
    assert row["body"].endswith(
        '"value":"1000.00","price_currency":"JPY","conversion_id":"order-0"}'
    )


def test_a_currency_is_sent_and_judged_only_with_a_value() -> None:
    rows = mapped(
        {"amount": [None, " ", "-1"], "cur": ["EUR", "nonsense", "nonsense"]}, fields=MONEY
    )
    assert [row["reasons"] for row in rows] == [None, None, "negative_value invalid_price_currency"]
    assert "price_currency" not in rows[0]["conversion"]
    assert [(row["value"], row["currency"]) for row in rows] == [(None, None)] * 3


def test_a_currency_without_any_value_in_the_mapping_is_not_sent() -> None:
    fields = "{conversion_time: paid_at, conversion_id: order_id, price_currency: cur}"
    row = one({"cur": ["nonsense"]}, fields=fields)
    assert (row["outcome"], row["reasons"]) == ("sendable", None)
    assert "price_currency" not in row["conversion"]


COUNTS = {
    "2": 2,
    " +2 ": 2,
    "2.0": 2,
    "2.": 2,
    "0002": 2,
    str(2**63 - 1): 2**63 - 1,
    str(2**63): "invalid_number_items",
    "9" * 100: "invalid_number_items",
    "2.5": "invalid_number_items",
    "0": "invalid_number_items",
    "-1": "invalid_number_items",
    "-0": "invalid_number_items",
    "1e3": "invalid_number_items",
    "1_000": "invalid_number_items",
    "0x10": "invalid_number_items",
    "1 0": "invalid_number_items",
    ".0": "invalid_number_items",
    "two": "invalid_number_items",
    "": None,
    "\u2003": None,
}


def test_a_count_in_text_is_whole_and_above_zero() -> None:
    assert dict(zip(COUNTS, counts(list(COUNTS)), strict=True)) == COUNTS


WRONG = "invalid_number_items"


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (pa.array([1, 0, -1, 2**63 - 1, None]), [1, WRONG, WRONG, 2**63 - 1, None]),
        (pa.array([2**64 - 1], pa.uint64()), [WRONG]),
        (
            pa.array([2.0, 2.5, 0.0, -1.0, 0.5, 2.0**53 + 2]),
            [2, WRONG, WRONG, WRONG, WRONG, 2**53 + 2],
        ),
        (pa.array([float("nan"), float("inf"), 1e300]), [WRONG, WRONG, WRONG]),
        (decimals(9, 2, "2", "2.5", "0", "-1", "0.01"), [2, WRONG, WRONG, WRONG, WRONG]),
        (decimals(38, 0, "3", "9" * 38), [3, WRONG]),
        (decimals(38, 10, "3", f"{'9' * 28}.{'9' * 10}", f"-{'9' * 28}.5"), [3, WRONG, WRONG]),
        (decimals(38, 38, "0", "0.5"), [WRONG, WRONG]),
    ],
)
def test_a_count_is_whole_and_above_zero(column: pa.Array, expected: list[object]) -> None:
    assert counts(column) == expected


def test_a_count_is_a_number_in_the_body() -> None:
    row = one({"quantity": pa.array([2.0])}, fields=ITEMS)
    assert '"number_items":2,' in row["body"]
