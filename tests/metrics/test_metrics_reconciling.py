from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from connector.metrics.reconciling import Accepted, Attributed, Reconciled, reconciled

D = Decimal
PURCHASE, SIGNUP = "tw-o8z6j-o87nf", "tw-o8z6j-o87ng"


def november(day: int) -> date:
    return date(2026, 11, day)


def ours(day: int, conversions: int, event: str = PURCHASE) -> Accepted:
    return Accepted(day=november(day), event=event, conversions=conversions)


def theirs(
    day: int, conversions: int, value: Decimal | None = None, event: str = PURCHASE
) -> Attributed:
    return Attributed(day=november(day), event=event, conversions=conversions, value=value)


def test_both_numbers_of_a_day_stand_side_by_side() -> None:
    days, [total] = reconciled([ours(1, 40), ours(2, 10)], [theirs(1, 30, D(5)), theirs(2, 5)])
    assert [(line.accepted, line.attributed, line.share) for line in days] == [
        (40, 30, D("0.75")), (10, 5, D("0.5")),
    ]  # fmt: skip
    assert total == Reconciled(day=None, event=PURCHASE, accepted=50, attributed=35, value=D(5))
    assert total.share == D("0.7")


def test_what_x_did_not_say_is_no_zero() -> None:
    [line], [total] = reconciled([ours(1, 40)], [])
    assert (line.attributed, line.share, total.attributed) == (None, None, None)
    [line], _ = reconciled([ours(1, 40)], [theirs(1, 0)])
    assert (line.attributed, line.share) == (0, D(0))


def test_a_day_that_only_x_knows_is_there() -> None:
    [line], _ = reconciled([], [theirs(1, 3)])
    assert (line.accepted, line.attributed, line.share) == (0, 3, None)


def test_x_may_attribute_more_to_a_day_than_happened_on_it() -> None:
    [line], _ = reconciled([ours(1, 2)], [theirs(1, 3)])
    assert line.share == D("1.5")


def test_parts_of_a_day_are_added_up() -> None:
    parts = [theirs(1, 3), theirs(1, 4, D("1.5")), theirs(1, 0, D(2))]
    [line], _ = reconciled([ours(1, 5), ours(1, 5)], parts)
    assert (line.accepted, line.attributed, line.value) == (10, 7, D("3.5"))


def test_events_are_kept_apart_and_days_in_order() -> None:
    days, totals = reconciled([ours(2, 1, SIGNUP), ours(2, 1), ours(1, 1)], [theirs(1, 1)])
    assert [(line.day, line.event) for line in days] == [
        (november(1), PURCHASE), (november(2), PURCHASE), (november(2), SIGNUP),
    ]  # fmt: skip
    assert [line.event for line in totals] == [PURCHASE, SIGNUP]


EVENTS = st.sampled_from([PURCHASE, SIGNUP])
NUMBERS = st.integers(0, 50)


@given(
    accepted=st.lists(st.builds(ours, st.integers(1, 5), NUMBERS, EVENTS)),
    attributed=st.lists(st.builds(theirs, st.integers(1, 5), NUMBERS, st.none(), EVENTS)),
)
def test_nothing_is_lost(accepted: list[Accepted], attributed: list[Attributed]) -> None:
    days, totals = reconciled(accepted, attributed)
    for lines in (days, totals):
        assert sum(line.accepted for line in lines) == sum(one.conversions for one in accepted)
        assert sum(line.attributed or 0 for line in lines) == sum(
            one.conversions for one in attributed
        )
