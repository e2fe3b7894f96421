"""The numbers of an ad, hour by hour: functions of the seed, the ad, the hour and the placement.

Nothing is stored. Whole numbers only, so that they are the same everywhere; every count is at
most the one it is a share of, at any age.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from connector.simulator.statistics import natures
from connector.simulator.statistics.ads import Ad, active_hours, told_hours
from connector.simulator.statistics.hours import HOUR_SECONDS, Flags, Hours, Integers
from connector.simulator.statistics.natures import PARTS, PARTS_BITS, Conversion, Nature, Rate

_GOLDEN = 0x9E3779B97F4A7C15
_FIRST, _SECOND = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
_WORD = (1 << 64) - 1

_NONE = np.zeros((), dtype=np.int64)
_MICROS_IN_CENT, _MICROS_IN_UNIT = 10_000, 1_000_000


class Column(NamedTuple):
    """A number for each hour, and whether it is told; it is 0 where it is not."""

    values: Integers
    told: Flags


# By the metric, or by the metric and its leaf with a dot; what is null throughout is left out.
Series = Mapping[str, Column]


@dataclass(frozen=True, kw_only=True)
class View:
    """What the numbers depend on beside the ads and the hours.

    Attributes:
        now: epoch seconds; the hours after it have no numbers.
        settled: tell what will be final in the end, whatever the age.
    """

    seed: int
    now: float
    settled: bool = False


@dataclass(frozen=True, kw_only=True)
class Segment:
    """The hours of an ad that a segment has: those drawn from `low` on, in thousandths.

    `metrics` names those it has numbers of; all of them where it is empty.
    """

    low: int
    share: int
    metrics: frozenset[str] = frozenset()


def series_of(ad: Ad, hours: Hours, *, placement: str, view: View, groups: Iterable[str]) -> Series:
    """What X tells of an ad on a placement, hour by hour.

    `groups` names the groups of conversions that are wanted, or single metrics of them; all else
    is always there.
    """
    told = told_hours(ad.spans, hours, view.now)
    if placement not in ad.placements or not told.any():
        return {}
    # nothing is made for hours without numbers
    (at,) = np.nonzero(told)
    some = Hours(
        starts=hours.starts[at], days=hours.days[at], clock=hours.clock[at], zone=hours.zone
    )
    source = _Source(key=_key(f"{view.seed} {ad.id} {placement}"), hours=some.starts)
    nature = natures.NATURES.get(ad.objective, natures.ENGAGING)
    final = {"impressions": _impressions(source, some, placement)}
    final["impressions"] *= active_hours(ad.spans, some, view.now)
    _add_shares(final, source, natures.ENGAGEMENTS, nature)
    _add_shares(final, source, natures.VIDEOS, nature)
    numbers = _told(final, source, some, view=view, nature=nature)
    wanted = [
        kind for kind in natures.CONVERSIONS if not {kind.group, kind.name}.isdisjoint(groups)
    ]
    share = _aged(natures.CONVERSIONS_TOLD, some, view)
    for kind in wanted:
        if kind.trait in nature.traits:
            numbers |= _conversions(final, source, share, kind)
    return {name: Column(_spread(values, at, len(told)), told) for name, values in numbers.items()}


def segmented(series: Series, ad: Ad, hours: Hours, *, segment: Segment, view: View) -> Series:
    """What a segment has of the numbers of an ad; nothing of the last hour and the current one."""
    drawn = _Source(key=_key(f"{view.seed} {ad.id} segments"), hours=hours.starts).draw("segment")
    at = (drawn % np.uint64(1_000)).astype(np.int64)
    has = (at >= segment.low) & (at < segment.low + segment.share)
    late = hours.starts + 2 * HOUR_SECONDS > view.now
    return {
        name: Column(column.values * has * ~late, column.told & ~late)
        for name, column in series.items()
        if not segment.metrics or name.partition(".")[0] in segment.metrics
    }


def _impressions(source: "_Source", hours: Hours, placement: str) -> Integers:
    a_day = source.within("impressions", *natures.IMPRESSIONS)
    a_day = a_day * natures.PLACEMENT_SHARES.get(placement, 1_000) // 1_000
    # a proleptic ordinal of 1 is a Monday
    weekday = np.array(natures.WEEK)[(hours.days - 1) % len(natures.WEEK)]
    noise = 500 + source.below("noise", 1_001)
    expected: Integers = a_day * np.array(natures.DAY)[hours.clock] * weekday * noise
    return (expected + source.below("rounding", 10**9)) // 10**9


def _add_shares(
    counts: dict[str, Integers], source: "_Source", rates: Iterable[Rate], nature: Nature
) -> None:
    for rate in rates:
        if not rate.trait or rate.trait in nature.traits:
            parts = source.within(rate.name, rate.low, rate.high)
            counts[rate.name] = source.share(counts[rate.of], parts, rate.name)


def _told(
    final: Mapping[str, Integers], source: "_Source", hours: Hours, *, view: View, nature: Nature
) -> dict[str, Integers]:
    """Counts and spend as far as X has them."""
    share = _aged(natures.COUNTS_TOLD, hours, view)
    told = _summed({name: source.told(count, share) for name, count in final.items()})
    price = source.within("price", *nature.price)
    estimate = natures.SPEND_TOLD[source.within("estimate", 0, 4) // 4]
    spend = _summed(final)[nature.billed] * (price * (900 + source.below("price", 201)) // 1_000)
    told["billed_engagements"] = told[nature.billed]
    told["billed_charge_local_micro"] = spend * _aged(estimate, hours, view) // 1_000
    return told


def _summed(counts: Mapping[str, Integers]) -> dict[str, Integers]:
    summed = dict(counts)
    summed["clicks"] = sum((counts[name] for name in natures.CLICKS if name in counts), _NONE)
    summed["engagements"] = summed["clicks"] + summed.pop("hovers")
    del summed["details"]
    return summed


def _conversions(
    final: Mapping[str, Integers], source: "_Source", share: Integers, kind: Conversion
) -> dict[str, Integers]:
    told = {}
    for way, of, rates in (
        ("engagement", kind.of, kind.clicked),
        ("view", "impressions", kind.viewed),
    ):
        word = f"{kind.name} {way}"
        made = source.share(final[of], source.within(word, *rates), word)
        told[way] = source.told(made, share)
    return {f"{kind.name}.{leaf}": each for leaf, each in _leaves(told, source, kind).items()}


def _leaves(
    told: Mapping[str, Integers], source: "_Source", kind: Conversion
) -> dict[str, Integers]:
    """The members of a conversion metric; items and amounts are both in micros."""
    leaves = {f"post_{way}": count for way, count in told.items()}
    leaves["metric"] = told["engagement"] + told["view"]
    if kind.cents:
        price = source.within(f"{kind.name} price", *kind.cents)
        micros = price * (800 + source.below(f"{kind.name} price", 401)) // 1_000 * _MICROS_IN_CENT
        for name, of_one in (("order_quantity", _MICROS_IN_UNIT), ("sale_amount", micros)):
            leaves |= {f"{name}_{way}": count * of_one for way, count in told.items()}
            leaves[name] = leaves[f"{name}_engagement"] + leaves[f"{name}_view"]
    return leaves


def _aged(table: tuple[int, ...], hours: Hours, view: View) -> Integers:
    """How much of each hour is told, in thousandths; of the current hour half."""
    if view.settled:
        return np.full(len(hours.starts), 1_000)
    age = np.clip(hours.day_at(view.now) - hours.days, 0, natures.FINAL_DAYS)
    told = np.array(table)[age]
    return np.where(hours.starts + HOUR_SECONDS > view.now, told // 2, told)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Source:
    """Draws of one ad on one placement: the same word draws the same numbers."""

    key: int
    hours: Integers

    def draw(self, word: str) -> npt.NDArray[np.uint64]:
        """64 random bits for each hour."""
        at = (self.hours // HOUR_SECONDS).astype(np.uint64)
        mixed = at * np.uint64(_GOLDEN) + np.uint64(self._key_of(word))
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(_FIRST)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(_SECOND)
        return mixed ^ (mixed >> np.uint64(31))

    def below(self, word: str, end: int) -> Integers:
        """A number from 0 on and below `end` for each hour."""
        return (self.draw(word) % np.uint64(end)).astype(np.int64)

    def within(self, word: str, low: int, high: int) -> int:
        """One number of the ad's own, both ends inclusive."""
        return low + self._key_of(f"the ad's {word}") % (high - low + 1)

    def share(self, counts: Integers, rate: int, word: str) -> Integers:
        """About `rate` of `counts`, in parts of `PARTS`; never more of them than there are."""
        return (counts * rate + self.below(word, PARTS)) >> PARTS_BITS

    def told(self, counts: Integers, share: Integers) -> Integers:
        """The part of `counts` that is told; with the same shares, more of more."""
        return (counts * share + self.below("told", 1_000)) // 1_000

    def _key_of(self, word: str) -> int:
        return _key(f"{self.key} {word}")


def _key(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") & _WORD


def _spread(values: Integers, at: npt.NDArray[np.intp], size: int) -> Integers:
    whole = np.zeros(size, dtype=np.int64)
    whole[at] = values
    return whole
