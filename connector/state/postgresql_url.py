"""What a URL of PostgreSQL says, and what its errors mean to the user."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg.conninfo import conninfo_to_dict

from connector.errors import ConfigurationError, UnreachableError
from connector.state.place import Server

SCHEMA = "connector"
_OWN = "schema="
_NAME = re.compile(r"(?!pg_)[a-z_][a-z0-9_]{0,62}")  # PostgreSQL's own begin with pg_

# What the owner of the URL or of the account must change; anything else may pass by itself.
_REFUSED = re.compile(
    r"authentication failed|no password supplied|no pg_hba\.conf entry|does not exist|unrecognized"
    r"|not permitted|permission denied|invalid .* (value|option)|not support SSL|certificate"
    r"|invalid port number|definition of service"
)
_NOT_ALLOWED = "42501"


def server_of(url: str) -> Server:
    """The server and schema of a URL of libpq's kind; `schema` is an option of our own.

    Raises:
        ConfigurationError: it cannot be read; nothing of it is repeated.
    """
    address, _, query = url.partition("://")[2].partition("?")
    options = query.split("&") if query else []
    own = [option for option in options if option.startswith(_OWN)]
    schema = own[-1].removeprefix(_OWN) if own else SCHEMA
    rest = "&".join(option for option in options if option not in own)
    try:
        parameters = conninfo_to_dict(f"postgresql://{address}?{rest}")
    except psycopg.Error:
        parameters = {"host": "@"}
    if "@" in str(parameters.get("host", "")) or not _NAME.fullmatch(schema):
        raise ConfigurationError(
            "state.url: PostgreSQL is postgresql+psycopg://user:password@host:5432/database, and"
            " may have options of libpq such as ?sslmode=require, and schema=name in small letters;"
            " signs such as @ : / % in the password are written %40 %3A %2F %25"
        )
    given = {name: str(value) for name, value in parameters.items() if value is not None}
    return Server(parameters=given, schema=schema)


@contextmanager
def translated(server: Server) -> Iterator[None]:
    """What PostgreSQL raises, as an error that names the state and holds no password or row.

    Raises:
        ConfigurationError: the account may not do this.
        UnreachableError: nobody answers, or the server could not do it now.
    """
    try:
        yield
    except psycopg.Error as error:
        # The server's detail and hint may hold values of a row.
        told = " ".join((error.diag.message_primary or str(error)).split())
        password = server.parameters.get("password")
        told = told.replace(password, "***") if password else told
        if error.sqlstate == _NOT_ALLOWED or (error.sqlstate is None and _REFUSED.search(told)):
            raise ConfigurationError(f"the state {server} cannot be used: {told}") from None
        raise UnreachableError(f"the state {server} cannot be used now: {told}") from None
