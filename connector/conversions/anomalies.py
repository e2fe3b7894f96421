"""Whether a run stands out among its mapping's own last runs: pure functions over a few figures.

Few false alarms matter more than fine differences, so a run is held against the extremes of a
long history, never against a mean. A factor of four beyond the largest also lies more than three
median deviations beyond the median (for counts that deviation is at most the median), so that no
second measure is needed.

What grows with time is allowed for the time that has passed since rows were last sent: catching
up after a pause, and warehouses that are loaded in lumps, are no anomaly. What falls is compared
with all of the last runs, and with those at the same time of day, since nights are quiet.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import median
from typing import Any

LAST_RUNS = 1_400  # two weeks of a run each quarter of an hour
LAST_DAYS = 28

FEWEST_RUNS = 5  # to compare with, whatever is compared
SIZEABLE_JUMP = 50  # rows; fewer are never too many
ENOUGH_ROWS = 20  # in a run, before a share or a mean of it says something

ROWS_RISE = 4.0  # times the most that there was
ROWS_FALL = 10.0  # the fewest there were, divided by this
LONGER_WAIT = 3.0  # times the longest wait for new rows
VALUE_RISE = 10.0  # orders differ in value more than runs do in rows
VALUE_FALL = 10.0  # of the value for each row
NEW_CURRENCY = 0.25  # of what the largest currency usually amounts to
COVERAGE_FALL = 3.0
COVERAGE_POINTS = 0.1  # share that has to be missing at least

SHORTEST_HOURS = 1 / 12  # what runs within five minutes had is not counted up to the hour
NEAR_HOURS = 1.0  # this far apart is the same time of day
ANOTHER_DAY_HOURS = 12.0
WEEK_HOURS = 7 * 24.0  # what has seen each day of the week knows what nights and Sundays are like
SHOWN_AGAIN_HOURS = 24.0  # a run with an anomaly becomes what is usual after this time

_HOUR = 3_600_000
REASON = "anomaly"


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What a run has to send, or sent.

    `at` is when it began (milliseconds), `waited` and `interval` the hours since a run sent
    something and since the run before; `identifiers` counts rows that have each.
    """

    at: int
    waited: float
    interval: float
    rows: int
    value: Mapping[str, Decimal]
    identifiers: Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class Past:
    """Runs to compare with, oldest first; `waited` and `interval` are those of a run now."""

    before: Sequence[Figures]
    waited: float
    interval: float


def past(kept: Iterable[tuple[int, Mapping[str, Any]]], *, now: int) -> Past:
    """What the kept summaries of a mapping's runs tell, by the time each began, oldest first.

    Runs that are unusual by intention have no `figures`; unfinished ones only make the wait
    longer. The first that sent something had a history to send, so it is where the wait begins.
    A wait ends where the alarm stopped a run: it does not fade while a person is waited for.
    """
    before: list[Figures] = []
    sent = previous = stopped = None
    for at, summary in kept:
        rows = summary["rows"]
        if "figures" not in summary:
            continue
        if REASON in summary["reasons"]["pending"]:
            stopped = stopped or at
            continue
        if rows["pending"] or rows["in_doubt"]:
            continue
        known = not summary["anomalies"] or now - at >= SHOWN_AGAIN_HOURS * _HOUR
        if sent is not None and known:
            waited, interval = _hours(sent, stopped or at), _hours(previous or at, at)
            before.append(_figures(summary, at=at, waited=waited, interval=interval))
        previous = at
        if summary["figures"]["rows"]:
            sent, stopped = at, None
    return Past(
        before=before, waited=_hours(sent or now, stopped or now),
        interval=_hours(previous or now, now),
    )  # fmt: skip


def _hours(since: int, until: int) -> float:
    return (until - since) / _HOUR


def _figures(summary: Mapping[str, Any], *, at: int, waited: float, interval: float) -> Figures:
    return Figures(
        at=at, waited=waited, interval=interval, rows=summary["figures"]["rows"],
        value={currency: Decimal(amount) for currency, amount in summary["value"].items()},
        identifiers=summary["identifiers"],
    )  # fmt: skip


def unusual(now: Figures, before: Sequence[Figures]) -> list[str]:
    """A sentence for each figure of a run that lies far outside those of the runs before it."""
    if len(before) < FEWEST_RUNS:
        return []
    currencies = {*now.value, *(name for each in before for name in each.value)}
    sentences = (
        _more_rows(now, before) or _fewer_rows(now, before) or _no_rows(now, before),
        *(
            _new_currency(now, before, name)
            or _more_value(now, before, name)
            or _less_value(now, before, name)
            for name in sorted(currencies)
        ),
        *(_lost_identifier(now, before, name) for name in sorted(now.identifiers)),
    )
    return [sentence for sentence in sentences if sentence]


