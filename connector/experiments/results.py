"""What an experiment has come to: counts of variants, their rates, and how they differ.

A treatment is held against the control in the hours in which the treatment was shown: the control
begins earlier, and times differ more than variants do.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Literal

from connector.experiments.statistics import (
    Estimate,
    cost_of_each,
    difference,
    is_told_apart,
    share,
)

Measure = Literal["ctr", "conversion_rate", "cpa"]
MEASURES: Mapping[Measure, str] = {
    "ctr": "CTR", "conversion_rate": "conversion rate", "cpa": "CPA",
}  # fmt: skip
"""Clicks by impression, conversions by click, and spend by conversion."""


@dataclass(frozen=True, kw_only=True)
class Counts:
    """What X tells of a variant, None where it tells nothing; spend in currency units."""

    impressions: int | None = None
    clicks: int | None = None
    conversions: int | None = None
    spend: Decimal | None = None


Hours = Mapping[int, Counts]
"""By the start of an hour, in epoch seconds."""


@dataclass(frozen=True, kw_only=True)
class Beside:
    """A treatment beside the control in one measure.

    Attributes:
        difference: treatment less control, None where one of them has no rate.
        words: what that says.
    """

    difference: Estimate | None
    is_difference: bool
    words: str


@dataclass(frozen=True, kw_only=True)
class Compared:
    """A treatment beside the control.

    Attributes:
        hours: those in which the treatment was shown.
        control: its counts in these.
    """

    hours: int
    control: Counts
    measures: Mapping[Measure, Beside]


def total(hours: Hours, within: Collection[int] | None = None) -> Counts:
    """The sums of some hours, of all where none are named."""
    chosen = [one for hour, one in hours.items() if within is None or hour in within]
    sums = {}
    for field in fields(Counts):
        told = [number for one in chosen if (number := getattr(one, field.name)) is not None]
        sums[field.name] = sum(told) if told else None
    return Counts(**sums)


def shown(hours: Hours) -> frozenset[int]:
    """The hours with impressions."""
    return frozenset(hour for hour, one in hours.items() if one.impressions)


def rates(counts: Counts) -> dict[Measure, Estimate | None]:
    """The rates of a variant; None where there is nothing to divide."""
    return {
        "ctr": _share(counts.clicks, counts.impressions),
        "conversion_rate": _share(counts.conversions, counts.clicks),
        "cpa": _cost(counts),
    }


def _share(successes: int | None, trials: int | None) -> Estimate | None:
    return None if successes is None or trials is None else share(successes, trials)


def _cost(counts: Counts) -> Estimate | None:
    if counts.spend is None or counts.conversions is None:
        return None
    return cost_of_each(float(counts.spend), counts.conversions)


def compared(control: Hours, treatment: Hours) -> Compared:
    """A treatment beside the control, in the hours in which it was shown."""
    hours = shown(treatment)
    base, mine = total(control, hours), total(treatment, hours)
    return Compared(
        hours=len(hours), control=base,
        measures={measure: _beside(measure, base, mine) for measure in MEASURES},
    )  # fmt: skip


def _beside(measure: Measure, control: Counts, treatment: Counts) -> Beside:
    one, other = rates(treatment)[measure], rates(control)[measure]
    if one is None or other is None:
        words = _why_none(measure, treatment) if one is None else _why_none(measure, control)
        whose = "" if one is None else " of the control"
        return Beside(difference=None, is_difference=False, words=f"{words}{whose}")
    apart = difference(one, other)
    return Beside(difference=apart, is_difference=is_told_apart(apart), words=_words(apart))


def _words(apart: Estimate) -> str:
    if not is_told_apart(apart):
        return "not a difference yet: zero is within"
    return "above the control" if apart.value > 0 else "below the control"


def _why_none(measure: Measure, counts: Counts) -> str:
    """Why there is no rate: nothing to divide by, nothing to divide, or no share of it."""
    of_what, what = _PARTS[measure]
    missing = [name for name in (of_what, what) if not getattr(counts, name)]
    if missing:
        return f"not a difference yet: no {missing[0]}"
    return f"no share: more {what} than {of_what}"


_PARTS: Mapping[Measure, tuple[str, str]] = {
    "ctr": ("impressions", "clicks"), "conversion_rate": ("clicks", "conversions"),
    "cpa": ("conversions", "spend"),
}  # fmt: skip
