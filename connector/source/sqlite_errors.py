"""SQLite's errors as sentences for the user; those of running queries without their values."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa

from connector.errors import ConfigurationError, ConnectorError, UnreachableError

BROKEN = re.compile(
    "SQLITE_(BUSY|CANTOPEN|CORRUPT|FULL|IOERR|LOCKED|NOMEM|NOTADB|PROTOCOL|READONLY)"
)
NOT_UTF_8 = re.compile(r"Could not decode to UTF-8 column '(.*?)' with text", re.DOTALL)


def holder(error: Exception) -> str | None:
    """Who holds the file, when that is why it could not be read."""
    return "another process that writes" if _name(error).startswith("SQLITE_BUSY") else None


@contextmanager
def opening(path: Path) -> Iterator[None]:
    """Turn what is wrong with the file into an UnreachableError that says it."""
    try:
        yield
    except sqlite3.Error as error:
        raise UnreachableError(f"{path} cannot be read as a SQLite file: {error}") from None


@contextmanager
def binding(path: Path) -> Iterator[None]:
    """Turn what is wrong with a query's text into a ConfigurationError that says it.

    Nothing has read a row yet, so the message holds none.
    """
    try:
        yield
    except (sqlite3.Error, sqlite3.Warning) as error:
        if BROKEN.match(_name(error)):
            raise _broken(path, error) from None
        raise ConfigurationError(
            f"the source is not one SELECT that SQLite understands: {error}"
        ) from None


@contextmanager
def running(path: Path) -> Iterator[None]:
    """Turn what went wrong over the rows into an error that repeats no value of them."""
    try:
        yield
    except sqlite3.Error as error:
        raise _without_values(path, error) from None
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        raise ConfigurationError(
            "the source gave other kinds of values when it was read a second time:"
            " cast its columns, and leave out random()"
        ) from None


def _without_values(path: Path, error: sqlite3.Error) -> ConnectorError:
    if BROKEN.match(_name(error)):
        return _broken(path, error)
    if _name(error) == "SQLITE_AUTH":
        return ConfigurationError("a source reads tables and views, and nothing else")
    undecodable = NOT_UTF_8.match(str(error))
    if undecodable:
        return ConfigurationError(f"the column {undecodable[1]!r} holds text that is not UTF-8")
    return ConfigurationError(
        f"the source failed over its rows ({_name(error)}); SQLite's message may hold their values"
        " and is not shown: run the query in SQLite to see it"
    )


def _broken(path: Path, error: Exception) -> UnreachableError:
    return UnreachableError(f"{path} could not be read ({_name(error)})")


def _name(error: Exception) -> str:
    return str(getattr(error, "sqlite_errorname", None) or type(error).__name__)
