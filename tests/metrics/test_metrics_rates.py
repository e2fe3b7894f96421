from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.errors import ConfigurationError
from connector.metrics.ecb import shipped
from connector.metrics.rates import (
    Exchange,
    Quote,
    Series,
    Source,
    converted,
    ecb_source,
    last_before,
    table_source,
)

D = Decimal


def october(day: int) -> date:
    return date(2026, 10, day)


def fixed(**series: Series) -> Source:
    return Source(name="fx", series=lambda currency: series.get(currency, ()))


def table(*rows: tuple[object, object, object]) -> Source:
    columns = zip(*rows, strict=True)
    batch = pa.RecordBatch.from_arrays(
        [pa.array(list(column)) for column in columns], names=["Date", "currency", "RATE"]
    )
    return table_source("fx_rates", [batch], since=october(1))


def test_the_rate_is_the_days_or_the_last_before_it() -> None:
    series = [(october(2), D(2)), (october(5), D(5))]
    assert last_before(series, october(1)) is None
    assert last_before(series, october(2)) == Quote(rate=D(2), date=october(2))
    assert last_before(series, october(4)) == Quote(rate=D(2), date=october(2))
    assert last_before(series, october(9)) == Quote(rate=D(5), date=october(5))


def test_a_rate_is_used_for_thirty_days() -> None:
    series = [(october(1), D(1))]
    assert last_before(series, october(31)) is not None
    assert last_before(series, date(2026, 11, 1)) is None


@given(days=st.sets(st.integers(1, 28), min_size=1), asked=st.integers(1, 28))
def test_no_rate_is_made_up(days: set[int], asked: int) -> None:
    series = [(october(day), D(day)) for day in sorted(days)]
    quote = last_before(series, october(asked))
    before = [day for day in days if day <= asked]
    assert quote == (Quote(rate=D(max(before)), date=october(max(before))) if before else None)


def test_the_same_currency_is_one_of_the_same_day() -> None:
    exchange = Exchange(currency="EUR", sources=[fixed(EUR=[(october(1), D(7))])])
    assert exchange.quote("EUR", october(9)) == Quote(rate=D(1), date=october(9))
    assert exchange.warnings() == []


def test_a_rate_has_nine_decimals_and_money_six() -> None:
    exchange = Exchange(currency="USD", sources=[fixed(JPY=[(october(1), D(1) / D(170))])])
    quote = exchange.quote("JPY", october(1))
    assert quote is not None
    assert str(quote.rate) == "0.005882353"
    assert str(converted(D(1000), quote)) == "5.882353"
    assert str(converted(D("0.0001"), quote)) == "0.000001"


def test_without_a_rate_or_a_cost_nothing_is_converted() -> None:
    assert converted(None, Quote(rate=D(1), date=october(1))) is None
    assert converted(D(1), None) is None


def test_currencies_with_no_and_with_three_decimals_are_units_like_any_other() -> None:
    series = {"KWD": [(october(1), D("3.25"))], "KRW": [(october(1), D("0.00072"))]}
    exchange = Exchange(currency="USD", sources=[fixed(**series)])
    assert converted(D("1.234"), exchange.quote("KWD", october(1))) == D("4.010500")
    assert converted(D(125_000), exchange.quote("KRW", october(1))) == D("90.000000")


def test_the_configured_table_comes_before_the_ecb() -> None:
    ours, theirs = fixed(GBP=[(october(5), D(2))]), fixed(GBP=[(october(1), D(1))], SEK=[])
    exchange = Exchange(currency="USD", sources=[ours, Source(name="ecb", series=theirs.series)])
    assert exchange.quote("GBP", october(6)) == Quote(rate=D(2), date=october(5))
    assert exchange.quote("GBP", october(4)) == Quote(rate=D(1), date=october(1))


def test_old_rates_are_told_once_and_seven_days_are_not_old() -> None:
    exchange = Exchange(currency="USD", sources=[fixed(EUR=[(october(1), D(1))])])
    exchange.quote("EUR", october(8))
    assert exchange.warnings() == []
    exchange.quote("EUR", october(9))
    exchange.quote("EUR", october(20))
    [told] = exchange.warnings()
    assert told == (
        "exchange rates to USD are more than 7 days older than the days they are used for:"
        " EUR (2026-10-09 to 2026-10-20), the last of 2026-10-01"
    )


