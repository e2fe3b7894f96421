from datetime import date

import numpy as np
from ad_numbers import NEW_YORK

from connector.simulator.statistics.hours import days_between
from connector.simulator.statistics.series import Column
from connector.simulator.statistics.sums import added, bucketed, listed, totals


def column(*numbers: int | None) -> Column:
    return Column(
        np.array([number or 0 for number in numbers], dtype=np.int64),
        np.array([number is not None for number in numbers]),
    )


def test_a_sum_is_null_only_where_every_part_is() -> None:
    whole = added(
        [
            {"clicks": column(1, None, None), "likes": column(0, None, 2)},
            {"clicks": column(2, 0, None)},
            {},
        ]
    )
    assert listed(whole["clicks"]) == [3, 0, None]
    assert listed(whole["likes"]) == [0, None, 2]


def test_a_sum_leaves_its_parts_alone() -> None:
    part = column(1, 2)
    added([{"clicks": part}, {"clicks": part}])
    assert listed(part) == [1, 2]


def test_a_list_without_any_number_is_null_itself() -> None:
    assert listed(column(None, None)) is None
    assert listed(None) is None
    assert listed(column(0, 0)) == [0, 0]
    assert listed(column()) is None


def test_days_add_up_their_own_hours() -> None:
    hours = days_between(date(2026, 10, 31), date(2026, 11, 2), NEW_YORK)
    hourly = {"clicks": column(*([1] * 24), *([2] * 25), *([None] * 24))}
    assert listed(bucketed(hourly, hours, "DAY")["clicks"]) == [24, 50, None]
    assert listed(bucketed(hourly, hours, "TOTAL")["clicks"]) == [74]
    assert bucketed(hourly, hours, "HOUR") is hourly


def test_a_total_of_nothing_is_null_and_of_zeros_is_zero() -> None:
    series = {"clicks": column(None, None), "likes": column(0, None), "retweets": column(2, 5)}
    names = ("clicks", "likes", "retweets", "replies")
    assert totals(series, names) == {"clicks": None, "likes": 0, "retweets": 7, "replies": None}
