"""Errors of any driver behind SQLAlchemy as sentences; those over rows without their values."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    InterfaceError,
    NoSuchModuleError,
    OperationalError,
    SQLAlchemyError,
)

from connector.errors import ConfigurationError, UnreachableError

LONGEST_MESSAGE = 300


@contextmanager
def connecting(server: str, *, password: str | None) -> Iterator[None]:
    """Turn what is wrong with the URL, the driver or the connection into an error that says it.

    Raises:
        ConfigurationError: no such driver here, or it refuses the URL or the credentials.
        UnreachableError: the driver has no connection.
    """
    try:
        yield
    except NoSuchModuleError:
        raise ConfigurationError(
            f"{server}: SQLAlchemy knows no such kind of warehouse here; docs/warehouses.md says"
            " which package each one needs"
        ) from None
    except ImportError as error:
        raise ConfigurationError(
            f"{server} needs the Python package {error.name!r}; docs/warehouses.md names the extra"
        ) from None
    except (OperationalError, InterfaceError) as error:
        raise UnreachableError(
            f"{server} cannot be opened: {_line(error.orig, password)}"
        ) from None
    except DBAPIError as error:
        raise ConfigurationError(
            f"{server} cannot be opened: {_line(error.orig, password)}"
        ) from None
    except ArgumentError:
        raise ConfigurationError(f"{server}: the URL cannot be read") from None
    # Drivers have errors of their own for credentials that are not there.
    except Exception as error:  # noqa: BLE001 - see above
        raise ConfigurationError(
            f"{server} cannot be opened: {type(error).__name__}: {_line(error, password)}"
        ) from None


@contextmanager
def binding(server: str) -> Iterator[None]:
    """Turn what is wrong with a query's text into a ConfigurationError that says it.

    Nothing has read a row yet, so the message holds none.
    """
    try:
        yield
    except DBAPIError as error:
        if error.connection_invalidated:
            raise _broken(server, error) from None
        raise ConfigurationError(
            f"the source is not one SELECT that the warehouse understands: {_line(error.orig)}"
        ) from None
    except SQLAlchemyError as error:
        raise ConfigurationError(f"the source cannot be read: {_line(error)}") from None


@contextmanager
def running(server: str) -> Iterator[None]:
    """Turn what went wrong over the rows into an error that repeats no value of them."""
    try:
        yield
    except DBAPIError as error:
        if error.connection_invalidated:
            raise _broken(server, error) from None
        raise ConfigurationError(
            f"the source failed over its rows ({_name(error)}); the driver's message may hold"
            " their values and is not shown: run the query in the warehouse's own client to see it"
        ) from None
    except (pa.ArrowException, SQLAlchemyError, ValueError, OverflowError) as error:
        raise ConfigurationError(
            f"the source gave a value that is not of its column's type ({type(error).__name__})"
        ) from None


def _broken(server: str, error: DBAPIError) -> UnreachableError:
    return UnreachableError(f"{server} could not be read ({_name(error)}): run again")


def _name(error: DBAPIError) -> str:
    return type(error.orig or error).__name__


def _line(error: object, password: str | None = None) -> str:
    told = " ".join(str(error).split())
    return (told.replace(password, "***") if password else told)[:LONGEST_MESSAGE]
