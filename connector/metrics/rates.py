"""Exchange rates: a table of the warehouse, else the ECB's; the day's or the last before it.

A rate is units of `metrics.currency` for one of the campaign's currency, to nine decimals. None is
interpolated, none is older than thirty days, and what is old or missing is told once.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import cache

import pyarrow as pa

from connector.errors import ConfigurationError
from connector.metrics.ecb import ReferenceRates

FRESH_DAYS = 7
LONGEST_DAYS = 30
PLACES = Decimal("1e-9")
LARGEST = Decimal(10**9)
"""What the column of rates, a DECIMAL(18,9), has no room for."""
MONEY_PLACES = Decimal("1e-6")
NAMED = 5
"""So many currencies are named in a warning."""

Series = Sequence[tuple[date, Decimal]]
"""Days, ascending, with the rate of each."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Quote:
    """A rate, and the day it is of."""

    rate: Decimal
    date: date


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where rates come from, and what that is called; `series` is asked once for a currency."""

    name: str
    series: Callable[[str], Series]


def last_before(series: Series, day: date) -> Quote | None:
    """The rate of a day, or the last one before it that is at most thirty days older."""
    position = bisect_right(series, day, key=lambda entry: entry[0])
    if not position:
        return None
    found, rate = series[position - 1]
    if (day - found).days > LONGEST_DAYS:
        return None
    return Quote(rate=rate, date=found)


def converted(money: Decimal | None, quote: Quote | None) -> Decimal | None:
    """Money at a rate, to six decimals; None without either."""
    if money is None or quote is None:
        return None
    return (money * quote.rate).quantize(MONEY_PLACES, ROUND_HALF_UP)


@dataclass
class _Noted:
    """The rows' days of one currency with one remark, and the days that the rates are of."""

    days: set[date] = field(default_factory=set)
    rates: set[date] = field(default_factory=set)


class Exchange:
    """Rates to one currency, and what there is to say of those that were asked for."""

    def __init__(self, *, currency: str, sources: Sequence[Source]) -> None:
        self.currency = currency
        self._sources = sources
        self._known: dict[tuple[str, date], Quote | None] = {}
        self._series: dict[tuple[str, str], Series] = {}
        self._old: dict[str, _Noted] = {}
        self._missing: dict[str, _Noted] = {}

    def quote(self, currency: str, day: date) -> Quote | None:
        """The rate for a campaign's currency on a day of its account, None when there is none."""
        key = (currency, day)
        if key not in self._known:
            self._known[key] = self._looked_up(currency, day)
        return self._known[key]

    def warnings(self) -> list[str]:
        """A sentence for the rates that are old, and one for those that are missing."""
        told = []
        if self._old:
            rates = [max(noted.rates) for noted in self._old.values()]
            told.append(
                f"exchange rates to {self.currency} are more than {FRESH_DAYS} days older than the"
                f" days they are used for: {_listed(self._old)}, the last of {max(rates)}"
            )
        if self._missing:
            told.append(
                f"no exchange rate to {self.currency} for {_listed(self._missing)}: the converted"
                " cost is null there"
            )
        return told

    def _looked_up(self, currency: str, day: date) -> Quote | None:
        if currency == self.currency:
            return Quote(rate=Decimal(1), date=day)
        quotes = (last_before(self._of(source, currency), day) for source in self._sources)
        quote = next((found for found in quotes if found), None)
        if quote is None:
            self._missing.setdefault(currency, _Noted()).days.add(day)
        elif (day - quote.date).days > FRESH_DAYS:
            noted = self._old.setdefault(currency, _Noted())
            noted.days.add(day)
            noted.rates.add(quote.date)
        return quote

    def _of(self, source: Source, currency: str) -> Series:
        key = (source.name, currency)
        if key not in self._series:
            self._series[key] = [
                (day, rate.quantize(PLACES, ROUND_HALF_UP)) for day, rate in source.series(currency)
            ]
        return self._series[key]


def _listed(noted: Mapping[str, _Noted]) -> str:
    names = sorted(noted)
    parts = [f"{name} ({_range(noted[name].days)})" for name in names[:NAMED]]
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(parts) + more


def _range(days: Iterable[date]) -> str:
    first, last = min(days), max(days)
    return f"{first}" if first == last else f"{first} to {last}"


def ecb_source(rates: Callable[[], ReferenceRates], *, to: str) -> Source:
    """The ECB's rates as cross rates through the euro; `rates` is called when one is needed."""
    read = cache(rates)
    return Source(name="the ECB", series=lambda currency: read().cross(currency, to))


def table_source(name: str, batches: Iterable[pa.RecordBatch], *, since: date) -> Source:
    """The rates of a table with the columns date, currency and rate, read to its end.

    Args:
        name: the table's, for messages.
        batches: its rows.
        since: the first day that rates are needed for; older ones are left out.

    Raises:
        ConfigurationError: a column is missing, a value is none, or a day has two rates.
    """
    rates: dict[str, dict[date, Decimal]] = {}
    earliest = since - timedelta(days=LONGEST_DAYS)
    for batch in batches:
        for written, currency, number in zip(*_columns(name, batch), strict=True):
            if written is None or currency is None or number is None:
                continue
            day, rate = _day(name, written), _rate(name, number)
            known = rates.setdefault(str(currency).strip().upper(), {})
            if day >= earliest and known.setdefault(day, rate) != rate:
                raise _wrong(name, f"has two rates for {currency} on {day}")
    found = {currency: sorted(known.items()) for currency, known in rates.items()}
    return Source(name=name, series=lambda currency: found.get(currency, ()))


def _columns(name: str, batch: pa.RecordBatch) -> list[list[object]]:
    places = {column.lower(): place for place, column in enumerate(batch.schema.names)}
    missing = [column for column in ("date", "currency", "rate") if column not in places]
    if missing:
        raise _wrong(name, f"has no column {missing[0]}; it needs date, currency and rate")
    rates = batch.column(places["rate"])
    if pa.types.is_floating(rates.type):
        # As people wrote it: the shortest number that is read back as it, not what it holds.
        rates = rates.cast(pa.string())
    try:
        days = batch.column(places["date"]).to_pylist()
    except (OverflowError, ValueError):
        raise _wrong(name, "has a date that is none, such as infinity") from None
    return [days, batch.column(places["currency"]).to_pylist(), rates.to_pylist()]


def _day(name: str, written: object) -> date:
    if isinstance(written, datetime):
        return written.date()
    if isinstance(written, date):
        return written
    try:
        return datetime.fromisoformat(str(written)).date()
    except ValueError:
        raise _wrong(name, "has a date that is none, or no date of the kind 2026-12-31") from None


def _rate(name: str, number: object) -> Decimal:
    text = str(number)
    try:
        rate = Decimal("nan" if "_" in text else text)
    except InvalidOperation:
        rate = Decimal("nan")
    if not rate.is_finite() or rate <= 0:
        raise _wrong(name, "has a rate that is no number above zero")
    if not PLACES <= rate < LARGEST:
        raise _wrong(name, f"has a rate that is not between {PLACES:f} and {LARGEST}")
    return rate


def _wrong(name: str, what: str) -> ConfigurationError:
    return ConfigurationError(f"metrics.exchange_rates: the table {name} {what}")
