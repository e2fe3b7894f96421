import pyarrow as pa
import pytest

from connector.conversions.identifiers import FUNCTIONS, ipv6


@pytest.mark.parametrize(
    ("address", "valid"),
    [
        ("::1", True),
        ("2001:DB8::1", True),
        ("fe80::1%eth0", False),
        ("1.2.3.4", False),
        ("x", False),
    ],
)
def test_ipv6_is_kept_as_it_is_written(address: str, *, valid: bool) -> None:
    assert ipv6(address) == (address if valid else None)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_gives_null_for_null_and_for_nonsense_and_never_raises(name: str) -> None:
    function, arguments = FUNCTIONS[name]
    nonsense = pa.array([None, "", "\x00", "💥" * 200, "%", "[::1", "+"])
    made = function(*([nonsense] * arguments))
    assert made.type == pa.string()
    assert len(made) == len(nonsense)
    assert made[0].as_py() is None
