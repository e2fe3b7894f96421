"""Texts: what is blank, what is trimmed, what must not stand in them."""

import re
import unicodedata
from decimal import Decimal
from uuid import UUID

INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff"
ENDS = " \t\n\f\r"
DOMAIN = re.compile(rf"[^@{ENDS}]+\.[^@{ENDS}]")
BASE_36 = re.compile(r"[0-9a-z]+")
FULL_EVENT = re.compile(r"tw-([0-9a-z]+)-([0-9a-z]+)")


def is_blank(char: str) -> bool:
    """White space, and what looks like nothing at all."""
    return char.isspace() or char in INVISIBLE


def bare(text: str) -> str:
    """The text without what is blank at its ends."""
    start, end = 0, len(text)
    while start < end and is_blank(text[start]):
        start += 1
    while end > start and is_blank(text[end - 1]):
        end -= 1
    return text[start:end]


def written(given: object) -> str | None:
    """A value as text; None for a null."""
    if given is None or isinstance(given, str):
        return given
    if isinstance(given, bool):
        return "true" if given else "false"
    if isinstance(given, Decimal):
        return format(given, "f")
    if isinstance(given, int | float | UUID):
        return str(given)
    raise TypeError(f"no text is made of {type(given).__name__}")


def text(given: object) -> str | None:
    """What is sent of a text: trimmed, None when nothing is left."""
    said = written(given)
    return bare(said) or None if said is not None else None


def has_control(said: str) -> bool:
    return any(unicodedata.category(char) == "Cc" for char in said)


def holds_address(said: str) -> bool:
    """Whether an e-mail address stands anywhere: one @, and a domain with a point after it."""
    before, *after = said.split("@")
    for behind in after:
        if before and before[-1] not in ENDS and DOMAIN.match(behind):
            return True
        before = behind
    return False
