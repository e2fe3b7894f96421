"""The mapped rows of a run, kept until all are read: first counted, then given out for sending.

Small stages stay in memory; a large one goes to an Arrow file that has no name from the moment it
is made, so that it is gone whatever happens to the process.
"""

import os
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

IN_MEMORY_BYTES = 64_000_000
_WORDS = ("reasons", "dropped", "warnings", "hashed")


@dataclass(frozen=True, kw_only=True)
class Census:
    """What a stage holds, before anything is sent.

    `outcomes` counts rows by outcome, the other counters rows by reason. `repeated` and
    `conflicting` are rows that lose against another one of this run. `older` is the number and
    `older_value` the value by currency of sendable rows from before the asked time.
    `largest_cursor` is of all rows, `future_cursor` the smallest of rows that lie in the future.
    """

    read: int
    outcomes: Counter[str]
    reasons: Counter[str]
    suppressed: Counter[str]
    dropped: Counter[str]
    warnings: Counter[str]
    hashed: Counter[str]
    repeated: int
    conflicting: int
    older: int
    older_value: Mapping[str, Decimal]
    largest_cursor: int | None
    future_cursor: int | None


class Stage:
    """Batches of mapped rows in the order they were read; see `opened`."""

    def __init__(self, folder: Path, in_memory_bytes: int) -> None:
        self._folder = folder
        self._in_memory_bytes = in_memory_bytes
        self._batches: list[pa.RecordBatch] = []
        self._bytes = 0
        self._rows = 0
        self._descriptor: int | None = None
        self._writer: pa.RecordBatchFileWriter | None = None
        self._losers: dict[int, str] = {}

    def add(self, batch: pa.RecordBatch) -> None:
        """Keep a batch of mapped rows."""
        rows = pa.array(np.arange(self._rows, self._rows + batch.num_rows), pa.int64())
        batch = batch.append_column("row", rows)
        self._rows += batch.num_rows
        self._bytes += batch.nbytes
        if self._writer is None and self._bytes <= self._in_memory_bytes:
            self._batches.append(batch)
            return
        if self._writer is None:
            self._spill(batch.schema)
        self._write(batch)

    def _spill(self, schema: pa.Schema) -> None:
        descriptor, name = tempfile.mkstemp(dir=self._folder, prefix="stage-")
        os.unlink(name)  # noqa: PTH108 - the descriptor is all that is left of it
        self._descriptor = descriptor
        sink = pa.PythonFile(os.fdopen(os.dup(descriptor), "wb"), mode="w")
        self._writer = pa.ipc.new_file(sink, schema)
        for kept in self._batches:
            self._write(kept)
        self._batches.clear()

    def _write(self, batch: pa.RecordBatch) -> None:
        assert self._writer is not None  # noqa: S101 - made by `_spill`
        self._writer.write_batch(batch)

    def _table(self) -> pa.Table | None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        if self._descriptor is not None:
            return pa.ipc.open_file(pa.memory_map(f"/dev/fd/{self._descriptor}")).read_all()
        return pa.Table.from_batches(self._batches) if self._batches else None

    def census(self, *, older_than_ms: int) -> Census:
        """Count the stage; `older_than_ms` is what `older` is measured against."""
        table = self._table()
        if table is None:
            return _EMPTY
        with duckdb.connect(":memory:") as connection:
            connection.execute("set enable_progress_bar = false")
            connection.register("stage", table)
            self._losers = dict(connection.execute(_LOSERS).fetchall())
            return _counted(connection, Counter(self._losers.values()), older_than_ms)

    def sendable(self) -> Iterator[pa.RecordBatch]:
        """The rows to send, in the order they were read, without those that lost."""
        table = self._table()
        losers = pa.array(self._losers, pa.int64())
        for batch in table.to_batches() if table is not None else ():
            wanted = pc.equal(batch["outcome"], "sendable")
            if self._losers:
                wanted = pc.and_(wanted, pc.invert(pc.is_in(batch["row"], losers)))
            yield batch.filter(wanted)

    def rejected(self) -> Iterator[tuple[str, str]]:
        """Row key and reasons (with blanks between) of each rejected row, losers included.

        The key is the conversion id, or for a row without one a digest of its other columns.
        """
        table = self._table()
        if table is None:
            return
        with duckdb.connect(":memory:") as connection:
            connection.execute("set enable_progress_bar = false")
            connection.register("stage", table)
            yield from connection.execute(_REJECTED).fetchall()
        conflicting = [row for row, why in self._losers.items() if why != "repeated_in_run"]
        for row in conflicting:
            yield table["conversion_id"][row].as_py(), "conflicting_conversion_id"

    def close(self) -> None:
        """Forget the rows."""
        self._batches.clear()
        if self._writer is not None:
            self._writer.close()
        if self._descriptor is not None:
            os.close(self._descriptor)


