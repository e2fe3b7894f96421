import math
import random
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.conversions.anomalies import (
    ENOUGH_ROWS,
    FEWEST_RUNS,
    LAST_RUNS,
    Figures,
    past,
    unusual,
)

HOUR = 3_600_000
QUARTER = HOUR // 4
DAY_RUNS = 96


def figures(
    rows: int, number: int = 0, *, eur: float | None = None, twclid: int | None = None,
    waited: float = 0.25, interval: float = 0.25, **currencies: float,
) -> Figures:  # fmt: skip
    """A run at a quarter of an hour; a row is worth 10 EUR, and six of ten have a click id."""
    value = {"EUR": rows * 10.0 if eur is None else eur} | currencies
    return Figures(
        at=number * QUARTER, waited=waited, interval=interval, rows=rows,
        value={currency: Decimal(str(amount)) for currency, amount in value.items() if amount},
        identifiers={"twclid": rows * 6 // 10 if twclid is None else twclid, "hashed_email": rows},
    )  # fmt: skip


def series(*rows: int) -> list[Figures]:
    return [figures(count, number) for number, count in enumerate(rows)]


STEADY = series(*[80, 120, 310, 200] * 5)
NEXT = len(STEADY)


def test_ten_times_the_rows_are_told_with_what_there_was() -> None:
    found = unusual(figures(12_400, NEXT, eur=3_000), STEADY)
    assert found[0] == "new rows: 12,400, the last 20 runs had 80 to 310"


@pytest.mark.parametrize(
    ("now", "before"),
    [
        (figures(1_240, NEXT), STEADY),  # four times the most
        (figures(49, NEXT), series(*[1] * 20)),  # too few to matter
        (figures(3, NEXT), series(*[0] * 20)),
        (figures(12_400, NEXT), STEADY[: FEWEST_RUNS - 1]),
        (figures(500, NEXT), series(*[0] * 16, *[9] * (FEWEST_RUNS - 1))),
        (figures(20 * 310, NEXT, waited=5.0), STEADY),  # after five hours of standing still
    ],
)  # fmt: skip
def test_more_rows_are_no_anomaly(now: Figures, before: Sequence[Figures]) -> None:
    assert unusual(now, before) == []


def test_a_warehouse_that_is_loaded_once_a_day_is_none_either() -> None:
    quiet = [figures(0, number, waited=number % DAY_RUNS / 4) for number in range(7 * DAY_RUNS)]
    loads = [figures(5_000, number * DAY_RUNS, waited=24.0) for number in range(7)]
    before = sorted([*quiet, *loads], key=lambda each: each.at)
    number = 7 * DAY_RUNS
    assert unusual(figures(12_000, number, waited=24.0), before) == []
    found = unusual(figures(50_000, number, waited=24.0), before)
    assert found == [f"new rows: 50,000, the last {len(before)} runs had 0 to 5,000"]


def test_none_where_all_runs_had_many_are_told() -> None:
    found = unusual(figures(0, NEXT), STEADY)
    assert found == ["new rows: 0, the last 20 runs had 80 to 310"]
    assert unusual(figures(8, NEXT), STEADY) == []
    assert unusual(figures(0, NEXT), [*STEADY[1:], figures(ENOUGH_ROWS - 1, 0)]) == []


def test_a_second_run_right_behind_the_first_has_nothing_to_find() -> None:
    assert unusual(figures(0, NEXT, interval=0.01, waited=0.01), STEADY) == []


def test_nights_are_known_after_a_week() -> None:
    day = [300] * 48 + [0] * 48
    week = series(*day * 8)
    noon = len(week) + 24
    assert "at this time of day" in unusual(figures(0, noon), week)[0]
    assert unusual(figures(0, noon + 48), week) == []
    assert unusual(figures(0, noon), week[-3 * DAY_RUNS :]) == []


def test_a_wait_much_longer_than_any_before_is_told_once_a_week_is_known() -> None:
    week = [figures(number % 2, number, waited=0.5) for number in range(8 * DAY_RUNS)]
    now = figures(0, len(week), waited=2.0)
    assert unusual(now, week) == [
        "new rows: none for 2.0 hours, the longest wait of the last 768 runs was 0.5 hours"
    ]
    assert unusual(replace(now, waited=1.5), week) == []
    assert unusual(now, week[-DAY_RUNS:]) == []


@pytest.mark.parametrize(
    ("now", "sentence"),
    [
        ({"eur": 31_001}, "value: 31,001.00 EUR, the last 20 runs had 800.00 EUR to 3,100.00 EUR"),
        ({"eur": 20}, "value of a row: 0.10 EUR, the last 20 runs had 10.00 EUR"),
        ({"USD": 1_500.0}, "value: 1,500.00 USD, the last 20 runs had none"),
        ({"twclid": 10}, "rows with twclid: 5%, the last 20 runs had 60%"),
        ({"eur": 31_000}, None), ({"eur": 200}, None), ({"USD": 300.0}, None),
        ({"twclid": 40}, None), ({"twclid": 200}, None),
    ],
)  # fmt: skip
def test_value_and_coverage_are_told_where_they_are_far_outside(
    now: dict[str, Any], sentence: str | None
) -> None:
    assert unusual(figures(200, NEXT, **now), STEADY) == ([sentence] if sentence else [])


def test_a_few_rows_say_nothing_about_shares_and_currencies() -> None:
    few = ENOUGH_ROWS - 1
    assert unusual(figures(few, NEXT, eur=0, twclid=0, USD=900.0), STEADY) == []
    assert unusual(figures(70, NEXT, twclid=0, eur=1), series(*[few] * 20)) == []
    one_order = [figures(1, number) for number in range(20)]
    assert unusual(figures(1, NEXT, eur=5_000), one_order) == []


def test_a_value_that_is_mapped_for_the_first_time_is_no_new_currency() -> None:
    before = [replace(each, value={}) for each in STEADY]
    assert unusual(figures(200, NEXT), before) == []


def test_a_rare_identifier_may_be_missing() -> None:
    before = [replace(each, identifiers={"twclid": each.rows // 12}) for each in STEADY]
    assert unusual(figures(200, NEXT, twclid=0), before) == []


RUNS = st.lists(st.integers(0, 2_000), min_size=FEWEST_RUNS, max_size=30)


@given(st.integers(0, 5_000), st.integers(0, 100), st.integers(1, 40))
def test_the_same_as_ever_is_never_unusual(rows: int, share: int, runs: int) -> None:
    every = [figures(rows, n, twclid=rows * share // 100) for n in range(runs + 1)]
    assert unusual(every[-1], every[:-1]) == []


@given(RUNS, st.data())
def test_what_an_earlier_run_had_is_not_unusual(rows: list[int], data: st.DataObject) -> None:
    before = series(*rows)
    again = data.draw(st.sampled_from(before))
    assert unusual(replace(again, at=len(rows) * QUARTER), before) == []


@given(
    st.lists(st.tuples(st.integers(ENOUGH_ROWS, 99), st.integers(0, 20)), min_size=6, max_size=20),
    st.integers(1, 50),
)  # fmt: skip
def test_coverage_is_judged_alike_whatever_the_size(runs: list[tuple[int, int]], by: int) -> None:
    def told(scale: int) -> bool:
        every = [
            figures(rows * scale, number, twclid=having * scale)
            for number, (rows, having) in enumerate(runs)
        ]
        return any("twclid" in sentence for sentence in unusual(every[-1], every[:-1]))

    assert told(by) == told(1)


@given(RUNS, st.integers(0, 50_000), st.integers(0, 50_000))
def test_of_two_jumps_the_larger_is_told_as_well(rows: list[int], one: int, other: int) -> None:
    before, small, large = series(*rows), min(one, other), max(one, other)
    told = [
        any(sentence.startswith("new rows") for sentence in unusual(figures(n, 99), before))
        for n in (max(small, *rows), max(large, *rows))
    ]
    assert told != [True, False]


def year(seed: int) -> list[Figures]:
    """Quarter-hourly runs of a shop with nights, weekends and orders of every size."""
    chance = random.Random(seed)
    runs, sent = [], 0
    for number in range(365 * DAY_RUNS):
        hour, weekend = number / 4 % 24, number // DAY_RUNS % 7 >= 5
        daylight = max(0.0, math.sin(math.pi * (hour - 6) / 17))
        mean = 400 * (0.01 + 0.99 * daylight) * (0.3 if weekend else 1)
        # Both are near enough to Poisson's and to a binomial distribution.
        rows = max(0, round(chance.gauss(mean, math.sqrt(mean))))
        having = round(chance.gauss(0.6 * rows, math.sqrt(0.24 * rows)))
        eur = round(rows * chance.lognormvariate(3, 1 / math.sqrt(rows or 1)), 2)
        runs.append(figures(
            rows, number, eur=eur, twclid=min(rows, max(0, having)), waited=(number - sent) / 4
        ))  # fmt: skip
        sent = number if rows else sent
    return runs


@pytest.fixture(scope="module")
def shop_year() -> list[Figures]:
    return year(20_260_101)


def test_a_year_of_nights_and_weekends_has_no_false_alarm(shop_year: list[Figures]) -> None:
    judged = range(3, len(shop_year), 97)  # each day once, a quarter of an hour later each time
    false = [unusual(shop_year[n], shop_year[max(0, n - LAST_RUNS) : n]) for n in judged]
    assert [sentences for sentences in false if sentences] == []


@pytest.mark.parametrize("day", [22, 100, 302])
def test_a_jump_a_fall_and_lost_click_ids_are_seen_on_a_weekday(
    shop_year: list[Figures], day: int
) -> None:
    number = day * DAY_RUNS + 58
    now, before = shop_year[number], shop_year[number - LAST_RUNS : number]
    changes: dict[str, dict[str, Any]] = {
        f"new rows: {now.rows * 10:,}": {"rows": now.rows * 10},
        "new rows: 0": {"rows": 0, "value": {}},
        "rows with twclid: 5%": {"identifiers": {"twclid": now.rows // 20}},
        "value: ": {"value": {"EUR": now.value["EUR"] * 100}},
    }
    for sentence, change in changes.items():
        found = unusual(replace(now, **change), before)
        assert any(one.startswith(sentence) for one in found), (sentence, found)


def kept(rows: int, *, anomalies: Sequence[str] = (), **pending: int) -> dict[str, Any]:
    """The summary of an ordinary run as the state keeps it."""
    return {
        "rows": {"pending": sum(pending.values()), "in_doubt": 0},
        "reasons": {"pending": pending}, "value": {"EUR": "1.50"}, "anomalies": list(anomalies),
        "identifiers": {"twclid": rows}, "figures": {"rows": rows},
    }  # fmt: skip


def told(*summaries: dict[str, Any], now: int = 100) -> tuple[list[int], float, float]:
    """Rows of the runs that count, and the waits of a run now; a run each hour from hour 1."""
    found = past([(n * HOUR, each) for n, each in enumerate(summaries, 1)], now=now * HOUR)
    return [each.rows for each in found.before], found.waited, found.interval


def test_the_first_run_that_sent_something_is_where_the_wait_begins() -> None:
    assert told(kept(0), kept(900), kept(0), kept(5), now=7) == ([0, 5], 3.0, 3.0)
    found = past([(1, kept(1)), (1 + HOUR, kept(0)), (1 + 3 * HOUR, kept(2))], now=9 * HOUR)
    assert [(each.waited, each.interval) for each in found.before] == [(1.0, 1.0), (3.0, 2.0)]
    assert found.before[1].value == {"EUR": Decimal("1.50")}
    assert past([], now=5) == past([(1, kept(0, first_sync=3))], now=5)


def test_runs_that_did_not_end_only_make_the_wait_longer() -> None:
    doubtful = kept(9) | {"rows": {"pending": 0, "in_doubt": 1}}
    assert told(kept(1), kept(2), kept(9, deadline=4), doubtful, now=6) == ([2], 4.0, 4.0)


def test_runs_that_were_unusual_by_intention_do_not_count() -> None:
    limited = kept(9)
    del limited["figures"]
    assert told(kept(1), kept(2), limited, now=5) == ([2], 3.0, 3.0)


def test_a_wait_ends_where_the_alarm_stopped_a_run() -> None:
    stopped = kept(0, anomalies=["new rows"], anomaly=900)
    assert told(kept(1), kept(2), stopped, stopped, now=30) == ([2], 1.0, 28.0)
    assert told(kept(1), kept(2), stopped, kept(900), now=6) == ([2, 900], 2.0, 2.0)


def test_what_was_unusual_becomes_usual_after_a_day() -> None:
    runs = (kept(1), kept(2), kept(900, anomalies=["new rows"]))
    assert told(*runs, now=26) == ([2], 23.0, 23.0)
    assert told(*runs, now=27) == ([2, 900], 24.0, 24.0)