def _more_rows(now: Figures, before: Sequence[Figures]) -> str:
    filled = [each for each in before if each.rows]
    if len(filled) < FEWEST_RUNS or now.rows < SIZEABLE_JUMP:
        return ""
    if now.rows <= ROWS_RISE * _most(filled, lambda each: float(each.rows), now.waited):
        return ""
    return _sentence("new rows", now.rows, [each.rows for each in before], "{:,}")


def _most(before: Sequence[Figures], of: Callable[[Figures], float], waited: float) -> float:
    """The largest amount there was, or what the fastest pace makes of the time that passed."""
    pace = max(of(each) / max(each.waited, SHORTEST_HOURS) for each in before)
    return max(*map(of, before), pace * max(waited, SHORTEST_HOURS))


def _fewer_rows(now: Figures, before: Sequence[Figures]) -> str:
    groups = {"": before}
    if _hours(before[0].at, now.at) >= WEEK_HOURS:
        groups[" at this time of day"] = [each for each in before if _same_time(each, now)]
    for when, group in groups.items():
        lowest = min((each.rows for each in group), default=0)
        if len(group) < FEWEST_RUNS or lowest < ENOUGH_ROWS or now.rows * ROWS_FALL >= lowest:
            continue
        # A second run right behind the first has nothing to find.
        if now.interval * 2 >= median(each.interval for each in group):
            return _sentence("new rows", now.rows, [each.rows for each in group], "{:,}", when=when)
    return ""


def _no_rows(now: Figures, before: Sequence[Figures]) -> str:
    longest = max(max(each.waited, SHORTEST_HOURS) for each in before)
    if now.rows or now.waited <= LONGER_WAIT * longest:
        return ""
    if _hours(before[0].at, now.at) < WEEK_HOURS:
        return ""
    return (
        f"new rows: none for {now.waited:,.1f} hours, the longest wait of the last"
        f" {len(before):,} runs was {longest:,.1f} hours"
    )


def _same_time(earlier: Figures, now: Figures) -> bool:
    apart = _hours(earlier.at, now.at)
    return apart >= ANOTHER_DAY_HOURS and abs((apart + 12) % 24 - 12) <= NEAR_HOURS


def _new_currency(now: Figures, before: Sequence[Figures], currency: str) -> str:
    usual = [float(max(each.value.values())) for each in before if each.value]
    if now.rows < ENOUGH_ROWS or len(usual) < FEWEST_RUNS:
        return ""
    amount, seen = _worth(now, currency), any(_worth(each, currency) for each in before)
    sizeable = NEW_CURRENCY * median(usual)
    if seen or not sizeable or amount < sizeable:
        return ""
    return f"value: {amount:,.2f} {currency}, the last {len(before):,} runs had none"


def _more_value(now: Figures, before: Sequence[Figures], currency: str) -> str:
    known = [each for each in before if _worth(each, currency)]
    if len(known) < FEWEST_RUNS or sum(each.rows for each in known) < SIZEABLE_JUMP:
        return ""
    amount = _worth(now, currency)
    if amount <= VALUE_RISE * _most(known, lambda each: _worth(each, currency), now.waited):
        return ""
    amounts = [_worth(each, currency) for each in known]
    return _sentence("value", amount, amounts, f"{{:,.2f}} {currency}")


def _less_value(now: Figures, before: Sequence[Figures], currency: str) -> str:
    means = [_worth(each, currency) / each.rows for each in _with_enough(before)]
    if len(means) < FEWEST_RUNS or now.rows < ENOUGH_ROWS:
        return ""
    mean = _worth(now, currency) / now.rows
    if mean * VALUE_FALL >= min(means):
        return ""
    return _sentence("value of a row", mean, means, f"{{:,.2f}} {currency}")


def _lost_identifier(now: Figures, before: Sequence[Figures], name: str) -> str:
    shares = [each.identifiers.get(name, 0) / each.rows for each in _with_enough(before)]
    if len(shares) < FEWEST_RUNS or now.rows < ENOUGH_ROWS:
        return ""
    share = now.identifiers[name] / now.rows
    if share * COVERAGE_FALL >= min(shares) or median(shares) - share < COVERAGE_POINTS:
        return ""
    return _sentence(f"rows with {name}", share, shares, "{:.0%}")


def _with_enough(before: Sequence[Figures]) -> list[Figures]:
    return [each for each in before if each.rows >= ENOUGH_ROWS]


def _worth(each: Figures, currency: str) -> float:
    return float(each.value.get(currency, 0))


def _sentence(what: str, now: float, before: Sequence[float], shown: str, *, when: str = "") -> str:
    """`shown` is a pattern of `str.format`, such as `{:,.2f} EUR`."""
    low, high = shown.format(min(before)), shown.format(max(before))
    span = low if low == high else f"{low} to {high}"
    return f"{what}: {shown.format(now)}, the last {len(before):,} runs{when} had {span}"
