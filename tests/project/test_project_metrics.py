from pathlib import Path

import pytest
from configs import config_of, connection_of, faults_of

from connector.project import Metrics

PAGE = Path(__file__).parents[2] / "docs" / "metrics.md"


def metrics_of(text: str) -> Metrics:
    return config_of(f"{connection_of()}metrics: {text}\n").metrics


def test_what_is_left_out_has_its_default() -> None:
    for metrics in (config_of(connection_of()).metrics, metrics_of("{}")):
        assert (metrics.table, metrics.currency) == ("daily_ad_metrics", "USD")
        assert (metrics.wait_days, metrics.exchange_rates) == (1, None)
        assert (metrics.lookback_days.x_ads, metrics.lookback_days.tiktok_ads) == (14, 7)


def test_what_is_written_is_read() -> None:
    metrics = metrics_of(
        "{table: ads.spend, currency: EUR, wait_days: 3, exchange_rates: fx_rates,"
        " lookback_days: {x_ads: 30, tiktok_ads: 0}}"
    )
    assert (metrics.table, metrics.currency) == ("ads.spend", "EUR")
    assert (metrics.wait_days, metrics.exchange_rates) == (3, "fx_rates")
    assert (metrics.lookback_days.x_ads, metrics.lookback_days.tiktok_ads) == (30, 0)


def test_a_single_look_back_is_of_both_platforms() -> None:
    lookback = metrics_of("{lookback_days: 28}").lookback_days
    assert (lookback.x_ads, lookback.tiktok_ads) == (28, 28)


def test_the_other_platform_keeps_its_default() -> None:
    lookback = metrics_of("{lookback_days: {x_ads: 28}}").lookback_days
    assert (lookback.x_ads, lookback.tiktok_ads) == (28, 7)


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("{wait_days: 2}", "metrics.wait_days must be 1 or 3"),
        ("{currency: usd}", "metrics.currency must be a currency's code of three letters"),
        ("{table: Daily Spend}", "metrics.table must be a table's name such as"),
        ("{table: 'a\"; drop'}", "metrics.table must be a table's name such as"),
        ("{table: ads.hourly_ad_metrics}", "metrics.table must be a table's name such as"),
        ("{lookback_days: 366}", "metrics.lookback_days must be a whole number of days from 0"),
        ("{lookback_days: 1.5}", "metrics.lookback_days must be a whole number of days from 0"),
        ("{lookback_days: }", "metrics.lookback_days has no value; it must be a whole number"),
        ("{lookback_days: {x_ads: a}}", "metrics.lookback_days.x_ads must be a whole number"),
        ("{lookback_days: {x: 1}}", "unknown key 'x' in metrics.lookback_days; known here: x_ads"),
        ("{exchange_rates: 7}", "metrics.exchange_rates must be text"),
        ("{tabel: a}", "unknown key 'tabel' in metrics; did you mean 'table'?"),
        ("7", "metrics must be a block of keys (table, currency, wait_days, lookback_days"),
    ],
)
def test_a_mistake_is_told_in_a_sentence(written: str, told: str) -> None:
    [fault] = faults_of(f"{connection_of()}metrics: {written}\n")
    assert fault.startswith("8:")
    assert fault.partition(" ")[2].startswith(told)


def test_every_key_is_documented_with_its_default() -> None:
    page = PAGE.read_text("utf-8")
    for name in (*Metrics.model_fields, "lookback_days.x_ads", "lookback_days.tiktok_ads"):
        assert f"| `metrics.{name}` |" in page
