"""The ads' sums beside the advertiser's own."""

from datetime import date
from decimal import Decimal

import pytest

from connector.tiktok.metrics.pages import Row
from connector.tiktok.metrics.survey import (
    Sums,
    Survey,
    differing,
    gap_warning,
    survey_of,
    totals_of,
)

DAY, NEXT = date(2026, 3, 1), date(2026, 3, 2)


def row(ad_id: str = "1", day: date = DAY, **metrics: str) -> Row:
    own = {"adgroup_id": "g", "campaign_id": "c", "spend": "1.50", "impressions": "10"}
    return {"ad_id": ad_id, "stat_time_day": f"{day} 00:00:00", **own, **metrics}


def of(**totals: tuple[int | None, str | None]) -> dict[date, Sums]:
    days = {"first": DAY, "second": NEXT}
    return {
        days[name]: Sums(impressions=shown, cost=None if cost is None else Decimal(cost))
        for name, (shown, cost) in totals.items()
    }


def test_rows_are_put_together_by_day_and_ad() -> None:
    found = survey_of([row("1"), row("2", spend="0.25"), row("1", NEXT, impressions="-")])
    assert found.ads == {"1": ("g", "c"), "2": ("g", "c")}
    assert found.days == {
        DAY: Sums(rows=2, impressions=20, cost=Decimal("1.75")),
        NEXT: Sums(rows=1, impressions=0, cost=Decimal("1.50")),
    }


def test_an_advertisers_sums_may_be_null() -> None:
    own = {"stat_time_day": "2026-03-01 00:00:00", "spend": "-", "impressions": "3"}
    assert totals_of([own]) == {DAY: Sums(impressions=3, cost=None)}


@pytest.mark.parametrize(
    ("totals", "days"),
    [
        (of(first=(10, "1.50")), []),
        (of(first=(10, "1.505")), []),  # half a cent a row may be rounding
        (of(first=(10, "1.51")), [DAY]),
        (of(first=(11, "1.50")), [DAY]),
        (of(first=(9, "1.50")), [DAY]),
        (of(first=(None, None)), []),
        (of(first=(10, "1.50"), second=(1, "0.01")), [NEXT]),
        (of(), [DAY]),
    ],
)
def test_days_differ_by_an_impression_or_by_more_than_rounding(
    totals: dict[date, Sums], days: list[date]
) -> None:
    assert differing(survey_of([row()]), totals) == days


def test_a_gap_is_told_with_both_sums() -> None:
    survey = survey_of([row(), row(day=NEXT)])
    totals = of(first=(10, "2.50"), second=(10, "1.75"))
    assert gap_warning(survey, totals, "EUR") == (
        "TikTok Ads: 2 days from 2026-03-01 to 2026-03-02: the ads cost 3.00 EUR and the advertiser"
        " 4.25; the difference belongs to no ad that TikTok names"
    )
    one = gap_warning(survey, of(first=(10, "1.50"), second=(10, "1.75")), "EUR")
    assert one is not None
    assert one.startswith("TikTok Ads: 2026-03-02: the ads cost 1.50 EUR")


def test_without_a_gap_in_cost_nothing_is_told() -> None:
    assert gap_warning(Survey(), {}, "EUR") is None
    assert gap_warning(survey_of([row()]), of(first=(99, "1.50")), "EUR") is None
