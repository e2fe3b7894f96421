"""The mapped rows of a run, kept until all are read: first counted, then given out for sending.

Small stages stay in memory; a large one goes to an Arrow file that has no name from the moment it
is made, so that it is gone whatever happens to the process.
"""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from connector.conversions.census import EMPTY, Census, Loser, counted, rejected
from connector.errors import UnreachableError

IN_MEMORY_BYTES = 16_000_000


class Stage:
    """Batches of mapped rows in the order they were read; see `opened`."""

    def __init__(self, folder: Path, in_memory_bytes: int) -> None:
        self._folder = folder
        self._in_memory_bytes = in_memory_bytes
        self._batches: list[pa.RecordBatch] = []
        self._bytes = 0
        self._rows = 0
        self._descriptor: int | None = None
        self._file: pa.OSFile | None = None
        self._writer: pa.RecordBatchFileWriter | None = None
        self._schema: pa.Schema | None = None
        self._losers: list[Loser] = []
        self._has_rejected = True

    def add(self, batch: pa.RecordBatch) -> None:
        """Keep a batch of mapped rows.

        Raises:
            UnreachableError: the disk takes no more.
        """
        rows = pa.arange(self._rows, self._rows + batch.num_rows)
        batch = batch.append_column("row", rows)
        self._schema = batch.schema
        self._rows += batch.num_rows
        self._bytes += batch.nbytes
        self._batches.append(batch)
        if self._bytes > self._in_memory_bytes:
            with self._disk():
                self._spill()

    def _spill(self) -> None:
        if self._writer is None:
            self._descriptor, name = tempfile.mkstemp(dir=self._folder, prefix="stage-")
            os.unlink(name)  # noqa: PTH108 - the descriptor is all that is left of it
            # Appended to: a file that was truncated when it was opened is written to the disk when
            # it is closed (ext4), which takes longer than all else that is done with it.
            self._file = pa.OSFile(f"/dev/fd/{self._descriptor}", "ab")
            self._writer = pa.ipc.new_file(self._file, self._batches[0].schema)
        for batch in self._batches:
            self._writer.write_batch(batch)
        self._batches.clear()

    @contextmanager
    def _disk(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            why = os.strerror(error.errno or errno.EIO)  # Arrow's own words have more to them
            raise UnreachableError(
                f"the rows of this run cannot be kept in {self._folder}: {why}"
            ) from error

    def _finish(self) -> None:
        if self._writer is not None and self._file is not None:
            self._writer.close()
            self._file.close()
            self._writer = self._file = None

    def _reader(self, columns: Sequence[str]) -> pa.RecordBatchReader:
        """Batches from the beginning; of a file only what is asked for is read."""
        known = self._schema or pa.schema([])
        schema = pa.schema([known.field(name) for name in columns])
        return pa.RecordBatchReader.from_batches(schema, self._selected(columns))

    def _selected(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        with self._disk():
            self._finish()
            if self._descriptor is None:
                yield from (batch.select(columns) for batch in self._batches)
                return
            known = self._schema or pa.schema([])
            wanted = pa.ipc.IpcReadOptions(
                included_fields=sorted(known.get_field_index(name) for name in columns)
            )
            with pa.OSFile(f"/dev/fd/{self._descriptor}") as file:
                reader = pa.ipc.open_file(file, options=wanted)
                for number in range(reader.num_record_batches):
                    yield reader.get_batch(number).select(columns)

    def census(self, connection: duckdb.DuckDBPyConnection, *, older_than_ms: int) -> Census:
        """Count the stage by a DuckDB; `older_than_ms` is what `older` is measured against."""
        if self._schema is None:
            return EMPTY
        with self._disk():
            self._finish()
        found, self._losers = counted(
            self._reader, connection, number=self._rows, older_than_ms=older_than_ms
        )
        self._has_rejected = bool(found.outcomes["rejected"])
        return found

    @contextmanager
    def sendable(self) -> Iterator[Iterator[pa.RecordBatch]]:
        """The rows to send, in the order they were read, without those that lost."""
        rows = self._sendable()
        with closing(rows if self._descriptor is None else _ahead(rows)) as given:
            yield given

    def _sendable(self) -> Generator[pa.RecordBatch]:
        if self._schema is None:
            return
        behind = pa.array([loser.row for loser in self._losers], pa.int64())
        for batch in self._selected(self._schema.names):
            wanted = pc.equal(batch["outcome"], "sendable")
            if self._losers:
                wanted = pc.and_(wanted, pc.invert(pc.is_in(batch["row"], behind)))
            yield batch if pc.all(wanted).as_py() else batch.filter(wanted)

    def rejected(self) -> Iterator[tuple[str, str]]:
        """Row key and reasons (with blanks between) of each rejected row, losers included."""
        if self._schema is None:
            return
        if self._has_rejected:
            yield from rejected(self._reader)
        for loser in self._losers:
            if loser.why != "repeated_in_run":
                yield loser.conversion_id, loser.why

    def close(self) -> None:
        """Forget the rows."""
        self._batches.clear()
        with suppress(OSError):  # what cannot be written any more is not wanted any more either
            self._finish()
        if self._descriptor is not None:
            os.close(self._descriptor)


def _ahead(batches: Iterator[pa.RecordBatch]) -> Generator[pa.RecordBatch]:
    """The same, each read from the disk while the one before it is worked on."""
    with ThreadPoolExecutor(1, "stage") as pool:
        waiting = pool.submit(next, batches, None)
        while (batch := waiting.result()) is not None:
            waiting = pool.submit(next, batches, None)
            yield batch


@contextmanager
def opened(folder: Path, *, in_memory_bytes: int = IN_MEMORY_BYTES) -> Iterator[Stage]:
    """An empty stage; what outgrows `in_memory_bytes` goes to an unnamed file in `folder`."""
    stage = Stage(folder, in_memory_bytes)
    try:
        yield stage
    finally:
        stage.close()
