"""MySQL's and MariaDB's errors as sentences; those of running queries without their values."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa
from pymysql.constants import CR, ER
from pymysql.err import MySQLError

from connector.errors import ConfigurationError, ConnectorError, UnreachableError

LONGEST_MESSAGE = 300

# What the owner of the URL or the account must change; anything else may pass by itself.
REFUSED = {
    ER.ACCESS_DENIED_ERROR,
    ER.DBACCESS_DENIED_ERROR,
    ER.BAD_DB_ERROR,
    ER.HOST_NOT_PRIVILEGED,
    1251,  # the client can't do the account's kind of authentication
    1698,  # the account is to log in by its name on the server's machine
}
BROKEN = {
    *range(2000, 3000),  # the client's own: no connection, or not any more
    ER.CON_COUNT_ERROR,
    ER.SERVER_SHUTDOWN,
    ER.LOCK_WAIT_TIMEOUT,
    ER.DISK_FULL,
    1226,  # the account has used up its queries of this hour
    1927,  # MariaDB: the connection was killed
}
STOPPED = "the server stopped it at its own time limit: raise that for this account, or read less"
SENTENCES = {
    ER.TABLEACCESS_DENIED_ERROR: "the account may not read all of what it needs",
    ER.COLUMNACCESS_DENIED_ERROR: "the account may not read all of what it needs",
    1792: "a source reads, and this query writes",
    1317: STOPPED,
    1969: STOPPED,
    3024: STOPPED,
}


@contextmanager
def connecting(server: str) -> Iterator[None]:
    """Turn what is wrong with the connection into an error that says it.

    Raises:
        ConfigurationError: the server, or the client, refuses what the URL says.
        UnreachableError: nobody answers, or not now.
    """
    try:
        yield
    except MySQLError as error:
        kind = ConfigurationError if _number(error) in REFUSED else UnreachableError
        raise kind(f"{server} cannot be opened: {_told(error)}") from None
    except (RuntimeError, NotImplementedError, OSError, ValueError) as error:
        # The client's own words: no package for this authentication, no such certificate.
        raise ConfigurationError(f"{server} cannot be opened: {_line(str(error))}") from None


@contextmanager
def binding(server: str) -> Iterator[None]:
    """Turn what is wrong with a query's text into a ConfigurationError that says it.

    Nothing has read a row yet, so the message holds none.
    """
    try:
        yield
    except MySQLError as error:
        if _number(error) in BROKEN:
            raise _broken(server, error) from None
        raise ConfigurationError(
            f"the source is not one SELECT that the server understands: {_told(error)}"
        ) from None


@contextmanager
def running(server: str) -> Iterator[None]:
    """Turn what went wrong over the rows into an error that repeats no value of them."""
    try:
        yield
    except MySQLError as error:
        raise _without_values(server, error) from None
    except UnicodeDecodeError:
        raise ConfigurationError("the source holds text that is not UTF-8") from None
    except (pa.ArrowException, ValueError, OverflowError) as error:
        raise ConfigurationError(
            f"the source gave a value that is not of its column's type ({type(error).__name__})"
        ) from None


def _without_values(server: str, error: MySQLError) -> ConnectorError:
    number = _number(error)
    if number in BROKEN:
        return _broken(server, error)
    if number in SENTENCES:
        return ConfigurationError(f"the source cannot be read: {SENTENCES[number]}")
    return ConfigurationError(
        f"the source failed over its rows (error {number}); the server's message may hold their"
        " values and is not shown: run the query in its own client to see it"
    )


def _broken(server: str, error: MySQLError) -> UnreachableError:
    return UnreachableError(f"{server} could not be read (error {_number(error)}): run again")


def _number(error: MySQLError) -> int:
    return error.args[0] if error.args and isinstance(error.args[0], int) else CR.CR_UNKNOWN_ERROR


def _told(error: MySQLError) -> str:
    return _line(str(error.args[1] if len(error.args) > 1 else error))


def _line(text: str) -> str:
    return " ".join(text.split())[:LONGEST_MESSAGE]
