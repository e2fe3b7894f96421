import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.budgets.budget import (
    Budget,
    Promise,
    budget_of,
    excess,
    holds,
    is_scarce,
    renewed,
    room_at,
)
from connector.project.config import RateLimits, XConnection
from connector.project.durations import Rate

BUDGET = Budget(name="b", amount=100, seconds=60)


def connection(base_url: str = "https://ads-api.x.com") -> XConnection:
    return XConnection.model_construct(
        ad_account_id="18ce54d4x5t", base_url=base_url, rate_limits=RateLimits()
    )


def test_a_budget_belongs_to_an_account_at_a_target() -> None:
    here, elsewhere = connection(), connection("http://127.0.0.1:8490")
    assert budget_of(here, "conversion_events") == Budget(
        name="x 18ce54d4x5t conversion_events", amount=60_000, seconds=900
    )
    assert budget_of(here, "writes") == Budget(name="x 18ce54d4x5t writes", amount=50, seconds=60)
    assert budget_of(elsewhere, "writes").name == "http://127.0.0.1:8490 18ce54d4x5t writes"


def test_what_the_config_says_goes_before_what_x_allows() -> None:
    limits = RateLimits.model_construct(conversion_events=Rate(7, 0.5), writes=RateLimits().writes)
    own = connection().model_copy(update={"rate_limits": limits})
    budget = budget_of(own, "conversion_events")
    assert (budget.amount, budget.span) == (7, 500)


def test_a_window_is_never_shorter_than_a_millisecond() -> None:
    assert Budget(name="b", amount=1, seconds=0.0001).span == 1


@pytest.mark.parametrize(
    ("used", "amount", "expected"),
    [(0, 100, 0), (0, 1, -99), (60, 40, 0), (60, 41, 1), (100, 1, 1), (0, 500, 0), (1, 500, 1),
     (500, 1, 401), (500, 500, 500)],
)  # fmt: skip
def test_what_is_over_must_leave_first(used: int, amount: int, expected: int) -> None:
    assert excess(BUDGET, used=used, amount=amount) == expected


@given(uses=st.lists(st.integers(1, 50), min_size=1), data=st.data())
def test_room_comes_with_the_use_that_frees_enough(uses: list[int], data: st.DataObject) -> None:
    over = data.draw(st.integers(1, sum(uses)))
    at = room_at(BUDGET, enumerate(uses), excess=over) - BUDGET.span - 1
    assert sum(uses[:at]) < over <= sum(uses[: at + 1])


def test_a_tenth_of_the_limit_is_not_scarce_yet_but_what_senders_have_on_its_way_is() -> None:
    assert not is_scarce(limit=60_000, remaining=6_000)
    assert is_scarce(limit=60_000, remaining=5_999)
    assert is_scarce(limit=1, remaining=0)
    assert is_scarce(limit=3_000, remaining=1_999)


@pytest.mark.parametrize("limit", [0, 100, 1999])
def test_a_limit_that_is_not_touched_yet_is_not_scarce(limit: int) -> None:
    assert not is_scarce(limit=limit, remaining=limit)


@pytest.mark.parametrize(
    ("now", "expected"),
    [(9_999, True), (10_000, False), (10_000 - 3_600_000, True), (9_999 - 3_600_000, False)],
)
def test_a_promise_holds_until_its_reset_and_never_for_more_than_an_hour(
    now: int, *, expected: bool
) -> None:
    assert holds(Promise(left=0, resets_at=10_000), now=now) is expected


def test_within_a_reset_the_lesser_of_two_answers_is_true() -> None:
    old = Promise(left=5, resets_at=10_000)
    assert renewed(old, Promise(left=9, resets_at=12_000)) == Promise(left=5, resets_at=12_000)
    assert renewed(old, Promise(left=3, resets_at=9_000)) == Promise(left=3, resets_at=9_000)
    assert renewed(old, Promise(left=9, resets_at=12_001)) == Promise(left=9, resets_at=12_001)
    assert renewed(None, old) == old
