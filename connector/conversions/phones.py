"""Phone numbers in E.164, as phonenumbers has them and many times as fast.

A number of digits and plain separators goes the short way: the steps of `phonenumbers.parse` and
`is_valid_number` for digits, over the same metadata, where all that may follow a calling code is
one expression for each length. Anything else (an extension, letters, digits of other scripts) goes
through phonenumbers itself. So do the numbers of a region whose metadata has another shape than
these steps know, or whose own example numbers come out otherwise.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TypeVar

import phonenumbers
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, SUPPORTED_REGIONS, PhoneMetadata
from phonenumbers.phonemetadata import PhoneNumberDesc

T = TypeVar("T")
Matches = Callable[[str], re.Match[str] | None]

_LONGEST_TEXT = 250  # what phonenumbers itself refuses to look at
_SHORTEST = 3  # with fewer digits it matters how they are written
_NATIONAL_LENGTHS = range(2, 18)
# Ignored wherever they stand among digits; a tilde or a comma may begin an extension.
_SEPARATORS = b" -./()[]"
_KINDS = ("fixed_line", "mobile", "toll_free", "premium_rate", "shared_cost", "voip",
          "personal_number", "pager", "uan", "voicemail")  # fmt: skip
_WITHOUT_MEANING_HERE = ("general_desc", "no_international_dialling")
_NEVER = "(?!)"
_OTHER_SHAPE = (AttributeError, LookupError, TypeError, ValueError, re.error)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """How a region writes numbers, and which its whole calling code has.

    Without the national prefix a number has one of `lengths`, or more than `longest`. `valid` has
    for a length what matches the valid national numbers, if there are any.
    """

    code: str
    general: Matches
    international_prefix: Matches | None
    national_prefix: re.Pattern[str] | None
    transform: str | None
    lengths: frozenset[int]
    longest: int
    valid: Mapping[int, Matches]


def e164(number: str, region: str | None) -> str | None:
    """The number in E.164 with its plus, None unless libphonenumber calls it valid.

    Without a plus it is parsed for `region` (ISO 3166 alpha-2); without either it is not guessed.
    """
    if len(number) > _LONGEST_TEXT:
        return None
    # Bytes lose characters three times as fast as text; all beyond ASCII is a "?" there.
    digits = number.encode("ascii", "replace").translate(None, _SEPARATORS).decode()
    has_plus = digits.startswith("+")
    if has_plus:
        digits = digits[1:]
    if digits.isdigit() and len(digits) >= _SHORTEST:
        found = _international(digits) if has_plus else _national(digits, _name(region))
        if found is not None:
            return found or None
    return by_phonenumbers(number, _name(region))


@lru_cache(maxsize=100_000)
def by_phonenumbers(number: str, region: str | None) -> str | None:
    """The same the long way, for a region in capital letters."""
    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(parsed):
        return None
    return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))


@lru_cache(maxsize=1_000)
def _name(region: str | None) -> str | None:
    return region.strip().upper() if region else None


# The short way says "" of what is not valid, and None of what phonenumbers must decide.


def _international(digits: str) -> str | None:
    """Of digits that begin with a calling code."""
    plan = _of_calling_code(digits[:3])
    return _completed(digits[len(plan.code) :], plan) if plan else None


def _national(digits: str, region: str | None) -> str | None:
    """Of digits as they are dialled in a region."""
    if region not in SUPPORTED_REGIONS:
        return ""
    plan = _of_region(region)
    if plan is None:
        return None
    abroad = _abroad(digits, plan)
    if abroad is not None:
        return _international(abroad)
    if digits.startswith(plan.code):
        # The calling code without its plus, if the digits make more sense that way.
        rest = _without_prefix(digits[len(plan.code) :], plan)
        if len(digits) > plan.longest or (plan.general(rest) and not plan.general(digits)):
            main = _of_calling_code(digits[:3])
            return _completed(rest, main) if main else None
    return _completed(digits, plan)


def _abroad(digits: str, plan: _Plan) -> str | None:
    """What is dialled after the prefix for other countries; None without it."""
    found = plan.international_prefix(digits) if plan.international_prefix else None
    # No calling code begins with a zero.
    return digits[found.end() :] if found and not digits.startswith("0", found.end()) else None


def _completed(digits: str, plan: _Plan) -> str:
    """Of digits that may begin with the national prefix; "" unless they are valid."""
    short = _without_prefix(digits, plan)
    national = short if len(short) in plan.lengths or len(short) > plan.longest else digits
    valid = plan.valid.get(len(national))
    return f"+{plan.code}{national}" if valid and valid(national) else ""


def _without_prefix(digits: str, plan: _Plan) -> str:
    """Without the national prefix, unless only with it the digits look like a number."""
    prefix = plan.national_prefix
    found = prefix.match(digits) if prefix else None
    if not prefix or not found or not digits:
        return digits
    if plan.transform and (not prefix.groups or found[prefix.groups] is not None):
        short = prefix.sub(plan.transform, digits, count=1)
    else:
        short = digits[found.end() :]
    return digits if plan.general(digits) and not plan.general(short) else short


@cache
def _of_calling_code(start: str) -> _Plan | None:
    """The plan of the main region of the calling code that three digits begin with."""
    for length in range(1, len(start) + 1):
        regions = COUNTRY_CODE_TO_REGION_CODE.get(int(start[:length]))
        if regions and not start.startswith("0"):
            return _of_region(regions[0])
    return None


@cache
def _of_region(region: str) -> _Plan | None:
    """Its plan, None where the short way can't be trusted with it."""
    try:
        metadata = _needed(PhoneMetadata.metadata_for_region(region))
        plan = _read(metadata)
        examples = [digits for digits in _examples(metadata) if _abroad(digits, plan) is None]
    except _OTHER_SHAPE:
        return None
    told = [by_phonenumbers(digits, region) or "" for digits in examples]
    return plan if told == [_completed(digits, plan) for digits in examples] else None


