"""Conversions that X refuses though nothing is wrong with them, so that clients must find them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from connector.simulator.envelope import Error, error

IDENTIFIERS = ("twclid", "hashed_email", "hashed_phone_number", "ip_address", "user_agent")
FIELDS = (
    "conversion_id", "event_id", "value", "price_currency", "number_items", "description",
    "event_source_url", *IDENTIFIERS,
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Poison:
    """What is refused: texts like a pattern of the shell (`bad-*`), by the name of their field.

    `quoted` says whether the message quotes the text, as most of X's messages do.

    Raises:
        ValueError: a field is unknown.
    """

    patterns: Mapping[str, str]
    quoted: bool = True

    def __post_init__(self) -> None:
        """Refuse fields that no conversion has."""
        for name in self.patterns:
            if name not in FIELDS:
                raise ValueError(f"no field {name!r} to refuse; known are {', '.join(FIELDS)}")


NO_POISON = Poison(patterns={})


def parse_patterns(texts: Iterable[str]) -> dict[str, str]:
    """Patterns by field out of texts such as `conversion_id=bad-*`.

    Raises:
        ValueError: a text of another form, or a field named twice.
    """
    patterns: dict[str, str] = {}
    for text in texts:
        name, _, pattern = text.partition("=")
        if not pattern:
            raise ValueError(
                f"what is refused is written FIELD=PATTERN, such as conversion_id=bad-*, not {text}"
            )
        if name in patterns:
            raise ValueError(f"field {name} is named twice")
        patterns[name] = pattern
    return patterns


def poison_errors(conversion: Mapping[str, object], poison: Poison) -> Iterator[Error]:
    """Why a conversion is refused, nothing where no pattern fits."""
    for name, pattern in poison.patterns.items():
        for text in _texts(conversion, name):
            if fnmatchcase(text, pattern):
                got = f', got "{text}"' if poison.quoted else ""
                message = f"Expected another value{got} for {name}"
                yield error("INVALID_PARAMETER", message, name)


def _texts(conversion: Mapping[str, object], name: str) -> Iterator[str]:
    places: object = conversion.get("identifiers") if name in IDENTIFIERS else [conversion]
    for place in places if isinstance(places, list) else ():
        text = place.get(name) if isinstance(place, dict) else None
        if text is not None:
            yield str(text)
