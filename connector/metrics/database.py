"""A database that metrics are written to: the few things in which DuckDB and PostgreSQL differ."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar

from connector.metrics.staging import Stage
from connector.metrics.tables import Name

T = TypeVar("T")


class Database(Protocol):
    """An open warehouse; values of statements are named `$1`, `$2` and so on.

    Every use may raise `UnreachableError`, or `ConfigurationError` where its owner must act.
    """

    @property
    def keyed(self) -> bool:
        """Whether tables are made with a primary key."""

    def run(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Run a statement; its rows, if it gives any."""

    def load(self, table: str, stage: Stage) -> None:
        """Put what is staged into a table with the same columns, in bulk."""

    def atomically(self, work: Callable[[], T]) -> T:
        """What `work` gives in one transaction, while no other import is in one.

        It may be begun again when somebody else was in the way, and leaves nothing when it fails.
        """

    def columns(self, name: Name) -> Mapping[str, str] | None:
        """The types of a table's columns by name; None when there is nothing of that name.

        Raises:
            ConfigurationError: it is a view, or something else that takes no rows.
        """

    def comment(self, view: Name) -> str | None:
        """What is remarked of a view, empty for nothing; None when there is no such view."""


def no_table(name: Name) -> str:
    """The sentence for a name that a view or the like has."""
    return f"{name} is there and is no table; name another one in metrics.table"
