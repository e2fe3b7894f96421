"""Money: currency units, as people write it, and micros, as X has it."""

import re
from decimal import Decimal

MICROS = 1_000_000
LARGEST_MICROS = 2**63 - 1
_UNITS = re.compile(r"[0-9]{1,13}(\.[0-9]+)?")

# The smallest step of an amount, in micros, by currency; a hundredth of a unit elsewhere.
_STEPS = {
    **dict.fromkeys(("CLP", "JPY", "KRW", "VND"), MICROS),
    **dict.fromkeys(("BHD", "IQD", "KWD", "TND"), MICROS // 1000),
}


def micros_of(units: str | float | Decimal) -> int:
    """The micros of an amount in currency units, exactly.

    Raises:
        ValueError: it is no amount above zero, or finer than a micro; the text says what it is to
            be.
    """
    text = str(units).strip()
    if isinstance(units, bool) or not _UNITS.fullmatch(text):
        raise ValueError("must be an amount in currency units, such as 25.50")
    micros = Decimal(text) * MICROS
    if micros != micros.to_integral_value():
        raise ValueError("must have at most six decimals")
    if not 0 < micros <= LARGEST_MICROS:
        raise ValueError("must be above zero" if not micros else "is more than X can count")
    return int(micros)


def units_of(micros: int) -> Decimal:
    """Currency units, with two decimals or as many as it takes."""
    units = Decimal(micros) / MICROS
    cents = units.quantize(Decimal("0.01"))
    return cents if cents == units else units.normalize()


def step_of(currency: str) -> int:
    """The smallest step of an amount in micros."""
    return _STEPS.get(currency, MICROS // 100)
