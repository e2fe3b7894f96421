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

SCHEME = re.compile(r"([a-z][a-z0-9+.-]*)://", re.IGNORECASE)


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
        url: `duckdb:///warehouse.duckdb` or `sqlite:///file.db`; four slashes make it absolute.
        root: the folder that relative files are looked up in.
        deadline_seconds: how long to wait for a warehouse that another process holds.
        sleep: waits so many seconds.
        monotonic: a clock in seconds that never goes back.

    Raises:
        ConfigurationError: no opener for this URL, or no file there.
        UnreachableError: held past the deadline, or broken.
    """
    scheme = SCHEME.match(url)
    opener = OPENERS.get(scheme[1].lower()) if scheme else None
    if opener is None:
        written = f"'{scheme[1]}://'" if scheme else "no scheme"
        raise ConfigurationError(
            f"the warehouse URL has {written}; these work: {', '.join(map(_example, OPENERS))}"
        )
    patience = Patience(deadline_seconds=deadline_seconds, sleep=sleep, monotonic=monotonic)
    return opener(url, root, patience)


def _example(scheme: str) -> str:
    return f"{scheme}:///path"


# An engine's library is loaded by the first URL that needs it.
def _duckdb(url: str, root: Path, patience: Patience) -> AbstractContextManager[Source]:
    from connector.source.duckdb_file import open_duckdb  # noqa: PLC0415 - see above

    return open_duckdb(file_of(url, root=root), patience=patience)


def _sqlite(url: str, root: Path, patience: Patience) -> AbstractContextManager[Source]:
    from connector.source.sqlite_file import open_sqlite  # noqa: PLC0415 - see above

    return open_sqlite(file_of(url, root=root), patience=patience)


Opener = Callable[[str, Path, Patience], AbstractContextManager["Source"]]

OPENERS: dict[str, Opener] = {"duckdb": _duckdb, "sqlite": _sqlite}


def file_of(url: str, *, root: Path) -> Path:
    """The file that `scheme:///relative` or `scheme:////absolute` names, which must exist.

    Raises:
        ConfigurationError: no such file; its resolved path is named.
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
        is_file = stat.S_ISREG(path.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        raise ConfigurationError(f"the warehouse {path} does not exist") from None
    except OSError as error:
        raise UnreachableError(f"the warehouse {path}: {error.strerror}") from None
    if not is_file:
        raise ConfigurationError(f"the warehouse {path} is not a file")
    return path
