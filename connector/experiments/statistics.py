"""What counts tell: shares and costs with 95 % intervals, and how far two are apart.

Shares have Wilson's interval. A count by itself has the exact one of a Poisson distribution, from
which that of a cost follows. A difference has the interval made of both (Newcombe's hybrid, in
general the recovery of variance estimates): each end is as far from the difference as the ends of
the two intervals are, squared and added.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

Z = 1.959963984540054
"""The quantile of the normal distribution that leaves a fortieth above."""
TAIL = 0.025
_STEPS = 200
_CLOSE = 1e-12


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A number and its 95 % interval."""

    value: float
    low: float
    high: float


def share(successes: int, trials: int) -> Estimate | None:
    """Successes by trials with Wilson's interval; None where that is no share."""
    if trials <= 0 or not 0 <= successes <= trials:
        return None
    value, z2 = successes / trials, Z * Z
    middle = (value + z2 / (2 * trials)) / (1 + z2 / trials)
    half = Z * math.sqrt(value * (1 - value) / trials + z2 / (4 * trials**2)) / (1 + z2 / trials)
    # Rounding must not leave 0 and 1 outside, where they are the value itself.
    low = 0.0 if successes == 0 else middle - half
    high = 1.0 if successes == trials else middle + half
    return Estimate(value=value, low=low, high=high)


def cost_of_each(spend: float, count: int) -> Estimate | None:
    """Spend by count, the count being what chance moves; None without any."""
    if count <= 0 or spend < 0:
        return None
    fewest, most = count_limits(count)
    return Estimate(value=spend / count, low=spend / most, high=spend / fewest)


def count_limits(count: int) -> tuple[float, float]:
    """The exact 95 % interval of the mean of which a count is a Poisson sample."""
    reach = 10 * math.sqrt(count) + 10
    low = 0.0
    if count:
        low = _root(lambda mean: 1 - _at_most(count - 1, mean) - TAIL, max(count - reach, 0), count)
    return low, _root(lambda mean: TAIL - _at_most(count, mean), count, count + reach)


def difference(one: Estimate, other: Estimate) -> Estimate:
    """How much more one is than another that is independent of it."""
    value = one.value - other.value
    below = math.hypot(one.value - one.low, other.high - other.value)
    above = math.hypot(one.high - one.value, other.value - other.low)
    return Estimate(value=value, low=value - below, high=value + above)


def is_told_apart(found: Estimate) -> bool:
    """Whether a difference is one: its interval leaves zero out."""
    return found.low > 0 or found.high < 0


def _at_most(count: int, mean: float) -> float:
    """The chance that a Poisson sample is a count or less."""
    if mean <= 0:
        return 1.0
    top = math.exp(count * math.log(mean) - mean - math.lgamma(count + 1))
    if mean > count:
        return top * _series(lambda step: (count - step + 1) / mean, count)
    above = top * mean / (count + 1)
    return 1 - above * _series(lambda step: mean / (count + 1 + step), None)


def _series(ratio: Callable[[int], float], steps: int | None) -> float:
    """The sum of a series that begins with 1, by the ratio of each member to the one before."""
    total = member = 1.0
    step = 1
    while member > total * _CLOSE and (steps is None or step <= steps):
        member *= ratio(step)
        total += member
        step += 1
    return total


def _root(rising: Callable[[float], float], low: float, high: float) -> float:
    """Where a function that rises passes zero."""
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if high - low <= _CLOSE * max(high, 1):
            break
        if rising(middle) < 0:
            low = middle
        else:
            high = middle
    return (low + high) / 2
