"""Spans of time and rates as people write them: `90 days`, `50m`, `60000 per 15 minutes`."""

import re
from dataclasses import dataclass
from datetime import timedelta

SECONDS: dict[str, float] = {
    **dict.fromkeys(("ms", "millisecond", "milliseconds"), 0.001),
    **dict.fromkeys(("s", "second", "seconds"), 1),
    **dict.fromkeys(("m", "minute", "minutes"), 60),
    **dict.fromkeys(("h", "hour", "hours"), 3_600),
    **dict.fromkeys(("d", "day", "days"), 86_400),
    **dict.fromkeys(("w", "week", "weeks"), 604_800),
}
LONGEST = timedelta(days=36_500)

_DURATION = re.compile(r"(?P<number>[0-9]{1,12}(\.[0-9]{1,6})?) ?(?P<unit>[a-z]+)")
_RATE = re.compile(r"(?P<amount>[0-9]{1,12}) +per +(?P<span>.+)")


def parse_duration(text: str) -> timedelta:
    """The span that a text such as `90 days`, `50m`, `36h`, `1.5 h` or `1 week` names.

    Raises:
        ValueError: not such a span, or beyond a hundred years; its text is for the user.
    """
    match = _DURATION.fullmatch(text.strip().lower())
    if match is None or match["unit"] not in SECONDS:
        raise ValueError("must be a span of time such as 90 days, 36h, 50m or 30s")
    try:
        span = timedelta(seconds=float(match["number"]) * SECONDS[match["unit"]])
    except OverflowError:
        span = timedelta.max
    if span > LONGEST:
        raise ValueError("must be a hundred years at most")
    return span


@dataclass(frozen=True)
class Rate:
    """At most `amount` in any `seconds`."""

    amount: int
    seconds: float


def parse_rate(text: str) -> Rate:
    """The rate that a text such as `60000 per 15 minutes` names.

    Raises:
        ValueError: not such a rate; its text is for the user.
    """
    match = _RATE.fullmatch(text.strip())
    try:
        seconds = parse_duration(match["span"]).total_seconds() if match else 0
    except ValueError:
        seconds = 0
    if match is None or not seconds or not int(match["amount"]):
        raise ValueError("must be a rate above zero, such as 60000 per 15 minutes")
    return Rate(amount=int(match["amount"]), seconds=seconds)
