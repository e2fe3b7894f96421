"""What SQL cannot do to an identifier: phone numbers, IPv6, and Python's lower case.

The functions take and give Arrow arrays; what is invalid becomes null, and nothing is ever raised,
since DuckDB would print the row with the exception.
"""

import ipaddress
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import phonenumbers
import pyarrow as pa

_LONGEST_NUMBER = 250  # what phonenumbers itself refuses to look at


@lru_cache(maxsize=100_000)
def e164(number: str, region: str | None) -> str | None:
    """The number in E.164 with its plus, None unless libphonenumber calls it valid.

    Without a plus it is parsed for `region` (ISO 3166 alpha-2); without either it is not guessed.
    """
    if len(number) > _LONGEST_NUMBER:
        return None
    try:
        parsed = phonenumbers.parse(number, region.strip().upper() if region else None)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(parsed):
        return None
    return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))


def ipv6(address: str) -> str | None:
    """The address as it is written, None unless it is IPv6 without a zone."""
    try:
        ipaddress.IPv6Address(address)
    except ValueError:
        return None
    return None if "%" in address else address


def _phones(numbers: Any, regions: Any) -> pa.Array:  # noqa: ANN401 - pyarrow has no types
    rows = zip(numbers.to_pylist(), regions.to_pylist(), strict=True)
    return pa.array([number and e164(number, region) for number, region in rows], pa.string())


def _each(convert: Callable[[str], str | None]) -> Callable[[Any], pa.Array]:
    def over_array(values: Any) -> pa.Array:  # noqa: ANN401 - pyarrow has no types
        return pa.array([value and convert(value) for value in values.to_pylist()], pa.string())

    return over_array


# DuckDB reads the number of arguments off the function itself.
FUNCTIONS: dict[str, tuple[Callable[..., pa.Array], int]] = {
    "connector_phone": (_phones, 2),
    "connector_ipv6": (_each(ipv6), 1),
    "connector_lower": (_each(str.lower), 1),
}
