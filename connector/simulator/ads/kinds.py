"""The kinds of parameters that entities have, beside those of `parameters`."""

import re
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from urllib.parse import urlsplit

from connector.simulator.parameters import MAX_IDS, Kind, integer

MAX_NAME = 255
_INT64 = 2**63 - 1
_ID = re.compile(r"[0-9a-z]{1,20}")
_NUMBER = re.compile(r"[0-9]{1,19}")
_MEDIA_KEY = re.compile(r"[0-9]{1,2}_[0-9]{1,19}")
_CARD_URI = re.compile(r"card://[0-9]{1,19}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(Z|[+-][0-9]{2}(:?[0-9]{2})?)")


def optional(kind: Kind) -> Kind:
    """The same, and the empty text unsets it."""
    return lambda text: None if text == "" else kind(text)


def text(maximum: int = MAX_NAME) -> Kind:
    """Text of one to so many characters."""

    def some(value: str) -> str:
        if not 1 <= len(value) <= maximum:
            raise ValueError(f"String of 1 to {maximum} characters")
        return value

    return some


def one_of(values: Collection[str]) -> Kind:
    """One of some words."""

    def word(value: str) -> str:
        if value not in values:
            raise ValueError(f"one of {', '.join(values)}")
        return value

    return word


def some_of(values: Collection[str]) -> Kind:
    """Some of these words, joined by commas."""
    return each(one_of(values), of=f"some of {', '.join(values)}")


def integer_of(*values: int) -> Kind:
    """One of some numbers."""

    def number(value: str) -> int:
        if value not in map(str, values):
            raise ValueError(f"one of {', '.join(map(str, values))}")
        return int(value)

    return number


def each(kind: Kind, *, of: str, maximum: int = MAX_IDS) -> Kind:
    """Values of a kind, joined by commas."""

    def values(value: str) -> list[object]:
        found = value.split(",")
        if len(found) > maximum:
            raise ValueError(f"at most {maximum} values")
        try:
            return [kind(one) for one in found]
        except ValueError:
            raise ValueError(of) from None

    return values


def _fitting(pattern: re.Pattern[str], what: str) -> Callable[[str], str]:
    def fitting(value: str) -> str:
        if not pattern.fullmatch(value):
            raise ValueError(what)
        return value

    return fitting


# An amount of money in micros; whether its step fits the currency is asked later.
amount = integer(1, _INT64)

entity_id = _fitting(_ID, "an id in base 36")
user_id = _fitting(_NUMBER, "a user id")
media_key = _fitting(_MEDIA_KEY, "a media key")
media_keys = each(media_key, of="media keys", maximum=4)
card_uri = _fitting(_CARD_URI, "a card URI")
card_uris = each(card_uri, of="card URIs")


def tweet_ids(maximum: int) -> Kind:
    """Tweet ids, which X repeats as numbers."""
    number = _fitting(_NUMBER, "a tweet id")
    return each(lambda value: int(number(value)), of="tweet ids", maximum=maximum)


def url(value: str) -> str:
    """A web address."""
    try:
        parts = urlsplit(value)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in {"http", "https"} or not parts.netloc or " " in value:
        raise ValueError("a URL")
    return value


def moment(value: str) -> str:
    """A moment in one of X's forms; a bare date is its midnight in UTC. X repeats it in UTC."""
    if _DATE.fullmatch(value):
        value = f"{value}T00:00:00Z"
    elif not _TIME.fullmatch(value):
        raise ValueError("time")
    try:
        return said(datetime.fromisoformat(value).timestamp())
    except (ValueError, OverflowError):
        raise ValueError("time") from None


def said(seconds: float) -> str:
    """A moment as X writes it."""
    return f"{datetime.fromtimestamp(seconds, tz=UTC):%Y-%m-%dT%H:%M:%SZ}"


def seconds_of(text_: str) -> int:
    """The epoch seconds of a moment as X writes it."""
    return int(datetime.fromisoformat(text_).timestamp())


def as_text(value: object) -> str:
    """A JSON value as a parameter would say it, such as in a batch."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case list():
            return ",".join(map(as_text, value))
        case Mapping():
            raise ValueError("no object")
    return str(value)
