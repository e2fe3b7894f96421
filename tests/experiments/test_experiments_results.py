"""What counts come to in words, by hand."""

from decimal import Decimal

import pytest

from connector.experiments.results import Counts, Hours, compared, rates, shown, total


def counts(
    impressions: int | None, clicks: int | None, conversions: int | None, spend: str | None
) -> Counts:
    return Counts(
        impressions=impressions, clicks=clicks, conversions=conversions,
        spend=None if spend is None else Decimal(spend),
    )  # fmt: skip


CONTROL: Hours = {
    0: counts(1000, 10, 1, "5.00"), 3600: counts(3000, 90, 9, "20.00"),
    7200: counts(5000, 150, 20, "25.00"), 10800: counts(0, 0, 0, "0"),
}  # fmt: skip
LATER: Hours = {
    3600: counts(2000, 20, 1, "9.00"), 7200: counts(4000, 40, 2, "11.00"),
    10800: counts(None, None, None, None),
}  # fmt: skip


def test_hours_add_up_and_a_null_is_no_zero() -> None:
    assert total(CONTROL) == counts(9000, 250, 30, "50.00")
    assert total({0: counts(None, 1, None, None), 3600: counts(None, None, 2, None)}) == counts(
        None, 1, 2, None
    )
    assert total({}) == Counts()


def test_a_treatment_is_held_against_the_control_in_its_own_hours() -> None:
    found = compared(CONTROL, LATER)
    assert shown(LATER) == {3600, 7200}
    assert found.hours == 2
    assert found.control == counts(8000, 240, 29, "45.00")
    apart = found.measures["ctr"].difference
    assert apart is not None
    assert apart.value == pytest.approx(60 / 6000 - 240 / 8000)


def test_a_control_that_ran_in_better_times_before_is_not_held_against_a_treatment() -> None:
    """Both are the same in the hours of both; only the first hour of the control is another."""
    both: Hours = {hour: counts(2000, 40, 4, "10") for hour in range(3600, 36000, 3600)}
    lucky: Hours = {0: counts(9000, 900, 200, "5"), **both}
    for one in compared(lucky, both).measures.values():
        assert not one.is_difference
        assert one.words == "not a difference yet: zero is within"
        assert one.difference is not None
        assert one.difference.value == 0


def test_a_difference_says_which_way_it_goes() -> None:
    many = {0: counts(100_000, 3000, 300, "900.00")}
    few = {0: counts(100_000, 1000, 10, "300.00")}
    below, above = compared(many, few).measures, compared(few, many).measures
    assert [below[one].words for one in ("ctr", "conversion_rate", "cpa")] == [
        "below the control", "below the control", "above the control"
    ]  # fmt: skip
    assert [above[one].words for one in ("ctr", "conversion_rate", "cpa")] == [
        "above the control", "above the control", "below the control"
    ]  # fmt: skip
    assert all(one.is_difference for one in (*below.values(), *above.values()))


@pytest.mark.parametrize(
    ("control", "treatment", "words"),
    [
        (counts(9, 1, 1, "1"), counts(None, None, None, None), "no impressions"),
        (counts(9, 1, 1, "1"), counts(5, None, 1, "1"), "no clicks"),
        (counts(None, None, None, None), counts(5, 1, 1, "1"), "no impressions of the control"),
    ],
)
def test_why_there_is_no_difference_is_said(control: Counts, treatment: Counts, words: str) -> None:
    found = compared({0: control}, {0: treatment}).measures["ctr"]
    assert found.words == f"not a difference yet: {words}"
    assert (found.difference, found.is_difference) == (None, False)


def test_without_conversions_nothing_costs_one() -> None:
    found = compared({0: counts(9, 5, 1, "1")}, {0: counts(9, 5, 0, "1")}).measures
    assert found["cpa"].words == "not a difference yet: no conversions"
    assert found["conversion_rate"].difference is not None


def test_more_conversions_than_clicks_are_no_share() -> None:
    found = compared({0: counts(99, 5, 1, "1")}, {0: counts(99, 5, 7, "1")}).measures
    assert found["conversion_rate"].words == "no share: more conversions than clicks"
    assert found["cpa"].difference is not None


def test_rates_are_of_what_their_names_say() -> None:
    found = rates(counts(2000, 50, 5, "12.50"))
    assert {name: one.value for name, one in found.items() if one} == {
        "ctr": 0.025, "conversion_rate": 0.1, "cpa": 2.5,
    }  # fmt: skip
