"""Phone numbers come out as phonenumbers has them, seldom by way of it.

With SOAK=1 (or more) in the environment a million are made up, and new ones each time.
"""

import os
import random
from collections.abc import Callable, Iterator, Sequence
from itertools import chain

import phonenumbers
import pytest
from phonenumbers import (
    COUNTRY_CODE_TO_REGION_CODE,
    NumberParseException,
    PhoneMetadata,
    PhoneNumber,
    PhoneNumberFormat,
    PhoneNumberType,
)

from connector.conversions import phones
from connector.conversions.phones import e164

SOAK = int(os.environ.get("SOAK", "0"))
ROUNDS = 10
MADE_UP = (100_000 if SOAK else 5_000) * max(SOAK, 1)  # in each round
DIGITS = "0123456789"
REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
WRONG_REGIONS = (None, "", " ", "001", "ZZ", "usa", "💥")
FALSE_STARTS = ("0", "1", "00", "011", "0011", "001", "810", "8~10", "0015", "9", "+", "++", "tel:")
SEPARATORS = (" ", "-", ".", " (", ") ", "/", " - ", "[", "]", "\u00a0", "\u2011", "~", "*", "\t")
SLIPS = "+\uff0b\u0663\uff15\u00b2xXaeo#~,;/*_?\n\t\x00\u202a\ud800"
TAILS = (" ext. 12", "x12", "#", "#12", " - 12#", ",,12", ";ext=3", "~12", "/x3", "(", "\n",
         " int 5", ";phone-context=+1", ";isub=1", " доб. 7")  # fmt: skip
KINDS = [kind for kind in PhoneNumberType.values() if kind != PhoneNumberType.UNKNOWN]

phonenumbers.enable_pattern_cache()  # else most of the time goes into compiling


def plain(number: str, region: str | None) -> str | None:
    """What phonenumbers says of a number."""
    try:
        parsed = phonenumbers.parse(number, region.strip().upper() if region else None)
    except NumberParseException:
        return None
    form = phonenumbers.format_number(parsed, PhoneNumberFormat.E164)
    return str(form) if phonenumbers.is_valid_number(parsed) else None


def differences(given: Sequence[tuple[str, str | None]]) -> list[object]:
    """The numbers that come out otherwise, and how."""
    said = [
        (number, region, e164(number, region), plain(number, region)) for number, region in given
    ]
    return [told for told in said if told[2] != told[3]]


def of_world() -> Iterator[tuple[PhoneNumber, str | None]]:
    for code, regions in COUNTRY_CODE_TO_REGION_CODE.items():
        example = regions == ("001",) and phonenumbers.example_number_for_non_geo_entity(code)
        if example:
            yield example, None


def of_regions() -> Iterator[tuple[PhoneNumber, str | None]]:
    for region in REGIONS:
        for kind in KINDS:
            example = phonenumbers.example_number_for_type(region, kind)
            if example:
                yield example, region


def invalid() -> Iterator[tuple[PhoneNumber, str | None]]:
    for region in REGIONS:
        example = phonenumbers.invalid_example_number(region)
        if example:
            yield example, region


VALID = list(of_regions())
EXAMPLES = [*VALID, *of_world(), *invalid()]


def formatted(form: int) -> Callable[[PhoneNumber], str]:
    return lambda example: str(phonenumbers.format_number(example, form))


def digits(example: PhoneNumber) -> str:
    return f"{example.country_code}{phonenumbers.national_significant_number(example)}"


def national(example: PhoneNumber, between: str = "") -> str:
    return between.join(phonenumbers.national_significant_number(example))


