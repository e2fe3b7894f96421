"""What ads achieved: pure functions of the seed, the ad, the day and its hour, never stored.

All numbers are integers: counts, and money in the smallest unit of the currency, so that hours add
up to days and ads to their advertiser to the last cent.
"""

from collections.abc import Mapping
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from connector.simulator.tiktok_ads import Flags, Integers, Stock
from connector.simulator.tiktok_calendar import CORRECTIONS, Calendar
from connector.simulator.tiktok_kinds import LEGS, WEBSITE

Values = Mapping[str, Integers]
_Words: TypeAlias = npt.NDArray[np.uint64]
_Shares: TypeAlias = npt.NDArray[np.float64]

_PER_MILLE = 1000
_DELIVERING = 0.85
_RAISED = 0.5
# How much of a number a correction adds, in per mille; spend may also have been too high.
_LATE = {
    "impressions": 1,
    "clicks": 1,
    "spend": 2,
    **dict.fromkeys(("conversion", "complete_payment", *LEGS), 60),
}


def delivers(stock: Stock, days: Integers) -> Flags:
    """Whether each ad delivers on each day (`date.toordinal`); ads down, days across."""
    ads = np.arange(len(stock.ads), dtype=np.int64)[:, None]
    return _drawn(stock, "delivers", ads, days[None, :]) < _DELIVERING


def settled(stock: Stock, ads: Integers, days: Integers) -> dict[str, Integers]:
    """The numbers of ads on days, once nothing changes any more; `ads` are places in `stock`."""

    def share(what: str) -> _Shares:
        return _drawn(stock, what, ads, days)

    size = 2.0 ** (6 + 7 * _drawn(stock, "size", ads, np.zeros_like(ads)))
    impressions = _whole(size * (0.5 + share("impressions"))) + 1
    clicks = _whole(impressions * (0.003 + 0.03 * share("clicks")))
    converting = clicks * 0.25 * stock.are_told[ads]
    conversion = _whole(converting * share("conversion"))
    value = conversion * _whole(900 + 8000 * share("value"))
    return {
        "impressions": impressions,
        "clicks": clicks,
        "spend": _whole(impressions * (0.2 + 0.6 * share("spend"))),
        "conversion": conversion,
        "real_time_conversion": _whole(converting * share("real time")),
        "complete_payment": np.where(stock.leg_of[ads] == LEGS.index(WEBSITE), conversion, 0),
        **{leg: np.where(stock.leg_of[ads] == at, value, 0) for at, leg in enumerate(LEGS)},
    }


def revised(stock: Stock, values: Values, ads: Integers, corrections: Integers) -> Values:
    """What is told of numbers after so many daily corrections; from `CORRECTIONS` on all of it."""
    left = CORRECTIONS - np.minimum(corrections, CORRECTIONS)
    raised = _drawn(stock, "raised", ads, np.zeros_like(ads)) < _RAISED
    told = dict(values)
    for name, late in _LATE.items():
        missing = left * late
        if name == "spend":
            missing = np.where(raised, missing, -missing)
        told[name] = values[name] * (_PER_MILLE - missing) // _PER_MILLE
    return told


def told(
    stock: Stock, calendar: Calendar, *, ads: Integers, days: Integers, hours: Integers | None
) -> Values:
    """What is told of ads on days of a calendar, by place; of one hour of the clock where given."""
    whole = settled(stock, ads, calendar.ordinals[days])
    values = revised(stock, whole, ads, calendar.corrections[days])
    begun = calendar.shown[days]
    since = np.zeros_like(begun) if hours is None else np.minimum(hours, begun)
    until = begun if hours is None else np.minimum(hours + 1, begun)
    lower, upper = calendar.upto[days, since], calendar.upto[days, until]
    total = calendar.upto[days, -1]
    return {name: value * upper // total - value * lower // total for name, value in values.items()}


def _drawn(stock: Stock, what: str, ads: Integers, days: Integers) -> _Shares:
    """A number from 0 to 1 for each ad and day, the same ones always."""
    salt = np.uint64(int.from_bytes(what.encode()[:7].ljust(8, b"."), "big"))
    with np.errstate(over="ignore"):
        word = _mixed(np.array([stock.seed], np.uint64) ^ salt)
        word = _mixed(word + ads.astype(np.uint64))
        word = _mixed(word ^ (days.astype(np.uint64) << np.uint64(20)))
    return (word >> np.uint64(11)).astype(np.float64) / 2.0**53


def _mixed(word: _Words) -> _Words:
    """One step of splitmix64."""
    word = word + np.uint64(0x9E3779B97F4A7C15)
    word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return word ^ (word >> np.uint64(31))


def _whole(shares: _Shares) -> Integers:
    return np.floor(shares).astype(np.int64)
