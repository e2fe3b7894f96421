"""The kinds of values that fields have: read from what people write, and written as X takes it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Literal

from connector.campaigns.amounts import micros_of, units_of

Kind = Literal["money", "text", "time", "word", "words", "number", "flag", "id", "ids"]
Value = str | int | bool | tuple[str, ...] | None
"""As X has it: micros, UTC, words; None unsets a field."""

DRY = "dry-"
"""How ids begin that a rehearsal makes up."""
MADE_UP = (
    "is made up: it comes from a rehearsal, in which nothing was sent; set `live: true` for the"
    " connection and create it again"
)

# Line breaks and other controls, and halves of characters.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_ID = re.compile(r"[0-9A-Za-z_:/-]{1,64}")
_TWEET = re.compile(r"[0-9]{1,19}")
_FLAGS = {"true": True, "false": False}
_WORD = re.compile(r"[A-Z0-9_]{1,64}")
_TIME = "must be a time with its zone, such as 2026-03-31T18:00:00Z, or a date, midnight in UTC"


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a value must keep to.

    Attributes:
        words: those a word may be, one with a star at its end standing for all that begin so; any
            word where there are none.
        most: characters of a text, the greatest number, or how many words or ids.
        numbers: those a number may be, any from 1 to `most` where there are none.
        are_tweets: ids are those of tweets, which are numbers.
    """

    words: tuple[str, ...] = ()
    most: int = 255
    numbers: tuple[int, ...] = ()
    are_tweets: bool = False


NO_LIMITS = Limits()


def value_of(kind: Kind, given: object, limits: Limits) -> Value:
    """What was written, as X has it.

    Raises:
        ValueError: it is none; the text goes on after the field's name.
    """
    return _READ[kind](given, limits)


def text_of(value: Value) -> str:
    """A value as a parameter says it; the empty text unsets."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(value) if isinstance(value, tuple) else str(value)


def written(kind: Kind, value: object) -> object:
    """A value of X's own rows as people write it: money in units, a list as one."""
    if kind == "money" and isinstance(value, int):
        return units_of(value)
    return tuple(map(str, value)) if isinstance(value, list) else value


def is_among(word: str, words: tuple[str, ...]) -> bool:
    """Whether a word is one of some, of which some stand for many."""
    return any(word == one or (one[-1] == "*" and word.startswith(one[:-1])) for one in words)


def _text(given: object, limits: Limits) -> str:
    text = str(given)
    if not text.strip():
        raise ValueError("must not be blank")
    if len(text) > limits.most:
        raise ValueError(f"has {len(text)} characters, and X takes {limits.most}")
    if _CONTROL.search(text):
        raise ValueError("must be without line breaks and control characters")
    return text


def _time(given: object, _: Limits) -> str:
    if isinstance(given, datetime):
        moment = given
    elif isinstance(given, date):
        moment = datetime.combine(given, time(), UTC)
    else:
        moment = _moment(str(given).strip())
    if moment.tzinfo is None:
        raise ValueError(_TIME)
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(_TIME) from None
    is_date = len(text) <= len("2026-03-31") and ":" not in text
    return moment.replace(tzinfo=UTC) if is_date else moment


def _word(given: object, limits: Limits) -> str:
    word = str(given).strip().upper()
    if limits.words and not is_among(word, limits.words):
        raise ValueError(f"must be one of {', '.join(limits.words)}")
    if not _WORD.fullmatch(word):
        raise ValueError("must be one of X's words, such as ENGAGEMENT")
    return word


def _words(given: object, limits: Limits) -> tuple[str, ...]:
    return _each(given, limits, _word)


def _number(given: object, limits: Limits) -> int:
    text = str(given).strip()
    number = int(text) if text.isascii() and text.isdigit() and len(text) < len("1" * 18) else 0
    if limits.numbers and number not in limits.numbers:
        raise ValueError(f"must be one of {', '.join(map(str, limits.numbers))}")
    if not 1 <= number <= limits.most:
        raise ValueError(f"must be a whole number from 1 to {limits.most}")
    return number


def _flag(given: object, _: Limits) -> bool:
    word = str(given).strip().lower()
    if word not in _FLAGS:
        raise ValueError("must be true or false")
    return _FLAGS[word]


def _id(given: object, limits: Limits) -> str:
    text = str(given).strip()
    if text.startswith(DRY):
        raise ValueError(f"{text} {MADE_UP}")
    if limits.are_tweets and not _TWEET.fullmatch(text):
        raise ValueError("must be the id of a tweet, digits only")
    if not _ID.fullmatch(text):
        raise ValueError("must be an id")
    return text


def _ids(given: object, limits: Limits) -> tuple[str, ...]:
    return _each(given, limits, _id)


def _each(given: object, limits: Limits, read: Callable[[object, Limits], str]) -> tuple[str, ...]:
    many = given if isinstance(given, list | tuple) else str(given).split(",")
    found = tuple(read(one, limits) for one in many)
    if not found:
        raise ValueError("must name one at least")
    if len(found) > limits.most:
        raise ValueError(f"names {len(found)}, and X takes {limits.most} at once")
    if len(set(found)) < len(found):
        raise ValueError("names one twice")
    return found


def _money(given: object, _: Limits) -> int:
    return micros_of(str(given))


_READ: Mapping[Kind, Callable[[object, Limits], Value]] = {
    "money": _money, "text": _text, "time": _time, "word": _word, "words": _words,
    "number": _number, "flag": _flag, "id": _id, "ids": _ids,
}  # fmt: skip
