"""Intervals beside a reference that is written another way, published ones, and what they cover."""

import math
from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.experiments.statistics import (
    Estimate,
    cost_of_each,
    count_limits,
    difference,
    is_told_apart,
    share,
)

COUNTS = [(0, 1), (1, 1), (0, 10), (3, 10), (10, 10), (17, 900), (2, 250_000), (1_234, 98_765)]


def crossing(tells: Callable[[float], bool], low: float, high: float) -> float:
    """Where a statement that holds from somewhere on begins to hold."""
    for _ in range(120):
        middle = (low + high) / 2
        low, high = (low, middle) if tells(middle) else (middle, high)
    return high


def surprise(successes: int, trials: int, chance: float) -> float:
    """How many standard errors, of the chance itself, the share is away: the score of a test."""
    return abs(successes / trials - chance) / math.sqrt(chance * (1 - chance) / trials)


def normal_quantile() -> float:
    """The quantile of the normal distribution at 97.5 %, from the error function."""
    return crossing(lambda z: 0.5 * (1 + math.erf(z / math.sqrt(2))) >= 0.975, 0, 10)


@pytest.mark.parametrize(("successes", "trials"), COUNTS)
def test_a_share_s_interval_holds_the_chances_that_a_test_does_not_refuse(
    successes: int, trials: int
) -> None:
    found, z, tiny = share(successes, trials), normal_quantile(), 1e-12
    assert found is not None
    observed = successes / trials
    low = crossing(lambda p: surprise(successes, trials, p) <= z, tiny, max(observed, tiny * 2))
    high = crossing(lambda p: surprise(successes, trials, p) >= z, max(observed, tiny), 1 - tiny)
    assert found.value == observed
    assert found.low == pytest.approx(0 if not successes else low, rel=1e-6, abs=1e-11)
    assert found.high == pytest.approx(1 if successes == trials else high, rel=1e-6)


def gamma_below(shape: int, end: float, *, parts: int = 4000) -> float:
    """The chance that a gamma variable is below, by Simpson's rule: a sample of `shape` or more."""

    def density(at: float) -> float:
        if at == 0:
            return 1.0 if shape == 1 else 0.0
        return math.exp((shape - 1) * math.log(at) - at - math.lgamma(shape))

    begin = max(0.0, shape - 12 * math.sqrt(shape))
    step = (end - begin) / parts
    if step <= 0:
        return 0.0
    inner = (density(begin + n * step) * (4 if n % 2 else 2) for n in range(1, parts))
    return (density(begin) + density(end) + math.fsum(inner)) * step / 3


@pytest.mark.parametrize("count", [1, 2, 7, 50, 400, 3_000])
def test_a_count_s_interval_is_that_of_the_gamma_distribution(count: int) -> None:
    low, high = count_limits(count)
    assert gamma_below(count, low) == pytest.approx(0.025, rel=1e-5)
    assert 1 - gamma_below(count + 1, high) == pytest.approx(0.025, rel=1e-5)


@pytest.mark.parametrize(
    ("count", "low", "high"),
    [(0, 0.0, 3.689), (1, 0.025, 5.572), (5, 1.623, 11.668), (10, 4.795, 18.390),
     (50, 37.111, 65.919), (100, 81.364, 121.627)],
)  # fmt: skip
def test_a_count_s_interval_is_the_published_one(count: int, low: float, high: float) -> None:
    assert count_limits(count) == pytest.approx((low, high), abs=5e-4)


def test_a_count_of_millions_is_near_to_the_normal_distribution() -> None:
    low, high = count_limits(4_000_000)
    assert low == pytest.approx(4_000_000 - 1.96 * 2_000, abs=3)
    assert high == pytest.approx(4_000_000 + 1.96 * 2_000, abs=4)


@pytest.mark.parametrize(
    ("one", "other", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339), ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062), ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775), ((0, 10), (0, 10), -0.2775, 0.2775),
        ((10, 10), (0, 20), 0.6791, 1.0), ((10, 10), (0, 10), 0.6075, 1.0),
    ],
)  # fmt: skip
def test_a_difference_of_shares_has_newcombe_s_published_interval(
    one: tuple[int, int], other: tuple[int, int], low: float, high: float
) -> None:
    mine, base = share(*one), share(*other)
    assert mine is not None
    assert base is not None
    found = difference(mine, base)
    assert found.low == pytest.approx(low, abs=5.1e-5)
    assert found.high == pytest.approx(high, abs=5.1e-5)


