"""Rows on their way to the warehouse: complete, in a file without a name, read again as Arrow.

Downloads end before the warehouse is opened, however many rows there are, in little memory.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from itertools import islice
from operator import attrgetter
from tempfile import TemporaryFile
from typing import BinaryIO, TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from connector.metrics.rates import MONEY_PLACES, Quote, converted
from connector.metrics.rows import (
    AD_COLUMNS,
    AD_GROUP_COLUMNS,
    HOUR_COLUMNS,
    Account,
    AdDay,
    AdGroupDay,
    Column,
    HourRow,
    Type,
)

Row = TypeVar("Row", AdDay, AdGroupDay, HourRow)
Getters = Mapping[str, Callable[[Row], object]]

BATCH_ROWS = 8_192
ARROW: Mapping[Type, pa.DataType] = {
    "date": pa.date32(),
    "text": pa.string(),
    "count": pa.int64(),
    "money": pa.decimal128(18, 6),
    "rate": pa.decimal128(18, 9),
    "flag": pa.bool_(),
    "instant": pa.timestamp("us", tz="UTC"),
}


@dataclass(frozen=True, kw_only=True)
class Filling:
    """What the platform's rows don't say of themselves.

    `quote` gives a currency's rate on a day, `is_final` whether a day's numbers still change;
    `imported_at` is aware.
    """

    account: Account
    quote: Callable[[str, date], Quote | None]
    is_final: Callable[[date], bool]
    imported_at: datetime


@dataclass
class Totals:
    """The sums of what is staged: cost by currency as it was spent, and converted.

    `unconverted` is how many rows have a cost and no rate.
    """

    rows: int = 0
    cost: defaultdict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    cost_converted: Decimal = Decimal(0)
    unconverted: int = 0


@dataclass(frozen=True, kw_only=True)
class Stage:
    """Rows of a table, complete; `batches` gives them as often as it is called."""

    columns: tuple[Column, ...]
    totals: Totals
    file: BinaryIO

    def batches(self) -> pa.RecordBatchReader:
        """The rows from the first on; a reader that is still open is spoilt by it."""
        self.file.seek(0)
        return pa.ipc.open_stream(self.file)


def schema_of(columns: tuple[Column, ...]) -> pa.Schema:
    """The Arrow schema of a table's columns."""
    return pa.schema([pa.field(column.name, ARROW[column.type]) for column in columns])


@contextmanager
def staged_ads(rows: Iterable[AdDay], filling: Filling) -> Iterator[Stage]:
    """The rows of `daily_ad_metrics`, until the block is left; `rows` is read to its end."""
    links = {
        f"utm_{name}": attrgetter(f"utm.utm_{name}")
        for name in ("source", "medium", "campaign", "content", "term", "inferred")
    }
    with _staged(rows, AD_COLUMNS, {**_daily(filling), **links}) as stage:
        yield stage


@contextmanager
def staged_groups(rows: Iterable[AdGroupDay], filling: Filling) -> Iterator[Stage]:
    """The rows of `daily_ad_group_metrics`, likewise."""
    with _staged(rows, AD_GROUP_COLUMNS, _daily(filling)) as stage:
        yield stage


@contextmanager
def staged_hours(rows: Iterable[HourRow], filling: Filling) -> Iterator[Stage]:
    """The rows of `hourly_ad_metrics`, likewise; they have no rates and no finality."""
    with _staged(rows, HOUR_COLUMNS, _of_account(filling)) as stage:
        yield stage


def _of_account(filling: Filling) -> Getters[Row]:
    account = filling.account
    constants = {
        "ad_platform": account.platform,
        "ad_account_id": account.id,
        "account_timezone": account.timezone,
        "imported_at": filling.imported_at,
    }
    return {name: _constant(value) for name, value in constants.items()}


def _constant(value: object) -> Callable[[object], object]:
    return lambda _row: value


def _daily(filling: Filling) -> Getters[AdGroupDay]:
    def quote(row: AdGroupDay) -> Quote | None:
        return filling.quote(row.campaign_currency, row.date)

    def rate(row: AdGroupDay) -> Decimal | None:
        found = quote(row)
        return found.rate if found else None

    def rate_date(row: AdGroupDay) -> date | None:
        found = quote(row)
        return found.date if found else None

    return {
        **_of_account(filling),
        "cost_converted": lambda row: converted(_money(row.cost), quote(row)),
        "exchange_rate": rate,
        "exchange_rate_date": rate_date,
        "is_final": lambda row: filling.is_final(row.date),
    }


@contextmanager
def _staged(
    rows: Iterable[Row], columns: tuple[Column, ...], getters: Getters[Row]
) -> Iterator[Stage]:
    schema, totals = schema_of(columns), Totals()
    following = iter(rows)
    with TemporaryFile(prefix="connector-") as file:
        with pa.ipc.new_stream(file, schema) as writer:
            while portion := list(islice(following, BATCH_ROWS)):
                batch = _batch(portion, columns, getters)
                _add(totals, batch)
                writer.write_batch(batch)
        file.flush()
        yield Stage(columns=columns, totals=totals, file=file)


def _batch(rows: list[Row], columns: tuple[Column, ...], getters: Getters[Row]) -> pa.RecordBatch:
    arrays = []
    for column in columns:
        getter = getters.get(column.name) or attrgetter(column.name)
        arrays.append(_array([getter(row) for row in rows], column.type))
    return pa.RecordBatch.from_arrays(arrays, schema=schema_of(columns))


def _array(values: list[object], type_: Type) -> pa.Array:
    if type_ == "money":
        values = [_money(value) for value in values]  # type: ignore[arg-type]
    if type_ != "text":
        return pa.array(values, ARROW[type_])
    try:
        array = pa.array(values, ARROW[type_])
    except UnicodeEncodeError:
        # JSON may hold half of a character, which no database takes.
        array = pa.array([value and _whole(str(value)) for value in values], ARROW[type_])
    # PostgreSQL has no text with a zero in it.
    return pc.replace_substring(array, "\0", "")


def _whole(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def _money(amount: Decimal | None) -> Decimal | None:
    return None if amount is None else amount.quantize(MONEY_PLACES, ROUND_HALF_UP)


def _add(totals: Totals, batch: pa.RecordBatch) -> None:
    totals.rows += batch.num_rows
    costs = zip(batch["campaign_currency"].to_pylist(), batch["cost"].to_pylist(), strict=True)
    for currency, cost in costs:
        if cost is not None:
            totals.cost[currency] += cost
    if "cost_converted" in batch.schema.names:
        of_money = batch["cost_converted"]
        totals.cost_converted += pc.sum(of_money).as_py() or 0
        totals.unconverted += of_money.null_count - batch["cost"].null_count
