"""The items of a conversion, from a list of structs or from JSON."""

import json
import math
import re
from collections.abc import Mapping
from decimal import Decimal

from reference.money import EXACT, count, money
from reference.plain import ABSENT, Given, Judged
from reference.texts import holds_address, text

ORDER = (
    "content_id", "content_name", "content_type", "content_price", "num_items", "content_group_id",
)  # fmt: skip
LARGEST, FINEST = Decimal("1e20"), Decimal("1e-18")
BROKEN = Judged(reason="invalid_contents")


# DuckDB's reader lets a comma pass after the last value.
TRAILING = re.compile(r'("(?:[^"\\]|\\.)*"|[\d\]}a-zA-Z])(?:\s*),(?=\s*[\]}])')


class Number(str):
    """A number as JSON has it written."""

    __slots__ = ()


def items(given: object, members: Mapping[str, Given]) -> Judged:
    """The items that are sent, as a list of objects whose numbers of items are whole numbers."""
    if isinstance(given, str):
        said = text(given)
        given = None if said is None else _parsed(said)
    if given is None:
        return ABSENT
    if not isinstance(given, list):
        return BROKEN
    judged = [
        _item(item, members) if isinstance(item, dict) else BROKEN
        for item in given
        if item is not None
    ]
    warnings = tuple(sorted({warning for item in judged for warning in item.warnings}))
    if any(item.reason for item in judged):
        return Judged(reason=BROKEN.reason, warnings=warnings)
    kept = [item.value for item in judged if item.value]
    return Judged(value=kept or None, warnings=warnings)


def _parsed(said: str) -> object:
    """What JSON says, None for a null; an empty text when it is no JSON."""
    for lenient in (False, True):
        try:
            return _read(TRAILING.sub(r"\1", said) if lenient else said)
        except (ValueError, RecursionError):
            continue
    return ""


def _read(said: str) -> object:
    found: object = json.loads(said, parse_int=Number, parse_float=Number)
    # A lone surrogate is no text.
    json.dumps(found, ensure_ascii=False).encode()
    return found


def _item(item: Mapping[str, object], members: Mapping[str, Given]) -> Judged:
    """What is sent of an item; one that says nothing of its own is not sent."""
    judged = {
        name: _member(name, members[name], item.get(members[name].text))
        for name in ORDER
        if name in members
    }
    name = judged.get("content_name", ABSENT).value
    # Looked for in the JSON that is sent, in which a quote ends what stands before it.
    holds = isinstance(name, str) and any(
        map(holds_address, json.dumps(name, ensure_ascii=False).split('"'))
    )
    warnings = ("personal_content_name",) if holds else ()
    if any(member.reason for member in judged.values()):
        return BROKEN
    made = {name: member.value for name, member in judged.items() if member.value is not None}
    has_own = any(members[name].kind == "column" for name in made)
    return Judged(value=made if has_own else None, warnings=warnings)


def _member(name: str, member: Given, given: object) -> Judged:
    if member.kind == "value":
        given = member.text
    if name == "content_price":
        return money(_number(given))
    if name == "num_items":
        judged = count(_number(given))
        return Judged(value=int(str(judged.value))) if judged.value is not None else judged
    if isinstance(given, Number):
        given = _shown(given)
    return BROKEN if isinstance(given, dict | list) else Judged(value=text(given))


def _shown(number: Number) -> str:
    """A number as the text of a member: a whole one as written, another as JavaScript prints it."""
    if not set(number) & set(".eE"):
        return "0" if number == "-0" else str(number)
    value = float(number)
    if math.isinf(value):
        return str(number)
    if value == 0 or 1e-6 <= abs(value) < 1e21:
        plain = format(Decimal(repr(value)), "f")
        return plain if "." in plain else f"{plain}.0"
    digits, _, power = repr(value).partition("e")
    return f"{digits}e{int(power)}"


def _number(given: object) -> object:
    """A number of JSON is a float, of which 15 digits are right; beyond 20 digits it is none.

    One below zero stays so, however near it is.
    """
    if not isinstance(given, Number):
        return given
    number = Decimal(format(float(given), ".15g"))
    if -LARGEST < number < 0:
        return number
    return number.quantize(FINEST, context=EXACT) if abs(number) < LARGEST else float("inf")
