"""The state as Parquet files, one for each table, for whoever wants to query it."""

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from connector.errors import UnreachableError
from connector.state.database import Database
from connector.state.upkeep import EXPORTED, rows_of

_TIME = pa.timestamp("ms", tz="UTC")
# All other columns are text; amounts too, since no type of numbers holds each of them exactly.
_TYPES = {
    **dict.fromkeys(("id", "batch", "conversions", "sendings"), pa.int64()),
    **dict.fromkeys(
        (
            "claimed_at", "sent_at", "settled_at", "doubt_since", "started_at", "finished_at",
            "planned_at", "told_at",
        ),
        _TIME,
    ),
}  # fmt: skip


def export(database: Database, folder: Path) -> dict[Path, int]:
    """Write every table that is exported to `folder`; the files with their rows.

    A file is for its owner alone and complete: it takes the place of an earlier one at its end.

    Raises:
        UnreachableError: the state cannot be read, or the files not written.
    """
    written = {}
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for table in EXPORTED:
            file = folder / f"{table}.parquet"
            with _replacing(file) as draft:
                written[file] = _write(database, table, draft)
    except OSError as error:
        raise UnreachableError(f"{folder} cannot be written: {error.strerror or error}") from error
    return written


@contextmanager
def _replacing(file: Path) -> Iterator[Path]:
    """An empty file of mode 0600 that becomes `file` when all went well."""
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}-")
    os.close(descriptor)
    draft = Path(name)
    try:
        yield draft
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)


def _write(database: Database, table: str, file: Path) -> int:
    """Portion by portion, so that a large state needs no memory; the number of rows."""
    portions = rows_of(database, table)
    columns, rows = next(portions)
    schema = pa.schema([(name, _TYPES.get(name, pa.string())) for name in columns])
    count = len(rows)
    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        writer.write_table(_table(rows, schema))
        for _, more in portions:
            count += len(more)
            writer.write_table(_table(more, schema))
    return count


def _table(rows: Sequence[Sequence[Any]], schema: pa.Schema) -> pa.Table:
    columns = zip(*rows, strict=True) if rows else ((),) * len(schema)
    arrays = [pa.array(column, kind) for column, kind in zip(columns, schema.types, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema)
