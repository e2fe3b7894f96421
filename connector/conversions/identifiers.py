"""What SQL cannot do to an identifier: phone numbers, IPv6, and Python's lower case.

The functions take and give Arrow arrays; what is invalid becomes null, and nothing is ever raised,
since DuckDB would print the row with the exception.
"""

import ipaddress
from collections.abc import Callable
from typing import Any

import pyarrow as pa


def ipv6(address: str) -> str | None:
    """The address as it is written, None unless it is IPv6 without a zone."""
    try:
        ipaddress.IPv6Address(address)
    except ValueError:
        return None
    return None if "%" in address else address


def _phones(numbers: Any, regions: Any) -> pa.Array:  # noqa: ANN401 - pyarrow has no types
    # Most mappings have no phones, and the numbering plans of the world take their time to load.
    from connector.conversions.phones import e164  # noqa: PLC0415 - see above

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
