"""Times in every type of column, many of them where a zone's clock is put back or forward."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from comparison.numbers import single
from comparison.texts import anything, around, mixed, spoilt
from hypothesis import strategies as st
from reference.times import zone as zone_of

PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY = 86_400
# DuckDB casts some of these to a time.
NO_TIMES = (
    "infinity", "-infinity", "epoch", "now", "today", "yesterday", "tomorrow", "null", "Z", "T",
    "1762000000", "20261101T013000Z", "2026-W44-7T01:30:00Z", "2026-305T01:30:00Z", "01:30:00",
    "2026-1-1 1:2:3Z", "11/01/2026 01:30:00", "2026/11/01 01:30:00Z", "+2026-11-01T01:30:00Z",
    "2026-11-01T01:30:00 PM", "2026-11-01T1:30:00Z", "2026-11-01T01Z", "26-11-01T01:30:00Z",
    "02026-11-01T01:30:00Z", "2026-11-01 (BC) 01:30:00Z", "-2026-11-01T01:30:00Z",
    "\u066226-11-01T01:30:00Z", "2026-11-01TT01:30:00Z", "2026-11-01  01:30:00Z",
    "0000-01-01 00:00Z",
)  # fmt: skip
DATES = ("2026-11-01", "2026-02-28", " 2026-11-01\n", "2026-11-1", "2026-13-01", "9999-12-31")
ZONES = (
    "", "", "Z", "Z", "+00:00", "-05:00", "+0530", "+05", "z", "-00:00", " Z", " +02:00", "+14:00",
    "+15:59", "+16:00", "+24:00", "+05:60", "+5", "+05:3", "+05:30:15", " UTC", "UTC", "EST",
    " America/New_York", "[Europe/Berlin]", "ZZ", "\u221205:00",
)  # fmt: skip
ODD = (float("nan"), float("inf"), float("-inf"), -0.0, 1e300, -1e300, 1e18)
WHOLE = {
    "int64": (-(2**63), 2**63 - 1),
    "int32": (-(2**31), 2**31 - 1),
    "uint64": (0, 2**64 - 1),
}
FRACTIONS = ("", "", ".", ".1", ".999", ".9999", ".123456", ".1234567", ".999999999", ",5", ".12a")


@cache
def turns(zone: str) -> tuple[tuple[int, int], ...]:
    """Spans of the wall clock, in seconds, that a zone's clock shows twice or skips."""
    place = zone_of(zone)
    start = int((datetime(2025, 10, 1, tzinfo=UTC) - EPOCH).total_seconds())
    found = []
    before = _offset(start, place)
    for moment in range(start, start + 420 * DAY, 1800):
        after = _offset(moment, place)
        if after != before:
            found.append((moment + min(before, after), moment + max(before, after)))
        before = after
    return tuple(found)


def _offset(moment: int, place: ZoneInfo) -> int:
    found = (EPOCH + timedelta(seconds=moment)).astimezone(place).utcoffset()
    assert found is not None
    return int(found.total_seconds())


def seconds(now: datetime, zone: str | None) -> st.SearchStrategy[int]:
    """Seconds of the epoch, or of the wall clock: lately, at the limits, at turns, and far off."""
    instant = int((now - EPOCH).total_seconds())
    lately = st.integers(instant - 80 * DAY, instant)
    limits = st.tuples(
        st.sampled_from(
            (instant + 300, instant + 2 * DAY, instant - 90 * DAY, instant - 400 * DAY, instant)
        ),
        st.integers(-2, 2),
    ).map(sum)
    far = st.one_of(
        st.integers(-(2**31), 2**33),
        st.integers(-62_135_596_800, 253_402_300_799),
        st.sampled_from((0, -1, 2**31, -62_135_596_800, 253_402_300_799)),
    )
    spans = turns(zone or "UTC")
    if not spans:
        return st.one_of(lately, lately, limits, far)
    inside = st.sampled_from(spans).flatmap(lambda span: st.integers(*span))
    around_it = st.tuples(inside, st.sampled_from((0, -1, 1, -3600, 3600))).map(sum)
    return st.one_of(lately, limits, far, inside, around_it)


