"""Waiting for a turn, on a real store, by a clock that waiting puts ahead."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import pytest
from budgets.limited import Documented
from budgets.taking import open_budgets
from waiting import Person

from connector.budgets.budget import Budget, requests_of
from connector.budgets.open import Store
from connector.budgets.reads import Reads, Requests, group_of, steady
from connector.errors import StoppedError
from connector.project.config import TikTokConnection, TikTokRateLimits
from connector.project.durations import Rate

NewBudget = Callable[..., Budget]
OPERATION = "X Ads GET accounts/:id/campaigns"


@dataclass(frozen=True, kw_only=True)
class Counted(Documented):
    client: str


@pytest.fixture
def person() -> Person:
    return Person()


@pytest.fixture
def store(sqlite_url: str, person: Person) -> Iterator[Store]:
    with open_budgets(sqlite_url, lambda: round(person.now * 1000)) as opened:
        yield opened


@pytest.fixture
def counted(new_budget: NewBudget) -> Counted:
    return Counted(client=new_budget().name, limit=10, seconds=900)


@pytest.fixture
def reads_of(store: Store, person: Person) -> Callable[[float], Reads]:
    return lambda patience: Reads(target="x", quotas=store, waiting=person.waiting(patience))


MakeReads = Callable[[float], Reads]


def test_what_is_used_up_is_waited_for_and_told_once(
    reads_of: MakeReads, person: Person, counted: Counted
) -> None:
    reads = reads_of(900)
    reads.heard(counted, counted.names[0], limit=200, remaining=10, resets_in=100)
    for _ in range(11):
        assert reads.leave(OPERATION, counted, since=person.now) == 0
    assert sum(person.paused) == pytest.approx(100)
    assert person.paused[:9] == [10.0] * 9
    assert person.heard == [
        f"{OPERATION}: waiting for the limit; going on in 10 s",
        f"{OPERATION}: waiting for the limit; going on in 10 s",
    ]


def test_a_short_wait_is_not_worth_a_word(
    reads_of: MakeReads, person: Person, counted: Counted
) -> None:
    reads = reads_of(900)
    reads.heard(counted, counted.names[0], limit=100, remaining=0, resets_in=4.9)
    assert reads.leave(OPERATION, counted, since=person.now) == 0
    assert (person.paused, person.heard) == ([4.9], [])


def test_beyond_patience_nobody_waits_and_nothing_is_taken(
    reads_of: MakeReads, person: Person, counted: Counted, store: Store
) -> None:
    reads = reads_of(60)
    reads.heard(counted, counted.names[0], limit=100, remaining=0, resets_in=61)
    assert reads.leave(OPERATION, counted, since=person.now) == 61
    assert reads.leave(OPERATION, counted, since=person.now - 30) == 61
    person.now += 1.001
    assert reads.leave(OPERATION, counted, since=person.now - 1) == pytest.approx(59.999)
    assert person.paused == []
    known = store.known(group_of("x", counted.client))
    assert known[counted.names[0]].left == 0


def test_whoever_stops_waits_no_longer(
    reads_of: MakeReads, person: Person, counted: Counted
) -> None:
    person.stays = 1
    reads = reads_of(900)
    reads.heard(counted, counted.names[0], limit=100, remaining=0, resets_in=61)
    with pytest.raises(StoppedError, match=f"{OPERATION}: stopped"):
        reads.leave(OPERATION, counted, since=person.now)


def test_refusals_close_it_for_all_and_longer_each_time(
    reads_of: MakeReads, person: Person, counted: Counted
) -> None:
    reads, another = reads_of(900), reads_of(900)
    for times, seconds in ((1, 1.0), (2, 2.0), (7, 60.0), (8, 300.0)):
        assert reads.refused(counted, times=times, seconds=None)
        assert another.leave(OPERATION, counted, since=person.now) == 0
        assert person.paused.pop() == pytest.approx(seconds)
    assert reads.refused(counted, times=1, seconds=42.0)
    another.leave(OPERATION, counted, since=person.now)
    assert person.paused.pop() == pytest.approx(42)
    assert not reads.refused(counted, times=11, seconds=None)


def test_requests_keep_the_budget_and_wait_after_a_refusal(
    store: Store, person: Person, new_budget: NewBudget
) -> None:
    budget = steady(new_budget(10, 1.0))
    make = partial(Requests, budget=budget, budgets=store)
    requests, another = make(waiting=person.waiting(60)), make(waiting=person.waiting(60))
    for _ in range(25):
        assert requests.leave("TikTok Ads GET ad/get", since=person.now) == 0
    assert person.now == pytest.approx(1_795_000_002.2, abs=0.01)
    assert requests.refused(times=3, seconds=None)
    assert another.leave("TikTok Ads GET ad/get", since=person.now) == 0
    assert person.paused[-1] == pytest.approx(4.0)
    assert requests.refused(times=8, seconds=None)
    assert another.leave("TikTok Ads GET ad/get", since=person.now) == pytest.approx(300)
    assert not requests.refused(times=11, seconds=None)


def test_a_short_window_has_some_slack_and_a_long_one_needs_none() -> None:
    assert steady(Budget(name="b", amount=10, seconds=1.0)).seconds == 1.1
    assert steady(Budget(name="b", amount=600, seconds=60.0)).seconds == 60.0


def test_the_budget_of_requests_is_the_app_s() -> None:
    connection = TikTokConnection.model_construct(
        base_url="https://business-api.tiktok.com", advertiser_id="7001",
        rate_limits=TikTokRateLimits.model_construct(requests=Rate(20, 1.0)),
    )  # fmt: skip
    assert requests_of(connection, app="4c") == Budget(
        name="tiktok 4c requests", amount=20, seconds=1.0
    )
