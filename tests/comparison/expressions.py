"""Expressions of a mapping, in DuckDB's SQL and in Python; some fail on some rows."""

from decimal import Decimal

from reference.plain import Given, Row


def _number(row: Row, name: str) -> int | None:
    found = row[name]
    assert isinstance(found, int | None)
    return found


def _divided(row: Row) -> float | None:
    cents = _number(row, "cents")
    return None if cents is None else float(cents) / 100


def _remainder(row: Row) -> Decimal | None:
    cents = _number(row, "cents")
    if cents is None:
        return None
    # SQL's remainder has the sign of what is divided.
    rest = abs(cents) % 1000
    return Decimal(rest if cents >= 0 else -rest) / 100


def _by_nothing(row: Row) -> int | None:
    cents = _number(row, "cents")
    return None if cents is None else cents // 0


def _byte(number: int | None) -> int | None:
    if number is not None and not -128 <= number <= 127:
        raise OverflowError
    return number


def _id(row: Row) -> str | None:
    found = _byte(_number(row, "order"))
    return None if found is None else f"order {found}"


def _currency(row: Row) -> str | None:
    said = row["currency"]
    assert isinstance(said, str | None)
    return str(_byte(100 * len(said))) if said is not None and len(said) > 3 else said


AMOUNTS = (
    Given(kind="sql", text='"cents" / 100', compute=_divided),
    Given(kind="sql", text="cents % 1000 * 0.01", compute=_remainder),
    Given(
        kind="sql", text="cast(cents as tinyint)", compute=lambda row: _byte(_number(row, "cents"))
    ),
    Given(kind="sql", text="cents // 0", compute=_by_nothing),
)
"""Over a column of whole numbers, `cents`."""

ID = Given(kind="sql", text="'order ' || cast(\"order\" as tinyint)", compute=_id)
CURRENCY = Given(
    kind="sql",
    text="case when length(currency) > 3"
    " then cast(cast(100 * length(currency) as tinyint) as varchar) else currency end",
    compute=_currency,
)
CONSENT = Given(
    kind="sql",
    text="cast(cast(ads_consent as tinyint) as varchar)",
    compute=lambda row: _byte(_number(row, "ads_consent")),
)
AGENT = Given(
    kind="sql",
    text="ua || ua",
    compute=lambda row: None if row["ua"] is None else f"{row['ua']}{row['ua']}",
)