written_e164 = formatted(PhoneNumberFormat.E164)
written_national = formatted(PhoneNumberFormat.NATIONAL)
PLAIN_FORMS: dict[str, Callable[[PhoneNumber], str]] = {
    "E.164": written_e164,
    "international": formatted(PhoneNumberFormat.INTERNATIONAL),
    "national": written_national,
    "each digit apart": lambda example: "+" + " ".join(digits(example)),
    "in brackets": lambda example: f"[+{digits(example)}]",
    "a zero in parentheses": lambda e: f"+{e.country_code} (0) {national(e)}",
    "without its plus": digits,
    "without a prefix": national,
    "digits of the national": lambda e: "".join(c for c in written_national(e) if c in DIGITS),
    "behind 00": lambda example: "00" + digits(example),
    "behind 011": lambda example: "011 " + digits(example),
    "behind 810": lambda example: "810-" + digits(example),
}
OTHER_FORMS: dict[str, Callable[[PhoneNumber], str]] = {
    "RFC 3966": formatted(PhoneNumberFormat.RFC3966),
    "two pluses": lambda example: "++" + digits(example),
    "an extension": lambda example: written_national(example) + " ext. 89",
    "blanks that do not break": lambda example: "+" + national(example, "\u00a0"),
    "wide digits": lambda e: written_e164(e).translate({c: c + 0xFEE0 for c in range(0x2B, 0x3A)}),
    "arabic digits": lambda e: written_e164(e).translate({c: c + 0x630 for c in range(0x30, 0x3A)}),
    "letters": lambda example: written_national(example)[:-4] + "CALL",
}


@pytest.mark.parametrize("form", PLAIN_FORMS | OTHER_FORMS)
def test_every_kind_of_every_region_comes_out_as_phonenumbers_has_it(form: str) -> None:
    write = (PLAIN_FORMS | OTHER_FORMS)[form]
    chance = random.Random(form)
    asked = [
        (write(example), asked)
        for example, region in EXAMPLES
        for asked in {region, None, "US", "GB", chance.choice(REGIONS)}
    ]
    assert not differences(asked)[:5]


def made_up(chance: random.Random) -> str:
    """A number near a valid one, and what people may make of it."""
    example, _ = chance.choice(EXAMPLES)
    if chance.random() < 0.1:
        number = "".join(chance.choices(DIGITS, k=chance.randint(0, 20)))
    else:
        changed = chance.choice((0, 0, 2, 5, 8))
        random_end = "".join(chance.choices(DIGITS, k=changed))
        form = chance.choice(list(PLAIN_FORMS.values()))
        number = form(example)
        number = number[: len(number) - changed] + random_end
    return slipped(number, chance)


def slipped(number: str, chance: random.Random) -> str:
    at, slip = chance.randint(0, len(number)), chance.random()
    if slip < 0.12:
        number = number[:at] + number[at + 1 :]
    elif slip < 0.24:
        number = number[:at] + chance.choice(DIGITS) + number[at:]
    elif slip < 0.36:
        number = number[:at] + chance.choice(DIGITS) + number[at + 1 :]
    elif slip < 0.40:
        number = number[:at] + chance.choice(SLIPS) + number[at:]
    if chance.random() < 0.1:
        number = chance.choice(FALSE_STARTS) + number
    if chance.random() < 0.05:
        number += chance.choice(TAILS)
    if chance.random() < 0.3:
        separated = (sign + chance.choice(SEPARATORS) * (chance.random() < 0.2) for sign in number)
        number = "".join(separated)
    return number


