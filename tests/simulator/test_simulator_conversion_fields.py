from collections.abc import Callable

import pytest

from connector.simulator.envelope import Error

Make = Callable[..., dict[str, object]]
Errors = Callable[..., list[Error]]


def invalid(message: str, parameter: str) -> Error:
    return {"code": "INVALID_PARAMETER", "message": message, "parameter": parameter}


@pytest.mark.parametrize(
    "time",
    [
        "2026-03-02T10:20:30.417Z",
        "2026-03-02T10:20:30Z",
        "2026-03-02T10:20:30.417+02:00",
        "2026-03-02T10:20:30-0500",
        "2024-02-29T23:59:59.999Z",
    ],
)
def test_a_time_with_a_zone_is_taken(errors_of: Errors, conversion: Make, time: str) -> None:
    assert not errors_of(conversion(conversion_time=time))


@pytest.mark.parametrize(
    ("time", "shown"),
    [
        ("2026-03-02T10:20:30.000", "2026-03-02T10:20:30.000"),
        ("2026-03-02 10:20:30.000Z", "2026-03-02 10:20:30.000Z"),
        ("2026-03-02", "2026-03-02"),
        ("2026-02-30T10:20:30.000Z", "2026-02-30T10:20:30.000Z"),
        ("2026-03-02T24:00:00.000Z", "2026-03-02T24:00:00.000Z"),
        ("2026-03-02T10:20:60.000Z", "2026-03-02T10:20:60.000Z"),
        ("2026-03-02T10:20:30.4Z", "2026-03-02T10:20:30.4Z"),
        ("2026-03-02T10:20:30.000Z\n", "2026-03-02T10:20:30.000Z\n"),
        ("2026-03-02T10:20:30.000+99:00", "2026-03-02T10:20:30.000+99:00"),
        (
            "\u0662\u0660\u0662\u0666-03-02T10:20:30.000Z",
            "\u0662\u0660\u0662\u0666-03-02T10:20:30.000Z",
        ),
        ("", ""),
        (1772446830417, "1772446830417"),
    ],
)
def test_another_time_is_refused_with_the_form_x_expects(
    errors_of: Errors,
    conversion: Make,
    time: object,
    shown: str,
) -> None:
    assert errors_of(conversion(conversion_time=time)) == [
        invalid(
            f'Expected Time in yyyy-MM-ddTHH:mm:ss.SSSZ, got "{shown}" for conversion_time',
            "conversion_time",
        ),
    ]


def test_a_timestamp_stands_in_for_the_time(errors_of: Errors, conversion: Make) -> None:
    assert not errors_of(conversion(conversion_time=None, conversion_timestamp=1772446830417))
    assert errors_of(conversion(conversion_time=None, conversion_timestamp="1772446830417"))


def test_without_a_time_the_time_is_missing(errors_of: Errors, conversion: Make) -> None:
    assert [entry["code"] for entry in errors_of(conversion(conversion_time=None))] == [
        "MISSING_PARAMETER",
    ]


@pytest.mark.parametrize("value", ["49.90", "1000.00", "12.3345", "0", "-5.00", 49.9, 1000.0, 7])
def test_decimals_are_money_as_text_and_as_numbers(
    errors_of: Errors, conversion: Make, value: object
) -> None:
    assert not errors_of(conversion(value=value, contents=[{"content_price": value}]))


@pytest.mark.parametrize(
    "value",
    ["", "abc", "1,000.00", "1e3", "NaN", "+1", ".5", "1.", " 1", float("inf"), True, [1], {}],
)
def test_what_is_no_finite_decimal_is_no_money(
    errors_of: Errors, conversion: Make, value: object
) -> None:
    found = errors_of(conversion(value=value, contents=[{"content_price": value}]))
    assert [entry["parameter"] for entry in found] == ["value", "content_price"]
    assert all(entry["message"].startswith('Expected Double, got "') for entry in found)


def test_integers_as_money_fail_where_the_switch_says_so(
    errors_of: Errors, conversion: Make
) -> None:
    whole = conversion(value=49, contents=[{"content_price": 49}])
    assert errors_of(whole, integers=False) == [
        invalid('Expected Double, got "49" for value', "value"),
        invalid('Expected Double, got "49" for content_price', "content_price"),
    ]
    assert not errors_of(conversion(value="49", number_items=2), integers=False)
    assert not errors_of(conversion(value=49.0), integers=False)


@pytest.mark.parametrize("count", [0, -1, 1.0, "2", True])
def test_a_count_is_a_whole_number_above_zero(
    errors_of: Errors, conversion: Make, count: object
) -> None:
    found = errors_of(conversion(number_items=count, contents=[{"num_items": count}]))
    assert [entry["parameter"] for entry in found] == ["number_items", "num_items"]


@pytest.mark.parametrize("currency", ["", "EU", "EURO", "E1R", "EUR\n", 978])
def test_a_currency_has_three_letters(
    errors_of: Errors, conversion: Make, currency: object
) -> None:
    found = errors_of(conversion(price_currency=currency))
    assert [entry["parameter"] for entry in found] == ["price_currency"]


@pytest.mark.parametrize("key", ["conversion_id", "description", "event_source_url"])
def test_a_text_may_be_a_number_but_nothing_with_parts(
    errors_of: Errors, conversion: Make, key: str
) -> None:
    assert not errors_of(conversion(**{key: 70431}))
    assert errors_of(conversion(**{key: {"a": 1}})) == [
        invalid(f'Expected String, got "{{"a": 1}}" for {key}', key),
    ]
