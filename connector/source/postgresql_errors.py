"""PostgreSQL's errors as sentences for the user; those of running queries without their values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pyarrow as pa

from connector.errors import ConfigurationError, ConnectorError, UnreachableError

LONGEST_MESSAGE = 300

# What the owner of the URL or the account must change; anything else may pass by itself.
REFUSED = re.compile(
    r"authentication failed|no password supplied|no pg_hba\.conf entry|does not exist"
    r"|not permitted|permission denied|invalid .* (value|option)|not support SSL|certificate"
    r"|invalid port number|definition of service|unrecognized configuration"
)
# Classes of SQLSTATE: the connection, resources, an operator's hand, the system, damaged data.
BROKEN = ("080", "53", "57P", "58", "XX")
# A standby threw the query out because the primary had changed what it was reading; a deadlock; a
# lock that was not had within the account's lock_timeout.
IN_THE_WAY = {"40001", "40P01", "55P03"}
STOPPED = "57014"
SENTENCES = {
    "0A000": "PostgreSQL does not support a part of it",
    "22021": "it holds text that is not UTF-8, in a database that does not check",
    "25006": "a source reads, and this query writes",
    "25P03": "the server ended it at its idle_in_transaction_session_timeout: raise that for this"
    " account",
    "25P04": "the server ended it at its transaction_timeout: raise that for this account, or read"
    " less at a time",
    "42501": "the account may not read all of what it needs",
    STOPPED: "the server stopped it, most likely at its statement_timeout: raise that for this"
    " account, or read less at a time",
}


@contextmanager
def connecting(server: str, *, password: str | None) -> Iterator[None]:
    """Turn what is wrong with the connection into an error that says it, without the password.

    Raises:
        ConfigurationError: the server, or the client, refuses what the URL says.
        UnreachableError: nobody answers, or not now.
    """
    try:
        yield
    except psycopg.Error as error:
        told = _line(str(error))
        if password:
            told = told.replace(password, "***")
        kind = ConfigurationError if REFUSED.search(told) else UnreachableError
        raise kind(f"{server} cannot be opened: {told}") from None


@contextmanager
def binding(server: str) -> Iterator[None]:
    """Turn what is wrong with a query's text into a ConfigurationError that says it.

    Nothing has read a row yet, so the message holds none.
    """
    try:
        yield
    except psycopg.Error as error:
        if _is_broken(error):
            raise _broken(server, error) from None
        raise ConfigurationError(
            "the source is not one SELECT that PostgreSQL understands: " + _told(error)
        ) from None


@contextmanager
def running(server: str) -> Iterator[None]:
    """Turn what went wrong over the rows into an error that repeats no value of them."""
    try:
        yield
    except psycopg.Error as error:
        raise _without_values(server, error) from None
    except (pa.ArrowException, ValueError, OverflowError) as error:
        raise ConfigurationError(
            f"the source gave a value that is not of its column's type ({type(error).__name__})"
        ) from None


def _without_values(server: str, error: psycopg.Error) -> ConnectorError:
    if _is_broken(error):
        return _broken(server, error)
    sentence = SENTENCES.get(error.sqlstate or "")
    if sentence:
        return ConfigurationError(f"the source cannot be read: {sentence}")
    return ConfigurationError(
        f"the source failed over its rows ({_name(error)}); PostgreSQL's message may hold their"
        " values and is not shown: run the query in psql to see it"
    )


def _is_broken(error: psycopg.Error) -> bool:
    state = error.sqlstate
    if state is None:
        return isinstance(error, psycopg.OperationalError)
    return state.startswith(BROKEN) or state in IN_THE_WAY


def _broken(server: str, error: psycopg.Error) -> UnreachableError:
    return UnreachableError(f"{server} could not be read ({_name(error)}): run again")


def _name(error: psycopg.Error) -> str:
    return f"{type(error).__name__} {error.sqlstate or ''}".strip()


def _told(error: psycopg.Error) -> str:
    """The server's sentence and its advice, on one line; the client's own words without one."""
    parts = (error.diag.message_primary, error.diag.message_hint)
    return _line(". ".join(part for part in parts if part) or str(error))


def _line(text: str) -> str:
    return " ".join(text.split())[:LONGEST_MESSAGE]
