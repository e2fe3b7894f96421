"""A mapping in plain words, and what becomes of a row: the two ends of the reference.

Nothing here or beside it comes from the product; it is written from the rules' words alone, one
row at a time, so that the compiled SQL has something to be equal to.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

Row = Mapping[str, object]
Types = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Given:
    """Where a value comes from: a column (or an item's member), a constant or an SQL expression.

    Of an expression `compute` is the meaning, which raises where the SQL fails.
    """

    kind: Literal["column", "value", "sql"]
    text: str
    compute: Callable[[Row], object] | None = None


@dataclass(frozen=True, kw_only=True)
class Plain:
    """A mapping: `destination`, `identifiers`, `fields` and `members` by the field's name."""

    destination: Mapping[str, Given]
    identifiers: Mapping[str, Given]
    fields: Mapping[str, Given]
    sufficient: tuple[str, ...] = ("twclid", "email", "phone", "ip_user_agent")
    region: Given | None = None
    timezone: str | None = None
    unit: Literal["s", "ms"] | None = None
    contents: Given | None = None
    members: Mapping[str, Given] = field(default_factory=dict)
    consent: Given | None = None
    granted: tuple[str, ...] = ()
    max_age: timedelta = timedelta(days=90)
    max_in_future: timedelta = timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True)
class Mapped:
    """What becomes of a row.

    `outcome` is sendable, suppressed or rejected; `identifiers` are those sent, in the words of
    the summary; `hashed` names the raw ones that were digests already.
    """

    outcome: str
    reasons: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    hashed: tuple[str, ...] = ()
    identifiers: tuple[str, ...] = ()
    pixel_id: str | None = None
    event_id: str | None = None
    conversion_id: str | None = None
    time_ms: int | None = None
    value: str | None = None
    currency: str | None = None
    body: str | None = None


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A value that was looked at: what is sent of it, and what is wrong with it.

    Nothing of both is a value that is absent.
    """

    value: object = None
    reason: str = ""
    warnings: tuple[str, ...] = ()


ABSENT = Judged()