def timestamps(unit: str, now: datetime, zone: str | None = None) -> st.SearchStrategy[int]:
    """Whole numbers of the unit, within what the type can hold."""
    scale = PER_SECOND[unit]
    held = 2**63 // scale
    return st.tuples(seconds(now, zone), st.integers(0, scale - 1)).map(
        lambda pair: max(min(pair[0], held - 2), 2 - held) * scale + pair[1]
    )


def numbers(unit: str, now: datetime) -> st.SearchStrategy[int]:
    return timestamps("s" if unit == "s" else "ms", now)


def _written(parts: tuple[int, str, bool, str, str]) -> str:
    moment, between, has_seconds, fraction, zone = parts
    wall = EPOCH + timedelta(seconds=moment)
    clock = wall.strftime("%H:%M:%S") + fraction if has_seconds else wall.strftime("%H:%M")
    return f"{wall:%Y-%m-%d}".zfill(10) + between + clock + zone


def as_text(now: datetime, zone: str | None) -> st.SearchStrategy[str]:
    between = st.sampled_from(("T", " ", "T", " ", "t", "_", "  ", "\u00a0"))
    parts = st.tuples(
        seconds(now, zone),
        between,
        st.booleans(),
        st.sampled_from(FRACTIONS),
        st.sampled_from(ZONES),
    )
    iso = st.tuples(
        seconds(now, zone), st.sampled_from("T "), st.just(value=True),
        st.sampled_from(("", ".5", ".123", ".999999")), st.sampled_from(("", "Z", "+02:00")),
    ).map(_written)  # fmt: skip
    clocks = st.tuples(
        st.sampled_from(("2026-11-01T", "2026-09-31 ", "2023-02-29 ", "2026-10-25T")),
        st.sampled_from(
            (
                "24:00:00",
                "24:00:01",
                "23:59:60",
                "25:00:00",
                "00:60:00",
                "02:30:00",
                "01:59:59.9999",
            )
        ),
        st.sampled_from(("", "Z", "+01:00")),
    ).map("".join)
    return mixed(
        iso, parts.map(_written), clocks, around(st.sampled_from(NO_TIMES)),
        st.sampled_from(DATES), spoilt(iso), anything,
    )  # fmt: skip


def _decimals_of(type_: str, number: st.SearchStrategy[int]) -> st.SearchStrategy[Decimal]:
    precision, scale = (int(size) for size in type_[len("decimal128(") : -1].split(", "))
    top = 10**precision - 1
    finer = st.tuples(number, st.one_of(st.integers(0, 10**scale - 1), st.just(10**scale - 1)))
    unscaled = st.one_of(
        number.map(lambda moment: moment * 10**scale),
        finer.map(lambda two: two[0] * 10**scale + two[1]),
        st.integers(-top, top),
    )
    return unscaled.map(lambda found: Decimal(f"{max(-top, min(top, found))}E-{scale}"))


def of_type(
    type_: str, unit: str | None, now: datetime, zone: str | None
) -> st.SearchStrategy[Any]:
    """The times of a column."""
    if type_ == "string":
        return as_text(now, zone)
    if type_.startswith("timestamp"):
        held = type_.removeprefix("timestamp[").removesuffix("]").partition(", ")[0]
        return timestamps(held, now, zone)
    return _numbers_of(type_, numbers(unit or "s", now), now)


def _numbers_of(
    type_: str, number: st.SearchStrategy[int], now: datetime
) -> st.SearchStrategy[Any]:
    if type_ == "double":
        # Near zero a float has more digits than a time has.
        large = st.one_of(st.floats(min_value=1), st.floats(max_value=-1))
        finer = st.tuples(number, st.integers(0, 999_999)).map(lambda two: two[0] + two[1] / 1e6)
        return st.one_of(number.map(float), finer, finer, st.sampled_from(ODD), large)
    if type_ == "float":
        return st.one_of(number.map(single), st.floats(1, 2.0**40).map(single))
    if type_.startswith("decimal128"):
        return _decimals_of(type_, number)
    low, high = WHOLE[type_]
    edges = st.sampled_from((0, -1, 1, low, high))
    return st.one_of(number, number, edges, st.integers(low, high)).map(
        lambda moment: max(low, min(high, moment))
    )
