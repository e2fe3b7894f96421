"""The rules of phonenumbers that few real regions need, over the metadata of made-up ones."""

import random
from collections.abc import Iterator
from itertools import permutations

import phonenumbers
import pytest
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, SUPPORTED_REGIONS, PhoneMetadata
from phonenumbers.phonemetadata import PhoneNumberDesc

from connector.conversions import phones
from connector.conversions.phones import e164

CODE = 999
MADE = (phones._of_region, phones._of_calling_code, phones._valid, phones.by_phonenumbers)


def kind(pattern: str, *lengths: int, local: tuple[int, ...] = ()) -> PhoneNumberDesc:
    return PhoneNumberDesc(
        national_number_pattern=pattern, possible_length=lengths, possible_length_local_only=local
    )


ODD = {
    # Its kinds are wider than the general form and the lengths; some lengths are local.
    "XA": PhoneMetadata(
        "XA", country_code=CODE, register=False, leading_digits="[1-4]|9[0-6]",
        general_desc=kind(r"[2-9]\d{3,7}", 5, 6, 8, local=(4, 7)),
        fixed_line=kind(r"[1-6]\d{3,8}", 5, 6, 8), mobile=kind(r"9\d{4,7}", 5, 8),
        international_prefix="8[01]", national_prefix="0", national_prefix_for_parsing="0|9(1)?2",
    ),
    "XB": PhoneMetadata(
        "XB", country_code=CODE, register=False,
        general_desc=kind(r"[59]\d{4,6}|00\d{4}", 5, 6), fixed_line=kind(r"5\d*|00\d*", 5, 6),
        voip=kind(r"99?\d{4}", 5, 6, 7), international_prefix="00",
        national_prefix_for_parsing=r"([3-5]\d{3})$|0|6(2)?3",
        national_prefix_transform_rule=r"9\1",
    ),
    "XC": PhoneMetadata(
        "XC", country_code=CODE, register=False, leading_digits="5|2",
        general_desc=kind(r"[2-5]\d{4,6}", 5, 7), pager=kind(r"[25]\d[0-4]\d+"),
        national_prefix_for_parsing=r"(?:0|9)(\d{4})?", national_prefix_transform_rule=r"5\1",
    ),
}  # fmt: skip


@pytest.fixture
def _regions(monkeypatch: pytest.MonkeyPatch, order: tuple[str, ...]) -> Iterator[None]:
    monkeypatch.setitem(COUNTRY_CODE_TO_REGION_CODE, CODE, order)
    for region in order:
        monkeypatch.setitem(PhoneMetadata._region_metadata, region, ODD[region])
        SUPPORTED_REGIONS.add(region)
    for each in MADE:
        each.cache_clear()
    yield
    SUPPORTED_REGIONS.difference_update(order)
    for each in MADE:
        each.cache_clear()


def plain(number: str, region: str | None) -> str | None:
    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return None
    form = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    return str(form) if phonenumbers.is_valid_number(parsed) else None


def made_up(chance: random.Random) -> str:
    start = chance.choice(("", "", "0", "00", "80", "9", "92", "912", "63", "623"))
    code = chance.choice(("", "+999", "+999", "999", "00999", "80999", "+9990", "0"))
    return code + start + "".join(chance.choices("0123456789", k=chance.randint(1, 8)))


@pytest.mark.usefixtures("_regions")
@pytest.mark.parametrize(
    "order", [order for some in (1, 2, 3) for order in permutations(ODD, some)], ids="-".join
)
def test_regions_that_share_a_code_decide_as_in_phonenumbers(order: tuple[str, ...]) -> None:
    assert all(phones._of_region(region) for region in order)
    chance = random.Random(len(order))
    asked = [(made_up(chance), chance.choice((None, *order))) for _ in range(3_000)]
    right = [plain(number, region) for number, region in asked]
    assert len(set(right)) > 100
    said = [e164(number, region) for number, region in asked]
    told = zip(asked, said, right, strict=True)
    assert not [each for each in told if each[1] != each[2]][:5]
