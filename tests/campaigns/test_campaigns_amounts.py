from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.campaigns.amounts import LARGEST_MICROS, micros_of, step_of, units_of


@pytest.mark.parametrize(
    ("units", "micros"),
    [
        ("25.50", 25_500_000),
        ("25", 25_000_000),
        (" 0.000001 ", 1),
        (Decimal("9.995"), 9_995_000),
        (12, 12_000_000),
        (0.1, 100_000),
        ("9223372036854.775807", LARGEST_MICROS),
    ],
)
def test_currency_units_become_micros_exactly(units: str | float | Decimal, micros: int) -> None:
    assert micros_of(units) == micros


@pytest.mark.parametrize(
    ("units", "told"),
    [
        ("25,50", "currency units, such as 25.50"),
        ("-1", "currency units"),
        ("1e3", "currency units"),
        ("NaN", "currency units"),
        ("", "currency units"),
        (True, "currency units"),
        ("1_000", "currency units"),
        ("٣", "currency units"),
        ("0", "above zero"),
        ("0.0000001", "six decimals"),
        ("9223372036854.775808", "more than X can count"),
    ],
)
def test_what_is_no_amount_is_refused(units: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        micros_of(units)


@given(st.integers(min_value=1, max_value=10**15))
def test_micros_survive_the_way_to_units_and_back(micros: int) -> None:
    assert micros_of(units_of(micros)) == micros


@pytest.mark.parametrize(
    ("micros", "shown"),
    [(25_500_000, "25.50"), (1_000_000, "1.00"), (9_995_000, "9.995"), (1, "0.000001")],
)
def test_units_have_two_decimals_or_as_many_as_it_takes(micros: int, shown: str) -> None:
    assert f"{units_of(micros):f}" == shown


def test_a_currency_has_its_smallest_step() -> None:
    steps = {code: step_of(code) for code in ("EUR", "JPY", "CLP", "KWD", "TND", "USD")}
    assert steps == {
        "EUR": 10_000, "JPY": 1_000_000, "CLP": 1_000_000, "KWD": 1_000, "TND": 1_000,
        "USD": 10_000,
    }  # fmt: skip