@pytest.mark.parametrize("number", range(ROUNDS))
def test_made_up_numbers_come_out_as_phonenumbers_has_them(number: int) -> None:
    chance = random.Random(None if SOAK else number)
    regions = REGIONS + ["US", "GB", "DE", "gb", " us\n"] * 20 + list(WRONG_REGIONS) * 5
    for _ in range(MADE_UP // 1_000):
        given = [(made_up(chance), chance.choice(regions)) for _ in range(1_000)]
        assert not differences(given)[:5]


def trusted() -> list[str]:
    return [region for region in REGIONS if phones._of_region(region)]


def test_the_metadata_of_each_region_is_of_the_shape_that_is_known() -> None:
    assert trusted() == REGIONS


def long_ways(given: Sequence[tuple[str, str | None]]) -> int:
    """How many of the numbers phonenumbers was asked about."""
    phones.by_phonenumbers.cache_clear()
    for number, region in given:
        e164(number, region)
    asked = phones.by_phonenumbers.cache_info()
    return asked.hits + asked.misses


@pytest.mark.parametrize("form", ["E.164", "international", "national", "each digit apart"])
def test_a_valid_number_of_digits_and_separators_goes_the_short_way(form: str) -> None:
    trusted()  # asks phonenumbers about its examples
    given = [(PLAIN_FORMS[form](example), region) for example, region in VALID]
    asked = long_ways(given)
    print(f"\n{form}: {1 - asked / len(given):.2%} of {len(given)} went the short way")  # noqa: T201 - the share is for reading
    # Some regions write a star, and some numbers have two digits.
    assert asked <= len(given) * 0.002


def test_a_number_of_digits_that_is_not_valid_goes_the_short_way() -> None:
    trusted()  # asks phonenumbers about its examples
    given = [(written_e164(example), region) for example, region in invalid()]
    assert len(given) > 200
    assert long_ways(given) <= 2
    assert not long_ways([(digits(example), None) for example, _ in VALID])


@pytest.fixture
def _afresh() -> Iterator[None]:
    made = (phones._of_region, phones._of_calling_code, phones._valid)
    for each in made:
        each.cache_clear()
    yield
    for each in made:
        each.cache_clear()


ODD_METADATA: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "a kind that is not known": lambda patch: patch.setattr(phones, "_KINDS", phones._KINDS[1:]),
    "no attribute of that name": lambda patch: patch.setattr(
        phones, "_KINDS", (*phones._KINDS, "satellite")
    ),
    "no metadata": lambda patch: patch.setattr(
        PhoneMetadata, "metadata_for_region", lambda *_: None
    ),
    "rules that are too strict": lambda patch: patch.setattr(phones, "_pattern", lambda *_: "x"),
    "patterns that do not compile": lambda patch: patch.setattr(phones, "_pattern", lambda *_: "("),
}


@pytest.mark.usefixtures("_afresh")
@pytest.mark.parametrize("odd", ODD_METADATA)
def test_what_has_another_shape_than_is_known_is_left_to_phonenumbers(
    odd: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = [(written_e164(example), region) for example, region in chain(VALID[:20], invalid())]
    right = [plain(number, region) for number, region in given]
    with monkeypatch.context() as patch:
        ODD_METADATA[odd](patch)
        assert not trusted()
    assert [e164(number, region) for number, region in given] == right


@pytest.mark.usefixtures("_afresh")
def test_rules_that_are_too_loose_are_left_to_phonenumbers(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(phones, "_pattern", lambda *_: "[0-9]*")
        # In a few regions a digit less is another number.
        assert len(trusted()) < 8


@pytest.mark.parametrize(
    ("number", "region", "expected"),
    [
        ("+351 912 345 678", None, "+351912345678"),
        ("912 345 678", "PT", "+351912345678"),
        ("912 345 678", " pt\n", "+351912345678"),
        ("00351912345678", "DE", "+351912345678"),
        ("+44 20 7183 8750", "US", "+442071838750"),
        ("0171/123 45 67", "DE", "+491711234567"),
        ("02 1234 5678", "IT", "+390212345678"),
        ("0343 15 555 1212", "AR", "+5493435551212"),
        ("8 (912) 345-67-89", "RU", "+79123456789"),
        ("1-800-356-9377", "US", "+18003569377"),
        ("1 800 FLOWERS", "US", "+18003569377"),
        ("+1 650 253 0000 ext. 7", None, "+16502530000"),
        ("+800 1234 5678", None, "+80012345678"),
        ("912 345 678", None, None),
        ("912 345 678", "", None),
        ("912 345 678", "XX", None),
        ("+1 123 456 7890", "US", None),
        ("", "US", None),
        ("+" + "1" * 300, "US", None),
        ("+351912345678" + " " * 250, None, None),
        ("\x00", "US", None),
        ("\ud800", "US", None),
    ],
)
def test_a_number_is_e_164_with_its_plus_or_nothing(
    number: str, region: str | None, expected: str | None
) -> None:
    assert e164(number, region) == expected
