import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import adrows
from adrows import MADRID, NOW, RATE, ad, day, filling, group, hour

from connector.metrics.rows import AD_COLUMNS, AD_GROUP_COLUMNS, HOUR_COLUMNS, AdDay, Utm
from connector.metrics.staging import (
    BATCH_ROWS,
    schema_of,
    staged_ads,
    staged_groups,
    staged_hours,
)


def staged(*rows: AdDay) -> list[dict[str, object]]:
    with staged_ads(rows, filling()) as stage:
        found: list[dict[str, object]] = stage.batches().read_all().to_pylist()
    return found


def test_a_row_is_completed_with_what_the_platform_does_not_say() -> None:
    [row] = staged(ad(3, likes=None, utm=Utm(utm_term="shoes", utm_inferred=True)))
    assert row | {"ad_platform": "x", "ad_account_id": MADRID.id} == row
    assert row["account_timezone"] == "Europe/Madrid"
    assert (row["date"], row["is_final"], row["imported_at"]) == (day(3), True, NOW)
    assert (row["cost"], row["cost_converted"]) == (Decimal("12.5"), Decimal("13.965"))
    assert (row["exchange_rate"], row["exchange_rate_date"]) == (RATE, day(3))
    assert (row["utm_source"], row["utm_term"], row["utm_inferred"]) == (None, "shoes", True)
    assert list(row) == [column.name for column in AD_COLUMNS]


def test_a_null_stays_apart_from_a_zero() -> None:
    [row] = staged(ad(likes=0, clicks=None, cost=None))
    assert (row["likes"], row["clicks"]) == (0, None)
    assert (row["cost"], row["cost_converted"], row["exchange_rate"]) == (None, None, RATE)


def test_money_has_six_decimals_and_is_no_double() -> None:
    cost = Decimal("123456789012.3456785")
    [row] = staged(ad(cost=cost))
    assert row["cost"] == Decimal("123456789012.345679")


def test_without_a_rate_the_converted_cost_is_null_and_counted() -> None:
    rows = [ad(campaign_currency="JPY"), ad(1, campaign_currency="JPY", cost=None), ad(2)]
    with staged_ads(rows, filling()) as stage:
        assert stage.totals.unconverted == 1
        assert dict(stage.totals.cost) == {"JPY": Decimal("12.5"), "EUR": Decimal("12.5")}
        assert stage.totals.cost_converted == Decimal("13.965")
        assert stage.totals.rows == 3


def test_text_that_a_database_can_not_hold_loses_what_it_can_not() -> None:
    [row] = staged(ad(ad_name="a\0b", campaign_name="half \ud83d of one"))
    assert (row["ad_name"], row["campaign_name"]) == ("ab", "half ? of one")


def test_there_may_be_no_rows() -> None:
    with staged_ads([], filling()) as stage:
        table = stage.batches().read_all()
        assert (table.num_rows, stage.totals.rows) == (0, 0)
        assert table.schema == schema_of(AD_COLUMNS)


def test_rows_are_read_as_often_as_they_are_asked_for() -> None:
    rows = [ad(number % 30, ad_id=str(number)) for number in range(BATCH_ROWS + 1)]
    with staged_ads(iter(rows), filling()) as stage:
        for _ in range(2):
            ids = stage.batches().read_all()["ad_id"].to_pylist()
            assert ids == [row.ad_id for row in rows]
        assert stage.totals.cost["EUR"] == Decimal("12.5") * len(rows)


def test_ad_groups_and_hours_have_columns_of_their_own() -> None:
    with staged_groups([group()], filling()) as groups, staged_hours([hour()], filling()) as hours:
        assert groups.batches().schema == schema_of(AD_GROUP_COLUMNS)
        assert hours.batches().schema == schema_of(HOUR_COLUMNS)
        [row] = hours.batches().read_all().to_pylist()
        assert row["hour"] == datetime(2026, 10, 1, tzinfo=UTC)
        assert (row["billed_engagements"], row["ad_platform"]) == (2, "x")
        assert groups.batches().read_all()["exchange_rate"].to_pylist() == [RATE]


def test_sums_do_not_outgrow_a_cost() -> None:
    cost = Decimal("999999999999.999999")
    rows = [ad(ad_id=str(number), campaign_currency="USD", cost=cost) for number in range(3)]
    with staged_ads(rows, filling()) as stage:
        assert stage.totals.cost["USD"] == 3 * cost


MEASURED = """
import resource
from datetime import timedelta
from adrows import NOW, ad, filling
from connector.metrics.staging import staged_ads
from pyarrow import RecordBatch

def rows(count):
    return (ad(number % 30, ad_id=str(number)) for number in range(count))

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

for count in (20_000, 100_000):
    with staged_ads(rows(count), filling()) as stage:
        assert sum(batch.num_rows for batch in stage.batches()) == count
    print(peak())
"""


def test_memory_does_not_grow_with_the_rows() -> None:
    folder = Path(adrows.__file__).parent
    done = subprocess.run(
        [sys.executable, "-c", MEASURED], capture_output=True, text=True, check=True,
        env={"PYTHONPATH": f"{folder}:{folder.parent}"},
    )  # fmt: skip
    few, many = map(float, done.stdout.split())
    assert many - few < 40
