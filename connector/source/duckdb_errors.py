"""DuckDB's errors as sentences for the user; those of running queries without their values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa

from connector.errors import ConfigurationError, ConnectorError, UnreachableError

LONGEST_MESSAGE = 300

HOLDER = re.compile(r"lock is held in (?P<program>.+?) \(PID (?P<pid>\d+)\)")
IN_THIS_PROCESS = "with a different configuration than existing connections"
LINE = re.compile(r"^LINE (\d+):", re.MULTILINE)
KIND = re.compile(r"([A-Z][A-Za-z ]{1,30}) Error:|(Corrupt database) file:")

BROKEN = {"IO", "Data Corruption", "Corrupt database", "INTERNAL", "FATAL", "Serialization"}


def holder(error: Exception) -> str | None:
    """Who holds the file, when that is why it could not be opened."""
    if IN_THIS_PROCESS in str(error):
        return "this process itself, open with other settings"
    found = HOLDER.search(str(error))
    return f"{found['program']} (PID {found['pid']})" if found else None


@contextmanager
def opening(path: Path) -> Iterator[None]:
    """Turn what is wrong with the file into an UnreachableError that says it."""
    try:
        yield
    except duckdb.PermissionException:
        # DuckDB takes the file for another format and looks for an extension to read it.
        raise UnreachableError(f"{path} is not a DuckDB file") from None
    except duckdb.Error as error:
        raise UnreachableError(f"{path} cannot be read as a DuckDB file: {told(error)}") from None


@contextmanager
def binding() -> Iterator[None]:
    """Turn what is wrong with a query's text into a ConfigurationError that says it.

    Nothing has read a row yet, so the message holds none.
    """
    try:
        yield
    except duckdb.Error as error:
        line = LINE.search(str(error))
        place = f" (line {line[1]} of the query)" if line else ""
        raise ConfigurationError(f"the source cannot be read: {told(error)}{place}") from None


@contextmanager
def running(path: Path) -> Iterator[None]:
    """Turn what went wrong over the rows into an error that repeats no value of them."""
    try:
        yield
    except (duckdb.Error, OSError, pa.ArrowException) as error:
        raise _without_values(path, str(error)) from None


def _without_values(path: Path, text: str) -> ConnectorError:
    found = KIND.match(text)
    kind = (found[1] or found[2]) if found else "unknown"
    if kind in BROKEN:
        return UnreachableError(f"{path} could not be read to its end ({kind} error)")
    if kind == "Out of Memory":
        return ConfigurationError(
            "the query needs more memory than there is, and nothing is spilled to disk:"
            " make it a table in the warehouse and read that"
        )
    return ConfigurationError(
        f"the source failed over its rows ({kind} error); DuckDB's message may hold their values"
        " and is not shown: run the query in DuckDB to see it"
    )


def told(error: Exception) -> str:
    """What stands above DuckDB's drawing of the place, on one line."""
    return " ".join(str(error).split("\n\n")[0].split())[:LONGEST_MESSAGE]
