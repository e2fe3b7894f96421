"""From a warehouse URL to the opener of its scheme."""

from __future__ import annotations

import re
import stat
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from connector.errors import ConfigurationError, UnreachableError
from connector.source.waiting import Patience

if TYPE_CHECKING:
    from connector.source.selection import Source

SCHEME = re.compile(r"([a-z][a-z0-9+._-]*)://", re.IGNORECASE)


def open_source(
    url: str,
    *,
    root: Path,
    deadline_seconds: float,
    sleep: Callable[[float], None],
    monotonic: Callable[[], float],
) -> AbstractContextManager[Source]:
    """An open, sealed source; leaving the context lets go of the warehouse.

    Args:
        url: `duckdb:///warehouse.duckdb`, where four slashes make it absolute, or one of the
            others in docs/warehouses.md.
        root: the folder that relative files are looked up in.
        deadline_seconds: how long to wait for a warehouse that another process holds, or that
            does not answer.
        sleep: waits so many seconds.
        monotonic: a clock in seconds that never goes back.

    Raises:
        ConfigurationError: no opener for this URL, no file there, or an account that is refused.
        UnreachableError: held past the deadline, broken, or no answer.
    """
    scheme = SCHEME.match(url)
    if scheme is None:
        raise ConfigurationError(f"the warehouse URL has no scheme; {WORKING}")
    name = scheme[1].lower()
    opener = OPENERS.get(name, _sqlalchemy)
    patience = Patience(deadline_seconds=deadline_seconds, sleep=sleep, monotonic=monotonic)
    try:
        return opener(url, root, patience)
    except ModuleNotFoundError as error:
        extra = EXTRAS.get(name.partition("+")[0], "sqlalchemy")
        raise ConfigurationError(
            f"'{name}://' needs {error.name}, which is not installed: pip install"
            f" 'ads-connector[{extra}]'; {WORKING}"
        ) from None


# An engine's library is loaded by the first URL that needs it.
def _duckdb(url: str, root: Path, patience: Patience) -> AbstractContextManager[Source]:
    from connector.source.duckdb_file import open_duckdb  # noqa: PLC0415 - see above

    return open_duckdb(file_of(url, root=root), patience=patience)


def _sqlite(url: str, root: Path, patience: Patience) -> AbstractContextManager[Source]:
    from connector.source.sqlite_file import open_sqlite  # noqa: PLC0415 - see above

    return open_sqlite(file_of(url, root=root), patience=patience)


def _parquet(url: str, root: Path, _patience: Patience) -> AbstractContextManager[Source]:
    from connector.source.parquet import open_parquet  # noqa: PLC0415 - see above

    return open_parquet(place_of(url, root=root))


def _postgresql(url: str, _root: Path, patience: Patience) -> AbstractContextManager[Source]:
    from connector.source.postgresql import open_postgresql  # noqa: PLC0415 - see above

    return open_postgresql(url, patience=patience)


def _mysql(url: str, _root: Path, patience: Patience) -> AbstractContextManager[Source]:
    from connector.source.mysql import open_mysql  # noqa: PLC0415 - see above

    return open_mysql(url, patience=patience)


def _sqlalchemy(url: str, _root: Path, _patience: Patience) -> AbstractContextManager[Source]:
    from connector.source.sqlalchemy_url import open_sqlalchemy  # noqa: PLC0415 - see above

    return open_sqlalchemy(url)


Opener = Callable[[str, Path, Patience], AbstractContextManager["Source"]]

OPENERS: dict[str, Opener] = {
    "duckdb": _duckdb,
    "sqlite": _sqlite,
    "parquet": _parquet,
    **dict.fromkeys(("postgresql", "postgresql+psycopg"), _postgresql),
    **dict.fromkeys(("mysql", "mysql+pymysql", "mariadb", "mariadb+pymysql"), _mysql),
    **dict.fromkeys(("snowflake", "bigquery", "redshift+redshift_connector"), _sqlalchemy),
}
# The extra that brings the packages; all other kinds need SQLAlchemy and a dialect of their own.
EXTRAS = {
    "mysql": "mysql",
    "mariadb": "mysql",
    "snowflake": "snowflake",
    "bigquery": "bigquery",
    "redshift": "redshift",
}
WORKING = "these work: duckdb:///path, sqlite:///path, parquet:///path, " + ", ".join(
    f"{scheme}://" for scheme in OPENERS if scheme not in {"duckdb", "sqlite", "parquet"}
)


def file_of(url: str, *, root: Path) -> Path:
    """The file that `scheme:///relative` or `scheme:////absolute` names, which must exist.

    Raises:
        ConfigurationError: no such file; its resolved path is named.
        UnreachableError: its folder cannot be looked into.
    """
    path = place_of(url, root=root)
    if not path.is_file():
        raise ConfigurationError(f"the warehouse {path} is not a file")
    return path


def place_of(url: str, *, root: Path) -> Path:
    """The file or folder that `scheme:///relative` or `scheme:////absolute` names, as `file_of`.

    Raises:
        ConfigurationError: nothing there; its resolved path is named.
        UnreachableError: its folder cannot be looked into.
    """
    scheme, _, rest = url.partition("://")
    if not rest.startswith("/") or "?" in rest:
        # What stands there instead, a host or options, may hold a password: it is not repeated.
        raise ConfigurationError(
            f"a {scheme} URL is {scheme}:///path, relative to {root}, or {scheme}:////absolute/path,"
            " without a host or options"
        )
    name = rest.removeprefix("/")
    if name in {"", ":memory:"}:
        raise ConfigurationError("a warehouse is a file; the URL names none")
    path = (root / name).resolve()
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        raise ConfigurationError(
            f"the warehouse {path} does not exist; say in config.yaml where it is: warehouse.url"
        ) from None
    except OSError as error:
        raise UnreachableError(f"the warehouse {path}: {error.strerror}") from None
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise ConfigurationError(f"the warehouse {path} is not a file")
    return path
