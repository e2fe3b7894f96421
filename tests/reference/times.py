"""When a conversion took place: every way to say it, as milliseconds of the epoch."""

import re
from datetime import date, datetime, timedelta
from decimal import ROUND_DOWN, ROUND_FLOOR, Decimal
from functools import cache
from importlib.resources import files
from typing import Literal
from zoneinfo import ZoneInfo

from reference.money import EXACT
from reference.plain import ABSENT, Judged
from reference.texts import bare

ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?"
    r" ?([Zz]|[+-]\d\d(?::?\d\d)?)?",
    re.ASCII,
)
DATE_ALONE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
SECOND_NS = 10**9
UNITS_NS = {"s": SECOND_NS, "ms": 10**6, "us": 10**3, "ns": 1}
NANO = Decimal("1e-9")
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - what is added to it is a wall clock without a zone
FIRST_MS, LAST_MS = -62_135_596_800_000, 253_402_300_799_999
INVALID = Judged(reason="invalid_conversion_time")


def conversion_time(given: object, type_: str, *, timezone: str | None, unit: str | None) -> Judged:
    """The time in milliseconds, cut; `type_` is the column's Arrow type as text."""
    if given is None:
        return ABSENT
    if isinstance(given, str):
        return _of_text(bare(given), timezone)
    if type_.startswith("timestamp"):
        assert isinstance(given, int)
        return _of_timestamp(given, type_, timezone)
    assert isinstance(given, int | float | Decimal)
    return _of_number(given, unit)


def _of_text(said: str, timezone: str | None) -> Judged:
    if not said:
        return ABSENT
    if DATE_ALONE.fullmatch(said):
        return Judged(reason=INVALID.reason, warnings=("date_alone",))
    match = ISO.fullmatch(said)
    wall = _wall_clock(match) if match else None
    if match is None or wall is None:
        return INVALID
    return _of_offset(wall, match[8]) if match[8] else _in_zone(wall, timezone)


def _wall_clock(match: re.Match[str]) -> int | None:
    """Nanoseconds from 1970 on a clock without a zone, None when no clock shows that."""
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    try:
        days = date(year, month, day).toordinal() - EPOCH.toordinal()
    except ValueError:
        return None
    if hour > 23 or minute > 59 or second > 59:
        return None
    whole = days * 86_400 + hour * 3600 + minute * 60 + second
    return whole * SECOND_NS + int((match[7] or "0").ljust(9, "0")[:9])


def _of_offset(wall: int, written: str) -> Judged:
    if written in "Zz":
        return _instant(wall)
    hours, minutes = int(written[1:3]), int(written[3:].lstrip(":") or 0)
    if hours > 15 or minutes > 59:
        return INVALID
    offset = (hours * 3600 + minutes * 60) * SECOND_NS
    return _instant(wall + offset if written[0] == "-" else wall - offset)


def _of_timestamp(given: int, type_: str, timezone: str | None) -> Judged:
    unit, _, zone = type_.removeprefix("timestamp[").removesuffix("]").partition(", ")
    nanoseconds = given * UNITS_NS[unit]
    return _instant(nanoseconds) if zone else _in_zone(nanoseconds, timezone)


def _of_number(given: float | Decimal, unit: str | None) -> Judged:
    # The digits people see: a float stands for the shortest decimal that reads as it.
    number = Decimal(repr(given)) if isinstance(given, float) else Decimal(given)
    if unit is None or not number.is_finite():
        return INVALID
    number = number.quantize(NANO, ROUND_DOWN, EXACT)
    scaled = number.scaleb(3, EXACT) if unit == "s" else number
    return _milliseconds(int(scaled.to_integral_value(ROUND_FLOOR)))


def _instant(nanoseconds: int, warnings: tuple[str, ...] = ()) -> Judged:
    return _milliseconds(nanoseconds // 10**6, warnings)


def _milliseconds(found: int, warnings: tuple[str, ...] = ()) -> Judged:
    # The wire's form has four digits for the year.
    if not FIRST_MS <= found <= LAST_MS:
        return INVALID
    return Judged(value=found, warnings=warnings)


def _in_zone(wall: int, timezone: str | None) -> Judged:
    if timezone is None:
        return INVALID
    seconds, rest = divmod(wall, SECOND_NS)
    try:
        clock = EPOCH + timedelta(seconds=seconds)
    except OverflowError:
        return INVALID
    first, second = (_offset(clock, timezone, fold) for fold in (0, 1))
    # West of before: the clock was put back, and the hour comes again. East of it: it was put
    # forward, and the offset of before carries a time that never was past the gap.
    offset = min(first, second)
    warnings = (
        ("ambiguous_conversion_time",)
        if second < first
        else ("skipped_conversion_time",)
        if second > first
        else ()
    )
    return _instant((seconds - offset) * SECOND_NS + rest, warnings)


@cache
def zone(name: str) -> ZoneInfo:
    """A zone from the package of zones; those of the machine may be years old."""
    with files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)


def _offset(clock: datetime, timezone: str, fold: Literal[0, 1]) -> int:
    offset = clock.replace(tzinfo=zone(timezone), fold=fold).utcoffset()
    assert offset is not None
    return int(offset.total_seconds())


def of_limits(found: int, *, now: datetime, max_age: timedelta, max_in_future: timedelta) -> str:
    """The reason for a time outside of the limits, else an empty text."""
    instant = EPOCH + timedelta(milliseconds=found)
    clock = now.replace(tzinfo=None)
    if instant > clock + max_in_future:
        return "in_future"
    return "too_old" if instant < clock - max_age else ""


def on_the_wire(found: int) -> str:
    """`yyyy-MM-ddTHH:mm:ss.SSSZ`."""
    instant = EPOCH + timedelta(milliseconds=found)
    return instant.isoformat(timespec="milliseconds") + "Z"
