import hashlib

import pyarrow as pa
import pytest
from rows import PHONE, PHONE_HASH, mapped, misfits, one


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def phones(
    *given: str | None, phone: str = "phone", **columns: list[str | None]
) -> list[str | None]:
    """For each row the hash as X gets it, else why it was dropped."""
    identifiers = f"{{twclid: {{value: x}}, phone: {phone}}}"
    rows = mapped({"phone": list(given), **columns}, identifiers=identifiers)
    last = [row["conversion"]["identifiers"][-1] for row in rows]
    hashed = [one.get("hashed_phone_number") for one in last]
    return [found or row["dropped"] for found, row in zip(hashed, rows, strict=True)]


def test_a_number_has_the_hash_that_x_documents() -> None:
    assert phones(PHONE) == [PHONE_HASH]


US = "{column: phone, region: US}"
US_HASH = sha256("+14155552671")
WIDE = "+14155552671".translate({code: code + 0xFEE0 for code in range(0x21, 0x7F)})


@pytest.mark.parametrize(
    "number",
    [
        "+14155552671", "(415) 555-2671", "415.555.2671", "4155552671", "1 415 555 2671",
        " 415-555-2671 ", "+1 (415) 555-2671 ext. 89", "415-555-2671 x89", "011 1 415 555 2671",
        "\u00a0+1\u2011415\u2011555\u20112671", "tel:+1-415-555-2671", WIDE,
        US_HASH, US_HASH.upper(),
    ],
)  # fmt: skip
def test_a_number_is_parsed_for_its_region_and_hashed_with_its_plus(number: str) -> None:
    assert phones(number, phone=US) == [US_HASH]


@pytest.mark.parametrize(
    "number",
    ["555-2671", "123", "+1123", "call me", "+", "0", "ada@example.com", "+999 123 456 789",
     "1" * 251, "+11234567890", "\x00"],
)  # fmt: skip
def test_a_number_that_is_not_valid_is_dropped(number: str) -> None:
    assert phones(number, phone=US) == ["invalid_phone"]


def test_a_number_without_plus_and_region_is_not_guessed() -> None:
    given = ["+351 912 345 678", "912 345 678", "351912345678", "00351912345678", " ", None]
    assert phones(*given) == [PHONE_HASH, *["invalid_phone"] * 3, None, None]


def test_the_region_may_be_a_column() -> None:
    numbers = ["912345678"] * 6 + ["00351912345678", "+351912345678", "+351912345678", "4155552671"]
    regions = ["PT", "pt", " Pt\n", "", None, "XX", "DE", "US", "XX", "us"]
    hashed = phones(*numbers, phone="{column: phone, region: {column: country}}", country=regions)
    assert hashed == [PHONE_HASH] * 3 + ["invalid_phone"] * 3 + [PHONE_HASH] * 3 + [US_HASH]


def test_a_whole_number_may_be_a_phone() -> None:
    columns = {"phone": pa.array([4155552671, None])}
    rows = mapped(columns, identifiers="{phone: {column: phone, region: US}, email: email}")
    assert rows[0]["conversion"]["identifiers"][1] == {"hashed_phone_number": US_HASH}
    assert rows[1]["dropped"] is None


@pytest.mark.parametrize("kind", [pa.float64(), pa.decimal128(12, 2)])
def test_a_fraction_is_no_phone(kind: pa.DataType) -> None:
    columns = {"phone": pa.array([None], kind)}
    (told,) = misfits(columns, identifiers="{phone: phone}")
    assert told.startswith("4:22 phone is D")
    assert told.endswith("; it is text, or a whole number")


def test_a_number_that_is_hashed_already_is_counted() -> None:
    row = one({"phone": [PHONE_HASH]}, identifiers="{phone: phone}")
    assert row["hashed"] == "phone"
