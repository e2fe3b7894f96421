import pyarrow as pa
import pytest

from connector.conversions.identifiers import FUNCTIONS, e164, ipv6


@pytest.mark.parametrize(
    ("number", "region", "expected"),
    [
        ("+351 912 345 678", None, "+351912345678"),
        ("912 345 678", "PT", "+351912345678"),
        ("912 345 678", " pt\n", "+351912345678"),
        ("00351912345678", "DE", "+351912345678"),
        ("+44 20 7183 8750", "US", "+442071838750"),
        ("1-800-356-9377", "US", "+18003569377"),
        ("912 345 678", None, None),
        ("912 345 678", "", None),
        ("912 345 678", "XX", None),
        ("+1 123 456 7890", "US", None),
        ("", "US", None),
        ("+" + "1" * 300, "US", None),
        ("\x00", "US", None),
    ],
)
def test_a_number_is_e_164_with_its_plus_or_nothing(
    number: str, region: str | None, expected: str | None
) -> None:
    assert e164(number, region) == expected


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