def test_missing_rates_are_told_once_however_many_currencies() -> None:
    exchange = Exchange(currency="USD", sources=[fixed()])
    for currency in ("AAA", "BBB", "CCC", "DDD", "EEE", "FFF", "GGG"):
        assert exchange.quote(currency, october(3)) is None
        assert exchange.quote(currency, october(3)) is None
    [told] = exchange.warnings()
    assert told.startswith("no exchange rate to USD for AAA (2026-10-03), BBB")
    assert told.endswith("EEE (2026-10-03) and 2 more: the converted cost is null there")


def test_the_ecb_is_asked_when_a_rate_is_needed() -> None:
    asked = []
    source = ecb_source(lambda: asked.append(1) or shipped(), to="USD")  # type: ignore[func-returns-value]
    exchange = Exchange(currency="USD", sources=[fixed(GBP=[(october(1), D(1))]), source])
    exchange.quote("USD", october(1))
    exchange.quote("GBP", october(1))
    assert asked == []
    quote = exchange.quote("EUR", october(31))
    exchange.quote("JPY", october(31))
    assert asked == [1]
    assert quote == Quote(rate=D("1.1172"), date=october(30))


@pytest.mark.parametrize(
    "written", [october(2), datetime(2026, 10, 2, 23, tzinfo=UTC), "2026-10-02", "2026-10-02 00:00"]
)
@pytest.mark.parametrize("rate", [D("1.25"), 1.25, "1.25"])
def test_a_table_may_have_dates_and_rates_of_any_type(written: object, rate: object) -> None:
    source = table((written, " eur ", rate))
    assert source.series("EUR") == [(october(2), D("1.25"))]


@pytest.mark.parametrize("type_", [pa.float64(), pa.float32()])
def test_a_float_is_the_number_that_people_wrote(type_: pa.DataType) -> None:
    columns = {"date": [october(2)], "currency": ["EUR"], "rate": pa.array([0.9], type_)}
    batch = pa.RecordBatch.from_pydict(columns)
    source = table_source("fx_rates", [batch], since=october(1))
    assert source.series("EUR") == [(october(2), D("0.9"))]


def test_a_date_that_never_comes_is_refused() -> None:
    never = pa.array([2**31 - 1], pa.int32()).cast(pa.date32())
    batch = pa.RecordBatch.from_pydict({"date": never, "currency": ["EUR"], "rate": [1]})
    with pytest.raises(ConfigurationError, match="has a date that is none, such as infinity"):
        table_source("fx_rates", [batch], since=october(1))


def test_rows_without_a_value_and_old_ones_are_left_out() -> None:
    rows = [(october(3), "EUR", D(3)), (october(2), "EUR", None), (date(2026, 8, 1), "EUR", D(9))]
    assert table(*rows).series("EUR") == [(october(3), D(3))]
    assert table(*rows).series("SEK") == ()


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([(october(1), "EUR", 1), (october(1), "eur", 2)], "two rates for eur on 2026-10-01"),
        ([("yesterday", "EUR", 1)], "a date that is none"),
        ([(october(1), "EUR", 0)], "no number above zero"),
        ([(october(1), "EUR", "much")], "no number above zero"),
        ([(october(1), "EUR", float("nan"))], "no number above zero"),
        ([(october(1), "EUR", "1_5")], "no number above zero"),
        ([(october(1), "EUR", 9e-10)], "not between 0.000000001 and 1000000000"),
        ([(october(1), "EUR", 1e9)], "not between 0.000000001 and 1000000000"),
        ([(october(1), "EUR", 1e300)], "not between 0.000000001 and 1000000000"),
    ],
)
def test_a_table_with_something_else_is_refused(
    rows: list[tuple[object, object, object]], words: str
) -> None:
    with pytest.raises(ConfigurationError, match=f"^metrics.exchange_rates: .*fx_rates.*{words}"):
        table(*rows)


def test_a_table_without_a_column_is_refused() -> None:
    batch = pa.RecordBatch.from_pydict({"date": [october(1)], "rate": [1]})
    with pytest.raises(ConfigurationError, match="no column currency; it needs date, currency"):
        table_source("fx_rates", [batch], since=october(1))