def _needed(value: T | None) -> T:
    # The region 001, of calling codes that are of no country, has no metadata.
    if not value:
        raise LookupError
    return value


def _examples(metadata: PhoneMetadata) -> Iterator[str]:
    for kind in _kinds(metadata):
        example = kind.example_number
        if example:
            # Valid ones, and ones that are a digit short.
            yield from (example, (metadata.national_prefix or "") + example, example[:-1])


def _kinds(metadata: PhoneMetadata) -> Iterator[PhoneNumberDesc]:
    return filter(None, (getattr(metadata, name) for name in _KINDS))


def _read(metadata: PhoneMetadata) -> _Plan:
    general = _needed(metadata.general_desc)
    possible, local = general.possible_length, general.possible_length_local_only
    abroad, prefix = metadata.international_prefix, metadata.national_prefix_for_parsing
    if list(possible) != sorted(possible) or max(local, default=0) > possible[-1]:
        raise ValueError(metadata.id)
    return _Plan(
        code=str(metadata.country_code),
        general=re.compile(_needed(general.national_number_pattern)).fullmatch,
        international_prefix=re.compile(abroad).match if abroad else None,
        national_prefix=re.compile(prefix) if prefix else None,
        transform=metadata.national_prefix_transform_rule,
        lengths=frozenset(possible) - frozenset(local),
        longest=possible[-1],
        valid=_valid(_needed(metadata.country_code)),
    )


@cache
def _valid(code: int) -> Mapping[int, Matches]:
    """For each length what matches the national numbers that are valid in a region of the code."""
    regions = [
        _needed(PhoneMetadata.metadata_for_region(region))
        for region in COUNTRY_CODE_TO_REGION_CODE[code]
    ]
    if any(metadata.country_code != code or not _is_known(metadata) for metadata in regions):
        raise ValueError(code)
    patterns = {length: _pattern(regions, length) for length in _NATIONAL_LENGTHS}
    return {
        length: re.compile(pattern).fullmatch
        for length, pattern in patterns.items()
        if pattern != _NEVER
    }


def _is_known(metadata: PhoneMetadata) -> bool:
    kinds = {name for name, kind in vars(metadata).items() if isinstance(kind, PhoneNumberDesc)}
    return kinds <= {*_KINDS, *_WITHOUT_MEANING_HERE}


def _pattern(regions: Sequence[PhoneMetadata], length: int) -> str:
    """The first region decides that has these leading digits, or having none calls it valid."""
    after = _NEVER
    for metadata in reversed(regions):
        own, lead = _pattern_of(metadata, length), metadata.leading_digits
        if own == after == _NEVER:
            continue
        if lead is None or len(regions) == 1:
            after = f"(?:{own}|{after})"
        else:
            after = f"(?:(?={lead})(?:{own})|(?!{lead})(?:{after}))"
    return after


def _pattern_of(metadata: PhoneMetadata, length: int) -> str:
    """A number has the general form, and that of one of the kinds."""
    general = _needed(metadata.general_desc)
    kinds = [_form(kind, length) for kind in _kinds(metadata)]
    # Fixed lines and mobiles often have the same one.
    joined = "|".join(dict.fromkeys(kind for kind in kinds if kind != _NEVER))
    return rf"(?={_form(general, length)}\Z)(?:{joined})" if joined else _NEVER


def _form(kind: PhoneNumberDesc, length: int) -> str:
    is_possible = not kind.possible_length or length in kind.possible_length
    return f"(?:{kind.national_number_pattern or _NEVER})" if is_possible else _NEVER