def binomial(random: Random, trials: int, chance: float) -> int:
    """How many of some trials succeed, by the waits between successes."""
    at, successes = 0, -1
    while at <= trials:
        at += int(math.log(1 - random.random()) / math.log(1 - chance)) + 1
        successes += 1
    return successes


def poisson(random: Random, mean: float) -> int:
    """How many events there are in a time, by the waits between them."""
    at, events = random.expovariate(1.0), 0
    while at <= mean:
        at += random.expovariate(1.0)
        events += 1
    return events


def test_ninety_five_of_a_hundred_intervals_of_shares_hold_the_true_difference() -> None:
    random, held, rounds = Random(3), 0, 2000
    for _ in range(rounds):
        mine = share(binomial(random, 1500, 0.03), 1500)
        base = share(binomial(random, 4000, 0.02), 4000)
        assert mine is not None
        assert base is not None
        found = difference(mine, base)
        held += found.low <= 0.01 <= found.high
    assert 0.935 <= held / rounds <= 0.965


def test_ninety_five_of_a_hundred_intervals_of_costs_hold_the_true_difference() -> None:
    random, held, rounds = Random(4), 0, 2000
    for _ in range(rounds):
        mine = cost_of_each(600.0, poisson(random, 30))
        base = cost_of_each(1000.0, poisson(random, 80))
        assert mine is not None
        assert base is not None
        found = difference(mine, base)
        held += found.low <= 600 / 30 - 1000 / 80 <= found.high
    assert 0.935 <= held / rounds <= 0.985


def test_two_of_the_same_are_told_apart_in_one_of_twenty() -> None:
    random, apart, rounds = Random(5), 0, 2000
    for _ in range(rounds):
        one, other = (share(binomial(random, 3000, 0.02), 3000) for _ in range(2))
        assert one is not None
        assert other is not None
        apart += is_told_apart(difference(one, other))
    assert 0.03 <= apart / rounds <= 0.065


@given(st.integers(0, 10**7), st.integers(0, 10**7))
def test_a_share_lies_within_its_interval_and_that_within_zero_and_one(a: int, b: int) -> None:
    found = share(min(a, b), max(a, b))
    if found is None:
        assert a == b == 0
    else:
        assert 0 <= found.low <= found.value <= found.high <= 1


@given(st.tuples(*[st.integers(0, 5000)] * 2), st.tuples(*[st.integers(0, 5000)] * 2))
def test_a_difference_the_other_way_round_is_its_mirror(
    a: tuple[int, int], b: tuple[int, int]
) -> None:
    one, other = (share(min(pair), max(pair) + 1) for pair in (a, b))
    assert one is not None
    assert other is not None
    there, back = difference(one, other), difference(other, one)
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low))
    assert is_told_apart(there) == is_told_apart(back)


@given(st.integers(1, 3000), st.floats(0, 1e9))
def test_a_cost_lies_within_its_interval(count: int, spend: float) -> None:
    found = cost_of_each(spend, count)
    assert found is not None
    assert found.low <= found.value <= found.high
    assert found.value == pytest.approx(spend / count)


@pytest.mark.parametrize(("successes", "trials"), [(0, 0), (1, 0), (-1, 5), (6, 5)])
def test_what_is_no_share_has_no_interval(successes: int, trials: int) -> None:
    assert share(successes, trials) is None


def test_without_a_count_there_is_no_cost_of_each() -> None:
    assert cost_of_each(12.5, 0) is None
    assert cost_of_each(-1.0, 3) is None


@pytest.mark.parametrize(
    ("low", "high", "apart"),
    [(-0.1, 0.1, False), (0.0, 0.2, False), (0.01, 0.2, True), (-0.2, -0.01, True)],
)
def test_zero_within_an_interval_is_no_difference_yet(
    low: float, high: float, *, apart: bool
) -> None:
    assert is_told_apart(Estimate(value=(low + high) / 2, low=low, high=high)) is apart
