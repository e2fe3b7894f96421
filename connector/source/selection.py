"""What to read from a warehouse, and the checks that every kind of warehouse shares."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from difflib import get_close_matches
from typing import TYPE_CHECKING, Protocol, TypeVar

from connector.errors import ConfigurationError

if TYPE_CHECKING:
    import pyarrow as pa

T = TypeVar("T")

CursorValue = datetime | date | int

TYPE_MARK = b"connector.type"
"""Key of a field's metadata that says what a string column holds: `b"json"` or `b"uuid"`."""


@dataclass(frozen=True, kw_only=True)
class Selection:
    """What to read: a query or a table, from a cursor value on, at most so many rows.

    `since` is the lower bound of `cursor`, itself included; rows whose cursor is NULL are always
    read. A timestamp bound is aware. `limit` counts rows.

    Raises:
        ValueError: the parts contradict each other.
    """

    query: str | None = None
    table: str | None = None
    cursor: str | None = None
    since: CursorValue | None = None
    limit: int | None = None

    def __post_init__(self) -> None:
        """Refuse what no caller can mean."""
        if (self.query is None) == (self.table is None):
            raise ValueError("a selection is either a query or a table")
        if self.since is not None and self.cursor is None:
            raise ValueError("a bound needs the cursor it bounds")
        if isinstance(self.since, datetime) and self.since.utcoffset() is None:
            raise ValueError("a timestamp bound has a time zone")
        if self.limit is not None and self.limit < 0:
            raise ValueError("a limit is not negative")


class Source(Protocol):
    """An open warehouse. Every method may raise ConfigurationError or UnreachableError."""

    def schema(self, selection: Selection) -> pa.Schema:
        """The declared types, without handing out a row."""
        ...

    def count(self, selection: Selection) -> int | None:
        """How many rows `batches` will give, None when that can't be told cheaply."""
        ...

    def batches(self, selection: Selection, *, rows: int) -> Iterator[pa.RecordBatch]:
        """The rows, in batches of at most `rows`, each with `schema(selection)`."""
        ...


def instant(value: date) -> datetime:
    """A timestamp in UTC; a date is its first moment there."""
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    return datetime.combine(value, time(), UTC)


def quoted(identifier: str) -> str:
    """The identifier as SQL, whatever it holds."""
    return '"' + identifier.replace('"', '""') + '"'


def suggestion(wanted: str, known: Iterable[str]) -> str:
    """`; did you mean …?`, or nothing when no known name is near."""
    by_folded = {name.casefold(): name for name in known}
    near = get_close_matches(wanted.casefold(), by_folded, n=1)
    return f"; did you mean {by_folded[near[0]]!r}?" if near else ""


def find_table(
    wanted: str, tables: Sequence[tuple[str, str]], *, path: Sequence[str] = ("main",)
) -> tuple[str, str]:
    """The schema and name of a table written as `name` or `schema.name`.

    Without a schema it is looked up in those of `path`, the first one first.

    Raises:
        ConfigurationError: there is none; the nearest one is named.
    """
    named = {f"{schema}.{name}": (schema, name) for schema, name in tables}
    for first in reversed(path):
        named |= {name: (schema, name) for schema, name in tables if schema == first}
    found = _as_written_or_folded(wanted, named)
    if found is None:
        elsewhere = [full for full, (_, name) in named.items() if name == wanted]
        near = f"; did you mean {elsewhere[0]!r}?" if elsewhere else suggestion(wanted, named)
        raise ConfigurationError(f"the warehouse has no table {wanted!r}{near}")
    return found


def find_cursor(wanted: str, columns: Iterable[str]) -> str:
    """The column of the result that the cursor names.

    Raises:
        ConfigurationError: there is none; the nearest one is named.
    """
    named = {name: name for name in columns}
    found = _as_written_or_folded(wanted, named)
    if found is None:
        raise ConfigurationError(
            f"the cursor {wanted!r} is not a column of the source{suggestion(wanted, named)}"
        )
    return found


def _as_written_or_folded(wanted: str, named: Mapping[str, T]) -> T | None:
    folded = {name.casefold(): value for name, value in named.items()}
    return named.get(wanted, folded.get(wanted.casefold()))


def refuse_duplicates(columns: Sequence[str]) -> None:
    """SQL tells columns apart without regard to case, so two that differ in case alone are one.

    Raises:
        ConfigurationError: it names the columns that come twice.
    """
    folded = [name.casefold() for name in columns]
    twice = sorted({name for name in columns if folded.count(name.casefold()) > 1})
    if twice:
        names = ", ".join(map(repr, twice))
        raise ConfigurationError(
            f"the source gives more than one column {names}: rename one with 'as'"
        )


def not_a_bound(cursor: str, held: str, since: CursorValue) -> ConfigurationError:
    """The error for a cursor column whose type is not the one its bound was taken from."""
    bound = "a number" if isinstance(since, int) else "a time"
    return ConfigurationError(
        f"the cursor {cursor!r} holds {held}, but it is to be read from {bound} on:"
        " start over with 'sync --full-refresh'"
    )
