"""Amounts, currencies and numbers of items."""

import re
from decimal import ROUND_HALF_EVEN, Context, Decimal

from iso4217 import Currency
from reference.plain import ABSENT, Judged
from reference.texts import text

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)", re.ASCII)
EXACT = Context(prec=5000, Emax=10**6, Emin=-(10**6))
CURRENCIES = frozenset(currency.code for currency in Currency)
MOST_ITEMS = 2**63 - 1
INVALID, NEGATIVE = Judged(reason="invalid"), Judged(reason="negative")

LARGEST_FLOAT = 2**127  # what a whole number of the database ends at


def money(given: object) -> Judged:
    """An amount as the text that is sent; its reason is `invalid` or `negative`."""
    if given is None or (isinstance(given, str) and text(given) is None):
        return ABSENT
    number = exact(given)
    if number is None:
        return INVALID
    if number < 0:
        return NEGATIVE
    if isinstance(given, float):
        if number >= LARGEST_FLOAT:
            return INVALID
        number = number.quantize(Decimal("0.000001"), ROUND_HALF_EVEN, EXACT)
    return Judged(value=plain(number))


def exact(given: object) -> Decimal | None:
    """The number of a value, None when it is none or not finite."""
    if isinstance(given, str):
        said = text(given) or ""
        return EXACT.create_decimal(said) if NUMBER.fullmatch(said) else None
    if isinstance(given, bool) or not isinstance(given, int | float | Decimal):
        return None
    number = Decimal(given)
    return number if number.is_finite() else None


def plain(number: Decimal) -> str:
    """Two decimals, and all others that are not trailing zeros."""
    whole, _, decimals = format(number.copy_abs(), "f").partition(".")
    return f"{whole.lstrip('0') or '0'}.{decimals.rstrip('0').ljust(2, '0')}"


def currency(given: object) -> Judged:
    said = text(given)
    if said is None:
        return ABSENT
    code = said.upper()
    return Judged(value=code) if code in CURRENCIES else Judged(reason="invalid_price_currency")


def count(given: object) -> Judged:
    """A whole number above zero, as the digits that are sent."""
    if given is None or (isinstance(given, str) and text(given) is None):
        return ABSENT
    number = exact(given)
    if (
        number is None
        or not 0 < number <= MOST_ITEMS
        or number != number.to_integral_value(context=EXACT)
    ):
        return INVALID
    return Judged(value=format(number.to_integral_value(context=EXACT), "f"))
