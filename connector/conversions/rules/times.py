"""The conversion time: an instant in milliseconds since 1970 (UTC), cut, never rounded."""

from connector.conversions.rules.values import Value
from connector.conversions.sql import NOTHING, ColumnType, any_of, literal, matches

FAMILIES = frozenset({"text", "timestamp", "timestamptz", "integer", "decimal", "float"})
NUMBERS = frozenset({"integer", "decimal", "float"})

_ISO_8601 = literal(
    r"^(\d{4}-\d{2}-\d{2})[Tt ]((?:[01]\d|2[0-3]):[0-5]\d)(?::([0-5]\d)(?:[.,](\d+))?)?"
    r" ?(Z|z|[+-](?:0\d|1[0-5])(?::?[0-5]\d)?)?$"
)
_PARTS = "['day', 'minute', 'second', 'fraction', 'zone']"
_DATE_ALONE = r"^\d{4}-\d{2}-\d{2}$"
# The years 1 to 9999; DuckDB's calendar fails beyond its own range instead of giving NULL.
_FIRST_MS, _LAST_MS = -62_135_596_800_000, 253_402_300_799_999
_CALENDAR = "{0} '0001-01-01' and {0} '9999-12-31 23:59:59.999999'"
# Of a number; with room for a thousand times its whole part.
_DECIMALS = 9
# How far clocks are set back: an hour, in Lord Howe half an hour, in Troll two.
_SET_BACK = ("1 hour", "30 minutes", "2 hours")


def misfit(kind: ColumnType, *, unit: str | None, timezone: str | None) -> str | None:
    """What a time of this type lacks, or has too much."""
    is_number = kind.family in NUMBERS
    if is_number and not unit:
        return f"is a number ({kind.name}); say `unit: s` or `unit: ms`"
    if unit and not is_number and kind.name != NOTHING:
        return f"is {kind.name}, and `unit` is for numbers; remove it, or cast the column to BIGINT"
    if kind.family == "timestamp" and not timezone:
        return f"is a {kind.name} without a zone; say `timezone: Area/City`"
    return None


def microseconds(value: str, kind: ColumnType) -> str:
    """A timestamp or date as microseconds since 1970, NULL for infinity."""
    if kind.name.endswith("_NS"):
        return _microseconds_of(f"epoch_ns({value})")
    if kind.name in ("TIMESTAMP", "TIMESTAMP WITH TIME ZONE"):
        return f"epoch_us({value})"
    return f"epoch_us(try_cast({value} as timestamp))"


def _microseconds_of(nanoseconds: str) -> str:
    # `//` goes towards zero, which before 1970 is later.
    return f"({nanoseconds} // 1000 - cast({nanoseconds} % 1000 < 0 as bigint))"


def clean_time(value: Value) -> str:
    """Text in its parts, a timestamp as a wall time of the calendar, a decimal with room."""
    given, kind = value.trimmed, value.kind
    if kind.family == "text":
        return f"regexp_extract({given}, {_ISO_8601}, {_PARTS})"
    if kind.family == "float":
        # The digits that people see: .417 itself is a little less as a double.
        given = f"cast(cast({given} as double) as varchar)"
    if kind.scale > _DECIMALS:  # a cast would round
        given = f"left(cast({given} as varchar), -{kind.scale - _DECIMALS})"
    if kind.family in ("decimal", "float"):
        return f"try_cast({given} as decimal(28, {_DECIMALS}))"
    if kind.family == "integer":
        return f"try_cast({given} as bigint)"
    if kind.family != "timestamp":
        return given
    wall = f"try_cast({given} as timestamp)"
    if kind.name == "TIMESTAMP_NS":  # a cast would round
        wall = f"make_timestamp({_microseconds_of(f'epoch_ns({given})')})"
    return f"case when {wall} between {_CALENDAR.format('timestamp')} then {wall} end"


def local_time(value: Value) -> str:
    """The wall time of a value that has no zone of its own, NULL for others."""
    parts = value.clean
    if value.kind.family == "text":
        return f"case when {parts}.zone = '' then try_cast({_wall_text(parts)} as timestamp) end"
    return parts if value.kind.family == "timestamp" else "cast(null as timestamp)"


def _wall_text(parts: str) -> str:
    second = f"coalesce(nullif({parts}.second, ''), '00')"
    cut = f"rpad(left({parts}.fraction, 3), 3, '0')"
    return f"concat({parts}.day, ' ', {parts}.minute, ':', {second}, '.', {cut})"


def valid_time(value: Value) -> str:
    """Milliseconds since 1970; NULL for what is no time, and for years beyond 1 to 9999."""
    # `epoch_ms` would round.
    made = _epoch(value) if value.kind.family in NUMBERS else f"connector_cut({_instant(value)})"
    return f"connector_calendar({made})"


def _instant(value: Value) -> str:
    """Microseconds."""
    if value.kind.family == "timestamptz":
        instant = microseconds(value.clean, value.kind)
        inside = f"{value.clean} between {_CALENDAR.format('timestamptz')}"
        return (
            instant if value.kind.name.endswith("_NS") else f"case when {inside} then {instant} end"
        )
    zone = value.options.get("timezone")
    zoned = f"epoch_us(timezone({zone}, {local_time(value)}))" if zone else "cast(null as bigint)"
    if value.kind.family == "timestamp":
        return zoned
    parts = value.clean
    offset = f"replace(upper({parts}.zone), 'Z', '+00')"
    own = f"epoch_us(try_cast(concat({_wall_text(parts)}, {offset}) as timestamptz))"
    return f"case when {parts}.zone = '' then {zoned} else {own} end"


def _epoch(value: Value) -> str:
    number, factor = value.clean, 1000 if value.options["unit"] == "s" else 1
    limit = 10**15 // factor
    inside = f"{number} between -{limit} and {limit}"
    return f"case when {inside} then cast(floor({number} * {factor}) as bigint) end"


def time_reason(value: Value) -> str:
    """Why a time is not taken."""
    return (
        f"case when {value.trimmed} is null then 'missing_conversion_time'"
        f" when {value.valid} is null then 'invalid_conversion_time'"
        f" when {value.valid} > connector_latest_ms() then 'in_future'"
        f" when {value.valid} < connector_earliest_ms() then 'too_old' end"
    )


def is_date_alone(value: Value) -> str:
    """True for a text that is a day without a time."""
    return matches(value.trimmed, _DATE_ALONE) if value.kind.family == "text" else "false"


def is_ambiguous(value: Value) -> str:
    """True for a wall time that occurs twice; DuckDB takes the second."""
    zone, local = value.options["timezone"], local_time(value)
    earlier = [
        f"timezone({zone}, timezone({zone}, {local}) - interval '{span}')" for span in _SET_BACK
    ]
    return any_of(*(f"{wall} = {local}" for wall in earlier))


def is_skipped(value: Value) -> str:
    """True for a wall time that never was; DuckDB moves it forward."""
    zone, local = value.options["timezone"], local_time(value)
    return f"timezone({zone}, timezone({zone}, {local})) <> {local}"


MACROS = {
    # From the year 1 on all is above zero, so that `//` cuts.
    "connector_cut(us)": f"(us - {_FIRST_MS} * 1000) // 1000 + {_FIRST_MS}",
    # A list of one, so that a long expression stands here once.
    "connector_calendar(ms)": (
        f"list_filter([ms], lambda one: one between {_FIRST_MS} and {_LAST_MS})[1]"
    ),
}


def has_wall_time(value: Value) -> bool:
    """Whether the zone of the mapping may apply."""
    return "timezone" in value.options and value.kind.family in ("text", "timestamp")
