"""How the state came to its tables, step by step; a new one is made by all of them.

A few steps of SQL need no framework.
"""

from connector.errors import ConfigurationError
from connector.state.dialect import Dialect
from connector.state.place import Place
from connector.state.schema import (
    BUDGETS,
    CONNECTIONS,
    EXPERIMENTS,
    TABLES,
    UPLOADS,
    WRITES,
)

STEPS = ((1, TABLES), (2, BUDGETS), (3, CONNECTIONS), (4, WRITES + UPLOADS + EXPERIMENTS))
VERSION = STEPS[-1][0]


def steps(dialect: Dialect, *, after: int) -> list[str]:
    """The statements that bring a state of version `after` (0 for none) to this tool's."""
    return [
        statement.strip()
        for number, sql in STEPS
        if number > after
        for statement in sql.format_map(dialect.words).split(";")
        if statement.strip()
    ]


def refuse_newer(version: int, place: Place) -> None:
    """Leave a state alone that this tool does not understand.

    Raises:
        ConfigurationError: it is one.
    """
    if version > VERSION:
        raise ConfigurationError(
            f"the state {place} was written by a newer version of this tool (its tables are of"
            f" version {version}, this one knows {VERSION}); upgrade before using it"
        )
