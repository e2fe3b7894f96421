"""Numbers in every type of column, and as text."""

import struct
from decimal import Decimal
from typing import Any

from comparison.texts import anything, joined, mixed
from hypothesis import strategies as st

NUMBERS_AS_TEXT = (
    "1,000", "1.000,5", "1_000", "1e3", "1E3", "0x10", "0b1", "- 5", "--5", "+-5", "5-", "5.", ".5",
    ".", "+", "-", "+.5", "-.0", "-0", "-0.00", "+0", "00", "007", "$5", "5 EUR", "5%", "inf",
    "-inf", "nan", "NaN", "Infinity", "\u0665", "\uff15", "1 000", "1\u00a0000", "1'000", "5f",
    "1/2", "9.9950000", "0.005", "1.", "0.0000001", "-0.0000001", "1..2", "1.2.3", "1e400", "true",
    "null", "9" * 39, "9" * 320, "0." + "0" * 50 + "1", "1" + "0" * 40 + ".50",
)  # fmt: skip
DIGITS = "0123456789"

signs = st.sampled_from(("", "", "+", "-"))
digits = st.text(DIGITS, min_size=1, max_size=45)
as_text = mixed(
    joined(signs, digits, st.sampled_from(("", ".", ".5", ".00", ".120"))),
    st.sampled_from(NUMBERS_AS_TEXT),
    st.floats().map(str),
    st.decimals(allow_nan=False, allow_infinity=False, places=4).map(str),
    anything,
)  # fmt: skip
counts_as_text = mixed(
    st.integers(1, 99).map(str),
    st.sampled_from(("0", "-1", "2.0", "2.5", "2.", "+2", "02", "1e2", *NUMBERS_AS_TEXT)),
    anything,
)


def whole(bits: int, *, signed: bool = True) -> st.SearchStrategy[int]:
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    near = [
        n for n in (0, 1, 2, 10, 100, 127, low, high, low + 1, high - 1, -1) if low <= n <= high
    ]
    return st.one_of(st.sampled_from(near), st.integers(low, high), st.integers(0, 99))


def decimals(precision: int, scale: int) -> st.SearchStrategy[Decimal]:
    top = 10**precision - 1
    edges = (0, 1, -1, top, -top, 10**scale, -(10**scale), 5 * 10 ** max(scale - 1, 0))
    unscaled = st.one_of(
        st.sampled_from([edge for edge in edges if abs(edge) <= top]),
        st.integers(-top, top),
        st.integers(0, top),
        st.integers(0, top // 10 ** (scale // 2)).map(lambda n: n * 10 ** (scale // 2)),
    )
    return unscaled.map(lambda n: Decimal(f"{n}E-{scale}"))


def single(number: float) -> float:
    """The number a column of four bytes would hold."""
    found: float = struct.unpack("f", struct.pack("f", number))[0]
    return found


SPECIAL = (
    0.0, -0.0, 1.0, 9.995, 0.1, 0.005, 0.0000004, 0.0000005, 0.0000006, -0.0000001, 1e6 + 0.1234565,
    0.30000000000000004, 1e15, 123456789.123456, 2.5, 1e-300, 5e-324, float("nan"), float("inf"),
    float("-inf"), 99.99, 19.99, 1e22, 0.0078125,
)  # fmt: skip
doubles = st.one_of(
    st.sampled_from(SPECIAL),
    st.floats(0, 1e12),
    st.floats(),
    st.floats(2.0**50, 2.0**128),
    st.integers(0, 10**9).map(lambda cents: cents / 100),
)
singles = st.one_of(
    st.sampled_from([single(number) for number in SPECIAL]),
    st.floats(-3.4e38, 3.4e38).map(single),
    st.floats(0, 2.0**20).map(single),
)
counts_as_doubles = st.one_of(doubles, st.integers(-2, 50).map(float))

AMOUNTS: dict[str, st.SearchStrategy[Any]] = {
    "string": as_text,
    "decimal128(38, 10)": decimals(38, 10),
    "double": doubles,
    "int64": whole(64),
    "decimal128(18, 2)": decimals(18, 2),
    "float": singles,
    "decimal128(38, 38)": decimals(38, 38),
    "decimal128(38, 0)": decimals(38, 0),
    "uint64": whole(64, signed=False),
    "decimal128(9, 3)": decimals(9, 3),
    "int8": whole(8),
    "decimal128(4, 1)": decimals(4, 1),
}
COUNTS: dict[str, st.SearchStrategy[Any]] = {
    "int32": whole(32),
    "string": counts_as_text,
    "double": counts_as_doubles,
    "decimal128(10, 2)": st.one_of(decimals(10, 2), st.integers(-2, 50).map(Decimal)),
    "decimal128(38, 0)": decimals(38, 0),
    "int64": whole(64),
    "float": st.one_of(singles, st.integers(-2, 50).map(float)),
    "uint64": whole(64, signed=False),
    "int8": whole(8),
}
NUMBERED: dict[str, st.SearchStrategy[Any]] = {
    "int64": whole(64),
    "decimal128(38, 0)": decimals(38, 0),
    "decimal128(38, 10)": st.one_of(decimals(38, 10), st.integers(0, 999).map(Decimal)),
    "uint64": whole(64, signed=False),
    "decimal128(9, 2)": st.one_of(decimals(9, 2), st.integers(-9, 999).map(Decimal)),
    "int8": whole(8),
}
