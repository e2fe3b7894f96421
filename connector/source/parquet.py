"""Parquet files as a source: one file, or all of a folder as one table, and nothing beside them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import duckdb

from connector.errors import ConfigurationError, UnreachableError
from connector.source.duckdb_errors import told
from connector.source.duckdb_file import CONFIG, SEALED, DuckDBSource, seal
from connector.source.selection import quoted

SUFFIX = ".parquet"
# What writers leave beside their results while they work.
UNFINISHED = ("_", ".")

# Columns are told apart by name, files may have more of them than others. What `day=2026-01-31`
# says is text: another folder must not change its type.
FOLDER = "union_by_name=true, hive_partitioning=true, hive_types_autocast=false"
FILE = "hive_partitioning=false"
# In a name these are signs of a pattern, unless they stand in brackets.
PATTERN = re.compile(r"[*?\[]")
IN_MEMORY = {name: value for name, value in CONFIG.items() if name != "enable_external_access"}
SEALED_IN_MEMORY = {name: value for name, value in SEALED.items() if name != "access_mode"}


@contextmanager
def open_parquet(path: Path) -> Iterator[DuckDBSource]:
    """A sealed source with one table, which has the name of the file or folder.

    Raises:
        ConfigurationError: a folder without a Parquet file.
        UnreachableError: one of the files is not Parquet, or can't be read.
    """
    with (
        closing(duckdb.connect(":memory:", config=IN_MEMORY)) as connection,
        ThreadPoolExecutor(1, "source") as pool,
        ExitStack() as readings,
    ):
        try:
            connection.execute(_view(path))
        except duckdb.Error as error:
            raise UnreachableError(f"{path} cannot be read as Parquet: {told(error)}") from None
        place = "allowed_directories" if path.is_dir() else "allowed_paths"
        connection.execute(f"set {place} = [{_literal(str(path))}, {_pattern(path)}]")
        connection.execute("set enable_external_access = false")
        seal(path, connection, settings=SEALED_IN_MEMORY)
        yield DuckDBSource(path=path, connection=connection, pool=pool, readings=readings)


def files_of(path: Path) -> list[Path]:
    """The file itself, or the Parquet files below the folder, in the order of their names.

    Raises:
        ConfigurationError: there is none.
    """
    if not path.is_dir():
        return [path]
    found = [(file.relative_to(path), file) for file in path.rglob(f"*{SUFFIX}")]
    files = sorted(
        file
        for inside, file in found
        if not any(part.startswith(UNFINISHED) for part in inside.parts) and file.is_file()
    )
    if not files:
        raise ConfigurationError(f"the warehouse {path} holds no file that ends in {SUFFIX}")
    return files


def _view(path: Path) -> str:
    name, how = (path.name, FOLDER) if path.is_dir() else (path.stem, FILE)
    files = ", ".join(map(_pattern, files_of(path)))
    return f"create view {quoted(name)} as select * from read_parquet([{files}], {how})"


def _pattern(file: Path) -> str:
    """The one pattern that this file alone fits."""
    return _literal(PATTERN.sub(r"[\g<0>]", str(file)))


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
