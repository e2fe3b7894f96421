"""Who converted: each identifier, and how they are sent together."""

import hashlib
import ipaddress
import json
import re
from collections.abc import Mapping
from urllib.parse import unquote

import phonenumbers
from reference.plain import ABSENT, Judged
from reference.texts import is_blank, text

HEX_64 = re.compile(r"[0-9a-fA-F]{64}")
LINK = re.compile(r"(?:^|[?&#;])twclid=([^&#;\s]*)")
WORDS_OF_NOTHING = ("", "null", "none", "nan", "n/a")
STRONG = ("twclid", "hashed_email", "hashed_phone_number")


def digest(said: str) -> str:
    return hashlib.sha256(said.encode()).hexdigest()


HASHES_OF_NOTHING = {
    digest(form)
    for word in WORDS_OF_NOTHING
    for form in (word, word.upper(), word.title(), word.replace("nan", "NaN"))
}


def is_hash(said: str | None) -> bool:
    return said is not None and HEX_64.fullmatch(said) is not None


def hashed(given: object) -> Judged:
    said = text(given)
    if said is None:
        return ABSENT
    if not is_hash(said):
        return Judged(reason="invalid_hash")
    found = said.lower()
    return Judged(reason="hash_of_nothing") if found in HASHES_OF_NOTHING else Judged(value=found)


def email(given: object) -> Judged:
    said = text(given)
    if said is None:
        return ABSENT
    if is_hash(said):
        return hashed(said)
    lower = said.lower()
    local, _, domain = lower.partition("@")
    labels = domain.split(".")
    bad = "@" in domain or not local or len(labels) == 1 or "" in labels
    if bad or any(is_blank(char) for char in lower):
        return Judged(reason="invalid_email")
    return Judged(value=digest(lower))


def phone(given: object, region: object) -> Judged:
    said = text(given)
    if said is None:
        return ABSENT
    if is_hash(said):
        return hashed(said)
    try:
        number = phonenumbers.parse(said, (text(region) or "").upper() or None)
    except phonenumbers.NumberParseException:
        return Judged(reason="invalid_phone")
    if not phonenumbers.is_valid_number(number):
        return Judged(reason="invalid_phone")
    form = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return Judged(value=digest(form))


def twclid(given: object) -> Judged:
    said = text(given)
    if said is None:
        return ABSENT
    found = _click_id(said)
    if not found or is_hash(found) or "://" in found:
        return Judged(reason="invalid_twclid")
    return Judged(value=found)


def _click_id(said: str) -> str | None:
    """The click id itself, or that of a link or of the pixel's cookie; None without one."""
    try:
        if said.startswith("{") or said.lower().startswith("%7b"):
            return _of_cookie(said if said.startswith("{") else unquote(said, errors="strict"))
        if "twclid=" not in said:
            return said
        link = LINK.search(said)
        return text(unquote(link[1], errors="strict")) if link else None
    except ValueError:
        return None


def _of_cookie(cookie: str) -> str | None:
    found = json.loads(cookie)
    click = found.get("twclid")
    return text(click) if isinstance(click, str) else None


def ip_address(given: object) -> Judged:
    said = text(given)
    if said is None:
        return ABSENT
    try:
        ipaddress.ip_address(said)
    except ValueError:
        return Judged(reason="invalid_ip_address")
    # The zone after a % names a network of one machine alone.
    return Judged(reason="invalid_ip_address") if "%" in said else Judged(value=said)


def together(sent: Mapping[str, str]) -> list[dict[str, str]]:
    """The identifiers as X takes them; none when nothing can stand alone."""
    objects = [{key: sent[key]} for key in STRONG if key in sent]
    weak = {key: sent[key] for key in ("ip_address", "user_agent") if key in sent}
    if len(weak) > 1:
        objects.append(weak)
    elif objects:
        objects[0] |= weak
    return objects