@contextmanager
def opened(folder: Path, *, in_memory_bytes: int = IN_MEMORY_BYTES) -> Iterator[Stage]:
    """An empty stage; what outgrows `in_memory_bytes` goes to an unnamed file in `folder`."""
    stage = Stage(folder, in_memory_bytes)
    try:
        yield stage
    finally:
        stage.close()


# Of rows with one key the earliest conversion time stays, then the smallest digest.
_LOSERS = """
with keys as (
  select pixel_id, event_id, conversion_id from stage where outcome = 'sendable'
  group by all having count(*) > 1
), ranked as (
  select
    stage.row, digest,
    row_number() over key as place,
    first_value(digest) over key as winner
  from stage join keys using (pixel_id, event_id, conversion_id)
  where outcome = 'sendable'
  window key as (
    partition by pixel_id, event_id, conversion_id order by time_ms, digest, stage.row
  )
)
select row, case when digest = winner then 'repeated_in_run' else 'conflicting_conversion_id' end
from ranked where place > 1
"""
_TOTALS = """
select
  count(*), max("cursor"),
  min("cursor") filter (list_contains(string_split(reasons, ' '), 'in_future')),
  count(*) filter (outcome = 'sendable' and time_ms < $older)
from stage
"""
_OLDER_VALUE = """
select currency, sum(cast(value as decimal(38, 6))) from stage
where outcome = 'sendable' and time_ms < $older and value is not null group by currency
"""
_REJECTED = """
select
  coalesce(conversion_id, 'row ' || left(sha256(concat_ws(' ',
    reasons, pixel_id, event_id, time_ms, "cursor", dropped)), 16)),
  reasons
from stage where outcome = 'rejected'
"""
_EMPTY = Census(
    read=0, outcomes=Counter(), reasons=Counter(), suppressed=Counter(), dropped=Counter(),
    warnings=Counter(), hashed=Counter(), repeated=0, conflicting=0, older=0, older_value={},
    largest_cursor=None, future_cursor=None,
)  # fmt: skip


def _counted(
    connection: duckdb.DuckDBPyConnection, losers: Counter[str], older_than_ms: int
) -> Census:
    older = {"older": older_than_ms}
    read, largest, future, old = connection.execute(_TOTALS, older).fetchall()[0]
    outcomes = Counter(
        dict(connection.execute("select outcome, count(*) from stage group by 1").fetchall())
    )
    words = {name: _words(connection, name) for name in _WORDS}
    conflicting = losers["conflicting_conversion_id"]
    if conflicting:
        words["reasons"]["conflicting_conversion_id"] = conflicting
    return Census(
        read=read, outcomes=outcomes, reasons=words["reasons"],
        suppressed=Counter({"no_consent": outcomes["suppressed"]}) + Counter(),
        dropped=words["dropped"], warnings=words["warnings"], hashed=words["hashed"],
        repeated=losers["repeated_in_run"], conflicting=conflicting, older=old,
        older_value=dict(connection.execute(_OLDER_VALUE, older).fetchall()),
        largest_cursor=largest, future_cursor=future,
    )  # fmt: skip


def _words(connection: duckdb.DuckDBPyConnection, name: str) -> Counter[str]:
    rows = connection.execute(
        f"select unnest(string_split({name}, ' ')), count(*) from stage"
        f" where {name} is not null group by 1"
    ).fetchall()
    return Counter(dict(rows))
